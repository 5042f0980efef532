/* Is this machine fit to scan? */
#include "scanner/preflight.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/ceilings.h"
#include "scanner/preflight_disk.h"
#include "scanner/preflight_resolvers.h"

enum {
    TARGETS_TESTED = 8,
    TARGETS_LEAST = 2, /* one provider that does not answer us proves nothing */
    QUESTION_MS = 1000,
    QUESTION_ATTEMPTS = 2,
    RESOLVER_SHARE = 4 /* of a resolver's sockets and questions: what is asked here is little */
};
static const uint64_t DISK_LEAST = UINT64_C(1) << 30;
static const int64_t CLOCK_LEAST_MS = INT64_C(1735689600000); /* 2025-01-01: older than this program */

struct run;

enum target_end { TARGET_WAITS, TARGET_NO_ADDRESS, TARGET_SILENT, TARGET_REFUSES, TARGET_CONNECTS };

struct target {
    struct run *run;
    char name[PREFLIGHT_NAME_BYTES];
    int fd; /* -1: no connection was begun */
    struct event *event;
    enum target_end end;
};

struct run {
    const struct scan_context *context;
    struct preflight *preflight;
    struct config config;
    struct event_base *base;
    struct lookup_engine *engine;
    struct resolver_looks looks;
    struct target targets[TARGETS_TESTED];
    size_t target_count;
    size_t targets_left;
};

static void end_if_done(void *arg)
{
    struct run *run = arg;
    if (run->looks.questions_left == 0 && run->targets_left == 0)
        (void)event_base_loopbreak(run->base);
}

static bool is_embedded(const struct run *run)
{
    return run->config.dns_resolvers[0] == '\0';
}

/* ---- port 25 --------------------------------------------------------------------------------------------
 */

/* One connection is proof enough: then the others need not be waited for. */
static void end_target(struct target *target, enum target_end end)
{
    struct run *run = target->run;
    target->end = end;
    if (run->targets_left > 0)
        run->targets_left = end == TARGET_CONNECTS ? 0 : run->targets_left - 1;
    end_if_done(run);
}

static void on_connected(evutil_socket_t fd, short what, void *arg)
{
    int error = 0;
    socklen_t len = sizeof error;
    (void)what;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    end_target(arg, error == 0 ? TARGET_CONNECTS : error == ETIMEDOUT ? TARGET_SILENT : TARGET_REFUSES);
}

static void connect_target(struct target *target, const struct ip_addr *ip)
{
    struct run *run = target->run;
    struct sockaddr_storage address;
    socklen_t len = ip_sockaddr(ip, (uint16_t)run->config.smtp_port, &address);
    target->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (target->fd < 0) {
        end_target(target, TARGET_NO_ADDRESS);
        return;
    }
    if (connect(target->fd, (const struct sockaddr *)&address, len) != 0 && errno != EINPROGRESS) {
        end_target(target, TARGET_REFUSES);
        return;
    }
    target->event = event_new(run->base, target->fd, EV_WRITE, on_connected, target);
    if (target->event == NULL || event_add(target->event, NULL) != 0)
        end_target(target, TARGET_NO_ADDRESS);
}

static void on_address(void *arg, const struct dns_answer *answer)
{
    struct target *target = arg;
    const struct scan_context *context = target->run->context;
    for (size_t i = 0; i < answer->rr_count; i++) {
        struct bytes rdata = answer->rrs[i].rdata;
        struct ip_addr ip = answer->type == DNS_TYPE_AAAA ? ip_v6(rdata.data) : ip_v4(rdata.data);
        if (ip_may_reach(&ip, &context->allow) && !optout_has_ip(context->optout, &ip)) {
            connect_target(target, &ip);
            return;
        }
    }
    end_target(target, TARGET_NO_ADDRESS);
}

static void start_targets(struct run *run)
{
    const struct scan_context *context = run->context;
    const char *list = run->config.preflight_port25;
    char name[PREFLIGHT_NAME_BYTES];
    if (run->config.smtp_probe == SMTP_PROBE_NONE || (!context->has_ipv4 && !context->has_ipv6))
        return;
    while (run->target_count < TARGETS_TESTED && preflight_item(&list, name)) {
        struct target *target = &run->targets[run->target_count++];
        target->run = run;
        target->fd = -1;
        (void)snprintf(target->name, sizeof target->name, "%s", name);
        run->targets_left++;
        (void)lookup_start(run->engine, target->name, context->has_ipv4 ? DNS_TYPE_A : DNS_TYPE_AAAA,
                           on_address, target);
    }
}

struct port_counts {
    size_t connect, silent, refuse;
};

/* A connection that still waits when time is up was not answered. */
static struct port_counts count_targets(const struct run *run)
{
    struct port_counts counts = {0};
    for (size_t i = 0; i < run->target_count; i++) {
        const struct target *target = &run->targets[i];
        counts.connect += target->end == TARGET_CONNECTS;
        counts.refuse += target->end == TARGET_REFUSES;
        counts.silent += target->end == TARGET_SILENT || (target->end == TARGET_WAITS && target->fd >= 0);
    }
    return counts;
}

static void say_port25(struct run *run)
{
    struct port_counts counts = count_targets(run);
    size_t failed = counts.silent + counts.refuse;
    size_t least = run->target_count < TARGETS_LEAST ? run->target_count : TARGETS_LEAST;
    bool blocked = counts.connect == 0 && failed >= least && failed > 0;
    run->preflight->port25_blocked = blocked;
    char *text = preflight_add(run->preflight, "port 25", !blocked);
    if (run->target_count == 0) {
        preflight_append(text, "not tested");
    } else if (blocked) {
        preflight_append(text,
                         "seems blocked from here (%zu silent, %zu refused): MX hosts are not probed; "
                         "with preflight.port25 empty they are tried all the same",
                         counts.silent, counts.refuse);
    } else if (counts.connect == 0) {
        preflight_append(text, "not known: %zu of %zu hosts of preflight.port25 could be tried", failed,
                         run->target_count);
    } else {
        size_t first = 0;
        while (run->targets[first].end != TARGET_CONNECTS)
            first++;
        preflight_append(text, "%s answers", run->targets[first].name);
    }
}

/* ---- this machine ---------------------------------------------------------------------------------------
 */

static void say_families(struct run *run)
{
    bool v4 = run->context->has_ipv4, v6 = run->context->has_ipv6;
    char *text = preflight_add(run->preflight, "addresses", v4 && v6);
    if (v4 && v6)
        preflight_append(text, "IPv4 and IPv6");
    else if (!v4 && !v6)
        preflight_append(text, "no route to anywhere");
    else
        preflight_append(text, "%s only: hosts without it will be unknown", v4 ? "IPv4" : "IPv6");
}

static bool clock_is_sane(int64_t now_ms)
{
    return now_ms >= CLOCK_LEAST_MS;
}

static void say_clock(struct run *run)
{
    char now[CLOCK_TEXT_BYTES];
    int64_t now_ms = clock_wall_ms();
    bool sane = clock_is_sane(now_ms);
    char *text = preflight_add(run->preflight, "clock", sane);
    preflight_append(text, "%s%s", clock_format(now_ms, now),
                     sane ? "" : ": before this program was written");
    if (is_embedded(run) && resolver_looks_validated(&run->looks))
        preflight_append(text, ", within the times of the root's signatures");
}

static void say_roots(struct run *run)
{
    size_t roots = trust_root_count(run->context->trust);
    preflight_append(preflight_add(run->preflight, "roots", roots > 0), "%zu trusted certificates in %s",
                     roots, run->config.tls_ca_file);
}

static void say_files(struct run *run, uint64_t limit)
{
    uint64_t need = ceilings_files(&run->config, limit);
    preflight_append(preflight_add(run->preflight, "open files", limit >= need),
                     "%llu allowed, %llu needed at most%s", (unsigned long long)limit,
                     (unsigned long long)need, limit >= need ? "" : "; raise ulimit -n or lower smtp.live");
}

static void say_disk(struct run *run)
{
    const char *dir = run->config.output_dir;
    uint64_t bytes;
    if (dir[0] == '\0' || strcmp(dir, "-") == 0 || !disk_free_bytes(dir, &bytes))
        return;
    preflight_append(preflight_add(run->preflight, "disk", bytes >= DISK_LEAST), "%.1f GiB free for %s",
                     (double)bytes / (double)(UINT64_C(1) << 30), dir);
}

/* ---- all of it ------------------------------------------------------------------------------------------
 */

/* The scan's own configuration, with less patience: all has to fit into PREFLIGHT_MS. */
static bool prepare(struct run *run, const char **why)
{
    run->config = *run->context->config;
    if (run->config.dns_timeout > QUESTION_MS)
        run->config.dns_timeout = QUESTION_MS;
    if (run->config.dns_attempts > QUESTION_ATTEMPTS)
        run->config.dns_attempts = QUESTION_ATTEMPTS;
    *why = "out of memory";
    run->base = event_base_new();
    if (run->base == NULL)
        return false;
    run->engine =
        lookup_engine_create(run->base, &run->config, NULL, &run->context->allow, RESOLVER_SHARE, why);
    return run->engine != NULL;
}

static void dispose(struct run *run)
{
    resolver_looks_dispose(&run->looks);
    lookup_engine_destroy(run->engine);
    for (size_t i = 0; i < run->target_count; i++) {
        if (run->targets[i].event != NULL)
            event_free(run->targets[i].event);
        if (run->targets[i].fd >= 0)
            (void)close(run->targets[i].fd);
    }
    if (run->base != NULL)
        event_base_free(run->base);
    free(run);
}

static void say_all(struct run *run, uint64_t open_files)
{
    resolver_looks_say(&run->looks, run->preflight);
    say_port25(run);
    say_families(run);
    say_clock(run);
    say_roots(run);
    say_files(run, open_files);
    say_disk(run);
}

/* A scan that only asks the DNS may do without a route. */
static const char *why_unfit(const struct run *run)
{
    const struct scan_context *context = run->context;
    if (run->preflight->no_resolver)
        return "no resolver gives an answer that can be used";
    if (!clock_is_sane(clock_wall_ms()))
        return "the clock is wrong: every certificate would seem not yet valid";
    if (run->config.smtp_probe != SMTP_PROBE_NONE && !context->has_ipv4 && !context->has_ipv6)
        return "there is no route to anywhere from here";
    return NULL;
}

enum error preflight_run(struct preflight *preflight, const struct scan_context *context, uint64_t open_files,
                         struct buf *why)
{
    const char *reason = "out of memory";
    const struct timeval most = {.tv_sec = PREFLIGHT_MS / 1000};
    *preflight = (struct preflight){0};
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return ERR_MEMORY;
    run->context = context;
    run->preflight = preflight;
    bool started = prepare(run, &reason);
    if (started) {
        run->looks = (struct resolver_looks){.config = &run->config,
                                             .base = run->base,
                                             .engine = run->engine,
                                             .answered = end_if_done,
                                             .arg = run};
        resolver_looks_start(&run->looks);
        start_targets(run);
        (void)event_base_loopexit(run->base, &most);
        (void)event_base_dispatch(run->base);
        say_all(run, open_files);
        preflight->unfit = why_unfit(run);
    } else {
        (void)buf_text(why, reason);
    }
    dispose(run);
    return started ? ERR_OK : ERR_CONFIG;
}

static void print_check(const struct meta_check *check, FILE *out)
{
    (void)fprintf(out, "preflight: %s: %s%s\n", check->name, check->ok ? "" : "WARNING: ", check->text);
}

void preflight_print(const struct preflight *preflight, FILE *out)
{
    for (size_t i = 0; i < preflight->count; i++)
        print_check(&preflight->checks[i], out);
}

void preflight_disk(struct preflight *preflight, const struct config *config, uint64_t names, FILE *out)
{
    uint64_t bytes;
    for (size_t i = 0; i < preflight->count; i++) {
        struct meta_check *check = &preflight->checks[i];
        if (strcmp(check->name, "disk") != 0 || !disk_free_bytes(config->output_dir, &bytes))
            continue;
        check->ok = disk_describe(config, names, bytes, preflight->texts[i], PREFLIGHT_TEXT_BYTES);
        print_check(check, out);
    }
}
