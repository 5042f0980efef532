/* output/readback/except, and a scanview that leaves out: whose record is whose. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "output/readback/except.h"
#include "output/readback/scanview.h"
#include "tests/unit/commands/scan_place.h"

static struct optout *list_of(const char *domain, const char *suffix, const char *prefix)
{
    struct optout *optout = optout_create();
    struct ip_prefix parsed;
    assert_non_null(optout);
    if (domain != NULL)
        assert_int_equal(optout_add_domain(optout, domain), ERR_OK);
    if (suffix != NULL)
        assert_int_equal(optout_add_suffix(optout, suffix), ERR_OK);
    if (prefix != NULL) {
        assert_true(ip_prefix_parse(prefix, &parsed));
        assert_int_equal(optout_add_prefix(optout, &parsed), ERR_OK);
    }
    optout_finish(optout);
    return optout;
}

static void test_whose_record(void **state)
{
    static const struct {
        bool (*leaves_out)(const struct except *except, struct bytes line);
        const char *line;
        bool out;
    } rows[] = {
        {except_domain, "{\"domain\":\"gone.example\"}", true},
        {except_domain, "{\"domain\":\"sub.gone.example\"}", false}, /* a domain is exact */
        {except_domain, "{\"domain\":\"under.example\"}", true},     /* a suffix is itself and all below */
        {except_domain, "{\"domain\":\"a.b.under.example\"}", true},
        {except_domain, "{\"domain\":\"thunder.example\"}", false},
        {except_domain, "{\"domain\":7}", false},
        {except_domain, "{\"mx\":{\"domain\":\"gone.example\"}}", false},
        {except_domain, "no JSON", false},
        {except_host, "{\"host\":\"gone.example\",\"ip\":\"192.0.2.1\"}", true},
        {except_host, "{\"host\":\"mx.under.example\",\"ip\":\"192.0.2.1\"}", true},
        {except_host, "{\"host\":\"mx.example\",\"ip\":\"198.51.100.7\"}", true},
        {except_host, "{\"host\":\"mx.example\",\"ip\":\"192.0.2.1\"}", false},
        {except_host, "{\"host\":\"mx.example\"}", false},
        {except_reject, "{\"text\":\"https://gone.example/\",\"reason\":\"input.is-url\"}", true},
        {except_reject, "{\"text\":\"info@GONE.Example.\"}", true},
        {except_reject, "{\"text\":\"gone.example and more\"}", true},
        {except_reject, "{\"text\":\"1;x.under.example;Mueller\"}", true},
        {except_reject, "{\"text\":\"begone.example gone.examples gone..example\"}", false},
        {except_reject, "{\"file\":\"gone.example\",\"text\":\"x y\"}", false},
        {except_reject, "{\"text\":{\"base64\":\"Z29uZS5leGFtcGxl\"}}", false},
    };
    struct optout *optout = list_of("gone.example", "under.example", "198.51.100.0/24");
    struct except *except = except_new(optout);
    (void)state;
    assert_non_null(except);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].leaves_out(except, bytes_of(rows[i].line)) != rows[i].out)
            fail_msg("row %zu: %s", i, rows[i].line);
    assert_true(except_is_empty(except));
    except_free(except);
    optout_destroy(optout);
}

#define HASH(digit) "000000000000000000000000000000000000000000000000000000000000000" digit

#define DOMAIN(name, host, hash)                                                                             \
    "{\"domain\":\"" name "\",\"policy\":{\"tls\":{\"certs\":[\"" hash                                       \
    "\"]}},\"mx\":{\"hosts\":[{\"host\":\"" host "\"},{\"host\":\"shared.example\"}]}}\n"
#define HOST(name, hash) "{\"host\":\"" name "\",\"ip\":\"192.0.2.1\",\"tls\":{\"certs\":[\"" hash "\"]}}\n"
#define CERT(hash)       "{\"sha256\":\"" hash "\"}\n"

static const char *const domains[] = {DOMAIN("kept.example", "mx.kept.example", HASH("1")),
                                      DOMAIN("gone.example", "mx.gone.example", HASH("2")),
                                      DOMAIN("late.example", "mx.kept.example", HASH("1")),
                                      "{\"no\":\"domain\"}\n", NULL};
/* The fourth is of a domain that has no record yet: nobody knows whose it is. */
static const char *const hosts[] = {HOST("mx.kept.example", HASH("3")), HOST("mx.gone.example", HASH("4")),
                                    HOST("shared.example", HASH("5")),  HOST("whose.example", HASH("6")),
                                    HOST("mx.gone.example", HASH("1")), NULL};
static const char *const certs[] = {CERT(HASH("1")), CERT(HASH("2")), CERT(HASH("3")), CERT(HASH("4")),
                                    CERT(HASH("5")), CERT(HASH("6")), CERT(HASH("7")), NULL};

struct seen {
    char text[1024];
};

/* Keeps what tells the lines apart: the last digit of the hash, or the name's first letter. */
static enum error on_line(void *arg, struct bytes line)
{
    struct seen *seen = arg;
    char copy[512];
    assert_true(line.len < sizeof copy);
    memcpy(copy, line.data, line.len);
    copy[line.len] = 0;
    const char *hash = strstr(copy, "00000000"), *name = strstr(copy, "domain\":\"");
    const char *at = name != NULL ? name + 9 : hash != NULL ? hash + 63 : copy;
    seen->text[strlen(seen->text)] = *at;
    return ERR_OK;
}

static const char *read_all(struct scanview *view, enum view_stream stream, enum error wanted)
{
    static struct seen seen;
    struct buf why;
    buf_init(&why, 4096);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(scanview_lines(view, stream, on_line, &seen, &why), wanted);
    buf_dispose(&why);
    return seen.text;
}

static void put_scan(struct scan_place *place)
{
    place_begin(place);
    place_meta(place, RECORD_RULES);
    place_lines(place, "domains", domains);
    place_lines(place, "hosts", hosts);
    place_lines(place, "certs", certs);
}

static struct scanview *open_view(struct scan_place *place, const struct optout *optout)
{
    struct scanview *view;
    struct buf why;
    buf_init(&why, 4096);
    assert_int_equal(scanview_open(place->path, &view, &why), ERR_OK);
    assert_int_equal(scanview_except(view, optout), ERR_OK);
    buf_dispose(&why);
    return view;
}

static void test_what_only_they_refer_to(void **state)
{
    struct scan_place place;
    (void)state;
    put_scan(&place);
    struct optout *optout = list_of("gone.example", NULL, NULL);
    struct scanview *view = open_view(&place, optout);
    /* Certificates first: all that they need is found out. 1 is a kept domain's as well. */
    assert_string_equal(read_all(view, VIEW_CERTS, ERR_OK), "13567");
    assert_int_equal(scanview_left_out(view, VIEW_CERTS), 2);
    assert_string_equal(read_all(view, VIEW_HOSTS, ERR_OK), "356");
    assert_int_equal(scanview_left_out(view, VIEW_HOSTS), 2);
    assert_string_equal(read_all(view, VIEW_DOMAINS, ERR_OK), "kl{");
    assert_int_equal(scanview_left_out(view, VIEW_DOMAINS), 1);
    assert_string_equal(read_all(view, VIEW_DOMAINS, ERR_OK), "kl{"); /* counted anew */
    assert_int_equal(scanview_left_out(view, VIEW_DOMAINS), 1);
    scanview_close(view);
    optout_destroy(optout);
    /* A host that is itself listed, though others' domains name it; its certificate goes with it. */
    optout = list_of("mx.kept.example", NULL, NULL);
    view = open_view(&place, optout);
    assert_string_equal(read_all(view, VIEW_DOMAINS, ERR_OK), "kgl{");
    assert_string_equal(read_all(view, VIEW_HOSTS, ERR_OK), "4561");
    assert_string_equal(read_all(view, VIEW_CERTS, ERR_OK), "124567");
    scanview_close(view);
    optout_destroy(optout);
    optout = list_of(NULL, NULL, NULL);
    view = open_view(&place, optout);
    assert_string_equal(read_all(view, VIEW_CERTS, ERR_OK), "1234567");
    assert_string_equal(read_all(view, VIEW_HOSTS, ERR_OK), "34561");
    scanview_close(view);
    optout_destroy(optout);
    place_end(&place);
}

/* Who is in what is damaged may name a host, or be who is to be left out. */
static void test_damage(void **state)
{
    struct scan_place place;
    (void)state;
    put_scan(&place);
    place_damage(&place, "domains.ndjson.zst");
    struct optout *optout = list_of("gone.example", NULL, NULL);
    struct scanview *view = open_view(&place, optout);
    assert_string_equal(read_all(view, VIEW_HOSTS, ERR_CORRUPT), "");
    scanview_close(view);
    optout_destroy(optout);
    place_end(&place);
}

/* A record too deep to be read refers to nothing: who walks over it refuses it, and nothing else is lost. */
static void test_a_record_too_deep(void **state)
{
    static const char deep[] = "{\"domain\":\"deep.example\",\"x\":[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]}\n";
    struct scan_place place;
    (void)state;
    put_scan(&place);
    place_lines(&place, "domains", (const char *const[]){domains[0], domains[1], deep, NULL});
    struct optout *optout = list_of("gone.example", NULL, NULL);
    struct scanview *view = open_view(&place, optout);
    assert_string_equal(read_all(view, VIEW_HOSTS, ERR_OK), "356");
    scanview_close(view);
    optout_destroy(optout);
    place_end(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whose_record),
        cmocka_unit_test(test_what_only_they_refer_to),
        cmocka_unit_test(test_a_record_too_deep),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
