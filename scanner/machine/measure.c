/* Asks for a hundred names at a time, and counts what comes. */
#include "scanner/machine/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/arena.h"
#include "scanner/base/clock.h"
#include "scanner/base/map.h"
#include "scanner/config/config.h"
#include "scanner/facts/placeholder.h"
#include "scanner/machine/measure_addresses.h"
#include "scanner/machine/setup.h"
#include "scanner/sts/record.h"

enum { AT_A_TIME = 100, RECORDS = 3, FAMILIES = 2, NAME_BYTES = 288, ARENA_BYTES = 64 * 1024 };

/* The first names of all meet a resolver that has yet to learn whom to ask; their times do not count. */
enum { WARM_SHARE = 4 };

struct run;

/* A host that is asked for, once. */
struct host {
    struct map_node node;
    struct run *run;
    bool own; /* of the one name that led to it */
    bool secure;
    size_t names; /* that lead to it */
    size_t addresses;
    char text[];
};

struct name {
    struct run *run;
    const char *text;
    int64_t asked_ms;
    bool timed; /* its times count */
    unsigned left;
    enum dns_status mx;
    unsigned policy_left;                  /* lookups of the policy host's addresses */
    struct ip_addr policy_at4, policy_at6; /* the first of each family; none: family 0 */
};

struct sums {
    size_t nxdomain, failed, lost, nobody, record, retried, answers;
    size_t all_answers;
    double ms, squares; /* of answers, with the tries that were lost; whole_ms without */
    double whole_ms;
};

struct run {
    const struct scan_context *context;
    struct event_base *base;
    struct lookup_engine *dns;
    struct arena arena; /* of one answer */
    struct name *names;
    size_t count, next, left; /* left: questions that are out */
    struct map hosts;
    struct measured_addresses addresses;
    struct sums sums;
    bool no_memory;
};

static bool is_host(const struct map_node *node, struct bytes key)
{
    return bytes_equal(bytes_of(((const struct host *)(const void *)node)->text), key);
}

static void begin_names(struct run *run);

static void ended(struct run *run)
{
    run->left--;
    begin_names(run);
    if (run->left == 0)
        (void)event_base_loopbreak(run->base);
}

/* ---- addresses ----------------------------------------------------------------------------------------- */

static void add_address(struct run *run, const struct ip_addr *ip, enum pace_class class)
{
    if (!measured_addresses_add(&run->addresses, ip, class))
        run->no_memory = true;
}

static bool may_contact(const struct run *run, const struct ip_addr *ip)
{
    const struct scan_context *context = run->context;
    return ip_may_reach(ip, &context->allow) && !optout_has_ip(context->optout, ip) &&
           (ip->family == 6 ? context->has_ipv6 : context->has_ipv4);
}

static void read_addresses(struct run *run, const struct dns_answer *answer, struct address_facts *facts)
{
    bool is_v4 = answer->type == DNS_TYPE_A;
    arena_reset(&run->arena);
    dns_address_facts(is_v4 ? answer : NULL, is_v4 ? NULL : answer, &run->arena, facts);
}

static void on_address(void *arg, const struct dns_answer *answer)
{
    struct host *host = arg;
    struct run *run = host->run;
    struct address_facts facts;
    size_t most = (size_t)run->context->config->smtp_max_addresses;
    read_addresses(run, answer, &facts);
    for (size_t i = 0; i < facts.ip_count && host->addresses < most; i++) {
        if (!may_contact(run, &facts.ips[i]))
            continue;
        host->addresses++;
        add_address(run, &facts.ips[i], PACE_SMTP);
    }
    host->secure = host->secure || (facts.ip_count > 0 && answer->lookup.security == DNSSEC_SECURE);
    ended(run);
}

/* ---- hosts --------------------------------------------------------------------------------------------- */

/* Is the host the name itself, or below it? */
static bool is_own(const char *host, const char *name)
{
    size_t host_len = strlen(host), len = strlen(name);
    return host_len >= len && strcmp(host + host_len - len, name) == 0 &&
           (host_len == len || host[host_len - len - 1] == '.');
}

static void want_host(struct run *run, const char *text, const char *name)
{
    struct map_node *node = map_find(&run->hosts, bytes_of(text));
    if (node != NULL) {
        ((struct host *)(void *)node)->names++;
        return;
    }
    size_t len = strlen(text);
    struct host *host = calloc(1, sizeof *host + len + 1);
    if (host == NULL) {
        run->no_memory = true;
        return;
    }
    memcpy(host->text, text, len + 1);
    host->run = run;
    host->own = is_own(text, name);
    host->names = 1;
    if (!map_add(&run->hosts, &host->node, bytes_of(host->text))) {
        free(host);
        run->no_memory = true;
        return;
    }
    if (optout_has_domain(run->context->optout, text))
        return;
    run->left += FAMILIES;
    (void)lookup_start(run->dns, host->text, DNS_TYPE_A, on_address, host);
    (void)lookup_start(run->dns, host->text, DNS_TYPE_AAAA, on_address, host);
}

static void take_hosts(struct name *name, const struct dns_answer *answer)
{
    struct run *run = name->run;
    struct mx_facts facts;
    struct ip_addr ip;
    size_t most = (size_t)run->context->config->smtp_max_hosts;
    arena_reset(&run->arena);
    dns_mx_facts(answer, &run->arena, &facts);
    bool names_nobody = facts.rr_count > 0;
    for (size_t i = 0; i < facts.rr_count && i < most; i++) {
        const char *host = facts.rrs[i].host;
        bool is_none = strcmp(host, ".") == 0 || placeholder_by_name(host, name->text);
        names_nobody = names_nobody && is_none;
        if (!is_none && !ip_parse(host, &ip))
            want_host(run, host, name->text);
    }
    run->sums.nobody += names_nobody;
    if (facts.lookup.status == DNS_NODATA)
        want_host(run, name->text, name->text);
}

/* ---- policies ------------------------------------------------------------------------------------------ */

/* Counts the policy at the address that a scan asks first: IPv4 goes before IPv6. */
static void end_policy(struct name *name)
{
    const struct ip_addr *ip = name->policy_at4.family != 0 ? &name->policy_at4 : &name->policy_at6;
    if (--name->policy_left == 0 && ip->family != 0)
        add_address(name->run, ip, PACE_HTTPS);
    ended(name->run);
}

static void on_policy_address(void *arg, const struct dns_answer *answer)
{
    struct name *name = arg;
    struct ip_addr *first = answer->type == DNS_TYPE_A ? &name->policy_at4 : &name->policy_at6;
    struct address_facts facts;
    read_addresses(name->run, answer, &facts);
    for (size_t i = 0; i < facts.ip_count && first->family == 0; i++)
        if (may_contact(name->run, &facts.ips[i]))
            *first = facts.ips[i];
    end_policy(name);
}

static void want_policy(struct name *name)
{
    struct run *run = name->run;
    char text[NAME_BYTES];
    (void)snprintf(text, sizeof text, "mta-sts.%s", name->text);
    if (optout_has_domain(run->context->optout, text))
        return;
    run->left += FAMILIES;
    name->policy_left = FAMILIES;
    (void)lookup_start(run->dns, text, DNS_TYPE_A, on_policy_address, name);
    (void)lookup_start(run->dns, text, DNS_TYPE_AAAA, on_policy_address, name);
}

/* ---- names --------------------------------------------------------------------------------------------- */

static void end_record(struct name *name)
{
    struct run *run = name->run;
    struct sums *sums = &run->sums;
    if (--name->left > 0)
        return ended(run);
    sums->nxdomain += name->mx == DNS_NXDOMAIN;
    sums->lost += name->mx == DNS_TIMEOUT;
    sums->failed += !dns_says_anything(name->mx) && name->mx != DNS_TIMEOUT;
    ended(run);
}

/* Counts how long an answer took, and how many tries were lost before. */
static void take_time(const struct name *name, const struct dns_answer *answer)
{
    struct sums *sums = &name->run->sums;
    double timeout = (double)name->run->context->config->dns_timeout;
    double ms = (double)(clock_monotonic_ms() - name->asked_ms);
    if (answer->lookup.status == DNS_TIMEOUT || !name->timed)
        return;
    double tries = floor(ms / timeout);
    sums->answers++;
    sums->retried += tries > 0;
    sums->whole_ms += ms - tries * timeout;
    sums->ms += ms;
    sums->squares += ms * ms;
}

static void on_mx(void *arg, const struct dns_answer *answer)
{
    struct name *name = arg;
    take_time(name, answer);
    name->mx = answer->lookup.status;
    take_hosts(name, answer);
    end_record(name);
}

static void on_txt(void *arg, const struct dns_answer *answer)
{
    struct name *name = arg;
    struct run *run = name->run;
    struct txt_facts facts;
    take_time(name, answer);
    arena_reset(&run->arena);
    dns_txt_facts(answer, &run->arena, &facts);
    if (sts_record_wants_policy(facts.rrs, facts.rr_count)) {
        run->sums.record++;
        want_policy(name);
    }
    end_record(name);
}

static void on_tlsrpt(void *arg, const struct dns_answer *answer)
{
    struct name *name = arg;
    take_time(name, answer);
    end_record(name);
}

static void ask_below(struct name *name, const char *prefix, lookup_done done)
{
    char text[NAME_BYTES];
    (void)snprintf(text, sizeof text, "%s%s", prefix, name->text);
    (void)lookup_start(name->run->dns, text, DNS_TYPE_TXT, done, name);
}

static void begin_names(struct run *run)
{
    while (run->next < run->count && run->left < AT_A_TIME * RECORDS) {
        struct name *name = &run->names[run->next];
        name->timed = run->next++ >= run->count / WARM_SHARE;
        name->asked_ms = clock_monotonic_ms();
        name->left = RECORDS;
        run->left += RECORDS;
        ask_below(name, "_mta-sts.", on_txt);
        ask_below(name, "_smtp._tls.", on_tlsrpt);
        (void)lookup_start(run->dns, name->text, DNS_TYPE_MX, on_mx, name);
    }
}

/* ---- shares -------------------------------------------------------------------------------------------- */

struct hosts_seen {
    size_t own, own_reached, others, alone, addresses, secure, all;
};

static void count_host(struct map_node *node, void *arg)
{
    const struct host *host = (const struct host *)(const void *)node;
    struct hosts_seen *seen = arg;
    seen->all++;
    seen->secure += host->secure;
    seen->own += host->own;
    seen->own_reached += host->own && host->addresses > 0;
    seen->others += !host->own;
    seen->alone += !host->own && host->names == 1;
    seen->addresses += host->own ? 0 : host->addresses;
}

static double share(size_t part, size_t of)
{
    return of == 0 ? 0 : (double)part / (double)of;
}

/* One alone is no crowd: it says nothing of how many there are in the list. */
static double crowd_share(const struct run *run, const struct measured_crowd *crowd)
{
    return crowd->largest > 1 ? share(crowd->largest, run->count) : 0;
}

static void take_times(const struct sums *sums, struct estimate_shares *shares)
{
    if (sums->answers == 0)
        return;
    double count = (double)sums->answers, mean = sums->ms / count;
    double variance = sums->squares / count - mean * mean;
    double least = mean - 2 * sqrt(variance > 0 ? variance / count : 0);
    shares->answer_ms = sums->whole_ms / count;
    shares->retried = share(sums->retried, sums->answers);
    shares->answer_least_ms = least > 0 ? least : 0;
}

static void take_shares(struct run *run, struct estimate_shares *shares)
{
    const struct sums *sums = &run->sums;
    struct hosts_seen hosts = {0};
    struct measured_crowds crowds;
    map_each(&run->hosts, count_host, &hosts);
    measured_addresses_count(&run->addresses, &run->context->own, &crowds);
    shares->measured = run->count;
    shares->nxdomain = share(sums->nxdomain, run->count);
    shares->failed = share(sums->failed, run->count);
    shares->lost = share(sums->lost, run->count);
    shares->nobody = share(sums->nobody, run->count);
    shares->record = share(sums->record, run->count);
    shares->own_hosts = share(hosts.own, run->count);
    shares->own_reached = share(hosts.own_reached, hosts.own);
    shares->other_hosts = (double)hosts.others;
    shares->host_growth = share(hosts.alone, hosts.others);
    shares->addresses = share(hosts.addresses, hosts.others);
    size_t crowded = crowds.crowded < hosts.own_reached ? crowds.crowded : hosts.own_reached;
    shares->crowded = share(crowded, hosts.own_reached);
    shares->crowds = share(crowds.crowds, run->count);
    shares->largest_crowd = crowd_share(run, &crowds.strangers[PACE_SMTP]);
    shares->own_crowd = crowd_share(run, &crowds.own[PACE_SMTP]);
    shares->policy_crowd = crowd_share(run, &crowds.strangers[PACE_HTTPS]);
    shares->policy_crowd_at = crowds.strangers[PACE_HTTPS].at;
    shares->own_policy_crowd = crowd_share(run, &crowds.own[PACE_HTTPS]);
    shares->secure = share(hosts.secure, hosts.all);
    take_times(sums, shares);
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static void free_host(struct map_node *node, void *arg)
{
    (void)arg;
    free((struct host *)(void *)node);
}

static enum error prepare(struct run *run, char *const *names, const char **why)
{
    const struct lookup_bounds bounds = worker_lookup_bounds(run->context);
    *why = "";
    run->names = calloc(run->count, sizeof *run->names);
    run->base = event_base_new();
    if (run->names == NULL || run->base == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < run->count; i++)
        run->names[i] = (struct name){.run = run, .text = names[i]};
    run->dns =
        lookup_engine_create(run->base, run->context->config, &run->context->resolvers, &bounds, 1, why);
    return run->dns == NULL ? ERR_CONFIG : ERR_OK;
}

enum error measure_names(const struct scan_context *context, char *const *names, size_t count,
                         struct estimate_shares *shares, struct buf *why)
{
    struct run run = {.context = context, .count = count};
    const char *reason;
    map_init(&run.hosts, setup_random(), is_host);
    measured_addresses_init(&run.addresses, setup_random());
    arena_init(&run.arena, ARENA_BYTES);
    enum error error = prepare(&run, names, &reason);
    if (error == ERR_OK) {
        begin_names(&run);
        if (run.left > 0)
            (void)event_base_dispatch(run.base);
        error = run.no_memory ? ERR_MEMORY : ERR_OK;
    } else {
        buf_text(why, reason);
    }
    if (error == ERR_OK)
        take_shares(&run, shares);
    lookup_engine_destroy(run.dns);
    if (run.base != NULL)
        event_base_free(run.base);
    map_each(&run.hosts, free_host, NULL);
    map_dispose(&run.hosts);
    measured_addresses_dispose(&run.addresses);
    arena_dispose(&run.arena);
    free(run.names);
    return error;
}
