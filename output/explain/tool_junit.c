/*
 * Writes JUnit XML as build servers read it: a testsuite a domain, a testcase a step of the check, always the
 * same ones in the same order. A testcase has one failure or one error at most, as some readers take no more;
 * its text tells of all codes of the step. What is no fault of the build stands in system-out.
 */
#include <stdio.h>

#include "output/explain/explain.h"
#include "output/explain/tool_parts.h"

/* The steps, in the order in which a sender takes them. */
enum step {
    STEP_OUTCOME,
    STEP_CACHED,
    STEP_NAME,
    STEP_DNS,
    STEP_RECORD,
    STEP_POLICY_HOST,
    STEP_HTTPS,
    STEP_POLICY,
    STEP_MX,
    STEP_STARTTLS,
    STEP_DANE,
    STEP_TLSRPT,
    STEP_COUNT
};

static const char *const step_names[STEP_COUNT] = {"outcome", "earlier policy", "name",  "DNS",
                                                   "record",  "policy host",    "HTTPS", "policy",
                                                   "MX",      "STARTTLS",       "DANE",  "TLSRPT"};

/* Returns the step of a code of the policy: of what is there before it is read, or of its text. */
static enum step policy_step(const struct failure *failure)
{
    if (failure->group == GROUP_POLICY_TLS)
        return STEP_HTTPS;
    return failure->group == GROUP_NONE && failure->effect != EFFECT_WARN ? STEP_POLICY_HOST : STEP_POLICY;
}

static enum step step_of(enum failure_code code)
{
    static const enum step steps[STAGE_COUNT] = {
        [STAGE_CACHED] = STEP_CACHED, [STAGE_INPUT] = STEP_NAME,    [STAGE_DNS] = STEP_DNS,
        [STAGE_TXT] = STEP_RECORD,    [STAGE_POLICY] = STEP_POLICY, [STAGE_MX] = STEP_MX,
        [STAGE_SMTP] = STEP_STARTTLS, [STAGE_DANE] = STEP_DANE,     [STAGE_TLSRPT] = STEP_TLSRPT};
    const struct failure *failure = failure_get(code);
    return failure->stage == STAGE_POLICY ? policy_step(failure) : steps[failure->stage];
}

/* ---- XML ----------------------------------------------------------------------------------------------- */

/* Appends plain text, as it may stand in an attribute as well as between tags. */
static void put_text(struct buf *out, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '&')
            (void)buf_text(out, "&amp;");
        else if (*text == '<')
            (void)buf_text(out, "&lt;");
        else if (*text == '>')
            (void)buf_text(out, "&gt;");
        else if (*text == '"')
            (void)buf_text(out, "&quot;");
        else
            (void)buf_byte(out, (uint8_t)*text);
    }
}

static void put_attribute(struct buf *out, const char *name, const char *text)
{
    (void)buf_printf(out, " %s=\"", name);
    put_text(out, text);
    (void)buf_byte(out, '"');
}

static void put_name(struct buf *out, const char *name, struct bytes domain)
{
    struct buf plain;
    buf_init(&plain, out->ceiling_bytes);
    tool_plain(&plain, domain);
    put_attribute(out, name, buf_string(&plain));
    out->failed = out->failed || plain.failed;
    buf_dispose(&plain);
}

static void begin_suite(struct buf *out, struct bytes domain, const size_t counts[3], size_t tests)
{
    (void)buf_text(out, "  <testsuite");
    put_name(out, "name", domain);
    (void)buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n", tests,
                     counts[0], counts[1], counts[2]);
}

static void begin_case(struct buf *out, struct bytes domain, const char *step)
{
    (void)buf_text(out, "    <testcase");
    put_attribute(out, "name", step);
    put_name(out, "classname", domain);
    (void)buf_text(out, ">\n");
}

/* Writes an element of a testcase with its message, its type and its text; NULL: without. */
static void put_element(struct buf *out, const char *element, const char *message, const char *type,
                        const char *text)
{
    (void)buf_printf(out, "      <%s", element);
    if (message != NULL)
        put_attribute(out, "message", message);
    if (type != NULL)
        put_attribute(out, "type", type);
    if (text != NULL) {
        (void)buf_byte(out, '>');
        put_text(out, text);
        (void)buf_printf(out, "</%s>\n", element);
    } else {
        (void)buf_text(out, "/>\n");
    }
}

static void end_case(struct buf *out)
{
    (void)buf_text(out, "    </testcase>\n");
}

/* ---- a step -------------------------------------------------------------------------------------------- */

/* What becomes of a step. worst: FAIL_NONE if no code of it fails the build. */
struct result {
    enum tool_weight weight; /* WEIGHT_FAILURE or WEIGHT_ERROR; else it passes, or was not taken */
    enum failure_code worst;
    const char *skipped; /* why it was not taken; NULL: it was */
    bool tells;          /* there are codes of it */
};

/* Returns why a step without a code was not taken, or NULL. later: a step behind it has codes, so that it
 * was. */
static const char *not_taken(const struct tool_domain *domain, enum step step, bool later)
{
    bool of_policy = step >= STEP_POLICY_HOST && step <= STEP_POLICY;
    if (of_policy && !domain->policy_read && !later)
        return "a sender does not come as far as this";
    if (domain->outcome == OUTCOME_NO_MAIL && (step == STEP_STARTTLS || step == STEP_DANE))
        return "there is no MX host to ask";
    /* What does not apply, as DANE without TLSA records, and MTA-STS of a domain without mail. */
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (code_set_has(domain->codes, code) && step_of(code) == step)
            return failure_get(code)->why;
    return NULL;
}

static void weigh_codes(const struct tool_domain *domain, struct result results[STEP_COUNT])
{
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++) {
        if (!tool_is_due(domain, code))
            continue;
        struct result *result = &results[step_of(code)];
        enum tool_weight weight = tool_weight(domain, code);
        bool counts = weight <= WEIGHT_ERROR && (result->worst == FAIL_NONE || weight < result->weight);
        result->tells = true;
        result->weight = counts ? weight : result->weight;
        result->worst = counts ? code : result->worst;
    }
}

static void find_results(const struct tool_domain *domain, struct result results[STEP_COUNT])
{
    bool later = false;
    weigh_codes(domain, results);
    for (unsigned step = STEP_COUNT; step-- > STEP_OUTCOME + 1;) {
        struct result *result = &results[step];
        if (!result->tells)
            result->skipped = not_taken(domain, (enum step)step, later);
        later = step <= STEP_POLICY && step > STEP_POLICY_HOST && (later || result->tells);
    }
}

/* Appends what is to be said of a code, a line each. */
static void add_code(struct buf *text, const struct tool_domain *domain, enum failure_code code)
{
    const struct failure *failure = failure_get(code);
    (void)buf_printf(text, "%s\nwhy: %s\n", failure->code, failure->why);
    if (tool_found(text, domain, code, "found: "))
        (void)buf_byte(text, '\n');
    (void)buf_printf(text, "who mends it: %s\nmend: %s\n", failure_who_name(failure->who), failure->mend);
}

/* Gathers the codes of a step that fail the build, or those that do not. */
static void add_codes(struct buf *text, const struct tool_domain *domain, enum step step, bool fail)
{
    for (enum tool_weight weight = 0; weight < WEIGHT_COUNT; weight++)
        for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
            if (tool_is_due(domain, code) && step_of(code) == step && tool_weight(domain, code) == weight &&
                (weight <= WEIGHT_ERROR) == fail)
                add_code(text, domain, code);
}

static void put_codes(struct buf *out, const struct tool_domain *domain, enum step step,
                      const struct result *result)
{
    const struct failure *worst = failure_get(result->worst);
    struct buf text, message;
    buf_init(&text, out->ceiling_bytes);
    buf_init(&message, out->ceiling_bytes);
    if (result->worst != FAIL_NONE) {
        bool ours = result->weight == WEIGHT_ERROR && worst->who == WHO_US;
        (void)buf_printf(&message, "%s%s: %s", ours ? "this machine: " : "", worst->code, worst->why);
        add_codes(&text, domain, step, true);
        put_element(out, result->weight == WEIGHT_FAILURE ? "failure" : "error", buf_string(&message),
                    worst->code, buf_string(&text));
        buf_reset(&text);
    }
    add_codes(&text, domain, step, false);
    if (text.len > 0)
        put_element(out, "system-out", NULL, NULL, buf_string(&text));
    out->failed = out->failed || text.failed || message.failed;
    buf_dispose(&text);
    buf_dispose(&message);
}

static void put_step(struct buf *out, const struct tool_domain *domain, enum step step,
                     const struct result *result)
{
    begin_case(out, domain->domain, step_names[step]);
    if (result->skipped != NULL)
        put_element(out, "skipped", result->skipped, NULL, NULL);
    put_codes(out, domain, step, result);
    end_case(out);
}

/* The first testcase says what comes of all others. */
static void put_outcome(struct buf *out, const struct tool_domain *domain)
{
    char message[256];
    const char *outcome = outcome_name(domain->outcome);
    bool bad = domain->verdict == TOOL_BAD, machine = domain->verdict == TOOL_BY_MACHINE;
    (void)snprintf(message, sizeof message, "%s%s: %s", machine ? "this machine: " : "", outcome,
                   explain_headline(domain->outcome));
    begin_case(out, domain->domain, step_names[STEP_OUTCOME]);
    if (domain->verdict == TOOL_GOOD)
        put_element(out, "system-out", NULL, NULL, message);
    else
        put_element(out, bad ? "failure" : "error", message, machine ? "this machine" : outcome,
                    explain_outcome(domain->outcome));
    end_case(out);
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

void junit_head(struct buf *out)
{
    (void)buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"stsweep\">\n");
}

void junit_put(struct buf *out, const struct tool_domain *domain)
{
    struct result results[STEP_COUNT] = {{.worst = FAIL_NONE}};
    size_t counts[3] = {domain->verdict == TOOL_BAD,
                        domain->verdict == TOOL_OPEN || domain->verdict == TOOL_BY_MACHINE, 0};
    find_results(domain, results);
    for (unsigned step = STEP_OUTCOME + 1; step < STEP_COUNT; step++) {
        counts[0] += results[step].worst != FAIL_NONE && results[step].weight == WEIGHT_FAILURE;
        counts[1] += results[step].worst != FAIL_NONE && results[step].weight == WEIGHT_ERROR;
        counts[2] += results[step].skipped != NULL;
    }
    begin_suite(out, domain->domain, counts, STEP_COUNT);
    put_outcome(out, domain);
    for (unsigned step = STEP_OUTCOME + 1; step < STEP_COUNT; step++)
        put_step(out, domain, (enum step)step, &results[step]);
    (void)buf_text(out, "  </testsuite>\n");
}

void junit_put_machine(struct buf *out, struct bytes domain, const char *why)
{
    struct buf message;
    buf_init(&message, out->ceiling_bytes);
    (void)buf_text(&message, "this machine: ");
    tool_plain(&message, bytes_of(why));
    begin_suite(out, domain, (const size_t[]){0, 1, 0}, 1);
    begin_case(out, domain, step_names[STEP_OUTCOME]);
    put_element(out, "error", buf_string(&message), "this machine", NULL);
    end_case(out);
    (void)buf_text(out, "  </testsuite>\n");
    out->failed = out->failed || message.failed;
    buf_dispose(&message);
}

void junit_put_left_out(struct buf *out, struct bytes domain, enum failure_code code)
{
    begin_suite(out, domain, (const size_t[]){0, 0, 1}, 1);
    begin_case(out, domain, step_names[STEP_OUTCOME]);
    put_element(out, "skipped", failure_get(code)->why, NULL, NULL);
    end_case(out);
    (void)buf_text(out, "  </testsuite>\n");
}

void junit_foot(struct buf *out)
{
    (void)buf_text(out, "</testsuites>\n");
}
