/*
 * Our STARTTLS probe on the same hosts as floor_probe: verified, facts and certificates' hashes recorded,
 * judged. Usage: bench_probe ROOT.pem HOSTS-FILE LIVE [failing] [--section.key=value...]
 * failing: the hosts refuse or never answer.
 */
#include "bench/bench.h"
#include "bench/settings.h"
#include "scanner/smtp/probe.h"
#include "scanner/tls/legacy.h"
#include "scanner/tls/verified.h"
#include "scanner/verdict/verdict.h"

enum { PROBE_ARENA_BYTES = 1 << 20 };

struct run {
    struct event_base *base;
    struct prober *prober;
    struct bench_names hosts;
    size_t next;
    size_t ended;
    size_t good;
    bool failing;
};

struct one {
    struct run *run;
    struct arena arena;
    struct probe_facts facts;
    char host[300];
};

static void start_next(struct run *run);

static void on_probe(void *arg, struct probe_facts *facts)
{
    struct one *one = arg;
    struct run *run = one->run;
    run->good += (verdict_probe(facts, facts->time) == FAIL_NONE) != run->failing;
    arena_dispose(&one->arena);
    free(one);
    if (++run->ended == run->hosts.count)
        (void)event_base_loopbreak(run->base);
    start_next(run);
}

static void start_next(struct run *run)
{
    char address[64];
    struct probe_request request = {0};
    if (run->next == run->hosts.count)
        return;
    struct one *one = calloc(1, sizeof *one);
    if (one == NULL || sscanf(run->hosts.list[run->next++], "%299s %63s", one->host, address) != 2 ||
        !ip_parse(address, &request.ip))
        bench_die("hosts", "not \"host address\"");
    one->run = run;
    arena_init(&one->arena, PROBE_ARENA_BYTES);
    request.host = one->host;
    request.arena = &one->arena;
    request.facts = &one->facts;
    request.done = on_probe;
    request.arg = one;
    if (!handle_is_set(probe_start(run->prober, &request)))
        bench_die(one->host, "cannot be probed");
}

int main(int argc, char **argv)
{
    struct config config;
    struct run run = {0};
    const char *why = "";
    if (argc < 4)
        bench_die("usage", "bench_probe ROOT.pem HOSTS-FILE LIVE [failing] [--section.key=value...]");
    run.hosts = bench_read_names(argv[2]);
    run.failing = argc > 4 && strcmp(argv[4], "failing") == 0;
    int flags = run.failing ? 5 : 4;
    bench_configure(&config, argc - flags, argv + flags);
    if (config.tls_legacy_decoder == TLS_LEGACY_DECODER_YES)
        (void)(tls_legacy_decoder_use() && tls_verified_use());
    struct trust *trust = trust_create(argv[1], &why);
    run.base = event_base_new();
    run.prober = trust == NULL || run.base == NULL ? NULL : prober_create(run.base, &config, trust, &why);
    if (run.prober == NULL)
        bench_die("prober", why);
    struct bench_cpu since = bench_cpu();
    for (size_t live = strtoul(argv[3], NULL, 10); live > 0; live--)
        start_next(&run);
    (void)event_base_loop(run.base, EVLOOP_NO_EXIT_ON_EMPTY);
    int code = bench_report("bench_probe", run.hosts.count, run.good, since);
    prober_destroy(run.prober);
    event_base_free(run.base);
    trust_destroy(trust);
    config_dispose(&config);
    return code;
}
