/* The table of key exchange groups: what is found by name and by number. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <string.h>

#include "scanner/facts/tls_group.h"

static void test_names_by_number(void **state)
{
    static const struct {
        uint16_t id;
        const char *name;
    } cases[] = {
        {23, "P-256"},
        {24, "P-384"},
        {25, "P-521"},
        {29, "X25519"},
        {30, "X448"},
        {256, "ffdhe2048"},
        {4587, "SecP256r1MLKEM768"},
        {4588, "X25519MLKEM768"},
        {4589, "SecP384r1MLKEM1024"},
        {0x6399, "X25519Kyber768Draft00"},
        {0, "0x0000"},
        {0x11ff, "0x11ff"}, /* nobody's: a spelling that stays */
        {0xffff, "0xffff"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[TLS_GROUP_TEXT_BYTES];
        assert_string_equal(tls_group_name(cases[i].id, text), cases[i].name);
    }
}

static void test_names_are_found(void **state)
{
    static const struct {
        const char *name;
        int id; /* -1: none */
    } cases[] = {
        {"X25519MLKEM768", 4588},
        {"x25519mlkem768", 4588},
        {"X25519", 29},
        {"x25519", 29},
        {"P-256", 23},
        {"secp256r1", 23},
        {"SECP384R1", 24},
        {"", -1},
        {"X2551", -1},
        {"X25519 ", -1},
        {"X25519MLKEM7680", -1},
        {"4588", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct tls_group *group = tls_group_find(bytes_of(cases[i].name));
        assert_int_equal(group == NULL ? -1 : group->id, cases[i].id);
    }
}

/* Each number and each name once; a name is printable and holds no comma, as lists of them do. */
static void test_rows(void **state)
{
    const struct tls_group *rows;
    size_t count = tls_group_rows(&rows);
    (void)state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || rows[i].id > rows[i - 1].id);
        assert_ptr_equal(tls_group_find(bytes_of(rows[i].name)), &rows[i]);
        assert_ptr_equal(tls_group_find(bytes_of(rows[i].iana)), &rows[i]);
        assert_true((rows[i].share_bytes == 0) == (rows[i].release == 0));
        for (const char *c = rows[i].name; *c != '\0'; c++)
            assert_true(isalnum((unsigned char)*c) || *c == '-');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_by_number),
        cmocka_unit_test(test_names_are_found),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests_name("TLS groups", tests, NULL, NULL);
}
