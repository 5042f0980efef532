/*
 * From facts to disk: judgement, JSON, zstd frame, write and fdatasync of the records of average domains
 * (nine in ten deploy nothing, one in ten has no mail; a third of the MX hosts are one of twenty providers').
 * Making up the facts is not counted. Then the same lines' compression alone, as the floor. Usage:
 * bench_record DIR COUNT  (DIR is made, and left)
 */
#include <zstd.h>

#include "bench/bench.h"
#include "output/json/json.h"
#include "output/store/store.h"
#include "scanner/verdict/verdict.h"

enum {
    LINE_BYTES = 1 << 20,
    ARENA_BYTES = 1 << 20,
    LEVEL = 3,
    FRAME_BYTES = 1 << 20,
    PROVIDERS = 20,
    DRAFTS = 1000
};

/* One domain's facts, the names in them drawn from the number. */
struct draft {
    char domain[64];
    char host[80];
    struct ip_addr ip;
    struct mx_rr rr;
    struct probe_facts probe;
    struct host_facts host_facts;
    struct mx_host host_of;
    struct domain_facts facts;
};

static uint64_t draw(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    return value ^ (value >> 27);
}

static struct lookup_facts lookup(enum dns_status status)
{
    return (struct lookup_facts){.status = status, .security = DNSSEC_INSECURE, .ttl = 300};
}

static void make_facts(struct draft *draft, uint64_t number)
{
    uint64_t random = draw(number + 1);
    (void)snprintf(draft->domain, sizeof draft->domain, "%s%llx.com", random % 3 == 0 ? "shop-" : "my",
                   (unsigned long long)(random >> 24));
    if (random % 3 == 0)
        (void)snprintf(draft->host, sizeof draft->host, "mx%u.p%u.infra", (unsigned)(random >> 8 & 1) + 1,
                       (unsigned)(random >> 16) % PROVIDERS);
    else
        (void)snprintf(draft->host, sizeof draft->host, "mail.%s", draft->domain);
    draft->ip =
        (struct ip_addr){.family = 4, .bytes = {192, 0, (uint8_t)(random >> 32), (uint8_t)(random >> 40)}};
    draft->rr = (struct mx_rr){10, draft->host};
    draft->probe =
        (struct probe_facts){.host = draft->host, .ip = draft->ip, .step = SMTP_QUIT, .end = SMTP_END_DONE};
    draft->probe.tls =
        (struct tls_facts){.end = TLS_DONE, .version = 0x0304, .alert = -1, .name_match = true};
    draft->host_facts =
        (struct host_facts){.host = draft->host,
                            .address = {lookup(DNS_ANSWERED), lookup(DNS_NODATA), &draft->ip, 1},
                            .probes = &draft->probe,
                            .probe_count = 1};
    bool mail = random % 10 != 9;
    draft->host_of = (struct mx_host){.host = draft->host, .preference = 10, .facts = &draft->host_facts};
    draft->facts = (struct domain_facts){.ordinal = number + 1,
                                         .domain = draft->domain,
                                         .tld = "com",
                                         .psl_suffix = "com",
                                         .time = INT64_C(1790000000000) + (int64_t)(number / 10),
                                         .ms = (uint32_t)(random % 900),
                                         .txt = {.lookup = lookup(DNS_NXDOMAIN)},
                                         .tlsrpt = {.lookup = lookup(DNS_NXDOMAIN)},
                                         .mx = {.lookup = lookup(mail ? DNS_ANSWERED : DNS_NXDOMAIN)}};
    draft->facts.policy.fetch.tls.alert = -1;
    if (mail) {
        draft->facts.mx.rrs = &draft->rr;
        draft->facts.mx.rr_count = 1;
        draft->facts.hosts = &draft->host_of;
        draft->facts.host_count = 1;
    }
}

static void make_line(const struct domain_facts *facts, struct arena *arena, struct buf *line,
                      struct tally *tally)
{
    struct judgement judgement;
    arena_dispose(arena);
    arena_init(arena, ARENA_BYTES);
    verdict_judge(facts, facts->time, arena, &judgement);
    summary_tally(facts, &judgement, tally);
    buf_reset(line);
    if (!json_domain(line, facts, &judgement))
        bench_die(facts->domain, "its record could not be made");
}

/* Where lines go. */
struct target {
    struct store *store; /* or NULL: nowhere, or into kept */
    struct buf *kept;
    struct buf why;
};

static void take_line(struct target *target, const struct buf *line, const struct tally *tally, size_t number)
{
    if (target->store != NULL && store_append(target->store, STORE_DOMAINS, buf_bytes(line), tally,
                                              (int64_t)number, &target->why) != ERR_OK)
        bench_die("store", buf_string(&target->why));
    if (target->kept != NULL && !buf_append(target->kept, line->data, line->len))
        bench_die("lines", "out of memory");
}

/* Gives the CPU time since when the records of so many domains would have begun, had their facts stood ready.
 */
static struct bench_cpu make_records(struct target *target, size_t count)
{
    static struct draft drafts[DRAFTS];
    struct arena arena;
    struct buf line;
    struct tally tally;
    struct bench_cpu spent = {0, 0};
    arena_init(&arena, ARENA_BYTES);
    buf_init(&line, LINE_BYTES);
    for (size_t from = 0; from < count; from += DRAFTS) {
        size_t here = count - from < DRAFTS ? count - from : DRAFTS;
        for (size_t i = 0; i < here; i++)
            make_facts(&drafts[i], from + i);
        struct bench_cpu since = bench_cpu();
        for (size_t i = 0; i < here; i++) {
            make_line(&drafts[i].facts, &arena, &line, &tally);
            take_line(target, &line, &tally, from + i);
        }
        struct bench_cpu now = bench_cpu();
        spent.user += now.user - since.user;
        spent.system += now.system - since.system;
    }
    arena_dispose(&arena);
    buf_dispose(&line);
    struct bench_cpu now = bench_cpu();
    return (struct bench_cpu){now.user - spent.user, now.system - spent.system};
}

/* The same lines, compressed in frames of the same size and thrown away. */
static void floor_zstd(struct buf *lines, size_t count)
{
    size_t bound = ZSTD_compressBound(FRAME_BYTES);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    char *out = malloc(bound);
    if (context == NULL || out == NULL)
        bench_die("zstd", "out of memory");
    struct bench_cpu since = bench_cpu();
    size_t stored = 0;
    for (size_t at = 0; at < lines->len; at += FRAME_BYTES) {
        size_t len = lines->len - at < FRAME_BYTES ? lines->len - at : FRAME_BYTES;
        stored += ZSTD_compressCCtx(context, out, bound, lines->data + at, len, LEVEL);
    }
    (void)bench_report("floor_zstd", count, stored > 0 ? count : 0, since);
    (void)ZSTD_freeCCtx(context);
    free(out);
}

int main(int argc, char **argv)
{
    struct buf lines;
    struct target target = {0};
    if (argc != 3)
        bench_die("usage", "bench_record DIR COUNT");
    size_t count = strtoul(argv[2], NULL, 10);
    const struct store_options options = {.dir = argv[1],
                                          .level = LEVEL,
                                          .frame_bytes = FRAME_BYTES,
                                          .part_bytes = UINT64_C(1) << 30,
                                          .flush_ms = 10000};
    buf_init(&target.why, 4096);
    buf_init(&lines, (size_t)1 << 32);
    (void)bench_report("bench_record_line", count, count, make_records(&target, count));
    if (store_create(&options, &target.store, &target.why) != ERR_OK)
        bench_die(argv[1], buf_string(&target.why));
    struct bench_cpu since = make_records(&target, count);
    if (store_commit(target.store, &target.why) != ERR_OK)
        bench_die(argv[1], buf_string(&target.why));
    int code = bench_report("bench_record", count, count, since);
    store_destroy(target.store);
    target.store = NULL;
    target.kept = &lines;
    (void)make_records(&target, count);
    floor_zstd(&lines, count);
    (void)printf("bytes raw=%.1f\n", (double)lines.len / (double)count);
    buf_dispose(&lines);
    buf_dispose(&target.why);
    return code;
}
