/* Writes what to publish, ready to be pasted: TXT records and policy lines made of the facts. Never
 * judges. */
#include <strings.h>
#include <time.h>

#include "output/explain/explain_parts.h"

#include "scanner/facts/placeholder.h"

enum { MARGIN = 4, INDENT = 11, LEAST_MAX_AGE = 604800, ID_BYTES = 32, LABEL_MOST = 63, NAME_MOST = 253 };

/* The texts are bits; each text stands in full once on a page. */
enum {
    WRITE_RECORD = 1,
    WRITE_POLICY = 2,
    WRITE_MX_LINES = 4,
    WRITE_TLSRPT = 8,
    WRITE_NULL_MX = 16,
    WRITE_NAME = 32,
    WRITE_MX_NAMES = 64,
    WRITE_TLSA = 128,
    WRITE_RENAME = 256 /* with WRITE_POLICY or WRITE_MX_LINES */
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
    return failure_get(code)->group == GROUP_POLICY_SYNTAX ? WRITE_POLICY | WRITE_RECORD : 0;
}

static unsigned texts_of(enum failure_code code)
{
    switch (failure_get(code)->stage) {
    case STAGE_CACHED:
        return WRITE_POLICY | WRITE_RECORD;
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
    return code == FAIL_MX_NULL_PREFERENCE || code == FAIL_MX_NULL_REPEATED ? WRITE_NULL_MX : 0;
}

static void write_row(struct explained *explained, const char *head)
{
    page_raw(&explained->page, MARGIN, INDENT, head);
}

/* Writes the TXT record; the time of the look is an id that was never used before. */
static void write_record(struct explained *explained)
{
    char id[ID_BYTES];
    struct tm parts;
    time_t when = (time_t)(explained->facts->time / 1000);
    if (gmtime_r(&when, &parts) == NULL || strftime(id, sizeof id, "%Y%m%d%H%M%S", &parts) == 0)
        memcpy(id, "1", sizeof "1");
    buf_printf(&explained->page.line, "_mta-sts.%s. IN TXT", explained->facts->domain);
    write_row(explained, "write");
    buf_printf(&explained->page.line, "\"v=STSv1; id=%s;\"", id);
    write_row(explained, "");
}

static void write_tlsrpt(struct explained *explained)
{
    buf_printf(&explained->page.line, "_smtp._tls.%s. IN TXT", explained->facts->domain);
    write_row(explained, "write");
    buf_printf(&explained->page.line, "\"v=TLSRPTv1; rua=mailto:tls@%s\"", explained->facts->domain);
    write_row(explained, "");
}

/* ---- MX hosts in a policy ------------------------------------------------------------------------------ */

static bool is_name_byte(const char *at, size_t label)
{
    if (*at == '-')
        return label > 0 && at[1] != '.' && at[1] != 0;
    return (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
}

/* Tells whether it is four runs of digits, which are meant as an address. */
static bool is_dotted_quad(const char *host)
{
    size_t dots = 0;
    for (const char *at = host; *at != 0; at++)
        dots += *at == '.';
    return dots == 3 && host[strspn(host, "0123456789.")] == 0;
}

/* Tells whether an mx line can hold it: labels of letters, digits and hyphens (RFC 8461 section 3.2). */
static bool can_be_named(const char *host)
{
    size_t label = 0;
    if (strlen(host) > NAME_MOST || is_dotted_quad(host))
        return false;
    for (const char *at = host; *at != 0; at++) {
        if (*at == '.' ? label == 0 : !is_name_byte(at, label))
            return false;
        label = *at == '.' ? 0 : label + 1;
        if (label > LABEL_MOST)
            return false;
    }
    return label > 0;
}

/* Returns what covers a host that no line can name: the part behind the star of the wildcard that matches it
 * today; NULL if none does. */
static const char *cover_of(const struct explained *explained, size_t i)
{
    const char *host = explained->facts->hosts[i].host;
    bool covered = i < explained->judgement->host_count && explained->judgement->hosts[i].policy_match;
    return covered && !can_be_named(host) ? strchr(host, '.') : NULL;
}

/* Tells whether the same wildcard covers a host before it. */
static bool is_covered_before(const struct explained *explained, size_t i)
{
    const char *cover = cover_of(explained, i);
    for (size_t j = 0; j < i; j++) {
        const char *before = cover_of(explained, j);
        if (before != NULL && strcasecmp(before, cover) == 0)
            return true;
    }
    return false;
}

/* Tells whether a host must have another name first. An address has a code of its own. */
static bool must_be_renamed(const struct explained *explained, size_t i)
{
    const struct mx_host *host = &explained->facts->hosts[i];
    return !host->address_literal && !placeholder_is(host, explained->facts->domain) &&
           !can_be_named(host->host) && cover_of(explained, i) == NULL;
}

static void write_renames(struct explained *explained)
{
    if ((explained->written & WRITE_RENAME) != 0)
        return;
    explained->written |= WRITE_RENAME;
    for (size_t i = 0; i < explained->facts->host_count; i++) {
        if (!must_be_renamed(explained, i))
            continue;
        buf_printf(&explained->page.line,
                   "%s: a policy cannot hold this name (it holds letters, digits and hyphens), so no "
                   "line names the host.",
                   explained->facts->hosts[i].host);
        page_fold(&explained->page, MARGIN, INDENT, "rename");
    }
}

/* Writes a line for every MX host in use, as mail to one that is not named is lost; those that are not known
 * here are at least asked for. */
static void write_mx_in_use(struct explained *explained)
{
    const struct domain_facts *facts = explained->facts;
    size_t named = 0;
    for (size_t i = 0; i < facts->host_count; i++) {
        const char *host = facts->hosts[i].host, *cover = cover_of(explained, i);
        if (facts->hosts[i].address_literal || placeholder_is(&facts->hosts[i], facts->domain) ||
            (cover == NULL && !can_be_named(host)))
            continue;
        named++;
        if (cover != NULL && is_covered_before(explained, i))
            continue;
        buf_printf(&explained->page.line, "mx: %s%s", cover == NULL ? "" : "*", cover == NULL ? host : cover);
        write_row(explained, "");
    }
    if (named == 0 || mx_hosts_unseen(facts) > 0) {
        buf_text(&explained->page.line, "mx: (one such line for each further MX host)");
        write_row(explained, "");
    }
}

/* Returns the mode to write: enforce only if senders enforce today and every MX host is known to pass. */
static enum sts_mode mode_to_write(const struct judgement *judgement)
{
    enum sts_mode mode = judgement->policy.mode;
    bool passes = judgement->policy_code == FAIL_NONE && judgement->outcome == OUTCOME_PROTECTED;
    if (mode == STS_MODE_UNSET || (mode == STS_MODE_ENFORCE && !passes))
        return STS_MODE_TESTING;
    return mode;
}

/* Tells whether what is published stays, whatever it is: it could not be determined what senders meet. */
static bool policy_stays(const struct judgement *judgement)
{
    return judgement->outcome == OUTCOME_UNKNOWN ||
           (judgement->outcome != OUTCOME_TESTING && judgement->incomplete);
}

/* Says why a policy that enforces is to be one of mode testing. */
static void write_lowered(struct explained *explained)
{
    enum sts_mode mode = explained->judgement->policy.mode;
    if (mode != STS_MODE_ENFORCE || mode_to_write(explained->judgement) == mode)
        return;
    buf_text(&explained->page.line, "testing, until every MX host is seen to pass by this policy: what fails "
                                    "is lost in mode enforce. It wants a new id.");
    page_fold(&explained->page, MARGIN, INDENT, "mode");
}

/* Writes a policy that names the MX hosts in use; testing first if none is in force, or if one fails. */
static void write_policy(struct explained *explained)
{
    const struct domain_facts *facts = explained->facts;
    const struct sts_policy *policy = &explained->judgement->policy;
    struct buf *line = &explained->page.line;
    uint32_t max_age =
        policy->max_age_set && policy->max_age > LEAST_MAX_AGE ? policy->max_age : LEAST_MAX_AGE;
    buf_printf(line, "https://mta-sts.%s/.well-known/mta-sts.txt:", facts->domain);
    write_row(explained, "serve");
    buf_text(line, "version: STSv1");
    write_row(explained, "");
    buf_printf(line, "mode: %s", sts_mode_name(mode_to_write(explained->judgement)));
    write_row(explained, "");
    write_mx_in_use(explained);
    buf_printf(line, "max_age: %u", max_age);
    write_row(explained, "");
    write_lowered(explained);
    write_renames(explained);
}

static void write_mx_lines(struct explained *explained)
{
    const struct judgement *judgement = explained->judgement;
    size_t count = 0;
    for (size_t i = 0; i < judgement->host_count; i++) {
        if (judgement->hosts[i].code != FAIL_MX_NOT_IN_POLICY ||
            !can_be_named(explained->facts->hosts[i].host))
            continue;
        buf_printf(&explained->page.line, "mx: %s", explained->facts->hosts[i].host);
        write_row(explained, count++ == 0 ? "add" : "");
    }
    write_renames(explained);
}

/* Writes the names that certificates of MX hosts lack. */
static void write_mx_names(struct explained *explained)
{
    const struct judgement *judgement = explained->judgement;
    for (size_t i = 0; i < judgement->host_count; i++) {
        bool lacks = false;
        for (size_t j = 0; j < judgement->hosts[i].ip_count; j++)
            lacks = lacks || judgement->hosts[i].ips[j].code == FAIL_SMTP_TLS_HOST_MISMATCH;
        if (!lacks)
            continue;
        buf_printf(&explained->page.line, "DNS:%s", explained->facts->hosts[i].host);
        write_row(explained, "name");
    }
}

void explain_write(struct explained *explained, enum failure_code code)
{
    unsigned texts = texts_of(code) & ~explained->written;
    if (policy_stays(explained->judgement) && (texts & WRITE_POLICY) != 0)
        texts &= ~(unsigned)(WRITE_POLICY | WRITE_RECORD);
    const char *domain = explained->facts->domain;
    explained->written |= texts;
    if ((texts & WRITE_NAME) != 0) {
        buf_printf(&explained->page.line, "mta-sts.%s", domain);
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
        buf_printf(&explained->page.line, "%s. IN MX 0 .", domain);
        write_row(explained, "write");
    }
}
