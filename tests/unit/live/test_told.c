/*
 * What others are told: the status file and the events are JSON whatever the texts, the metrics are of
 * Prometheus' grammar with one HELP and TYPE each, and all say the same numbers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/live/events.h"
#include "output/live/metrics.h"
#include "output/live/status.h"
#include "tests/unit/live/a_state.h"

enum { TEXT_BYTES = 1 << 20 };

static const char HOSTILE[] = "/a\"b\\c\nd\033[31m\xff{}\xe2\x80\xae";

static json_t *status_of(const struct live_state *state)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    assert_true(live_status(state, &text));
    json_t *root = json_loadb((const char *)text.data, text.len, 0, NULL);
    assert_non_null(root);
    buf_dispose(&text);
    return root;
}

static const char *metrics_of(const struct live_state *state)
{
    static struct buf text;
    buf_dispose(&text);
    buf_init(&text, TEXT_BYTES);
    live_metrics(state, &text);
    assert_false(text.failed);
    return buf_string(&text);
}

static double number(const json_t *root, const char *key)
{
    const json_t *value = json_object_get(root, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void test_status(void **state)
{
    (void)state;
    static struct live_state at;
    a_state(&at);
    json_t *root = status_of(&at);
    assert_string_equal(json_string_value(json_object_get(root, "state")), "running");
    assert_true(json_is_null(json_object_get(root, "exit")));
    assert_true(json_is_null(json_object_get(root, "cut_off")));
    assert_string_equal(json_string_value(json_object_get(root, "started")), "2026-11-30T00:53:20.000Z");
    assert_true(number(root, "records") == 2400 && number(root, "records_before") == 91);
    assert_true(number(root, "left_seconds") == 77 && number(root, "run_seconds") == 83);
    assert_true(fabs(number(json_object_get(root, "rates"), "dns") - 2788.4) < 0.001);
    assert_true(number(json_object_get(root, "outcomes"), "protected") == 131);
    assert_true(number(json_object_get(root, "codes"), "dns.timeout") == 9);
    const json_t *third = json_array_get(json_object_get(root, "resolvers"), 2);
    assert_true(number(third, "median_seconds") == 0.017 && number(third, "latest_seconds") == 0.018);
    assert_true(json_is_null(
        json_object_get(json_array_get(json_object_get(root, "resolvers"), 3), "median_seconds")));
    json_decref(root);
    at.phase = PHASE_DONE;
    at.exit_code = 3;
    at.total = 0;
    at.left_s = -1;
    at.disk_known = false;
    root = status_of(&at);
    assert_string_equal(json_string_value(json_object_get(root, "state")), "done");
    assert_true(number(root, "exit") == 3);
    assert_true(json_is_null(json_object_get(root, "names")));
    assert_true(json_is_null(json_object_get(root, "left_seconds")));
    assert_true(json_is_null(json_object_get(root, "disk_free_bytes")));
    json_decref(root);
}

/* ---- the grammar of metrics ---------------------------------------------------------------------------- */

enum { FAMILIES = 64, NAME_BYTES = 96 };

static struct family {
    char name[NAME_BYTES];
    char type[16];
    size_t samples;
} families[FAMILIES];
static size_t family_count;

/* A histogram's samples have names of their own. */
static struct family *family_of(const char *name, size_t len)
{
    static const char *const endings[] = {"", "_bucket", "_sum", "_count"};
    for (size_t i = 0; i < family_count; i++)
        for (size_t j = 0; j < 4; j++) {
            size_t own = strlen(families[i].name), ending = strlen(endings[j]);
            bool is_histogram = strcmp(families[i].type, "histogram") == 0;
            if (len == own + ending && strncmp(name, families[i].name, own) == 0 &&
                strncmp(name + own, endings[j], ending) == 0 && is_histogram == (j > 0))
                return &families[i];
        }
    return NULL;
}

/* Reads {name="value",…}; returns what is behind it. */
static const char *read_labels(const char *at)
{
    if (*at != '{')
        return at;
    do {
        at++;
        assert_true(islower((unsigned char)*at));
        while (islower((unsigned char)*at) || *at == '_')
            at++;
        assert_int_equal(strncmp(at, "=\"", 2), 0);
        for (at += 2; *at != '"'; at++) {
            assert_true(*at != '\n' && *at != '\0');
            if (*at == '\\')
                assert_non_null(strchr("\\\"n", *++at));
        }
        at++;
    } while (*at == ',');
    assert_int_equal(*at, '}');
    return at + 1;
}

static void read_sample(const char *line)
{
    size_t len = strspn(line, "abcdefghijklmnopqrstuvwxyz_");
    struct family *family = family_of(line, len);
    if (family == NULL)
        fail_msg("no TYPE before %s", line);
    assert_ptr_equal(family, &families[family_count - 1]); /* all of a family stand together */
    const char *at = read_labels(line + len);
    char *end;
    assert_int_equal(*at, ' ');
    double value = strtod(at + 1, &end);
    assert_true(*end == '\0' && value >= 0);
    family->samples++;
}

/* HELP and TYPE come once each, in this order; counters end in _total, nothing else does. */
static void read_head(const char *line)
{
    static char helped[NAME_BYTES];
    char name[NAME_BYTES], type[16];
    if (sscanf(line, "# HELP %95s ", name) == 1) {
        assert_true(line[strlen("# HELP ") + strlen(name) + 1] != '\0');
        (void)snprintf(helped, sizeof helped, "%s", name);
        return;
    }
    assert_int_equal(sscanf(line, "# TYPE %95s %15s", name, type), 2);
    assert_string_equal(name, helped);
    assert_null(family_of(name, strlen(name)));
    assert_true(family_count < FAMILIES);
    bool is_total = strlen(name) > 6 && strcmp(name + strlen(name) - 6, "_total") == 0;
    assert_int_equal(is_total, strcmp(type, "counter") == 0);
    assert_int_equal(strncmp(name, "stsweep_", 8), 0);
    assert_null(strstr(name, "_ms"));
    (void)snprintf(families[family_count].name, NAME_BYTES, "%s", name);
    (void)snprintf(families[family_count].type, sizeof type, "%s", type);
    families[family_count++].samples = 0;
}

static void read_all(const char *text)
{
    char line[8192];
    family_count = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        assert_true(text[len] == '\n' && len < sizeof line);
        (void)snprintf(line, sizeof line, "%.*s", (int)len, text);
        if (line[0] == '#')
            read_head(line);
        else
            read_sample(line);
        text += len + 1;
    }
    for (size_t i = 0; i < family_count; i++)
        assert_true(families[i].samples > 0);
}

static void expect(const char *text, const char *line)
{
    if (strstr(text, line) == NULL)
        fail_msg("\"%s\" is missing in\n%s", line, text);
}

static void test_metrics(void **state)
{
    (void)state;
    static struct live_state at;
    a_state(&at);
    const char *text = metrics_of(&at);
    read_all(text);
    expect(text, "\nstsweep_records_total 2400\n");
    expect(text, "\nstsweep_state{state=\"running\"} 1\n");
    expect(text, "\nstsweep_state{state=\"outage\"} 0\n");
    expect(text, "\nstsweep_answers_total 13221\n");
    expect(text, "# TYPE stsweep_paused_seconds gauge\nstsweep_paused_seconds 1.500\n");
    expect(text, "\nstsweep_outcomes_total{outcome=\"no-mail\"} 121\n");
    expect(text, "\nstsweep_codes_total{code=\"dns.timeout\"} 9\n");
    expect(text, "\nstsweep_resolver_lost_total{resolver=\"192.0.2.4\"} 12\n");
    expect(text, "\nstsweep_resolver_latency_seconds_bucket{resolver=\"192.0.2.2\",le=\"0.008\"} 0\n");
    expect(text, "\nstsweep_resolver_latency_seconds_bucket{resolver=\"192.0.2.2\",le=\"0.016\"} 101\n");
    expect(text, "\nstsweep_resolver_latency_seconds_bucket{resolver=\"192.0.2.2\",le=\"+Inf\"} 101\n");
    expect(text, "\nstsweep_resolver_latency_seconds_count{resolver=\"192.0.2.2\"} 101\n");
    /* One that was given thrice: a sample that stands twice spoils the page. */
    for (size_t i = 1; i < 3; i++)
        (void)snprintf(at.resolvers[i].name, LIVE_NAME_BYTES, "192.0.2.1");
    text = metrics_of(&at);
    read_all(text);
    expect(text, "\nstsweep_resolver_lost_total{resolver=\"192.0.2.1\"} 0\n");
    expect(text, "\nstsweep_resolver_lost_total{resolver=\"192.0.2.1 (2)\"} 1\n");
    expect(text, "\nstsweep_resolver_lost_total{resolver=\"192.0.2.1 (3)\"} 2\n");
    expect(text, "\nstsweep_resolver_latency_seconds_count{resolver=\"192.0.2.1 (3)\"} 102\n");
    at.directory = HOSTILE;
    at.cut_off = "port 25";
    at.resolver_count = 0;
    at.left_s = -1;
    text = metrics_of(&at);
    read_all(text);
    expect(text, "directory=\"/a\\\"b\\\\c?d?[31m?{}?");
    expect(text, "\nstsweep_cut_off 1\n");
    assert_null(strstr(text, "stsweep_left_seconds"));
}

/* Every counter of the table is in both, with the same value. */
static void see_counter(void *arg, const char *name, const char *help, uint64_t value)
{
    const json_t *counters = arg;
    (void)help;
    assert_true(number(counters, name) == (double)value);
}

static void test_same_numbers(void **state)
{
    (void)state;
    static struct live_state at;
    a_state(&at);
    uint64_t value = 1000;
#define COUNTER(name, help) at.counts.name = value++;
#include "scanner/facts/counters.def"
#undef COUNTER
    json_t *root = status_of(&at);
    const char *text = metrics_of(&at);
    counters_each(&at.counts, see_counter, json_object_get(root, "counters"));
    value = 1000;
    char line[NAME_BYTES];
#define COUNTER(name, help)                                                                                  \
    (void)snprintf(line, sizeof line, "\nstsweep_%s_total %llu\n", #name, (unsigned long long)value++);      \
    if (strstr(#name, "_ms") == NULL)                                                                        \
        expect(text, line);
#include "scanner/facts/counters.def"
#undef COUNTER
    json_decref(root);
}

/* ---- events -------------------------------------------------------------------------------------------- */

static json_t *event_of(struct buf *text)
{
    assert_false(text->failed);
    assert_ptr_equal(memchr(text->data, '\n', text->len), text->data + text->len - 1); /* one line */
    for (size_t i = 0; i + 1 < text->len; i++)
        assert_true(text->data[i] >= ' ' && text->data[i] <= '~');
    json_t *root = json_loadb((const char *)text->data, text->len, 0, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "time")), "2026-11-30T00:53:20.000Z");
    buf_reset(text);
    return root;
}

static void is(const json_t *root, const char *key, const char *value)
{
    assert_string_equal(json_string_value(json_object_get(root, key)), value);
}

static void test_events(void **state)
{
    (void)state;
    static struct live_state at;
    static const int64_t when = INT64_C(1796000000000);
    static const struct {
        bool is_news;
        const char *line, *event, *level, *text;
    } said[] = {
        {true, "preflight: clock: fine", "preflight", "info", "clock: fine"},
        {true, "preflight: x: WARNING: \033[2J", "preflight", "warning", NULL},
        {true, "stsweep: resumed", "message", "info", "resumed"},
        {true, "stsweep: WARNING: few", "message", "warning", "WARNING: few"},
        {false, "stsweep: stopped", "message", "warning", "stopped"},
    };
    const struct live_option option = {"smtp.contact", HOSTILE};
    const struct live_start start = {.version = "0.1.0",
                                     .directory = HOSTILE,
                                     .command = "stsweep scan",
                                     .pid = 4711,
                                     .resume = true,
                                     .options = &option,
                                     .option_count = 1};
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    live_event_start(&text, when, &start);
    json_t *root = event_of(&text);
    is(root, "event", "start");
    assert_true(json_is_true(json_object_get(root, "resume")));
    assert_non_null(json_object_get(json_object_get(root, "options"), "smtp.contact"));
    json_decref(root);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        live_event_said(&text, when, said[i].is_news, said[i].line);
        root = event_of(&text);
        is(root, "event", said[i].event);
        is(root, "level", said[i].level);
        if (said[i].text != NULL)
            is(root, "text", said[i].text);
        json_decref(root);
    }
    a_state(&at);
    at.wall_ms = when;
    at.exit_code = 0;
    at.phase = PHASE_DONE;
    live_event_state(&text, "end", NULL, &at);
    root = event_of(&text);
    is(root, "event", "end");
    assert_true(number(root, "exit") == 0 && number(root, "records") == 2491);
    assert_true(number(json_object_get(root, "outcomes"), "refused") == 10);
    json_decref(root);
    buf_dispose(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_same_numbers),
        cmocka_unit_test(test_events),
    };
    return cmocka_run_group_tests_name("told", tests, NULL, NULL);
}
