/* The summary that the world's own figures demand. */
#include "bench/world/expect.h"

#include <inttypes.h>

enum outcome { NO_MAIL, ABSENT, UNKNOWN, BROKEN, OFF, TESTING, PROTECTED, REFUSED, OUTCOMES };
enum tls { TLS_UNKNOWN, TLS_ALL, TLS_NONE, TLS_COUNT };

static enum outcome of_deployment(enum sts_kind sts)
{
    switch (sts) {
    case STS_ABSENT:
        return ABSENT;
    case STS_OFF:
        return OFF;
    case STS_TESTING:
        return TESTING;
    case STS_ENFORCE:
        return PROTECTED;
    case STS_NOT_IN_POLICY:
        return REFUSED;
    default:
        return BROKEN;
    }
}

static enum outcome outcome_of(const struct site *site)
{
    switch (site->mail) {
    case MAIL_NXDOMAIN:
    case MAIL_NULL_MX:
    case MAIL_NO_MAIL:
        return NO_MAIL;
    case MAIL_LOST:
    case MAIL_SERVFAIL:
        return UNKNOWN;
    default:
        return of_deployment(site->sts);
    }
}

/* With smtp.probe = intent only hosts of domains with a record, good or bad, are connected to. */
static bool is_probed(const struct site *site, const struct expect_scan *scan)
{
    return !scan->intent || site->sts != STS_ABSENT;
}

static enum tls tls_of(const struct site *site, const struct expect_scan *scan)
{
    if (!is_probed(site, scan))
        return TLS_UNKNOWN;
    switch (site->mail) {
    case MAIL_PROVIDER:
    case MAIL_SHARED:
        return TLS_ALL;
    case MAIL_OWN:
        return site->plain ? TLS_NONE : TLS_ALL;
    default:
        return TLS_UNKNOWN;
    }
}

static void print_map(FILE *out, const char *key, const char *const *names, const uint64_t *counts,
                      size_t count)
{
    (void)fprintf(out, "\"%s\":{", key);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(out, "%s\"%s\":%" PRIu64, i == 0 ? "" : ",", names[i], counts[i]);
    (void)fputs("}", out);
}

void expect_print(const struct internet *internet, uint64_t names, const struct expect_scan *scan, FILE *out)
{
    static const char *const outcome_names[] = {"no-mail", "absent",  "unknown",   "broken",
                                                "off",     "testing", "protected", "refused"};
    static const char *const tls_names[] = {"unknown", "all", "none"};
    uint64_t outcomes[OUTCOMES] = {0};
    uint64_t tls[TLS_COUNT] = {0};
    for (uint64_t i = 0; i < names; i++) {
        char name[NAME_BYTES];
        struct site site;
        internet_name(internet, i, name);
        internet_site(internet, name, &site);
        outcomes[outcome_of(&site)]++;
        tls[tls_of(&site, scan)]++;
    }
    (void)fprintf(out, "{\"records\":%" PRIu64 ",", names);
    print_map(out, "outcomes", outcome_names, outcomes, OUTCOMES);
    (void)fputc(',', out);
    print_map(out, "tls", tls_names, tls, TLS_COUNT);
    (void)fputs("}\n", out);
}
