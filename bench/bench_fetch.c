/*
 * Our policy fetch on the same hosts as floor_fetch: certificate facts, body kept and parsed, judged.
 * Usage: bench_fetch ROOT.pem HOSTS-FILE LIVE [--section.key=value...]
 */
#include "bench/bench.h"
#include "bench/settings.h"
#include "scanner/base/clock.h"
#include "scanner/https/fetch.h"
#include "scanner/sts/policy.h"
#include "scanner/tls/legacy.h"
#include "scanner/tls/verified.h"
#include "scanner/verdict/verdict.h"

enum { FETCH_ARENA_BYTES = 1 << 20, HTTPS = 443, TIMEOUT_MS = 60000 };

struct run {
    struct event_base *base;
    struct fetcher *fetcher;
    struct bench_names hosts;
    size_t next;
    size_t ended;
    size_t good;
};

struct one {
    struct run *run;
    struct arena arena;
    char host[300];
};

static void start_next(struct run *run);

static bool is_good(const struct fetch_facts *facts, struct arena *arena)
{
    struct sts_policy policy;
    if (facts->step != FETCH_DONE || facts->http_status != 200 ||
        verdict_certificate(&facts->tls, STAGE_POLICY, clock_wall_ms()) != FAIL_NONE)
        return false;
    sts_policy_parse(facts->body, arena, &policy);
    return policy.code == FAIL_NONE;
}

static void on_fetch(void *arg, struct fetch_facts *facts)
{
    struct one *one = arg;
    struct run *run = one->run;
    run->good += is_good(facts, &one->arena);
    arena_dispose(&one->arena);
    free(one);
    if (++run->ended == run->hosts.count)
        (void)event_base_loopbreak(run->base);
    start_next(run);
}

static void start_next(struct run *run)
{
    char address[64];
    struct fetch_request request = {.port = HTTPS, .timeout_ms = TIMEOUT_MS, .done = on_fetch};
    if (run->next == run->hosts.count)
        return;
    struct one *one = calloc(1, sizeof *one);
    if (one == NULL || sscanf(run->hosts.list[run->next++], "%299s %63s", one->host, address) != 2 ||
        !ip_parse(address, &request.ip))
        bench_die("hosts", "not \"host address\"");
    one->run = run;
    arena_init(&one->arena, FETCH_ARENA_BYTES);
    request.host = one->host;
    request.arena = &one->arena;
    request.arg = one;
    if (!handle_is_set(fetch_start(run->fetcher, &request)))
        bench_die(one->host, "cannot be fetched");
}

int main(int argc, char **argv)
{
    struct config config;
    struct run run = {0};
    const char *why = "";
    if (argc < 4)
        bench_die("usage", "bench_fetch ROOT.pem HOSTS-FILE LIVE [--section.key=value...]");
    run.hosts = bench_read_names(argv[2]);
    bench_configure(&config, argc - 4, argv + 4);
    if (config.tls_legacy_decoder == TLS_LEGACY_DECODER_YES)
        (void)(tls_legacy_decoder_use() && tls_verified_use());
    struct trust *trust = trust_create(argv[1], &why);
    run.base = event_base_new();
    run.fetcher = trust == NULL || run.base == NULL ? NULL : fetcher_create(run.base, &config, trust, &why);
    if (run.fetcher == NULL)
        bench_die("fetcher", why);
    struct bench_cpu since = bench_cpu();
    for (size_t live = strtoul(argv[3], NULL, 10); live > 0; live--)
        start_next(&run);
    (void)event_base_loop(run.base, EVLOOP_NO_EXIT_ON_EMPTY);
    int code = bench_report("bench_fetch", run.hosts.count, run.good, since);
    fetcher_destroy(run.fetcher);
    event_base_free(run.base);
    trust_destroy(trust);
    config_dispose(&config);
    return code;
}
