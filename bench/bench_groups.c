/*
 * Counts groups at their worst: COUNT domains that all enforce a policy and all lose mail, each with an MX
 * host, an address, a policy host and a label of its own, so that there are as many groups of five kinds. It
 * makes a scan directory of them, counts all kinds as the end of a resumed scan does, and says what that took
 * a record. Usage: bench_groups DIR COUNT  (DIR is made, and left: bench/groups lets show --by loose on it)
 *                bench_groups DIR        (counts only: DIR is a scan directory)
 */
#include <fcntl.h>

#include "bench/bench.h"
#include "output/json/json.h"
#include "output/store/meta.h"
#include "output/store/store.h"
#include "output/store/summary_groups.h"
#include "scanner/machine/suffixes.h"
#include "scanner/verdict/provider.h"
#include "scanner/verdict/verdict.h"

enum { LINE_BYTES = 1 << 20, ARENA_BYTES = 1 << 20, LEVEL = 3, FRAME_BYTES = 1 << 20, META_BYTES = 1 << 20 };

/* One domain's facts, the names in them made of its number. */
struct draft {
    char domain[64], host[80], policy_host[80], label[32], body[160];
    struct ip_addr ip;
    struct bytes txt;
    struct mx_rr rr;
    struct cert_facts cert;
    struct probe_facts probe;
    struct host_facts host_facts;
    struct mx_host mx;
    struct domain_facts facts;
};

static struct lookup_facts lookup(enum dns_status status)
{
    return (struct lookup_facts){.status = status, .security = DNSSEC_INSECURE, .ttl = 300};
}

static struct tls_facts handshake(struct draft *draft, bool name_match)
{
    return (struct tls_facts){.end = TLS_DONE,
                              .version = 0x0304,
                              .alert = -1,
                              .name_match = name_match,
                              .cipher = "TLS_AES_256_GCM_SHA384",
                              .certs = &draft->cert,
                              .cert_count = 1};
}

/* The certificate of the MX host is another name's. */
static void make_host(struct draft *draft, uint32_t number)
{
    const uint32_t bits = number * UINT32_C(2654435761); /* another address for each, in any order */
    draft->cert = (struct cert_facts){.not_after = INT64_C(1) << 40, .key_type = "EC P-256", .key_bits = 256};
    draft->ip = ip_v4(
        (const uint8_t[]){(uint8_t)(bits >> 24), (uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits});
    draft->probe = (struct probe_facts){.host = draft->host,
                                        .ip = draft->ip,
                                        .step = SMTP_QUIT,
                                        .end = SMTP_END_DONE,
                                        .tls = handshake(draft, false)};
    draft->host_facts =
        (struct host_facts){.host = draft->host,
                            .address = {lookup(DNS_ANSWERED), lookup(DNS_NODATA), &draft->ip, 1},
                            .probes = &draft->probe,
                            .probe_count = 1};
    draft->mx = (struct mx_host){.host = draft->host, .preference = 10, .facts = &draft->host_facts};
    draft->rr = (struct mx_rr){10, draft->host};
}

static void make_policy(struct draft *draft, struct policy_facts *policy)
{
    int len = snprintf(draft->body, sizeof draft->body,
                       "version: STSv1\r\nmode: enforce\r\nmx: %s\r\nmax_age: 604800\r\n", draft->host);
    *policy = (struct policy_facts){.host = draft->policy_host,
                                    .address = {lookup(DNS_ANSWERED), lookup(DNS_NODATA), &draft->ip, 1}};
    policy->fetch = (struct fetch_facts){.step = FETCH_DONE,
                                         .ip = draft->ip,
                                         .tls = handshake(draft, true),
                                         .http_status = 200,
                                         .media_type = "text/plain",
                                         .body = bytes_make(draft->body, (size_t)len)};
}

static void make_facts(struct draft *draft, uint32_t number)
{
    (void)snprintf(draft->domain, sizeof draft->domain, "customer-%u.example", number);
    (void)snprintf(draft->host, sizeof draft->host, "mail.customer-%u.example", number);
    (void)snprintf(draft->policy_host, sizeof draft->policy_host, "mta-sts.customer-%u.example", number);
    (void)snprintf(draft->label, sizeof draft->label, "contract %u", number);
    make_host(draft, number);
    draft->txt = bytes_of("v=STSv1; id=20260101T000000;");
    draft->facts =
        (struct domain_facts){.ordinal = (uint64_t)number + 1,
                              .domain = draft->domain,
                              .label = draft->label,
                              .tld = "example",
                              .time = INT64_C(1790000000000),
                              .ms = 700,
                              .txt = {.lookup = lookup(DNS_ANSWERED), .rrs = &draft->txt, .rr_count = 1},
                              .tlsrpt = {.lookup = lookup(DNS_NXDOMAIN)},
                              .mx = {.lookup = lookup(DNS_ANSWERED), .rrs = &draft->rr, .rr_count = 1},
                              .hosts = &draft->mx,
                              .host_count = 1};
    make_policy(draft, &draft->facts.policy);
}

static void append(struct store *store, const struct draft *draft, struct arena *arena, struct buf *line)
{
    struct judgement judgement;
    struct tally tally;
    struct buf why;
    buf_init(&why, 4096);
    arena_reset(arena);
    buf_reset(line);
    verdict_judge(&draft->facts, draft->facts.time, arena, &judgement);
    summary_tally(&draft->facts, &judgement, &tally);
    if (judgement.outcome != OUTCOME_REFUSED || !json_domain(line, &draft->facts, &judgement) ||
        store_append(store, STORE_DOMAINS, buf_bytes(line), &tally, 0, &why) != ERR_OK)
        bench_die(draft->domain, "its record could not be stored");
    buf_dispose(&why);
}

static void write_meta(struct store *store, struct buf *why)
{
    const struct meta meta = {.tool_version = "bench",
                              .state = "done",
                              .started_ms = 1,
                              .ended_ms = 2,
                              .runs = 1,
                              .host = "bench",
                              .command = "bench_groups",
                              .resolver = "embedded"};
    struct buf text;
    buf_init(&text, META_BYTES);
    if (!meta_json(&text, &meta) || store_write_file(store, "meta.json", buf_bytes(&text), why) != ERR_OK)
        bench_die("meta.json", buf_string(why));
    buf_dispose(&text);
}

/* Counts all kinds of groups of a scan directory. Returns how many records there are. */
static size_t count_groups(int dir_fd, struct buf *why)
{
    struct summary_groups groups;
    size_t records = 0;
    summary_groups_init(&groups);
    if (summary_groups_count(&groups, dir_fd, provider_of_mx, why) != ERR_OK)
        bench_die("groups", buf_string(why));
    for (size_t i = 0; i < groups.kinds[BY_TLD].count; i++)
        records += groups.kinds[BY_TLD].rows[i].domains;
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++)
        (void)fprintf(stderr, "%s: %llu groups\n", group_kind_name(kind),
                      (unsigned long long)groups.kinds[kind].groups);
    summary_groups_dispose(&groups);
    return records;
}

static void make_scan(const char *dir, uint32_t count, struct buf *why)
{
    static struct draft draft;
    struct store *store;
    struct arena arena;
    struct buf line;
    const struct store_options options = {.dir = dir,
                                          .level = LEVEL,
                                          .frame_bytes = FRAME_BYTES,
                                          .part_bytes = UINT64_C(1) << 30,
                                          .flush_ms = 10000};
    arena_init(&arena, ARENA_BYTES);
    buf_init(&line, LINE_BYTES);
    if (store_create(&options, &store, why) != ERR_OK)
        bench_die(dir, buf_string(why));
    for (uint32_t number = 0; number < count; number++) {
        make_facts(&draft, number);
        append(store, &draft, &arena, &line);
    }
    if (store_commit(store, why) != ERR_OK)
        bench_die(dir, buf_string(why));
    write_meta(store, why);
    store_destroy(store);
    arena_dispose(&arena);
    buf_dispose(&line);
}

int main(int argc, char **argv)
{
    struct buf why;
    if (argc != 2 && argc != 3)
        bench_die("usage", "bench_groups DIR [COUNT]");
    buf_init(&why, 4096);
    if (argc == 3)
        make_scan(argv[1], (uint32_t)strtoul(argv[2], NULL, 10), &why);
    int dir_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        bench_die(argv[1], strerror(errno));
    suffixes_load();
    struct bench_cpu since = bench_cpu();
    size_t records = count_groups(dir_fd, &why);
    int code = bench_report("bench_groups", records, records, since);
    (void)close(dir_fd);
    buf_dispose(&why);
    return code;
}
