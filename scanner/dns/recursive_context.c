/*
 * Sets libunbound up as the embedded resolver of a survey: a recursive validator that asks the authoritative
 * servers itself, never those that ip_may_reach refuses, and that reads neither resolv.conf nor /etc/hosts.
 * Sends nothing.
 */
#include "scanner/dns/recursive_context.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unbound-event.h>
#include <unistd.h>

#include "scanner/base/shown.h"
#include "scanner/config/config.h"
#include "scanner/dns/recursive_log.h"
#include "scanner/wire/dns_message.h"

enum {
    PREFIX_TEXT_BYTES = IP_TEXT_BYTES + 4,
    /* Memory for all loops together; each gets its part. */
    CACHE_MEBIBYTES = 256,
    CACHE_HOSTS = 400000
};

struct setup {
    struct event_base *base;
    struct ub_ctx *context;
    const struct config *config;
    char *why;
    bool failed;
};

enum { WHY_BYTES = 512 };

static char *why_text(void)
{
    static _Thread_local char text[WHY_BYTES];
    return text;
}

/* Sets an option. The first failure is kept, and later options are not tried. */
static void set(struct setup *setup, const char *option, const char *value)
{
    if (setup->failed)
        return;
    int result = ub_ctx_set_option(setup->context, option, value);
    if (result == 0)
        return;
    setup->failed = true;
    (void)snprintf(setup->why, WHY_BYTES, "libunbound does not take %s %s: %s", option, value,
                   ub_strerror(result));
}

static void set_number(struct setup *setup, const char *option, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    set(setup, option, text);
}

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
    return value < least ? least : value > most ? most : value;
}

static uint64_t open_files(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1024;
}

/* Sets the numbers of sockets and queries and the sizes of caches: a loop's part of the whole. */
static void set_sizes(struct setup *setup, uint32_t loops, uint32_t lookups)
{
    static const struct {
        const char *option;
        unsigned percent;
    } caches[] = {
        {"rrset-cache-size:", 60}, {"msg-cache-size:", 30}, {"key-cache-size:", 8}, {"neg-cache-size:", 2}};
    static const char *const slabs[] = {
        "rrset-cache-slabs:", "msg-cache-slabs:", "key-cache-slabs:", "infra-cache-slabs:"};
    uint64_t most = clamp(open_files() / RECURSIVE_FILES_SHARE / loops, RECURSIVE_UDP_LEAST, UINT16_MAX);
    uint64_t sockets = clamp(lookups, RECURSIVE_UDP_LEAST, most);
    set_number(setup, "outgoing-range:", sockets);
    set_number(setup, "outgoing-num-tcp:",
               clamp(sockets / RECURSIVE_TCP_SHARE, RECURSIVE_TCP_LEAST, RECURSIVE_TCP_MOST));
    set_number(setup, "num-queries-per-thread:", lookups);
    for (size_t i = 0; i < sizeof caches / sizeof caches[0]; i++)
        set_number(setup, caches[i].option,
                   ((uint64_t)CACHE_MEBIBYTES << 20) / 100 * caches[i].percent / loops);
    set_number(setup, "infra-cache-numhosts:", CACHE_HOSTS / loops + 1);
    for (size_t i = 0; i < sizeof slabs / sizeof slabs[0]; i++)
        set(setup, slabs[i], "1"); /* one thread uses it */
}

/*
 * Sets which queries go to whom. An answer must not depend on what else the survey asked before, so none is
 * made from neighbouring NSEC records. Every query saved is one less at somebody's server: the names are no
 * secret, so they are not minimised, and name servers' addresses are looked up only when needed.
 */
static void set_manner(struct setup *setup)
{
    static const char *const options[][2] = {
        {"qname-minimisation:", "no"},
        {"aggressive-nsec:", "no"},
        {"target-fetch-policy:", "0 0 0 0 0"},
        {"minimal-responses:", "yes"},
        {"rrset-roundrobin:", "no"},
        {"use-caps-for-id:", "no"},
        {"harden-glue:", "yes"},
        {"harden-dnssec-stripped:", "yes"},
        {"val-log-level:", "2"},           /* so that why_bogus is filled in */
        {"do-not-query-localhost:", "no"}, /* in the list of refused prefixes, unless it is allowed */
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        set(setup, options[i][0], options[i][1]);
    set_number(setup, "edns-buffer-size:", DNS_EDNS_BYTES);
    set_number(setup, "outbound-msg-retry:", (uint64_t)setup->config->dns_attempts);
}

/* Says whether there is a route to a root server of this family. Connecting a UDP socket asks the kernel and
 * sends nothing. */
static bool has_route(const char *root_server)
{
    struct ip_addr ip;
    struct sockaddr_storage address;
    if (!ip_parse(root_server, &ip))
        return false;
    socklen_t len = ip_sockaddr(&ip, 53, &address);
    int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool routed = connect(fd, (const struct sockaddr *)&address, len) == 0;
    (void)close(fd);
    return routed;
}

/* Leaves out a family without a route: a machine without IPv6 would spend a try on each IPv6 server. A
 * private root may be anywhere. */
static void set_families(struct setup *setup)
{
    if (setup->config->dns_root_hints[0] != '\0')
        return;
    bool v4 = has_route("198.41.0.4"), v6 = has_route("2001:503:ba3e::2:30");
    if (v4 != v6) {
        set(setup, "do-ip4:", v4 ? "yes" : "no");
        set(setup, "do-ip6:", v6 ? "yes" : "no");
    }
}

static void set_each_refused(struct setup *setup, const struct ip_set *refused)
{
    for (size_t i = 0; i < refused->count; i++) {
        char ip[IP_TEXT_BYTES], text[PREFIX_TEXT_BYTES];
        (void)snprintf(text, sizeof text, "%s/%u", ip_format(&refused->prefixes[i].base, ip),
                       refused->prefixes[i].bits);
        set(setup, "do-not-query-address:", text);
    }
}

static void set_refused(struct setup *setup, const struct ip_set *allow)
{
    struct ip_set refused;
    enum error error = ip_refused_set(allow, &refused);
    if (error != ERR_OK) {
        setup->failed = true;
        (void)snprintf(setup->why, WHY_BYTES, "safety.allow: %s", error_text(error));
        return;
    }
    set_each_refused(setup, &refused);
    ip_set_dispose(&refused);
}

static bool readable(struct setup *setup, const char *option, const char *path)
{
    if (access(path, R_OK) == 0)
        return true;
    setup->failed = true;
    (void)snprintf(setup->why, WHY_BYTES, "%s: %s: %s", option, shown(path), strerrordesc_np(errno));
    return false;
}

static void fail_with_file(struct setup *setup, const char *option, const char *path, int result)
{
    setup->failed = true;
    (void)snprintf(setup->why, WHY_BYTES, "%s: %s cannot be used: %s", option, shown(path),
                   ub_strerror(result));
}

static void set_root(struct setup *setup)
{
    const char *hints = setup->config->dns_root_hints, *anchor = setup->config->dns_trust_anchor;
    if (hints[0] != '\0' && readable(setup, "dns.root_hints", hints))
        set(setup, "root-hints:", hints);
    if (anchor[0] == '\0' || setup->failed || !readable(setup, "dns.trust_anchor", anchor))
        return;
    int result = ub_ctx_add_ta_file(setup->context, anchor);
    if (result != 0)
        fail_with_file(setup, "dns.trust_anchor", anchor, result);
}

static void ignore_result(void *arg, int rcode, void *packet, int len, int secure, char *why_bogus,
                          int limited)
{
    (void)arg, (void)rcode, (void)packet, (void)len, (void)secure, (void)why_bogus, (void)limited;
}

/* Asks a question that libunbound answers itself. */
static int ask_itself(struct ub_ctx *context)
{
    return ub_resolve_event(context, "localhost.", DNS_TYPE_A, 1, NULL, ignore_result, NULL);
}

/* Says whether a context that has these files and nothing else can be used; an empty name is no file. */
static bool is_usable(const struct setup *setup, const char *hints, const char *anchor)
{
    struct ub_ctx *context = ub_ctx_create_event(setup->base);
    if (context == NULL)
        return false;
    (void)ub_ctx_debugout(context, NULL);
    bool usable = (hints[0] == '\0' || ub_ctx_set_option(context, "root-hints:", hints) == 0) &&
                  (anchor[0] == '\0' || ub_ctx_add_ta_file(context, anchor) == 0) && ask_itself(context) == 0;
    ub_ctx_delete(context);
    return usable;
}

/* Says why libunbound cannot begin. It tells of a file no more than of memory or descriptors that it lacks,
 * and when it reads which file differs from release to release: so each is tried alone, and is blamed if it
 * fails where none does not. */
static void blame(struct setup *setup, int result)
{
    const char *hints = setup->config->dns_root_hints, *anchor = setup->config->dns_trust_anchor;
    setup->failed = true;
    (void)snprintf(setup->why, WHY_BYTES, "libunbound: %s", ub_strerror(result));
    if (!is_usable(setup, "", ""))
        return;
    if (!is_usable(setup, hints, ""))
        fail_with_file(setup, "dns.root_hints", hints, result);
    else if (!is_usable(setup, "", anchor))
        fail_with_file(setup, "dns.trust_anchor", anchor, result);
}

/*
 * Lets a private root serve names that libunbound answers itself. Under the public root they are in nobody's
 * zone and are left alone. The first such call also makes libunbound read its files, or some of them.
 */
static void open_private_zones(struct setup *setup)
{
    static const char *const zones[] = {"test.", "invalid.", "onion."};
    if (setup->config->dns_root_hints[0] == '\0')
        return;
    for (size_t i = 0; i < sizeof zones / sizeof *zones && !setup->failed; i++) {
        int result = ub_ctx_zone_remove(setup->context, zones[i]);
        if (result != 0)
            blame(setup, result);
    }
}

/* Makes libunbound read what is left of its files: that it does at the first question. */
static void warm_up(struct setup *setup)
{
    int result = setup->failed ? 0 : ask_itself(setup->context);
    if (result != 0)
        blame(setup, result);
}

/* The lock around libunbound's set-up and tear-down, which touch variables of the process (log, hash seed).
 */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

struct ub_ctx *recursive_context_create(struct event_base *base, const struct config *config,
                                        const struct lookup_bounds *bounds, uint32_t loops, uint32_t lookups,
                                        const char **why)
{
    struct setup setup = {.base = base, .config = config, .why = why_text()};
    *why = setup.why;
    (void)pthread_mutex_lock(&one_at_a_time);
    setup.context = ub_ctx_create_event(base);
    if (setup.context == NULL) {
        (void)snprintf(setup.why, WHY_BYTES, "libunbound: %s", error_text(ERR_MEMORY));
    } else {
        (void)ub_ctx_debugout(setup.context, NULL); /* it would write to standard error */
        if (bounds->left_alone != NULL && bounds->left_alone->count > 0) {
            set_each_refused(&setup, bounds->left_alone);
            recursive_log_listen(setup.context, bounds->left_alone);
        }
        set_sizes(&setup, loops, lookups);
        set_manner(&setup);
        set_families(&setup);
        set_refused(&setup, bounds->allow);
        set_root(&setup);
        open_private_zones(&setup);
        warm_up(&setup);
    }
    if (setup.failed)
        ub_ctx_delete(setup.context);
    (void)pthread_mutex_unlock(&one_at_a_time);
    return setup.failed ? NULL : setup.context;
}

void recursive_context_destroy(struct ub_ctx *context)
{
    (void)pthread_mutex_lock(&one_at_a_time);
    ub_ctx_delete(context);
    (void)pthread_mutex_unlock(&one_at_a_time);
}
