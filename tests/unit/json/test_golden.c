/*
 * One record of each kind with every field set stands as text in tests/golden: what is written is that text,
 * byte for byte, and every key of docs/schema.json is in it. So no line that writes a field can go unseen,
 * nor can a field come to the schema without one here. The texts are broken into lines for whoever reads
 * them: a line's end and the spaces that begin the next are not in the record.
 *
 * The facts are what the readers of output/readback make of the text; the judgement is made by hand, as no
 * domain earns all of it at once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "output/json/json.h"
#include "output/readback/facts_read.h"

enum { TEXT_CEILING = 1 << 20, ARENA_BYTES = 4 << 20 };

/* ---- texts ----------------------------------------------------------------------------------------------
 */

static void read_golden(const char *name, struct buf *text)
{
    char path[128];
    int byte, before = 0;
    (void)snprintf(path, sizeof path, "tests/golden/%s.json", name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    buf_init(text, TEXT_CEILING);
    while ((byte = getc(file)) != EOF) {
        bool begins = before == '\n' && byte == ' ';
        if (byte != '\n' && !begins)
            assert_true(buf_append(text, &(char){(char)byte}, 1));
        before = begins ? '\n' : byte;
    }
    assert_true(buf_append(text, "\n", 1));
    assert_int_equal(fclose(file), 0);
}

static void assert_is_golden(const char *name, const struct buf *written, const struct buf *golden)
{
    size_t at = 0;
    while (at < written->len && at < golden->len && written->data[at] == golden->data[at])
        at++;
    if (written->len == golden->len && at == golden->len)
        return;
    size_t from = at < 60 ? 0 : at - 60;
    fail_msg("%s: at byte %zu\n  written: %.*s\n  golden:  %.*s\nthe whole:\n%.*s", name, at,
             (int)(written->len - from < 120 ? written->len - from : 120), (const char *)written->data + from,
             (int)(golden->len - from < 120 ? golden->len - from : 120), (const char *)golden->data + from,
             (int)written->len, (const char *)written->data);
}

/* ---- the schema -----------------------------------------------------------------------------------------
 */

static json_t *schema;
static size_t keys_checked;

static void check(json_t *rule, json_t *const *values, size_t count, const char *where);

/* Some value has each key; those that have it are checked further. */
static void check_keys(json_t *keys, json_t *const *values, size_t count, const char *where)
{
    const char *key;
    json_t *rule;
    json_object_foreach(keys, key, rule)
    {
        json_t *found[256];
        size_t found_count = 0;
        char path[512];
        (void)snprintf(path, sizeof path, "%s.%s", where, key);
        for (size_t i = 0; i < count; i++)
            if (json_object_get(values[i], key) != NULL)
                found[found_count++] = json_object_get(values[i], key);
        if (found_count == 0)
            fail_msg("%s stands in docs/schema.json and in no golden record", path);
        keys_checked++;
        check(rule, found, found_count, path);
    }
}

static void check_items(json_t *rule, json_t *const *values, size_t count, const char *where)
{
    json_t *elements[256];
    size_t element_count = 0, at;
    json_t *element;
    for (size_t i = 0; i < count; i++)
        json_array_foreach(values[i], at, element)
        {
            assert_true(element_count < sizeof elements / sizeof *elements);
            elements[element_count++] = element;
        }
    check(rule, elements, element_count, where);
}

/* Text may be an object {"base64": …} in each place: it is checked where json_put_text is. */
static void check(json_t *rule, json_t *const *values, size_t count, const char *where)
{
    const char *reference = json_string_value(json_object_get(rule, "$ref"));
    if (reference != NULL) {
        const char *name = strrchr(reference, '/') + 1;
        if (strcmp(name, "text") != 0)
            check(json_object_get(json_object_get(schema, "$defs"), name), values, count, where);
        return;
    }
    if (json_object_get(rule, "properties") != NULL)
        check_keys(json_object_get(rule, "properties"), values, count, where);
    if (json_object_get(rule, "items") != NULL)
        check_items(json_object_get(rule, "items"), values, count, where);
}

static void every_key_of_the_schema_is_in_a_golden_record(void **state)
{
    static const char *const names[] = {"domain", "host", "cert", "reject"};
    json_error_t error;
    (void)state;
    schema = json_load_file("docs/schema.json", 0, &error);
    assert_non_null(schema);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buf text;
        read_golden(names[i], &text);
        json_t *record = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
        assert_non_null(record);
        keys_checked = 0;
        check(json_object_get(json_object_get(schema, "$defs"), names[i]), &record, 1, names[i]);
        assert_true(keys_checked >= json_object_size(record));
        json_decref(record);
        buf_dispose(&text);
    }
    json_decref(schema);
}

/* ---- records --------------------------------------------------------------------------------------------
 */

static struct findings findings_of(enum failure_code code)
{
    return (struct findings){
        .list = {{code, 1, 12, "id=;"}, {code, 0, 0, NULL}}, .count = 2, .overflow = true};
}

static enum delivery deliveries[SENDER_COUNT][2] = {{DELIVERY_SKIPS, DELIVERY_TAKES},
                                                    {DELIVERY_SOME, DELIVERY_NONE},
                                                    {DELIVERY_TAKES, DELIVERY_NONE},
                                                    {DELIVERY_SKIPS, DELIVERY_SKIPS},
                                                    {DELIVERY_DEFERS, DELIVERY_SOME}};

static const struct sender_view views[SENDER_COUNT] = {
    {deliveries[SENDER_MTA_STS], 2, DELIVERY_TAKES, "192.0.2.9", true},
    {deliveries[SENDER_DANE], 2, DELIVERY_DEFERS, "mx1.example", false},
    {deliveries[SENDER_OPPORTUNISTIC], 2, DELIVERY_SOME, "mx1.example", true},
    {deliveries[SENDER_POSTFIX_DANE], 2, DELIVERY_SOME, "mx2.example", false},
    {deliveries[SENDER_POSTFIX_TLSPOL], 2, DELIVERY_DEFERS, "mx3.example", true},
};

static void judge_by_hand(struct judgement *judgement)
{
    static const char *mx[] = {"*.example", "mx1.example"};
    static const char *rua[] = {"mailto:a@example.org", "https://r.example/"};
    static const char *providers[] = {"Microsoft 365", "Mimecast"};
    static struct ip_verdict ips[] = {{FAIL_NONE, FAIL_NONE, 2, FAIL_NONE},
                                      {.code = FAIL_SMTP_NOT_PROBED_PACE}};
    static struct host_verdict hosts[] = {{.policy_match = true,
                                           .dane = DANE_OUTCOME_PARTIAL,
                                           .dane_applies = true,
                                           .dane_code = FAIL_DANE_INSECURE_ADDRESS,
                                           .code = FAIL_MX_NOT_IN_POLICY,
                                           .certificates_differ = true,
                                           .ips = ips,
                                           .ip_count = 2},
                                          {.code = FAIL_MX_ADDRESS_LITERAL}};
    *judgement = (struct judgement){.record = {.id = "2026", .findings = findings_of(FAIL_TXT_ID_REPEATED)},
                                    .outcome = OUTCOME_TESTING,
                                    .would_be = OUTCOME_PARTIAL,
                                    .incomplete = true,
                                    .one_look = true,
                                    .dane = DANE_OUTCOME_REFUSED,
                                    .tls = TLS_OUTCOME_SOME,
                                    .rpt_types = 1U << RPT_STS_POLICY_INVALID,
                                    .hosts = hosts,
                                    .host_count = 2,
                                    .exo = EXO_MIXED,
                                    .exo_intermediary = "Mimecast",
                                    .registrable = "example.co.uk",
                                    .provider_mx = "Microsoft 365",
                                    .providers_mx = providers,
                                    .provider_mx_count = 2,
                                    .provider_policy = "PowerDMARC"};
    judgement->policy = (struct sts_policy){.parsed = true,
                                            .mode = STS_MODE_TESTING,
                                            .max_age_set = true,
                                            .max_age = 604800,
                                            .mx = mx,
                                            .mx_count = 2,
                                            .findings = findings_of(FAIL_POLICY_NO_ADDRESS)};
    static enum failure_code cached[] = {FAIL_NONE, FAIL_MX_ADDRESS_LITERAL};
    judgement->cached = (struct cached_verdict){.found = CACHED_BAD_RECORD,
                                                .would_be = {OUTCOME_PARTIAL, true, cached, 2},
                                                .since = INT64_C(1769774400500),
                                                .sure_until = INT64_C(1770292801000),
                                                .none_after = INT64_C(1770379200500)};
    judgement->tlsrpt =
        (struct tlsrpt_record){.rua = rua, .rua_count = 2, .findings = findings_of(FAIL_TLSRPT_RUA_BAD)};
    memcpy(judgement->senders, views, sizeof views);
    code_set_add(&judgement->codes, FAIL_TXT_ID_REPEATED);
    code_set_add(&judgement->codes, FAIL_MX_NOT_IN_POLICY);
    code_set_add(&judgement->codes, FAIL_TLSRPT_RUA_BAD);
}

/* What both sides of a record's way are made with. */
struct way {
    struct arena arena;
    struct buf golden, written, why;
};

static void begin(struct way *way, const char *name)
{
    arena_init(&way->arena, ARENA_BYTES);
    buf_init(&way->why, 4096);
    buf_init(&way->written, TEXT_CEILING);
    read_golden(name, &way->golden);
}

static void end(struct way *way, const char *name)
{
    assert_is_golden(name, &way->written, &way->golden);
    buf_dispose(&way->golden);
    buf_dispose(&way->written);
    buf_dispose(&way->why);
    arena_dispose(&way->arena);
}

static struct bytes line_of(const struct way *way)
{
    return bytes_make(way->golden.data, way->golden.len - 1);
}

static void a_domain_with_everything_is_written_so(void **state)
{
    struct way way;
    struct domain_facts facts;
    struct judgement judgement;
    (void)state;
    begin(&way, "domain");
    if (facts_read_domain(line_of(&way), &way.arena, &facts, &way.why) != ERR_OK)
        fail_msg("%s", buf_string(&way.why));
    judge_by_hand(&judgement);
    assert_true(json_domain(&way.written, &facts, &judgement));
    end(&way, "domain");
}

/* With however little room a record is read whole or not at all. */
static void a_record_that_has_no_room_is_refused(void **state)
{
    struct way way;
    size_t refused = 0, read = 0;
    (void)state;
    begin(&way, "domain");
    for (size_t ceiling = 0; read < 3; ceiling += 64) {
        struct domain_facts facts;
        struct judgement judgement;
        arena_dispose(&way.arena);
        arena_init(&way.arena, ceiling);
        buf_reset(&way.written);
        enum error error = facts_read_domain(line_of(&way), &way.arena, &facts, &way.why);
        if (error != ERR_OK) {
            assert_int_equal(error, ERR_LIMIT);
            refused++;
            continue;
        }
        judge_by_hand(&judgement);
        assert_true(json_domain(&way.written, &facts, &judgement));
        assert_is_golden("domain", &way.written, &way.golden);
        read++;
    }
    assert_true(refused > 100);
    end(&way, "domain");
}

static void a_host_with_everything_is_written_so(void **state)
{
    struct way way;
    struct probe_facts probe;
    (void)state;
    begin(&way, "host");
    if (facts_read_host(line_of(&way), &way.arena, &probe, &way.why) != ERR_OK)
        fail_msg("%s", buf_string(&way.why));
    assert_true(json_host(&way.written, &probe, FAIL_SMTP_TLS_EXPIRED));
    end(&way, "host");
}

/* A version without a name of its own stands as its number. */
static void an_unknown_tls_version_is_a_number(void **state)
{
    struct probe_facts probe = {.host = "mx1.example",
                                .tls = {.end = TLS_FAILED, .version = 0x7f1c, .alert = -1}};
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    assert_true(json_host(&out, &probe, FAIL_NONE));
    assert_non_null(strstr(buf_string(&out), "\"tls\":{\"end\":\"failed\",\"version\":\"0x7f1c\"}"));
    buf_dispose(&out);
}

static void a_certificate_with_everything_is_written_so(void **state)
{
    struct way way;
    struct cert_facts cert;
    (void)state;
    begin(&way, "cert");
    if (facts_read_cert(line_of(&way), &way.arena, &cert, &way.why) != ERR_OK)
        fail_msg("%s", buf_string(&way.why));
    assert_true(json_cert(&way.written, &cert));
    end(&way, "cert");
}

static void a_reject_is_written_so(void **state)
{
    const struct reject_line reject = {.ordinal = 7,
                                       .file = "list.csv",
                                       .line = 9,
                                       .text = bytes_make("\xFF\xFE", 2),
                                       .reason = FAIL_INPUT_BAD_NAME};
    struct way way;
    (void)state;
    begin(&way, "reject");
    assert_true(json_reject(&way.written, &reject));
    end(&way, "reject");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_of_the_schema_is_in_a_golden_record),
        cmocka_unit_test(a_domain_with_everything_is_written_so),
        cmocka_unit_test(a_record_that_has_no_room_is_refused),
        cmocka_unit_test(a_host_with_everything_is_written_so),
        cmocka_unit_test(an_unknown_tls_version_is_a_number),
        cmocka_unit_test(a_certificate_with_everything_is_written_so),
        cmocka_unit_test(a_reject_is_written_so),
    };
    return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
