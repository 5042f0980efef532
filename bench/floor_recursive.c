/*
 * The floor of the embedded resolver: libunbound's event API with the settings that a survey needs and
 * nothing around it; of answers the records are counted. Asks for TXT of _mta-sts.<name> of each name. Usage:
 * floor_recursive NAMES-FILE OUTSTANDING ROOT-HINTS
 */
#include <event2/event.h>
#include <stdbool.h>
#include <unbound.h>
#include <unbound-event.h>

#include "bench/bench.h"

enum { TYPE_TXT = 16, CLASS_IN = 1 };

struct run {
    struct event_base *base;
    struct ub_ctx *context;
    struct bench_names names;
    size_t next;
    size_t ended;
    size_t good;
    size_t none;    /* NXDOMAIN */
    size_t records; /* of the answers */
};

static void on_answer(void *arg, int rcode, void *packet, int len, int secure, char *why, int limited)
{
    struct run *run = arg;
    (void)secure;
    (void)why;
    (void)limited;
    const uint8_t *wire = packet;
    bool whole = rcode == 0 && len >= 12;
    run->ended++;
    run->good += rcode == 0 || rcode == 3;
    run->none += whole && (wire[3] & 15) == 3;
    run->records += whole ? (size_t)(wire[6] << 8 | wire[7]) : 0;
}

static void ask(struct run *run)
{
    char name[300];
    int id = 0;
    (void)snprintf(name, sizeof name, "_mta-sts.%s", run->names.list[run->next++]);
    int error = ub_resolve_event(run->context, name, TYPE_TXT, CLASS_IN, run, on_answer, &id);
    if (error != 0)
        bench_die(name, ub_strerror(error));
}

static void set(struct ub_ctx *context, const char *option, const char *value)
{
    int error = ub_ctx_set_option(context, option, value);
    if (error != 0)
        bench_die(option, ub_strerror(error));
}

int main(int argc, char **argv)
{
    struct run run = {0};
    if (argc != 4)
        bench_die("usage", "floor_recursive NAMES-FILE OUTSTANDING ROOT-HINTS");
    run.names = bench_read_names(argv[1]);
    size_t outstanding = strtoul(argv[2], NULL, 10);
    run.base = event_base_new();
    run.context = run.base == NULL ? NULL : ub_ctx_create_event(run.base);
    if (run.context == NULL)
        bench_die("libunbound", "cannot be set up");
    set(run.context, "root-hints:", argv[3]);
    set(run.context, "do-not-query-localhost:", "no");
    set(run.context, "outgoing-range:", "4096");
    set(run.context, "num-queries-per-thread:", "4096");
    set(run.context, "qname-minimisation:", "no");
    set(run.context, "target-fetch-policy:", "0 0 0 0 0");
    set(run.context, "infra-cache-numhosts:", "100000");
    set(run.context, "msg-cache-size:", "16m");
    set(run.context, "rrset-cache-size:", "32m");
    struct bench_cpu since = bench_cpu();
    while (run.ended < run.names.count) {
        while (run.next < run.names.count && run.next - run.ended < outstanding)
            ask(&run);
        if (run.ended < run.names.count)
            (void)event_base_loop(run.base, EVLOOP_ONCE);
    }
    (void)printf("said floor_recursive none=%zu records=%zu\n", run.none, run.records);
    return bench_report("floor_recursive", run.names.count, run.good, since);
}
