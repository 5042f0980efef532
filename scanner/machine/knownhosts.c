/* Makes one connection to each host that is known to answer. */
#include "scanner/machine/knownhosts.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "scanner/facts/hostname.h"
#include "scanner/machine/preflight_lines.h"
#include "scanner/reach/addresses.h"

enum {
    NAMES_MOST = 8, /* of one option */
    LEAST = 2,      /* one that does not answer us proves nothing */
    TARGETS_MOST = NAMES_MOST * KNOWN_PORTS * KNOWN_FAMILIES,
    ARENA_BYTES = 512 * 1024,
    HTTPS_PORT = 443
};

enum target_end { TARGET_WAITS, TARGET_NO_ADDRESS, TARGET_SILENT, TARGET_REFUSES, TARGET_CONNECTS };

struct target {
    struct known_hosts *known;
    char name[PREFLIGHT_NAME_BYTES];
    enum known_port port;
    enum known_family family;
    enum target_end end;
    struct lookup_handle lookup;
    bool begun; /* a connection */
    int fd;     /* HTTPS; -1: none */
    struct event *event;
    struct handle probe; /* SMTP, while it is under way */
    struct arena arena;  /* of its facts */
    struct probe_facts facts;
    bool heard; /* the whole session: facts are complete */
};

struct known_hosts {
    struct known_setup setup;
    struct prober *prober;
    struct target targets[TARGETS_MOST];
    size_t count;
};

static void end_target(struct target *target, enum target_end end)
{
    target->end = end;
    target->known->setup.changed(target->known->setup.arg);
}

/* ---- HTTPS: that the connection is made is enough ------------------------------------------------------ */

static void on_connected(evutil_socket_t fd, short what, void *arg)
{
    int error = 0;
    socklen_t len = sizeof error;
    (void)what;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    end_target(arg, error == 0 ? TARGET_CONNECTS : error == ETIMEDOUT ? TARGET_SILENT : TARGET_REFUSES);
}

static void connect_https(struct target *target, const struct ip_addr *ip)
{
    struct sockaddr_storage address;
    socklen_t len = ip_sockaddr(ip, HTTPS_PORT, &address);
    target->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (target->fd < 0) {
        end_target(target, TARGET_NO_ADDRESS);
        return;
    }
    target->begun = true;
    if (connect(target->fd, (const struct sockaddr *)&address, len) != 0 && errno != EINPROGRESS) {
        end_target(target, TARGET_REFUSES);
        return;
    }
    target->event = event_new(target->known->setup.base, target->fd, EV_WRITE, on_connected, target);
    if (target->event == NULL || event_add(target->event, NULL) != 0)
        end_target(target, TARGET_NO_ADDRESS);
}

/* ---- SMTP: a session as strangers have it -------------------------------------------------------------- */

static void on_taken(void *arg)
{
    struct target *target = arg;
    target->end = TARGET_CONNECTS;
}

static void on_session(void *arg, struct probe_facts *facts)
{
    struct target *target = arg;
    target->probe = (struct handle){0, 0};
    target->heard = true;
    if (target->end == TARGET_CONNECTS)
        end_target(target, TARGET_CONNECTS);
    else
        end_target(target, facts->net == NET_TIMEOUT ? TARGET_SILENT : TARGET_REFUSES);
}

static void connect_smtp(struct target *target, const struct ip_addr *ip)
{
    const struct probe_request request = {.host = target->name,
                                          .ip = *ip,
                                          .arena = &target->arena,
                                          .facts = &target->facts,
                                          .connected = on_taken,
                                          .done = on_session,
                                          .arg = target};
    target->begun = true;
    target->probe = probe_start(target->known->prober, &request);
    if (!handle_is_set(target->probe))
        end_target(target, TARGET_NO_ADDRESS);
}

/* ---- whom ---------------------------------------------------------------------------------------------- */

/* Has the operator asked not to be contacted, under this name or one that it is an alias of? */
static bool is_listed(const struct optout *optout, const char *name, const struct dns_answer *answer)
{
    char normal[HOSTNAME_BYTES];
    if (hostname_normalize(bytes_of(name), normal) == FAIL_NONE && optout_has_domain(optout, normal))
        return true;
    return answer != NULL && lookup_opted_out(&answer->lookup, optout);
}

static void on_address(void *arg, const struct dns_answer *answer)
{
    struct target *target = arg;
    const struct scan_context *context = target->known->setup.context;
    target->lookup = (struct lookup_handle){0};
    bool listed = is_listed(context->optout, target->name, answer);
    for (size_t i = 0; i < answer->rr_count && !listed; i++) {
        struct bytes rdata = answer->rrs[i].rdata;
        struct ip_addr ip = answer->type == DNS_TYPE_AAAA ? ip_v6(rdata.data) : ip_v4(rdata.data);
        if (!ip_may_reach(&ip, &context->allow) || optout_has_ip(context->optout, &ip))
            continue;
        if (target->port == KNOWN_SMTP)
            connect_smtp(target, &ip);
        else
            connect_https(target, &ip);
        return;
    }
    end_target(target, TARGET_NO_ADDRESS);
}

static void add_target(struct known_hosts *known, const char *name, enum known_port port,
                       enum known_family family)
{
    struct target *target = &known->targets[known->count++];
    *target = (struct target){.known = known, .port = port, .family = family, .fd = -1};
    (void)snprintf(target->name, sizeof target->name, "%s", name);
    arena_init(&target->arena, ARENA_BYTES);
    if (is_listed(known->setup.context->optout, name, NULL)) {
        target->end = TARGET_NO_ADDRESS; /* nor is it asked for */
        return;
    }
    target->lookup = lookup_start(known->setup.engine, name,
                                  family == KNOWN_IPV6 ? DNS_TYPE_AAAA : DNS_TYPE_A, on_address, target);
}

static void add_names(struct known_hosts *known, const char *list, enum known_port port)
{
    const struct scan_context *context = known->setup.context;
    const bool *blocked = context->network.blocked[port]; /* as an earlier look found */
    char name[PREFLIGHT_NAME_BYTES];
    for (size_t i = 0; i < NAMES_MOST && preflight_item(&list, name); i++) {
        if (context->has_ipv4 && !blocked[KNOWN_IPV4])
            add_target(known, name, port, KNOWN_IPV4);
        if (context->has_ipv6 && !blocked[KNOWN_IPV6])
            add_target(known, name, port, KNOWN_IPV6);
    }
}

struct known_hosts *known_hosts_start(const struct known_setup *setup)
{
    const char *why = NULL;
    struct known_hosts *known = calloc(1, sizeof *known);
    if (known == NULL)
        return NULL;
    known->setup = *setup;
    known->prober = prober_create(setup->base, setup->config, setup->context->trust, &why);
    if (known->prober == NULL) {
        free(known);
        return NULL;
    }
    if (config_probes(setup->config))
        add_names(known, setup->config->preflight_port25, KNOWN_SMTP);
    if (setup->https && config_fetches(setup->config))
        add_names(known, setup->config->preflight_port443, KNOWN_HTTPS);
    return known;
}

void known_hosts_destroy(struct known_hosts *known)
{
    if (known == NULL)
        return;
    prober_destroy(known->prober);
    for (size_t i = 0; i < known->count; i++) {
        struct target *target = &known->targets[i];
        lookup_cancel(known->setup.engine, target->lookup);
        if (target->event != NULL)
            event_free(target->event);
        if (target->fd >= 0)
            (void)close(target->fd);
        arena_dispose(&target->arena);
    }
    free(known);
}

/* ---- what came of it ----------------------------------------------------------------------------------- */

static bool is_of(const struct target *target, enum known_port port, enum known_family family)
{
    return target->port == port && target->family == family;
}

/* Does the host show all that is asked for? One is proof enough: then the others need not be waited for. */
static bool shows_all(const struct target *target)
{
    bool offers = target->port == KNOWN_HTTPS || (target->heard && target->facts.starttls_offered);
    return target->end == TARGET_CONNECTS && offers;
}

static bool is_open(const struct target *target)
{
    return target->end == TARGET_WAITS ||
           (target->port == KNOWN_SMTP && target->end == TARGET_CONNECTS && !target->heard);
}

static bool is_settled(const struct known_hosts *known, enum known_port port, enum known_family family)
{
    bool open = false;
    for (size_t i = 0; i < known->count; i++) {
        if (!is_of(&known->targets[i], port, family))
            continue;
        if (shows_all(&known->targets[i]))
            return true;
        open = open || is_open(&known->targets[i]);
    }
    return !open;
}

bool known_hosts_wait(const struct known_hosts *known)
{
    for (unsigned port = 0; port < KNOWN_PORTS; port++)
        for (unsigned family = 0; family < KNOWN_FAMILIES; family++)
            if (!is_settled(known, (enum known_port)port, (enum known_family)family))
                return true;
    return false;
}

struct known_counts known_hosts_count(const struct known_hosts *known, enum known_port port,
                                      enum known_family family)
{
    struct known_counts counts = {0};
    for (size_t i = 0; i < known->count; i++) {
        const struct target *target = &known->targets[i];
        if (!is_of(target, port, family))
            continue;
        counts.named++;
        counts.connect += target->end == TARGET_CONNECTS;
        counts.refuse += target->end == TARGET_REFUSES;
        counts.silent += target->end == TARGET_SILENT || (target->end == TARGET_WAITS && target->begun);
    }
    return counts;
}

/* Do so many of those named prove it? */
static bool is_proof(size_t count, size_t named)
{
    return count > 0 && count >= (named < LEAST ? named : LEAST);
}

enum reach known_hosts_reach(const struct known_hosts *known, enum known_port port, enum known_family family)
{
    struct known_counts counts = known_hosts_count(known, port, family);
    size_t failed = counts.silent + counts.refuse;
    if (counts.connect > 0)
        return REACH_OPEN;
    return is_proof(failed, counts.named) ? REACH_CLOSED : REACH_UNKNOWN;
}

/* Did the host name its capabilities, and not this one? */
static bool lacks_starttls(const struct target *target)
{
    return target->heard && target->facts.end == SMTP_END_NOT_OFFERED;
}

enum starttls_path known_hosts_path(const struct known_hosts *known)
{
    size_t lacking = 0;
    size_t v4 = known_hosts_count(known, KNOWN_SMTP, KNOWN_IPV4).named;
    size_t v6 = known_hosts_count(known, KNOWN_SMTP, KNOWN_IPV6).named;
    size_t named = v4 > v6 ? v4 : v6;
    for (size_t i = 0; i < known->count; i++) {
        const struct target *target = &known->targets[i];
        if (target->port != KNOWN_SMTP)
            continue;
        if (target->heard && target->facts.starttls_offered)
            return PATH_CLEAR;
        lacking += lacks_starttls(target);
    }
    return is_proof(lacking, named) ? PATH_STRIPPED : PATH_UNKNOWN;
}

const char *known_hosts_answering(const struct known_hosts *known, enum known_port port)
{
    for (size_t i = 0; i < known->count; i++)
        if (known->targets[i].port == port && known->targets[i].end == TARGET_CONNECTS)
            return known->targets[i].name;
    return NULL;
}
