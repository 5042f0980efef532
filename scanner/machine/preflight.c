/* Finds out whether this machine is fit to scan. */
#include "scanner/machine/preflight.h"

#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/base/time_text.h"
#include "scanner/machine/ceilings.h"
#include "scanner/machine/knownhosts.h"
#include "scanner/machine/memory.h"
#include "scanner/machine/preflight_disk.h"
#include "scanner/machine/preflight_ports.h"
#include "scanner/machine/preflight_resolvers.h"
#include "scanner/smtp/client.h"

enum { QUESTION_MS = 1000, QUESTION_ATTEMPTS = 2, NAME_BYTES = 256 };
static const uint64_t DISK_LEAST = UINT64_C(1) << 30;
static const int64_t CLOCK_LEAST_MS = INT64_C(1735689600000); /* 2025-01-01: older than this program */

struct run {
    const struct scan_context *context;
    struct preflight *preflight;
    struct config config;
    struct event_base *base;
    struct lookup_engine *engine;
    struct resolver_looks looks;
    struct known_hosts *known;
    FILE *told; /* who waits; NULL: nobody */
};

static void end_if_done(void *arg)
{
    struct run *run = arg;
    if (run->looks.questions_left == 0 && (run->known == NULL || !known_hosts_wait(run->known)))
        (void)event_base_loopbreak(run->base);
}

static bool is_embedded(const struct run *run)
{
    return run->config.dns_resolvers[0] == '\0';
}

/* ---- this machine -------------------------------------------------------------------------------------- */

static void say_families(struct run *run)
{
    const struct network *network = &run->preflight->network;
    bool v4 = run->context->has_ipv4 && !network->leads_nowhere[KNOWN_IPV4];
    bool v6 = run->context->has_ipv6 && !network->leads_nowhere[KNOWN_IPV6];
    const bool connects = config_fetches(&run->config);
    char *text = preflight_add(run->preflight, "addresses", connects ? v4 && v6 : v4 || v6);
    if (v4 && v6)
        preflight_append(text, "IPv4 and IPv6");
    else if (!v4 && !v6)
        preflight_append(text, "no route to anywhere");
    else
        preflight_append(text, "%s only%s", v4 ? "IPv4" : "IPv6",
                         connects ? ": hosts without it will be unknown" : "");
}

/* Says the name that mail servers hear of us: many refuse one that is not fully qualified (RFC 5321 section
 * 2.3.5). */
static void say_name(struct run *run)
{
    char name[NAME_BYTES];
    if (!config_probes(&run->config))
        return;
    smtp_own_name(run->config.smtp_ehlo, name, sizeof name);
    const char *fault = smtp_name_fault(name);
    char *text = preflight_add(run->preflight, "our name", fault == NULL);
    preflight_append(text, "%s", name);
    if (fault != NULL)
        preflight_append(text, " %s: some mail servers will refuse it; give one in smtp.ehlo", fault);
}

static bool clock_is_sane(int64_t now_ms)
{
    return now_ms >= CLOCK_LEAST_MS;
}

static void say_clock(struct run *run)
{
    char now[TIME_TEXT_BYTES];
    int64_t now_ms = clock_wall_ms();
    bool sane = clock_is_sane(now_ms);
    char *text = preflight_add(run->preflight, "clock", sane);
    preflight_append(text, "%s%s", time_text(now_ms, now), sane ? "" : ": before this program was written");
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

/* Tells of memory before a scan. A check, which has no directory, holds a few domains. */
static void say_memory(struct run *run)
{
    if (run->config.output_dir[0] == '\0')
        return;
    char *text = preflight_add(run->preflight, "memory", true);
    run->preflight->checks[run->preflight->count - 1].ok =
        memory_describe(&run->config, text, PREFLIGHT_TEXT_BYTES);
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

/* ---- all of it ----------------------------------------------------------------------------------------- */

/* Prepares the scan's own configuration with less patience: all has to fit into PREFLIGHT_MS. */
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
    const struct lookup_bounds bounds = worker_lookup_bounds(run->context);
    run->engine = lookup_engine_create(run->base, &run->config, NULL, &bounds, PREFLIGHT_SHARE, why);
    return run->engine != NULL;
}

static struct known_hosts *start_known(struct run *run)
{
    const struct known_setup setup = {.base = run->base,
                                      .engine = run->engine,
                                      .config = &run->config,
                                      .context = run->context,
                                      .https = true,
                                      .changed = end_if_done,
                                      .arg = run};
    return known_hosts_start(&setup);
}

static void dispose(struct run *run)
{
    known_hosts_destroy(run->known);
    resolver_looks_dispose(&run->looks);
    lookup_engine_destroy(run->engine);
    if (run->base != NULL)
        event_base_free(run->base);
    free(run);
}

static void say_all(struct run *run, uint64_t open_files)
{
    resolver_looks_say(&run->looks, run->preflight);
    if (config_fetches(&run->config))
        preflight_say_ports(run->preflight, &run->config, run->context, run->known);
    say_families(run);
    say_name(run);
    say_clock(run);
    say_roots(run);
    say_files(run, open_files);
    say_memory(run);
    say_disk(run);
}

static bool leads_nowhere(const struct run *run)
{
    const bool *nowhere = run->preflight->network.leads_nowhere;
    const struct scan_context *context = run->context;
    return (nowhere[KNOWN_IPV4] || !context->has_ipv4) && (nowhere[KNOWN_IPV6] || !context->has_ipv6) &&
           (nowhere[KNOWN_IPV4] || nowhere[KNOWN_IPV6]);
}

static const char *why_no_resolver(const struct run *run)
{
    char why[RESOLVER_WHY_BYTES];
    char *text = run->preflight->unfit_text;
    resolver_looks_why(&run->looks, why);
    (void)snprintf(text, PREFLIGHT_UNFIT_BYTES, "no resolver gives an answer that can be used: %s", why);
    return text;
}

/* Returns why a scan from here would say nothing, or NULL. One that only asks the DNS may do without a
 * route. */
static const char *why_unfit(const struct run *run)
{
    const struct scan_context *context = run->context;
    if (run->preflight->no_resolver && !context->has_ipv4 && !context->has_ipv6)
        return "there is no route to anywhere from here, and no resolver answers: no network? Look at `ip "
               "route` and /etc/resolv.conf";
    if (run->preflight->no_resolver)
        return why_no_resolver(run);
    if (!clock_is_sane(clock_wall_ms()))
        return "the clock is wrong: every certificate would seem not yet valid; set it (date, timedatectl)";
    if (config_probes(&run->config) && !context->has_ipv4 && !context->has_ipv6)
        return "there is no route to anywhere from here: look at `ip route`; smtp.probe=none asks the DNS "
               "alone";
    if (leads_nowhere(run))
        return "neither port 25 nor port 443 of anybody can be reached from here (preflight.port25, "
               "preflight.port443): look at this machine\'s routes and firewall";
    return NULL;
}

/* Says after a second that nothing has come so far: who waits need not wonder. */
static void tell(evutil_socket_t fd, short what, void *arg)
{
    struct run *run = arg;
    char why[RESOLVER_WHY_BYTES];
    (void)fd, (void)what;
    if (resolver_looks_heard(&run->looks))
        return;
    resolver_looks_why(&run->looks, why);
    (void)fprintf(run->told, "stsweep: no resolver has answered for a second: %s\n", why);
    (void)fflush(run->told);
}

static void wait_for_answers(struct run *run, const struct preflight_patience *patience)
{
    const struct timeval most = {.tv_sec = patience->most_ms / 1000,
                                 .tv_usec = patience->most_ms % 1000 * 1000};
    const struct timeval second = {.tv_sec = 1};
    run->told = patience->told;
    struct event *timer = run->told == NULL ? NULL : evtimer_new(run->base, tell, run);
    if (timer != NULL)
        (void)evtimer_add(timer, &second);
    (void)event_base_loopexit(run->base, &most);
    (void)event_base_dispatch(run->base);
    if (timer != NULL)
        event_free(timer);
}

bool preflight_is_blocked(const struct preflight *preflight, const struct scan_context *context,
                          enum known_port port)
{
    const bool *blocked = preflight->network.blocked[port];
    return (blocked[KNOWN_IPV4] || blocked[KNOWN_IPV6]) && (blocked[KNOWN_IPV4] || !context->has_ipv4) &&
           (blocked[KNOWN_IPV6] || !context->has_ipv6);
}

enum error preflight_run(struct preflight *preflight, const struct scan_context *context, uint64_t open_files,
                         const struct preflight_patience *patience, struct buf *why)
{
    const char *reason = "out of memory";
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
        run->known = start_known(run);
        wait_for_answers(run, patience);
        say_all(run, open_files);
        preflight->unfit = why_unfit(run);
    } else {
        buf_text(why, reason);
    }
    dispose(run);
    return started ? ERR_OK : ERR_CONFIG;
}

/* Is it the line about disk space, which is printed once the list has been read? */
static bool is_disk(const struct machine_line *check)
{
    return strcmp(check->name, "disk") == 0;
}

static void print_check(const struct machine_line *check, FILE *out)
{
    (void)fprintf(out, "preflight: %s: %s%s\n", check->name, check->ok ? "" : "WARNING: ", check->text);
}

void preflight_print(const struct preflight *preflight, FILE *out)
{
    for (size_t i = 0; i < preflight->count; i++)
        if (!is_disk(&preflight->checks[i]))
            print_check(&preflight->checks[i], out);
}

void preflight_disk(struct preflight *preflight, const struct config *config, uint64_t names,
                    uint64_t spooled, FILE *out)
{
    uint64_t bytes;
    for (size_t i = 0; i < preflight->count; i++) {
        struct machine_line *check = &preflight->checks[i];
        if (!is_disk(check) || !disk_free_bytes(config->output_dir, &bytes))
            continue;
        check->ok = disk_describe(config, names, spooled, bytes, preflight->texts[i], PREFLIGHT_TEXT_BYTES);
        print_check(check, out);
    }
}
