/*
 * Any bytes as a domain's record, behind a byte that chooses the options: what is suggested of it is good by
 * our own parsers of policies and records, and whatever is written of it keeps to its grammar, though names
 * and records are strangers': a zone's and nsupdate's lines, nginx's map, JSON, and words that may be shown.
 * So does the forecast of a change.
 */
#include "output/readback/facts_read.h"
#include "scanner/base/utf8.h"
#include "scanner/commands/forecast.h"
#include "scanner/commands/suggest_format.h"
#include "scanner/json/json_tree.h"
#include "scanner/sts/policy.h"
#include "scanner/sts/presentation.h"
#include "scanner/sts/record.h"
#include "scanner/sts/tlsrpt.h"
#include "scanner/verdict/verdict.h"
#include "tests/fuzz/target.h"

enum { OUT_BYTES = 16 << 20, WHY_BYTES = 512, LINE_BYTES = 1 << 16 };
enum { WITH_REMOVE = 1, WITH_RUA = 2, WITH_HOST = 4, WITH_NAME = 8, WITH_MX = 16, WITH_POLICY = 32 };

/* A day after the fetches of the seeds of fuzz_facts. */
#define SOME_TIME INT64_C(1796104800000)

struct fuzz {
    struct arena arena;
    struct buf out, why;
    struct domain_facts facts;
    struct judgement judgement;
    struct suggest_options options;
};

/* ---- lines --------------------------------------------------------------------------------------------- */

static bool begins(struct bytes line, const char *word)
{
    return line.len >= strlen(word) && memcmp(line.data, word, strlen(word)) == 0;
}

/* Calls check for each line; the last one has its end. */
static void each_line(struct bytes text, void (*check)(struct bytes line))
{
    expect(text.len == 0 || text.data[text.len - 1] == '\n' ? NULL : "a line without its end");
    while (text.len > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = (size_t)(end - text.data);
        check(bytes_make(text.data, len));
        text = bytes_make(text.data + len + 1, text.len - len - 1);
    }
}

static void check_ascii(struct bytes line)
{
    for (size_t i = 0; i < line.len; i++)
        expect(line.data[i] >= ' ' && line.data[i] <= '~' ? NULL : "a byte that is not printable ASCII");
}

static void check_shown(struct bytes line)
{
    for (size_t len; line.len > 0; line = bytes_make(line.data + len, line.len - len)) {
        len = utf8_shown_len(line);
        expect(len > 0 ? NULL : "a text that may not be shown");
    }
}

/* Goes past a word of names' letters, and past the blank behind it. */
static bool skip_name(struct bytes *line)
{
    size_t len = 0;
    while (len < line->len &&
           (strchr("-_.", line->data[len]) != NULL || (line->data[len] >= '0' && line->data[len] <= '9') ||
            (line->data[len] >= 'a' && line->data[len] <= 'z')))
        len++;
    bool is_whole = len > 1 && line->data[len - 1] == '.' && len < line->len && line->data[len] == ' ';
    if (is_whole)
        *line = bytes_make(line->data + len + 1, line->len - len - 1);
    return is_whole;
}

static bool skip(struct bytes *line, const char *word)
{
    if (!begins(*line, word))
        return false;
    *line = bytes_make(line->data + strlen(word), line->len - strlen(word));
    return true;
}

/* Takes the data of a record: strings in quotes alone, an address, or a name. */
static bool is_data(struct bytes data)
{
    struct arena arena;
    struct bytes rr;
    if (!skip(&data, "TXT ")) {
        bool is_known = skip(&data, "A ") || skip(&data, "AAAA ") || skip(&data, "CNAME ");
        return is_known && data.len > 0 && memchr(data.data, ' ', data.len) == NULL &&
               memchr(data.data, ';', data.len) == NULL && memchr(data.data, '"', data.len) == NULL;
    }
    arena_init(&arena, LINE_BYTES * 4);
    bool is_read = begins(data, "\"") && presentation_read(data, &arena, &rr);
    arena_dispose(&arena);
    return is_read;
}

/* ---- zone and nsupdate --------------------------------------------------------------------------------- */

static bool is_record(struct bytes line)
{
    return skip_name(&line) && skip(&line, "3600 IN ") && is_data(line);
}

static void check_zone_line(struct bytes line)
{
    check_ascii(line);
    bool is_origin = skip(&line, "$ORIGIN ");
    if (is_origin)
        expect(line.len > 1 && memchr(line.data, ' ', line.len) == NULL ? NULL : "no origin");
    else
        expect(line.len == 0 || line.data[0] == ';' || is_record(line) ? NULL : "no record of a zone");
}

static bool is_prereq(struct bytes line)
{
    if (skip(&line, "nxdomain "))
        return line.len > 1 && line.data[line.len - 1] == '.' && memchr(line.data, ' ', line.len) == NULL;
    if (!skip(&line, "nxrrset ") && !skip(&line, "yxrrset "))
        return false;
    if (!skip_name(&line) || !skip(&line, "IN "))
        return false;
    bool is_type = (begins(line, "TXT") && line.len == 3) || (begins(line, "A") && line.len == 1) ||
                   (begins(line, "AAAA") && line.len == 4) || (begins(line, "CNAME") && line.len == 5);
    return is_type || is_data(line);
}

static bool is_delete(struct bytes line)
{
    bool is_set = skip_name(&line) && skip(&line, "IN ");
    bool is_type = (begins(line, "A") && line.len == 1) || (begins(line, "AAAA") && line.len == 4) ||
                   (begins(line, "CNAME") && line.len == 5);
    return is_set && (is_type || is_data(line));
}

static void check_nsupdate_line(struct bytes line)
{
    check_ascii(line);
    bool fine = line.len == 0 || line.data[0] == ';' || (begins(line, "send") && line.len == 4);
    if (skip(&line, "zone "))
        fine = line.len > 1 && line.data[line.len - 1] == '.' && memchr(line.data, ' ', line.len) == NULL;
    else if (skip(&line, "prereq "))
        fine = is_prereq(line);
    else if (skip(&line, "update delete "))
        fine = is_delete(line);
    else if (skip(&line, "update add "))
        fine = is_record(line);
    expect(fine ? NULL : "no command for nsupdate");
}

/* ---- nginx --------------------------------------------------------------------------------------------- */

/* An entry of the map: two parameters in quotes, in which nothing means something. */
static void check_nginx_line(struct bytes line)
{
    size_t quotes = 0;
    check_ascii(line);
    expect(skip(&line, "    ") && line.len > 0 ? NULL : "no line of the map");
    if (line.data[0] == '#')
        return;
    for (size_t i = 0; i < line.len; i++) {
        quotes += line.data[i] == '"';
        expect(line.data[i] != '$' && (line.data[i] != ';' || (quotes == 4 && i + 1 == line.len))
                   ? NULL
                   : "a byte that means something to nginx");
        if (line.data[i] == '\\')
            expect(i + 1 < line.len && (line.data[i + 1] == 'r' || line.data[i + 1] == 'n') ? NULL
                                                                                            : "an escape");
    }
    expect(begins(line, "\"mta-sts.") && quotes == 4 && line.data[line.len - 1] == ';' ? NULL
                                                                                       : "no entry of a map");
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static void check_json_line(struct bytes line)
{
    struct arena arena;
    const struct json_node *root = NULL;
    arena_init(&arena, OUT_BYTES);
    enum error error = json_tree_parse(line, &arena, &root);
    expect(error == ERR_OK || error == ERR_LIMIT ? NULL : "no JSON");
    expect(error == ERR_LIMIT || json_tree_at(root, "domain") != NULL ? NULL : "JSON without its domain");
    arena_dispose(&arena);
}

/* ---- what is suggested --------------------------------------------------------------------------------- */

/* The policy says what is suggested, and nothing of it is a fault. */
static void check_policy(struct fuzz *fuzz, const struct suggestion *suggestion)
{
    struct sts_policy policy;
    sts_policy_parse(suggestion->policy, &fuzz->arena, &policy);
    expect(policy.code == FAIL_NONE && policy.findings.count == 0 ? NULL : "a policy with a fault");
    expect(policy.mode == suggestion->mode && policy.max_age == suggestion->max_age &&
                   policy.mx_count == suggestion->mx_count
               ? NULL
               : "another policy");
    for (size_t i = 0; i < policy.mx_count; i++)
        expect(strcasecmp(policy.mx[i], suggestion->mx[i]) == 0 ? NULL : "another host");
}

static void check_records(struct fuzz *fuzz, const struct suggestion *suggestion)
{
    struct bytes txt = bytes_of(suggestion->txt);
    struct sts_record record;
    struct tlsrpt_record tlsrpt;
    sts_record_parse(&txt, 1, &fuzz->arena, &record);
    expect(record.code == FAIL_NONE && record.findings.count == 0 && strcmp(record.id, suggestion->id) == 0
               ? NULL
               : "a record with a fault");
    if (suggestion->tlsrpt == NULL)
        return;
    txt = bytes_of(suggestion->tlsrpt);
    tlsrpt_parse(&txt, 1, &fuzz->arena, &tlsrpt);
    expect(tlsrpt.code == FAIL_NONE && tlsrpt.findings.count == 0 && tlsrpt.rua_count == 1
               ? NULL
               : "a record for reports with a fault");
}

/* A record that stands there is written so that it is read as itself. */
static void check_before(struct fuzz *fuzz, const struct suggest_change *change)
{
    for (size_t i = 0; i < change->before_count; i++) {
        const struct suggest_before *before = &change->before[i];
        struct bytes again = {NULL, 0};
        if (before->type == NULL || strcmp(before->type, "TXT") != 0)
            continue;
        buf_reset(&fuzz->out);
        suggest_put_data(&fuzz->out, before->type, before->text);
        struct bytes data = buf_bytes(&fuzz->out);
        expect(skip(&data, "TXT ") && presentation_read(data, &fuzz->arena, &again) ? NULL
                                                                                    : "no data of a TXT");
        expect(bytes_equal(again, before->text) ? NULL : "another text than stands there");
    }
}

static void check_formats(struct fuzz *fuzz, const struct suggestion *suggestion,
                          const struct suggest_changes *changes)
{
    static void (*const checks[FORMAT_COUNT])(struct bytes) = {[FORMAT_ZONE] = check_zone_line,
                                                               [FORMAT_NSUPDATE] = check_nsupdate_line,
                                                               [FORMAT_NGINX] = check_nginx_line,
                                                               [FORMAT_JSON] = check_json_line};
    const struct suggest_part part = {&fuzz->facts, &fuzz->judgement, suggestion, changes};
    for (enum suggest_format format = FORMAT_NONE + 1; format < FORMAT_COUNT; format++) {
        enum suggest_written written;
        buf_reset(&fuzz->out);
        if (suggest_format_part(&fuzz->out, format, &part, &written))
            each_line(buf_bytes(&fuzz->out), checks[format]);
    }
}

static void check_suggestion(struct fuzz *fuzz)
{
    struct suggestion suggestion;
    struct suggest_changes changes;
    enum error error =
        suggest_make(&fuzz->facts, &fuzz->judgement, &fuzz->options, SOME_TIME, &fuzz->arena, &suggestion);
    if (error != ERR_OK)
        return;
    if (suggest_has_texts(&suggestion)) {
        expect(suggest_is_name(suggestion.domain) ? NULL : "records below a name that can have none");
        check_policy(fuzz, &suggestion);
        check_records(fuzz, &suggestion);
        each_line(suggestion.zone, check_ascii);
    }
    buf_reset(&fuzz->out);
    if (suggest_text(&fuzz->out, &fuzz->facts, &suggestion))
        each_line(buf_bytes(&fuzz->out), check_shown);
    buf_reset(&fuzz->out);
    if (suggest_json(&fuzz->out, &fuzz->facts, &suggestion))
        each_line(buf_bytes(&fuzz->out), check_json_line);
    if (suggest_changes_make(&fuzz->facts, &fuzz->judgement, &fuzz->options, &suggestion, &fuzz->arena,
                             &changes) != ERR_OK)
        return;
    for (size_t i = 0; i < changes.count; i++)
        check_before(fuzz, &changes.items[i]);
    check_formats(fuzz, &suggestion, &changes);
}

/* ---- what is forecast ---------------------------------------------------------------------------------- */

static void check_forecast(struct fuzz *fuzz, uint8_t with)
{
    static const char body[] = "version: STSv1\r\nmode: enforce\r\nmx: *.example.net\r\nmax_age: 604800\r\n";
    static const char *const names[] = {"mx1.example.net", "mx2.example.org"};
    const struct host_facts *hosts[2] = {fuzz->facts.host_count > 0 ? fuzz->facts.hosts[0].facts : NULL,
                                         NULL};
    struct sts_policy policy;
    struct forecast forecast;
    sts_policy_parse(bytes_of(body), &fuzz->arena, &policy);
    struct forecast_plan plan = {.policy = (with & WITH_POLICY) != 0 ? &policy : NULL};
    if ((with & WITH_MX) != 0)
        plan = (struct forecast_plan){names, hosts, 2, plan.policy};
    if (forecast_make(&fuzz->facts, &fuzz->judgement, &plan, SOME_TIME, &fuzz->arena, &forecast) != ERR_OK)
        return;
    expect(forecast.step_count <= FORECAST_STEPS ? NULL : "too many steps");
    for (size_t i = 0; i < forecast.step_count; i++) {
        if (forecast.steps[i].what != DO_PUBLISH)
            continue;
        sts_policy_parse(forecast.steps[i].policy, &fuzz->arena, &policy);
        expect(policy.code == FAIL_NONE && policy.mode == forecast.steps[i].mode ? NULL
                                                                                 : "a step with a fault");
    }
    buf_reset(&fuzz->out);
    if (forecast_text(&fuzz->out, &forecast, SOME_TIME))
        each_line(buf_bytes(&fuzz->out), check_shown);
    buf_reset(&fuzz->out);
    if (forecast_json(&fuzz->out, &forecast, SOME_TIME))
        each_line(buf_bytes(&fuzz->out), check_json_line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz;
    if (size < 2)
        return 0;
    const char *host = (data[0] & WITH_NAME) != 0 ? "policies.example.net" : "192.0.2.7";
    fuzz.options = (struct suggest_options){
        .remove = (data[0] & WITH_REMOVE) != 0,
        .rua = (data[0] & WITH_RUA) != 0 ? "mailto:tls@example.org" : NULL,
        .policy_host = (data[0] & WITH_HOST) != 0 ? host : NULL,
    };
    arena_init(&fuzz.arena, READ_ARENA_BYTES);
    buf_init(&fuzz.out, OUT_BYTES);
    buf_init(&fuzz.why, WHY_BYTES);
    if (facts_read_domain(bytes_make(data + 1, size - 1), &fuzz.arena, &fuzz.facts, &fuzz.why) == ERR_OK) {
        verdict_judge(&fuzz.facts, fuzz.facts.time, &fuzz.arena, &fuzz.judgement);
        check_suggestion(&fuzz);
        check_forecast(&fuzz, data[0]);
    }
    buf_dispose(&fuzz.out);
    buf_dispose(&fuzz.why);
    arena_dispose(&fuzz.arena);
    return 0;
}
