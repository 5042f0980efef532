/* Certificates that were read last (output/readback/facts_certs.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "output/json/json.h"
#include "output/readback/facts_certs.h"
#include "output/readback/facts_read.h"

enum { LINE_BYTES = 64 << 10, CERTS = 200, CEILING = 64 << 10 };

struct shelf {
    struct buf line;
    unsigned reads;
    enum error error;
    uint8_t other; /* of the certificate that comes in place of each */
};

static void write_cert(struct buf *line, uint8_t number)
{
    char subject[32];
    struct cert_facts cert = {.sha256 = {number}, .signed_by = -1, .not_after = 1769860800 + number};
    (void)snprintf(subject, sizeof subject, "CN=%u", number);
    cert.subject = subject;
    cert.key_type = "RSA";
    buf_reset(line);
    assert_true(json_cert(line, &cert));
    line->len--; /* its \n */
}

static enum error from_shelf(void *arg, const uint8_t sha256[32], struct bytes *line)
{
    struct shelf *shelf = arg;
    shelf->reads++;
    write_cert(&shelf->line, shelf->other != 0 ? shelf->other : sha256[0]);
    *line = buf_bytes(&shelf->line);
    return shelf->error;
}

static enum error get(struct facts_certs *certs, struct shelf *shelf, uint8_t number, struct cert_facts *cert)
{
    const uint8_t sha256[32] = {number};
    const struct facts_source source = {.arg = shelf, .cert = from_shelf};
    struct buf why;
    buf_init(&why, LINE_BYTES);
    enum error error = facts_certs_get(certs, &source, sha256, cert, &why);
    buf_dispose(&why);
    return error;
}

static void assert_cert(const struct cert_facts *cert, uint8_t number)
{
    char subject[32];
    (void)snprintf(subject, sizeof subject, "CN=%u", number);
    assert_int_equal(cert->sha256[0], number);
    assert_string_equal(cert->subject, subject);
    assert_string_equal(cert->key_type, "RSA");
    assert_int_equal(cert->not_after, 1769860800 + number);
    assert_int_equal(cert->signed_by, -1);
}

static struct shelf shelf_make(void)
{
    struct shelf shelf = {.error = ERR_OK};
    buf_init(&shelf.line, LINE_BYTES);
    return shelf;
}

/* One that comes again is not read again, and says the same. */
static void test_read_once(void **state)
{
    struct shelf shelf = shelf_make();
    struct facts_certs *certs = facts_certs_create(CEILING);
    struct cert_facts cert;
    (void)state;
    assert_non_null(certs);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(get(certs, &shelf, 1 + i % 2, &cert), ERR_OK);
        assert_cert(&cert, (uint8_t)(1 + i % 2));
        facts_certs_next(certs);
    }
    assert_int_equal(shelf.reads, 2);
    facts_certs_destroy(certs);
    buf_dispose(&shelf.line);
}

/* What was given is good until the next record, however much it is; then the oldest go. */
static void test_the_ceiling(void **state)
{
    struct shelf shelf = shelf_make();
    struct facts_certs *certs = facts_certs_create(CEILING);
    struct cert_facts held[CERTS], cert;
    (void)state;
    assert_non_null(certs);
    for (uint8_t i = 0; i < CERTS; i++)
        assert_int_equal(get(certs, &shelf, i, &held[i]), ERR_OK);
    for (uint8_t i = 0; i < CERTS; i++)
        assert_cert(&held[i], i);
    assert_int_equal(get(certs, &shelf, 0, &cert), ERR_OK); /* is the youngest now */
    facts_certs_next(certs);
    assert_int_equal(shelf.reads, CERTS);
    assert_int_equal(get(certs, &shelf, 0, &cert), ERR_OK);
    assert_int_equal(get(certs, &shelf, CERTS - 1, &cert), ERR_OK);
    assert_int_equal(shelf.reads, CERTS);
    assert_int_equal(get(certs, &shelf, 1, &cert), ERR_OK);
    assert_int_equal(shelf.reads, CERTS + 1);
    facts_certs_destroy(certs);
    buf_dispose(&shelf.line);
}

/* What could not be read, or is another one, is not kept. */
static void test_what_is_not_kept(void **state)
{
    struct shelf shelf = shelf_make();
    struct facts_certs *certs = facts_certs_create(CEILING);
    struct cert_facts cert;
    (void)state;
    assert_non_null(certs);
    shelf.error = ERR_NOT_FOUND;
    assert_int_equal(get(certs, &shelf, 1, &cert), ERR_NOT_FOUND);
    shelf.error = ERR_OK;
    shelf.other = 2;
    assert_int_equal(get(certs, &shelf, 1, &cert), ERR_NOT_FOUND);
    shelf.other = 0;
    assert_int_equal(get(certs, &shelf, 1, &cert), ERR_OK);
    assert_cert(&cert, 1);
    assert_int_equal(shelf.reads, 3);
    facts_certs_destroy(certs);
    facts_certs_destroy(NULL);
    buf_dispose(&shelf.line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_once),
        cmocka_unit_test(test_the_ceiling),
        cmocka_unit_test(test_what_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
