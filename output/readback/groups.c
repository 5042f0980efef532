/* Makes the names of the groups of each kind, and puts what fails to the groups in which it does. */
#include "output/readback/groups.h"

#include <stdlib.h>

#include "scanner/facts/suffix.h"

/* ---- names --------------------------------------------------------------------------------------------- */

struct naming {
    const struct group_record *record;
    enum group_kind kind;
    group_provider provider;
    struct arena *arena;
    bool no_room;
};

static const struct bytes no_name = {NULL, 0};

static struct bytes copied(struct naming *naming, const char *text, size_t len)
{
    struct bytes copy = arena_bytes(naming->arena, bytes_make(text, len));
    naming->no_room = naming->no_room || (copy.data == NULL && len > 0);
    return copy;
}

static struct bytes name_of_ip(struct naming *naming, const struct ip_addr *ip)
{
    char text[IP_TEXT_BYTES];
    if (ip->family == 0)
        return no_name;
    (void)ip_format(ip, text);
    return copied(naming, text, strlen(text));
}

/* Names the network of an address: what is routed on its own in the internet at the least. */
static struct bytes name_of_network(struct naming *naming, const struct ip_addr *ip)
{
    enum { KEPT_V4 = 3, KEPT_V6 = 6, PREFIX_TEXT_BYTES = IP_TEXT_BYTES + sizeof "/48" };
    struct ip_addr base = {.family = ip->family};
    char text[PREFIX_TEXT_BYTES];
    if (ip->family == 0)
        return no_name;
    memcpy(base.bytes, ip->bytes, ip->family == 4 ? KEPT_V4 : KEPT_V6);
    (void)ip_format(&base, text);
    memcpy(text + strlen(text), ip->family == 4 ? "/24" : "/48", sizeof "/48");
    return copied(naming, text, strlen(text));
}

/* Returns the registrable domain at or above the name; the name itself where no public suffix is known of
 * it. */
static const char *operator_of(const char *host)
{
    bool is_suffix;
    const char *registrable = suffix_registrable(host, suffix_of(host, &is_suffix));
    return registrable == NULL ? host : registrable;
}

/* Names the group that an MX host belongs to, or one of its addresses. */
static struct bytes name_at_host(struct naming *naming, const struct group_host *host,
                                 const struct group_ip *ip)
{
    const char *name = host->name.data == NULL ? "" : (const char *)host->name.data;
    switch (naming->kind) {
    case BY_PROVIDER:
        return bytes_of(naming->provider(name));
    case BY_MX_HOST:
        return host->name;
    case BY_MX_OPERATOR:
        return bytes_of(operator_of(name));
    case BY_IP:
        return ip == NULL ? no_name : name_of_ip(naming, &ip->ip);
    case BY_NETWORK:
        return ip == NULL ? no_name : name_of_network(naming, &ip->ip);
    default:
        return no_name;
    }
}

/* Names the group that the policy host belongs to. */
static struct bytes name_at_policy(struct naming *naming)
{
    const struct group_record *record = naming->record;
    switch (naming->kind) {
    case BY_PROVIDER:
        return record->policy_provider;
    case BY_POLICY_HOST:
        return record->policy_host;
    case BY_IP:
        return name_of_ip(naming, &record->policy_ip);
    case BY_NETWORK:
        return name_of_network(naming, &record->policy_ip);
    default:
        return no_name;
    }
}

/* Names the group by what the trouble is, or whose the domain is. */
static struct bytes name_of_trouble(const struct naming *naming, const struct trouble *trouble)
{
    switch (naming->kind) {
    case BY_TLD:
        return naming->record->tld;
    case BY_LABEL:
        return naming->record->label;
    case BY_WHO:
        return bytes_of(failure_who_name(failure_get(trouble->code)->who));
    case BY_CODE:
        return bytes_of(failure_name(trouble->code));
    default:
        return no_name;
    }
}

static bool is_by_place(enum group_kind kind)
{
    return kind < BY_TLD;
}

/* Says whether no server at the address can mend it: the DNS has to name another. */
static bool is_about_address(enum failure_code code)
{
    return code == FAIL_MX_SPECIAL_ADDRESS || code == FAIL_POLICY_SPECIAL_ADDRESS ||
           code == FAIL_POLICY_NO_ADDRESS;
}

/* Names the group in which what fails is mended (GRP-4); nothing if it is in none of this kind. */
static struct bytes name_of_mending(struct naming *naming, const struct trouble *trouble)
{
    if (!is_by_place(naming->kind))
        return name_of_trouble(naming, trouble);
    if ((naming->kind == BY_IP || naming->kind == BY_NETWORK) && is_about_address(trouble->code))
        return no_name;
    if (trouble->at_policy)
        return name_at_policy(naming);
    if (trouble->host == NULL || trouble->code == FAIL_MX_ADDRESS_LITERAL)
        return no_name;
    return name_at_host(naming, trouble->host, trouble->ip);
}

/* ---- the groups of a record ---------------------------------------------------------------------------- */

/* A name as it comes, and the trouble there, if there is any. */
struct sighting {
    struct sighting *next;
    struct bytes name;
    const struct trouble *trouble;
};

struct sightings {
    struct naming naming;
    struct sighting *first;
    size_t count;
};

static void see(struct sightings *seen, struct bytes name, const struct trouble *trouble)
{
    if (name.len == 0)
        return;
    struct sighting *sighting = arena_alloc(seen->naming.arena, sizeof *sighting);
    if (sighting == NULL) {
        seen->naming.no_room = true;
        return;
    }
    name.len = name.len < GROUP_NAME_BYTES ? name.len : GROUP_NAME_BYTES;
    *sighting = (struct sighting){seen->first, name, trouble};
    seen->first = sighting;
    seen->count++;
}

static void see_codes(struct sightings *seen)
{
    const struct code_set *codes = &seen->naming.record->codes;
    for (enum failure_code code = code_set_next(codes, FAIL_NONE); code < FAIL_COUNT;
         code = code_set_next(codes, code))
        see(seen, bytes_of(failure_name(code)), NULL);
}

static void see_hosts(struct sightings *seen)
{
    const bool by_address = seen->naming.kind == BY_IP || seen->naming.kind == BY_NETWORK;
    for (const struct group_host *host = seen->naming.record->hosts; host != NULL; host = host->next) {
        if (host->code == FAIL_MX_PLACEHOLDER)
            continue;
        for (const struct group_ip *ip = by_address ? host->ips : NULL; ip != NULL; ip = ip->next)
            see(seen, name_at_host(&seen->naming, host, ip), NULL);
        if (!by_address)
            see(seen, name_at_host(&seen->naming, host, NULL), NULL);
    }
}

/* Sees the groups that the record belongs to, whatever fails. */
static void see_all(struct sightings *seen)
{
    switch (seen->naming.kind) {
    case BY_TLD:
        see(seen, seen->naming.record->tld, NULL);
        break;
    case BY_LABEL:
        see(seen, seen->naming.record->label, NULL);
        break;
    case BY_CODE:
        see_codes(seen);
        break;
    case BY_WHO:
        break; /* nobody has to mend what is good */
    default:
        see_hosts(seen);
        if (seen->naming.record->looked_for_policy)
            see(seen, name_at_policy(&seen->naming), NULL);
        break;
    }
}

/* Sees what fails, where it is mended and where it is met (GRP-5). */
static void see_trouble(struct sightings *seen, const struct trouble *trouble)
{
    struct naming *naming = &seen->naming;
    if (naming->kind == BY_CODE && !code_set_has(&naming->record->codes, trouble->code))
        return; /* it would come to light behind another */
    if (!is_by_place(naming->kind)) {
        see(seen, name_of_trouble(naming, trouble), trouble);
        return;
    }
    if (trouble->at_policy)
        see(seen, name_at_policy(naming), trouble);
    if (trouble->host != NULL)
        see(seen, name_at_host(naming, trouble->host, trouble->ip), trouble);
}

static int compare_names(const void *left, const void *right)
{
    const struct sighting *a = left, *b = right;
    size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
    int order = memcmp(a->name.data, b->name.data, len);
    return order != 0 ? order : (a->name.len > b->name.len) - (a->name.len < b->name.len);
}

/* Adds a failure to a group, each code once; one that fails for certain outweighs one that is open. */
static bool add_failure(struct group_member *member, const struct trouble *trouble, struct arena *arena)
{
    struct group_failure *failure = member->failures;
    while (failure != NULL && failure->code != trouble->code)
        failure = failure->next;
    if (failure != NULL) {
        failure->open = failure->open && trouble->open;
        return true;
    }
    failure = arena_alloc(arena, sizeof *failure);
    if (failure == NULL)
        return false;
    *failure = (struct group_failure){member->failures, trouble->code, trouble->open};
    member->failures = failure;
    return true;
}

/* Makes a member of each name that was seen. */
static bool gather(const struct sightings *seen, struct group_members *members)
{
    struct arena *arena = seen->naming.arena;
    struct sighting *sorted = arena_array(arena, seen->count, sizeof *sorted);
    members->list = arena_array(arena, seen->count, sizeof *members->list);
    if (sorted == NULL || members->list == NULL)
        return false;
    size_t count = 0;
    for (const struct sighting *sighting = seen->first; sighting != NULL; sighting = sighting->next)
        sorted[count++] = *sighting;
    if (count > 1)
        qsort(sorted, count, sizeof *sorted, compare_names);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_names(&sorted[i - 1], &sorted[i]) != 0)
            members->list[members->count++].name = sorted[i].name;
        if (sorted[i].trouble != NULL &&
            !add_failure(&members->list[members->count - 1], sorted[i].trouble, arena))
            return false;
    }
    return true;
}

/* Finds the one group in which all that fails is mended, if there is one (GRP-4). */
static struct bytes name_of_gain(struct naming *naming, const struct troubles *troubles)
{
    struct bytes all = no_name;
    for (const struct trouble *trouble = troubles->first; trouble != NULL; trouble = trouble->next) {
        if (trouble->open)
            continue;
        struct bytes name = name_of_mending(naming, trouble);
        if (name.len == 0 || (all.len > 0 && !bytes_equal(all, name)))
            return no_name;
        all = name;
    }
    all.len = all.len < GROUP_NAME_BYTES ? all.len : GROUP_NAME_BYTES;
    return all;
}

static void mark_gain(const struct group_members *members, struct bytes name)
{
    for (size_t i = 0; name.len > 0 && i < members->count; i++)
        members->list[i].gains = bytes_equal(members->list[i].name, name);
}

bool groups_of(const struct group_record *record, const struct troubles *troubles, enum group_kind kind,
               group_provider provider, struct arena *arena, struct group_members *members)
{
    struct sightings seen = {.naming = {record, kind, provider, arena, false}};
    *members = (struct group_members){NULL, 0};
    see_all(&seen);
    for (const struct trouble *trouble = troubles->first; trouble != NULL; trouble = trouble->next)
        see_trouble(&seen, trouble);
    if (seen.count > 0 && !gather(&seen, members))
        return false;
    if (troubles->gains)
        mark_gain(members, name_of_gain(&seen.naming, troubles));
    return !seen.naming.no_room;
}
