/* Suffix tables of provider.def. */
#include "scanner/provider.h"

struct suffix {
    const char *suffix;
    const char *name;
};

static bool under(const char *host, const char *suffix)
{
    size_t host_len = strlen(host);
    size_t len = strlen(suffix);
    if (host_len < len || strcmp(host + host_len - len, suffix) != 0)
        return false;
    return host_len == len || host[host_len - len - 1] == '.';
}

static const char *find(const struct suffix *rows, size_t count, const char *host)
{
    for (size_t i = 0; i < count; i++)
        if (under(host, rows[i].suffix))
            return rows[i].name;
    return NULL;
}

const char *provider_of_mx(const char *host)
{
    static const struct suffix rows[] = {
#define PROVIDER_MX(suffix, name) {(suffix), (name)},
#define PROVIDER_POLICY(suffix, name)
#include "scanner/provider.def"
#undef PROVIDER_MX
#undef PROVIDER_POLICY
    };
    return find(rows, sizeof rows / sizeof *rows, host);
}

const char *provider_of_policy(const struct policy_facts *policy)
{
    static const struct suffix rows[] = {
#define PROVIDER_MX(suffix, name)
#define PROVIDER_POLICY(suffix, name) {(suffix), (name)},
#include "scanner/provider.def"
#undef PROVIDER_MX
#undef PROVIDER_POLICY
    };
    const struct lookup_facts *lookup =
        policy->address.a.cname_count > 0 ? &policy->address.a : &policy->address.aaaa;
    if (lookup->cname_count == 0)
        return NULL;
    return find(rows, sizeof rows / sizeof *rows, lookup->cnames[lookup->cname_count - 1]);
}
