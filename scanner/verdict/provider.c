/* Searches the tables of provider.def label by label. */
#include "scanner/verdict/provider.h"

#include <stdlib.h>

static const struct provider mx_rows[] = {
#define PROVIDER_MX(suffix, name, patterns) {(suffix), (name), (patterns)},
#define PROVIDER_POLICY(suffix, name)
#include "scanner/verdict/provider.def"
#undef PROVIDER_MX
#undef PROVIDER_POLICY
};

static const struct provider policy_rows[] = {
#define PROVIDER_MX(suffix, name, patterns)
#define PROVIDER_POLICY(suffix, name) {(suffix), (name), ""},
#include "scanner/verdict/provider.def"
#undef PROVIDER_MX
#undef PROVIDER_POLICY
};

enum { MX_ROWS = sizeof mx_rows / sizeof *mx_rows, POLICY_ROWS = sizeof policy_rows / sizeof *policy_rows };

static int compare(const void *name, const void *row)
{
    return strcmp(name, ((const struct provider *)row)->suffix);
}

/* Tries each label's boundary from the left, so that the longest suffix comes first. */
static const struct provider *find(const struct provider *rows, size_t count, const char *host)
{
    for (const char *at = host; at != NULL;) {
        const struct provider *row = bsearch(at, rows, count, sizeof *rows, compare);
        if (row != NULL)
            return row;
        at = strchr(at, '.');
        at = at == NULL ? NULL : at + 1;
    }
    return NULL;
}

/* Says whether the name is the suffix, or under it. */
static bool is_under(const char *name, const char *suffix)
{
    size_t len = strlen(name);
    size_t suffix_len = strlen(suffix);
    if (len < suffix_len || strcmp(name + len - suffix_len, suffix) != 0)
        return false;
    return len == suffix_len || name[len - suffix_len - 1] == '.';
}

const struct provider *provider_find_mx(const char *host)
{
    return find(mx_rows, MX_ROWS, host);
}

const char *provider_of_mx(const char *host)
{
    const struct provider *row = provider_find_mx(host);
    return row == NULL ? NULL : row->name;
}

static const struct provider *find_chain(const struct lookup_facts *lookup)
{
    for (size_t i = lookup->cname_count; i > 0; i--) {
        const struct provider *row = find(policy_rows, POLICY_ROWS, lookup->cnames[i - 1]);
        if (row != NULL)
            return row;
    }
    return NULL;
}

const char *provider_of_policy(const struct domain_facts *facts)
{
    const struct policy_facts *policy = &facts->policy;
    const struct provider *row = find_chain(&policy->address.a);
    if (row == NULL)
        row = find_chain(&policy->address.aaaa);
    if (row == NULL)
        row = find_chain(&facts->txt.lookup);
    if (row == NULL && policy->host != NULL)
        row = find(policy_rows, POLICY_ROWS, policy->host);
    return row == NULL ? NULL : row->name;
}

bool provider_documents(const char *pattern)
{
    size_t len = strlen(pattern);
    for (size_t i = 0; i < MX_ROWS; i++) {
        for (const char *at = mx_rows[i].patterns; *at != 0;) {
            size_t word = strcspn(at, " ");
            if (word == len && memcmp(at, pattern, len) == 0)
                return true;
            at += word + (at[word] == ' ');
        }
    }
    return false;
}

const struct provider *provider_covered(const char *parent, const char *domain)
{
    for (size_t i = 0; i < MX_ROWS; i++)
        if (is_under(mx_rows[i].suffix, parent) && !is_under(domain, parent))
            return &mx_rows[i];
    return NULL;
}

bool provider_is_exchange_online(const char *host)
{
    return is_under(host, "mail.protection.outlook.com") || is_under(host, "mx.microsoft");
}

size_t provider_rows(const struct provider **mx, const struct provider **policy, size_t *policy_count)
{
    *mx = mx_rows;
    *policy = policy_rows;
    *policy_count = POLICY_ROWS;
    return MX_ROWS;
}
