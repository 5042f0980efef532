/* A record in words. */
#include "output/explain.h"

#include <stdio.h>

enum { COLUMNS = 79, INDENT = 14, EVIDENCE_BYTES = 4096 };

const char *explain_outcome(enum outcome outcome)
{
    static const char *const texts[OUTCOME_COUNT] = {
        [OUTCOME_NONE] = "",
        [OUTCOME_NO_MAIL] = "The domain receives no mail.",
        [OUTCOME_ABSENT] = "No MTA-STS: senders deliver without checking who they talk to.",
        [OUTCOME_UNKNOWN] = "It could not be determined what a sender would do.",
        [OUTCOME_BROKEN] = "MTA-STS is published but cannot be used: senders deliver as if there were none.",
        [OUTCOME_OFF] = "The policy's mode is none: senders deliver without checking.",
        [OUTCOME_TESTING] =
            "The policy is in testing mode: senders report failures but deliver all the same.",
        [OUTCOME_PROTECTED] = "Senders enforce the policy, and every MX host passes.",
        [OUTCOME_PARTIAL] = "Senders enforce the policy; some MX hosts or addresses fail and are skipped.",
        [OUTCOME_REFUSED] = "Senders enforce the policy and every MX host fails: mail is not delivered.",
    };
    return texts[outcome];
}

/* Words folded at COLUMNS, further lines indented. */
static void fold(struct buf *out, const char *head, const char *text)
{
    size_t column = 0;
    (void)buf_printf(out, "%-*s", INDENT, head);
    column = strlen(head) > INDENT ? strlen(head) : INDENT;
    while (*text != 0) {
        size_t len = strcspn(text, " ");
        if (column > INDENT && column + 1 + len > COLUMNS) {
            (void)buf_printf(out, "\n%*s", INDENT, "");
            column = INDENT;
        } else if (column > INDENT) {
            (void)buf_byte(out, ' ');
            column++;
        }
        (void)buf_append(out, text, len);
        column += len;
        text += len;
        text += strspn(text, " ");
    }
    (void)buf_byte(out, '\n');
}

static void escape(struct buf *out, struct bytes text)
{
    for (size_t i = 0; i < text.len && i < EVIDENCE_BYTES; i++) {
        uint8_t byte = text.data[i];
        if (byte >= 0x20 && byte < 0x7f && byte != '\\')
            (void)buf_byte(out, byte);
        else
            (void)buf_printf(out, "\\x%02x", byte);
    }
    if (text.len > EVIDENCE_BYTES)
        (void)buf_text(out, " ...");
}

/* One step of the chain, its words built in `line`. */
static void step(struct buf *out, const char *head, struct buf *line)
{
    fold(out, head, buf_string(line));
    buf_reset(line);
}

/* A lookup without an answer: what is surely not there, and what could not be looked up. */
static void say_lookup(struct buf *line, const struct lookup_facts *lookup)
{
    bool none = lookup->status == DNS_NXDOMAIN || lookup->status == DNS_NODATA;
    (void)buf_printf(line, "%s (%s)", none ? "none" : "could not be looked up",
                     dns_status_name(lookup->status));
}

static void explain_record(struct buf *out, struct buf *line, const struct domain_facts *facts,
                           const struct judgement *judgement)
{
    const struct lookup_facts *lookup = &facts->txt.lookup;
    if (lookup->status != DNS_ANSWERED)
        say_lookup(line, lookup);
    else if (judgement->record.code == FAIL_NONE)
        (void)buf_printf(line, "valid, id %s", judgement->record.id);
    else
        (void)buf_printf(line, "%s", failure_name(judgement->record.code));
    step(out, "  record", line);
}

static void explain_policy(struct buf *out, struct buf *line, const struct domain_facts *facts,
                           const struct judgement *judgement)
{
    const struct sts_policy *policy = &judgement->policy;
    if (facts->policy.host == NULL)
        return;
    if (judgement->policy_code != FAIL_NONE)
        (void)buf_printf(line, "%s", failure_name(judgement->policy_code));
    else
        (void)buf_printf(line, "valid, mode %s, max_age %u, mx", sts_mode_name(policy->mode),
                         policy->max_age);
    for (size_t i = 0; judgement->policy_code == FAIL_NONE && i < policy->mx_count; i++)
        (void)buf_printf(line, " %s", policy->mx[i]);
    if (judgement->policy_code != FAIL_NONE && facts->policy.fetch.http_status != 0)
        (void)buf_printf(line, " (HTTP status %d)", facts->policy.fetch.http_status);
    step(out, "  policy", line);
}

static void explain_host(struct buf *out, struct buf *line, const struct mx_host *host,
                         const struct host_verdict *verdict)
{
    char text[IP_TEXT_BYTES];
    (void)buf_printf(line, "%s%s", host->host, host->implicit ? " (implicit)" : "");
    if (verdict->code != FAIL_NONE)
        (void)buf_printf(line, ": %s", failure_name(verdict->code));
    for (size_t i = 0; i < verdict->ip_count; i++)
        (void)buf_printf(line, "%s %s %s", i == 0 && verdict->code == FAIL_NONE ? ":" : ",",
                         ip_format(&host->facts->probes[i].ip, text), failure_name(verdict->ips[i].code));
    step(out, "  mx", line);
}

static void explain_mx(struct buf *out, struct buf *line, const struct domain_facts *facts,
                       const struct judgement *judgement)
{
    if (judgement->host_count == 0) {
        say_lookup(line, &facts->mx.lookup);
        step(out, "  mx", line);
    }
    for (size_t i = 0; i < judgement->host_count; i++)
        explain_host(out, line, &facts->hosts[i], &judgement->hosts[i]);
}

static void explain_rest(struct buf *out, struct buf *line, const struct domain_facts *facts,
                         const struct judgement *judgement)
{
    if (facts->tlsrpt.lookup.status != DNS_ANSWERED)
        say_lookup(line, &facts->tlsrpt.lookup);
    else if (judgement->tlsrpt.code != FAIL_NONE)
        (void)buf_printf(line, "%s", failure_name(judgement->tlsrpt.code));
    for (size_t i = 0; judgement->tlsrpt.code == FAIL_NONE && i < judgement->tlsrpt.rua_count; i++)
        (void)buf_printf(line, "%s%s", i > 0 ? " " : "", judgement->tlsrpt.rua[i]);
    step(out, "  tlsrpt", line);
    (void)buf_text(line, dane_outcome_name(judgement->dane));
    step(out, "  dane", line);
    (void)buf_text(line, tls_outcome_name(judgement->tls));
    step(out, "  starttls", line);
}

/* A code that names something to look at: why, who, how. */
static void explain_code(struct buf *out, enum failure_code code)
{
    const struct failure *failure = failure_get(code);
    (void)buf_printf(out, "\n  %s\n", failure->code);
    fold(out, "    why", failure->why);
    fold(out, "    who", failure_who_name(failure->who));
    fold(out, "    mend", failure->mend);
}

static bool is_worth_explaining(enum failure_code code)
{
    return code != FAIL_DANE_ABSENT;
}

static void explain_evidence(struct buf *out, const struct domain_facts *facts)
{
    (void)buf_text(out, "\n  evidence\n");
    for (size_t i = 0; i < facts->txt.rr_count; i++) {
        (void)buf_printf(out, "    _mta-sts.%s TXT ", facts->domain);
        escape(out, facts->txt.rrs[i]);
        (void)buf_byte(out, '\n');
    }
    for (size_t i = 0; i < facts->tlsrpt.rr_count; i++) {
        (void)buf_printf(out, "    _smtp._tls.%s TXT ", facts->domain);
        escape(out, facts->tlsrpt.rrs[i]);
        (void)buf_byte(out, '\n');
    }
    for (size_t i = 0; i < facts->mx.rr_count; i++)
        (void)buf_printf(out, "    %s MX %u %s\n", facts->domain, facts->mx.rrs[i].preference,
                         facts->mx.rrs[i].host);
    if (facts->policy.fetch.body.len > 0) {
        (void)buf_printf(out, "    https://%s/.well-known/mta-sts.txt ", facts->policy.host);
        escape(out, facts->policy.fetch.body);
        (void)buf_byte(out, '\n');
    }
}

bool explain_domain(struct buf *out, const struct domain_facts *facts, const struct judgement *judgement,
                    bool verbose)
{
    struct buf line;
    buf_init(&line, out->ceiling_bytes);
    (void)buf_printf(out, "%s: %s%s\n", facts->domain, outcome_name(judgement->outcome),
                     judgement->incomplete ? " (as far as it could be determined)" : "");
    fold(out, "", explain_outcome(judgement->outcome));
    if (judgement->would_be != OUTCOME_NONE) {
        (void)buf_printf(&line, "in enforce mode it would be %s. %s", outcome_name(judgement->would_be),
                         explain_outcome(judgement->would_be));
        step(out, "  would be", &line);
    }
    explain_record(out, &line, facts, judgement);
    explain_policy(out, &line, facts, judgement);
    explain_mx(out, &line, facts, judgement);
    explain_rest(out, &line, facts, judgement);
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (code_set_has(&judgement->codes, code) && is_worth_explaining(code))
            explain_code(out, code);
    if (verbose)
        explain_evidence(out, facts);
    (void)buf_byte(out, '\n');
    bool made = !out->failed && !line.failed;
    buf_dispose(&line);
    return made;
}
