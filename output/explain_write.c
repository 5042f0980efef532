/* What to publish, ready to be pasted: records and policy lines made of the facts. Never a judgement. */
#include <time.h>

#include "output/explain_parts.h"

enum { MARGIN = 4, INDENT = 11, LEAST_MAX_AGE = 604800, ID_BYTES = 32 };

/* The texts, as bits; each stands in full once on a page. */
enum {
    WRITE_RECORD = 1,
    WRITE_POLICY = 2,
    WRITE_MX_LINES = 4,
    WRITE_TLSRPT = 8,
    WRITE_NULL_MX = 16,
    WRITE_NAME = 32,
    WRITE_MX_NAMES = 64,
    WRITE_TLSA = 128
};

static unsigned texts_of_policy_code(enum failure_code code)
{
    switch (code) {
    case FAIL_POLICY_NO_ADDRESS:
    case FAIL_POLICY_TLS_HOST_MISMATCH:
    case FAIL_POLICY_TLS_NO_CERTIFICATE:
        return WRITE_NAME;
    case FAIL_POLICY_HTTP_REDIRECT:
    case FAIL_POLICY_HTTP_STATUS:
    case FAIL_POLICY_HTTP_TOO_LARGE:
        return WRITE_POLICY;
    case FAIL_POLICY_WEAK_MAX_AGE_SHORT:
    case FAIL_POLICY_WEAK_MX_UNUSED:
    case FAIL_POLICY_WEAK_MX_TOO_WIDE:
        return WRITE_POLICY | WRITE_RECORD;
    default:
        break;
    }
    bool syntax = code >= FAIL_POLICY_SYNTAX_EMPTY && code <= FAIL_POLICY_SYNTAX_DUPLICATE_KEY;
    return syntax ? WRITE_POLICY | WRITE_RECORD : 0;
}

static unsigned texts_of(enum failure_code code)
{
    switch (failure_get(code)->stage) {
    case STAGE_TXT:
        return code == FAIL_TXT_ABSENT ? WRITE_RECORD | WRITE_POLICY : WRITE_RECORD;
    case STAGE_POLICY:
        return texts_of_policy_code(code);
    case STAGE_TLSRPT:
        return WRITE_TLSRPT;
    case STAGE_DANE:
        return WRITE_TLSA;
    default:
        break;
    }
    if (code == FAIL_MX_NOT_IN_POLICY)
        return WRITE_MX_LINES | WRITE_RECORD;
    if (code == FAIL_SMTP_TLS_HOST_MISMATCH)
        return WRITE_MX_NAMES;
    return code == FAIL_MX_NULL_PREFERENCE ? WRITE_NULL_MX : 0;
}

static void write_row(struct explained *explained, const char *head)
{
    page_raw(&explained->page, MARGIN, INDENT, head);
}

/* The time of the look is an id that was never used before. */
static void write_record(struct explained *explained)
{
    char id[ID_BYTES] = "1";
    struct tm parts;
    time_t when = (time_t)(explained->facts->time / 1000);
    if (gmtime_r(&when, &parts) != NULL)
        (void)strftime(id, sizeof id, "%Y%m%d%H%M%S", &parts);
    (void)buf_printf(&explained->page.line, "_mta-sts.%s. IN TXT", explained->facts->domain);
    write_row(explained, "write");
    (void)buf_printf(&explained->page.line, "\"v=STSv1; id=%s;\"", id);
    write_row(explained, "");
}

static void write_tlsrpt(struct explained *explained)
{
    (void)buf_printf(&explained->page.line, "_smtp._tls.%s. IN TXT", explained->facts->domain);
    write_row(explained, "write");
    (void)buf_printf(&explained->page.line, "\"v=TLSRPTv1; rua=mailto:tls@%s\"", explained->facts->domain);
    write_row(explained, "");
}

/* Every MX host must be named, or its mail is lost: those that are not known here are at least asked for. */
static void write_mx_in_use(struct explained *explained)
{
    const struct domain_facts *facts = explained->facts;
    size_t named = 0;
    for (size_t i = 0; i < facts->host_count; i++) {
        if (facts->hosts[i].address_literal)
            continue;
        (void)buf_printf(&explained->page.line, "mx: %s", facts->hosts[i].host);
        write_row(explained, "");
        named++;
    }
    if (named == 0 || mx_hosts_named(&facts->mx) > facts->host_count) {
        (void)buf_text(&explained->page.line, "mx: (one such line for each further MX host)");
        write_row(explained, "");
    }
}

/* Would enforcing be safe, as far as it was seen? */
static bool every_host_passes(const struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->host_count; i++) {
        const struct host_verdict *host = &judgement->hosts[i];
        if (host->ip_count == 0 || (host->code != FAIL_NONE && host->code != FAIL_MX_NOT_IN_POLICY))
            return false;
        for (size_t j = 0; j < host->ip_count; j++)
            if (host->ips[j].code != FAIL_NONE)
                return false;
    }
    return judgement->host_count > 0;
}

/* The mode that the owner chose, but a policy that comes into force by being mended must not lose mail. */
static enum sts_mode mode_to_write(const struct judgement *judgement)
{
    enum sts_mode mode = judgement->policy.mode;
    if (mode == STS_MODE_UNSET)
        return STS_MODE_TESTING;
    bool comes_into_force = judgement->policy_code != FAIL_NONE;
    return mode == STS_MODE_ENFORCE && comes_into_force && !every_host_passes(judgement) ? STS_MODE_TESTING
                                                                                         : mode;
}

/* A policy that names the MX hosts in use; testing first where none is in force. */
static void write_policy(struct explained *explained)
{
    const struct domain_facts *facts = explained->facts;
    const struct sts_policy *policy = &explained->judgement->policy;
    struct buf *line = &explained->page.line;
    uint32_t max_age =
        policy->max_age_set && policy->max_age > LEAST_MAX_AGE ? policy->max_age : LEAST_MAX_AGE;
    (void)buf_printf(line, "https://mta-sts.%s/.well-known/mta-sts.txt:", facts->domain);
    write_row(explained, "serve");
    (void)buf_text(line, "version: STSv1");
    write_row(explained, "");
    (void)buf_printf(line, "mode: %s", sts_mode_name(mode_to_write(explained->judgement)));
    write_row(explained, "");
    write_mx_in_use(explained);
    (void)buf_printf(line, "max_age: %u", max_age);
    write_row(explained, "");
}

static void write_mx_lines(struct explained *explained)
{
    const struct judgement *judgement = explained->judgement;
    size_t count = 0;
    for (size_t i = 0; i < judgement->host_count; i++) {
        if (judgement->hosts[i].code != FAIL_MX_NOT_IN_POLICY)
            continue;
        (void)buf_printf(&explained->page.line, "mx: %s", explained->facts->hosts[i].host);
        write_row(explained, count++ == 0 ? "add" : "");
    }
}

/* The names that certificates of MX hosts lack. */
static void write_mx_names(struct explained *explained)
{
    const struct judgement *judgement = explained->judgement;
    for (size_t i = 0; i < judgement->host_count; i++) {
        bool lacks = false;
        for (size_t j = 0; j < judgement->hosts[i].ip_count; j++)
            lacks = lacks || judgement->hosts[i].ips[j].code == FAIL_SMTP_TLS_HOST_MISMATCH;
        if (!lacks)
            continue;
        (void)buf_printf(&explained->page.line, "DNS:%s", explained->facts->hosts[i].host);
        write_row(explained, "name");
    }
}

void explain_write(struct explained *explained, enum failure_code code)
{
    unsigned texts = texts_of(code) & ~explained->written;
    const char *domain = explained->facts->domain;
    explained->written |= texts;
    if ((texts & WRITE_NAME) != 0) {
        (void)buf_printf(&explained->page.line, "mta-sts.%s", domain);
        write_row(explained, "name");
    }
    if ((texts & WRITE_MX_NAMES) != 0)
        write_mx_names(explained);
    if ((texts & WRITE_MX_LINES) != 0)
        write_mx_lines(explained);
    if ((texts & WRITE_POLICY) != 0)
        write_policy(explained);
    if ((texts & WRITE_RECORD) != 0)
        write_record(explained);
    if ((texts & WRITE_TLSRPT) != 0)
        write_tlsrpt(explained);
    if ((texts & WRITE_TLSA) != 0)
        explain_write_tlsa(explained);
    if ((texts & WRITE_NULL_MX) != 0) {
        (void)buf_printf(&explained->page.line, "%s. IN MX 0 .", domain);
        write_row(explained, "write");
    }
}
