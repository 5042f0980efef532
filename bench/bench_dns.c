/*
 * Our resolvers on the same questions as floor_dns and floor_recursive: TXT of _mta-sts.<name> of each name,
 * answers checked and taken apart. Usage: bench_dns NAMES-FILE OUTSTANDING [out=FILE]
 * [--section.key=value...]; the configuration says which engine, answers are written to FILE as JSON.
 */
#include "bench/bench.h"
#include "bench/settings.h"
#include "scanner/dns/lookup.h"
#include "scanner/tls/trust.h"

struct run {
    struct event_base *base;
    struct lookup_engine *engine;
    struct bench_names names;
    size_t next;
    size_t ended;
    size_t good;
    size_t none;    /* NXDOMAIN */
    size_t records; /* of the answers */
    FILE *out;
};

static void ask_next(struct run *run);

/* What massdns writes too: the name, how the question went, TTL and data of each record. */
static void write_answer(FILE *out, const struct dns_answer *answer)
{
    (void)fprintf(out, "{\"name\":\"%s\",\"type\":%u,\"status\":%d,\"ttl\":%u,\"answers\":[", answer->owner,
                  answer->type, (int)answer->lookup.status, answer->lookup.ttl);
    for (size_t i = 0; i < answer->rr_count; i++) {
        struct bytes rdata = answer->rrs[i].rdata;
        (void)fputs(i == 0 ? "\"" : ",\"", out);
        for (size_t at = 1; at < rdata.len; at++) /* TXT: behind the first length */
            (void)putc_unlocked(rdata.data[at] < ' ' || rdata.data[at] == '"' ? '?' : rdata.data[at], out);
        (void)fputs("\"", out);
    }
    (void)fputs("]}\n", out);
}

static void on_answer(void *arg, const struct dns_answer *answer)
{
    struct run *run = arg;
    run->ended++;
    run->good += answer->lookup.status == DNS_ANSWERED || answer->lookup.status == DNS_NXDOMAIN ||
                 answer->lookup.status == DNS_NODATA;
    run->none += answer->lookup.status == DNS_NXDOMAIN;
    run->records += answer->rr_count;
    if (run->out != NULL)
        write_answer(run->out, answer);
    if (run->ended == run->names.count)
        (void)event_base_loopbreak(run->base);
    ask_next(run);
}

static void ask_next(struct run *run)
{
    static const char prefix[] = "_mta-sts.";
    char name[600];
    if (run->next == run->names.count)
        return;
    const char *domain = run->names.list[run->next++];
    memcpy(name, prefix, sizeof prefix - 1);
    memcpy(name + sizeof prefix - 1, domain, strlen(domain) + 1);
    (void)lookup_start(run->engine, name, DNS_TYPE_TXT, on_answer, run);
}

int main(int argc, char **argv)
{
    struct config config;
    struct ip_set allow = {0};
    const char *why = "";
    struct run run = {0};
    if (argc < 3)
        bench_die("usage", "bench_dns NAMES-FILE OUTSTANDING [out=FILE] [--section.key=value...]");
    run.names = bench_read_names(argv[1]);
    size_t outstanding = strtoul(argv[2], NULL, 10);
    int options = argc > 3 && strncmp(argv[3], "out=", 4) == 0 ? 4 : 3;
    if (options == 4 && (run.out = fopen(argv[3] + 4, "w")) == NULL)
        bench_die(argv[3], strerror(errno));
    bench_configure(&config, argc - options, argv + options);
    run.base = event_base_new();
    if (run.base == NULL || ip_set_parse(config.safety_allow, &allow, &why) != ERR_OK)
        bench_die("safety.allow", why);
    const struct lookup_bounds bounds = {.allow = &allow};
    run.engine = lookup_engine_create(run.base, &config, NULL, &bounds, 1, &why);
    if (run.engine == NULL)
        bench_die("engine", why);
    struct bench_cpu since = bench_cpu();
    for (size_t i = 0; i < outstanding; i++)
        ask_next(&run);
    (void)event_base_loop(run.base, EVLOOP_NO_EXIT_ON_EMPTY);
    if (run.out != NULL && fclose(run.out) != 0)
        bench_die("out", strerror(errno));
    (void)printf("said bench_dns none=%zu records=%zu\n", run.none, run.records);
    int code = bench_report("bench_dns", run.names.count, run.good, since);
    lookup_engine_destroy(run.engine);
    event_base_free(run.base);
    ip_set_dispose(&allow);
    config_dispose(&config);
    return code;
}
