/* Searches the table of placeholder.def. */
#include "scanner/facts/placeholder.h"

enum kind { KIND_VERIFIES, KIND_NEVER, KIND_TESTS };

static const struct placeholder rows[] = {
#define PLACEHOLDER(suffix, kind, whose) {(suffix), (whose)},
#include "scanner/facts/placeholder.def"
#undef PLACEHOLDER
};

static const enum kind kinds[] = {
#define PLACEHOLDER(suffix, kind, whose) KIND_##kind,
#include "scanner/facts/placeholder.def"
#undef PLACEHOLDER
};

enum { ROWS = sizeof rows / sizeof *rows };

static const uint8_t lengths[] = {
#define PLACEHOLDER(suffix, kind, whose) sizeof(suffix) - 1,
#include "scanner/facts/placeholder.def"
#undef PLACEHOLDER
};

/* Says whether the first len bytes of the name are the suffix, or a name below it. Most names differ in
 * the last letter. */
static bool is_under(const char *name, size_t len, const char *suffix, size_t suffix_len)
{
    if (len < suffix_len || (suffix_len > 0 && name[len - 1] != suffix[suffix_len - 1]) ||
        memcmp(name + len - suffix_len, suffix, suffix_len) != 0)
        return false;
    return len == suffix_len || name[len - suffix_len - 1] == '.';
}

/* Returns the index of the longest row that the first len bytes of the host lie at or under; ROWS: none. */
static size_t find(const char *host, size_t len)
{
    size_t found = ROWS;
    for (size_t i = 0; i < ROWS; i++)
        if (is_under(host, len, rows[i].suffix, lengths[i]) && (found == ROWS || lengths[i] > lengths[found]))
            found = i;
    return found;
}

/* Finds the row of an MX host of the domain. What verifies a domain is found in front of the domain's own
 * name, too: a name without its last dot is relative to the zone (RFC 1035 section 5.1). */
static size_t row_of(const char *host, const char *domain)
{
    size_t len = strlen(host);
    size_t domain_len = strlen(domain);
    size_t row = find(host, len);
    if ((row < ROWS && kinds[row] != KIND_TESTS) || len <= domain_len + 1 ||
        !is_under(host, len, domain, domain_len))
        return row;
    size_t relative = find(host, len - domain_len - 1);
    return relative < ROWS && kinds[relative] == KIND_VERIFIES ? relative : row;
}

bool placeholder_by_name(const char *host, const char *domain)
{
    size_t row = row_of(host, domain);
    return row < ROWS && kinds[row] != KIND_TESTS;
}

static bool has_no_address(const struct host_facts *facts)
{
    const struct address_facts *address = &facts->address;
    return address->ip_count == 0 && dns_says_no(address->a.status) && dns_says_no(address->aaaa.status);
}

bool placeholder_is(const struct mx_host *host, const char *domain)
{
    size_t row = row_of(host->host, domain);
    if (row == ROWS || host->implicit)
        return false;
    if (kinds[row] != KIND_TESTS)
        return true;
    return host->facts != NULL && has_no_address(host->facts) &&
           !is_under(domain, strlen(domain), rows[row].suffix, lengths[row]);
}

bool placeholder_is_named(const struct domain_facts *facts, const char *host)
{
    if (placeholder_by_name(host, facts->domain))
        return true;
    for (size_t i = 0; i < facts->host_count; i++)
        if (strcmp(facts->hosts[i].host, host) == 0)
            return placeholder_is(&facts->hosts[i], facts->domain);
    return false;
}

const char *placeholder_service(const char *host, const char *domain)
{
    size_t row = row_of(host, domain);
    return row == ROWS ? NULL : rows[row].service;
}

size_t placeholder_rows(const struct placeholder **list)
{
    *list = rows;
    return ROWS;
}
