/* Sums up what may be held. */
#include "scanner/machine/ceilings.h"

#include "scanner/dns/lookup.h"
#include "scanner/dns/recursive_context.h"
#include "scanner/dns/upstream.h"
#include "scanner/facts/record_kept.h"
#include "scanner/machine/setup.h"
#include "scanner/machine/watch.h"
#include "scanner/reach/lanes.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

/* What is resident with peers as they are, as measured in the benchmarks' worlds (bench/README.md, "Memory");
 * tests/world-memory holds it. */
enum {
    LIKELY_MIB = 32, /* the program, its libraries and buffers */
    LIKELY_LOOP_MIB = 16,
    LIKELY_DOMAIN_KIB = 3,      /* in flight: itself, its lookups */
    LIKELY_PARKED_KIB = 6,      /* itself, its answers, its MX host and the probe that waits */
    LIKELY_CONNECTION_KIB = 20, /* with TLS */
    LIKELY_CACHED_KIB = 4,      /* an MX host that is kept */
    LIKELY_NAME_BYTES = 32,
    LIKELY_GROUPS_BYTES = 192 /* of a name's groups, of which most are not its own alone */
};

/* Open files. */
enum {
    FILES_OF_OUR_OWN = 31, /* standard ones, directory, lock, streams, spools, input, signals, mailboxes, and
                              7 for groups */
    FILES_A_LOOP = 6,      /* epoll, mailbox, libevent's and libcurl's own wake-ups */
    FILES_OF_A_CHECK = 10, /* standard ones, an earlier scan and its record file, lists, TMPDIR's */
    EMBEDDED_OWN = 4,      /* what the embedded resolver opens beside sockets */
    PEERS_LEAST = 2        /* a mail server and a policy host */
};

static uint64_t at_least(uint64_t value, uint64_t least)
{
    return value < least ? least : value;
}

static uint64_t count_resolvers(const struct config *config)
{
    uint64_t count = 0;
    const char *list = config->dns_resolvers;
    for (;;) {
        list += strspn(list, ", \t");
        if (*list == '\0')
            return count;
        count++;
        list += strcspn(list, ", \t");
    }
}

/* Return how many connections to mail servers, to policy hosts there are at a time; the stage names makes
 * none. */
static uint64_t sessions_of(const struct config *config)
{
    return config_fetches(config) ? (uint64_t)config->smtp_live : 0;
}

static uint64_t fetches_of(const struct config *config)
{
    return config_fetches(config) ? (uint64_t)config->policy_live : 0;
}

/* ---- memory -------------------------------------------------------------------------------------------- */

void ceilings_of(const struct config *config, struct ceiling rows[CEILINGS])
{
    uint64_t loops = setup_loops(config);
    uint64_t resolvers = at_least(count_resolvers(config), 1);
    uint64_t in_flight = (uint64_t)config->scan_in_flight;
    const struct ceiling made[CEILINGS] = {
        {"domains in flight", "scan.in_flight", in_flight, 2 * MIB + 4 * KIB},
        {"domains parked", "limits.parked", (uint64_t)config->limits_parked, 2 * MIB + 4 * KIB},
        {"DNS questions", "dns.outstanding, a resolver", resolvers * (uint64_t)config->dns_outstanding, KIB},
        {"policy fetches", "policy.live", fetches_of(config),
         114 * KIB + policy_bytes_read(config->policy_max_bytes)},
        {"SMTP sessions", "smtp.live", sessions_of(config), 1064 * KIB},
        {"certificate chains", "smtp.live, policy.live", sessions_of(config) + fetches_of(config), 3 * MIB},
        {"MX hosts kept", "scan.cache", 1, (uint64_t)config->scan_cache},
        {"what crowded addresses said", "32 MiB, past limits.names_per_ip", config_fetches(config) ? 1 : 0,
         LANES_SAMPLES_BYTES},
        {"names in memory", "input.memory, two passes", 2, (uint64_t)config->input_memory},
        {"records not yet written", "64 MiB, and what is in flight", 1,
         (uint64_t)64 * MIB + in_flight * 8 * KIB},
        {"groups of summary.json", "32 MiB, and 7 buffers of files", 1, CEILINGS_GROUPS_BYTES},
        {"frames being filled", "four streams", 4, 2 * (uint64_t)config->output_frame_bytes + 8 * MIB},
        {"loops: resolver caches, TLS, libraries", "scan.loops", loops,
         (uint64_t)64 * MIB / loops + 26 * MIB},
    };
    memcpy(rows, made, sizeof made);
}

uint64_t ceilings_total(const struct ceiling rows[CEILINGS])
{
    uint64_t total = 0;
    for (size_t i = 0; i < CEILINGS; i++)
        total += rows[i].most * rows[i].worst_bytes;
    return total;
}

static uint64_t least_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How many of so many names may be parked, if no more are than `most`. */
static uint64_t parked_of(const struct config *config, uint64_t names, uint64_t most)
{
    uint64_t in_flight = (uint64_t)config->scan_in_flight;
    uint64_t beside = names > in_flight ? names - in_flight : 0;
    return least_of(least_of(beside, most), (uint64_t)config->limits_parked);
}

uint64_t ceilings_likely(const struct config *config, uint64_t names)
{
    uint64_t of = names == CEILINGS_ANY_LIST ? UINT64_MAX / MIB : names;
    uint64_t in_flight = (uint64_t)config->scan_in_flight;
    return (LIKELY_MIB + (uint64_t)setup_loops(config) * LIKELY_LOOP_MIB) * MIB +
           least_of((uint64_t)config->scan_cache, of * LIKELY_CACHED_KIB * KIB) +
           least_of((uint64_t)config->input_memory, of * LIKELY_NAME_BYTES) +
           least_of(CEILINGS_GROUPS_BYTES, of * LIKELY_GROUPS_BYTES) +
           least_of(in_flight, of) * LIKELY_DOMAIN_KIB * KIB +
           parked_of(config, of, in_flight) * LIKELY_PARKED_KIB * KIB +
           least_of(sessions_of(config) + fetches_of(config), of) * LIKELY_CONNECTION_KIB * KIB;
}

uint64_t ceilings_all_parked(const struct config *config, uint64_t names)
{
    uint64_t of = names == CEILINGS_ANY_LIST ? UINT64_MAX : names;
    uint64_t likely = parked_of(config, of, (uint64_t)config->scan_in_flight);
    return (parked_of(config, of, UINT64_MAX) - likely) * LIKELY_PARKED_KIB * KIB;
}

uint32_t ceilings_threads(const struct config *config)
{
    return setup_loops(config) + 3;
}

static void print_row(FILE *out, const char *what, uint64_t most, uint64_t each, uint64_t product,
                      const char *from)
{
    (void)fprintf(out, "  %-40s %8llu x %9llu KiB = %10.1f MiB  %s\n", what, (unsigned long long)most,
                  (unsigned long long)(each / KIB), (double)product / (double)MIB, from);
}

void ceilings_print(const struct config *config, FILE *out)
{
    struct ceiling rows[CEILINGS];
    ceilings_of(config, rows);
    (void)fprintf(
        out,
        "Memory: likely up to %llu MiB, whatever the list's length (scan.in_flight, scan.cache,\n"
        "smtp.live, input.memory, scan.loops), of which a list of a few hundred names takes 64 MiB;\n"
        "%llu MiB more if limits.parked domains wait for crowded addresses. The bound, were every\n"
        "peer as hostile as can be (nearly all of it is for domains whose records and policies are\n"
        "as long as a record may be; one without a record takes 2 KiB):\n",
        (unsigned long long)(ceilings_likely(config, CEILINGS_ANY_LIST) / MIB),
        (unsigned long long)(ceilings_all_parked(config, CEILINGS_ANY_LIST) / MIB));
    for (size_t i = 0; i < CEILINGS; i++)
        print_row(out, rows[i].what, rows[i].most, rows[i].worst_bytes, rows[i].most * rows[i].worst_bytes,
                  rows[i].from);
    (void)fprintf(out, "  %-40s %33.1f MiB\n", "together, the bound",
                  (double)ceilings_total(rows) / (double)MIB);
    (void)fputs("Growing with the list besides, bytes for each: name 1/8; certificate 22 to 43;\n"
                "address that timed out 16 to 43; address that served several host names 24 at most.\n",
                out);
    (void)fprintf(out, "Threads: %u (loops, reader, writer, main). Open files: %llu at most.\n",
                  ceilings_threads(config),
                  (unsigned long long)ceilings_files(config, setup_open_files_allowed()));
}

/* ---- open files ---------------------------------------------------------------------------------------- */

/* Returns the files of resolvers that one of so many loops may have open. */
static uint64_t resolver_files(const struct config *config, uint64_t limit, uint64_t loops)
{
    uint64_t resolvers = count_resolvers(config);
    if (resolvers > 0) {
        uint64_t sockets = at_least((UPSTREAM_SOCKETS + loops - 1) / loops, UPSTREAM_SOCKETS_LEAST);
        return resolvers * sockets + resolver_tcp_most(limit, (uint32_t)loops);
    }
    uint64_t udp = at_least(limit / RECURSIVE_FILES_SHARE / loops, RECURSIVE_UDP_LEAST);
    uint64_t tcp = at_least(udp / RECURSIVE_TCP_SHARE, RECURSIVE_TCP_LEAST);
    return udp + (tcp < RECURSIVE_TCP_MOST ? tcp : RECURSIVE_TCP_MOST) + EMBEDDED_OWN;
}

/* Returns all open files but connections to peers. */
static uint64_t fixed_files(const struct config *config, uint64_t limit)
{
    uint64_t loops = setup_loops(config);
    return FILES_OF_OUR_OWN + loops * (FILES_A_LOOP + resolver_files(config, limit, loops)) +
           resolver_files(config, limit, WATCH_SHARE);
}

/* Returns the files of connections to peers. */
static uint64_t peer_files(const struct config *config)
{
    return sessions_of(config) + fetches_of(config);
}

uint64_t ceilings_files(const struct config *config, uint64_t limit)
{
    return fixed_files(config, limit) + peer_files(config);
}

static bool fits_at_all(const struct config *config, uint64_t limit)
{
    return fixed_files(config, limit) + least_of(peer_files(config), PEERS_LEAST) <= limit;
}

/* Shares out what is left for peers, to both kinds in the proportion that was asked for. */
static void share_out(struct config *config, uint64_t left)
{
    uint64_t asked = (uint64_t)config->smtp_live + (uint64_t)config->policy_live;
    if (left > asked)
        left = asked;
    uint64_t policy = at_least(left * (uint64_t)config->policy_live / asked, 1);
    if (policy > left - 1)
        policy = left - 1;
    config->policy_live = (int64_t)policy;
    config->smtp_live = (int64_t)(left - policy);
}

static void say_too_few(struct buf *said, uint64_t limit, uint64_t need)
{
    buf_printf(said, "open files: %llu are allowed, %llu are needed at least; raise ulimit -n",
               (unsigned long long)limit, (unsigned long long)need);
}

bool ceilings_fit_check(const struct config *config, uint64_t limit, struct buf *said)
{
    uint64_t need = FILES_OF_A_CHECK + FILES_A_LOOP + resolver_files(config, limit, 1) + PEERS_LEAST;
    if (need > limit)
        say_too_few(said, limit, need);
    return need <= limit;
}

bool ceilings_fit(struct config *config, uint64_t limit, struct buf *said)
{
    const struct config asked = *config;
    if (ceilings_files(config, limit) <= limit)
        return true;
    while (!fits_at_all(config, limit) && setup_loops(config) > 1)
        config->scan_loops = (int64_t)setup_loops(config) - 1;
    if (!fits_at_all(config, limit)) {
        say_too_few(said, limit, fixed_files(config, limit) + least_of(peer_files(config), PEERS_LEAST));
        return false;
    }
    buf_printf(said, "open files: %llu are allowed, so ", (unsigned long long)limit);
    if (peer_files(config) > 0) {
        share_out(config, limit - fixed_files(config, limit));
        buf_printf(said, "smtp.live is %lld instead of %lld, policy.live %lld instead of %lld",
                   (long long)config->smtp_live, (long long)asked.smtp_live, (long long)config->policy_live,
                   (long long)asked.policy_live);
    }
    if (setup_loops(config) != setup_loops(&asked))
        buf_printf(said, "%sscan.loops %s%u instead of %u", peer_files(config) > 0 ? ", " : "",
                   peer_files(config) > 0 ? "" : "is ", setup_loops(config), setup_loops(&asked));
    return true;
}
