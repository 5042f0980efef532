/* Multiplies names by shares and steps by their cost. */
#include "scanner/estimate/estimate.h"

#include <math.h>

/* Bytes on the wire both ways with the headers of IP and Ethernet, as counted at the loopback interface of
 * the benchmarks' world: 100,000 questions, 600 sessions with STARTTLS, 300 fetches (bench/README.md). */
static const double question_bytes = 214, session_bytes = 3440, fetch_bytes = 3215, dead_bytes = 300;

/* CPU time of a step in microseconds, and what a whole domain takes beside the sum of its steps
 * (bench/README.md, "The table": 106.4 of 143.0). */
static const double question_us = 2.4, session_us = 680, fetch_us = 800, dead_us = 35, record_us = 1.9;
static const double steps_share = 0.74;

/* A session with a server that answers, and a fetch: some ten round trips of 90 ms on average (figures.def).
 */
static const double session_ms = 900, fetch_ms = 900;

/* Chosen: addresses of one's own are near, so that these take ten round trips of 9 ms. */
static const double own_ms = 90;

/* What scans of the slow world took, as a multiple of their bound: 1.01 to 1.14 (bench/README.md). */
static const double above_bound = 1.1;

void estimate_shares_expected(struct estimate_shares *shares)
{
    *shares = (struct estimate_shares){
#define SHARE(field, value, source) .field = (value),
#include "scanner/estimate/shares.def"
#undef SHARE
    };
}

static double least_of(double a, double b)
{
    return a < b ? a : b;
}

static double most_of(double a, double b)
{
    return a > b ? a : b;
}

/* What was put together while the parts of an estimate are reckoned. */
struct parts {
    double names;
    double sessions; /* connections that are answered */
    double dead;
    double crowd; /* names at the most crowded address */
    double own_crowd;
};

/* A question that fails is asked again: with CD, or until it is given up. */
static double repeats(const struct estimate_shares *shares, const struct estimate_scan *scan)
{
    return 1 + shares->failed + shares->lost * (scan->dns_attempts - 1);
}

static double own_hosts(const struct parts *parts, const struct estimate_shares *shares)
{
    return parts->names * shares->own_hosts;
}

static double other_hosts(const struct parts *parts, const struct estimate_shares *shares)
{
    double of = shares->measured > 0 ? (double)shares->measured : ESTIMATE_NAMES;
    double hosts = shares->other_hosts * pow(parts->names / of, parts->names > of ? shares->host_growth : 1);
    return least_of(hosts, shares->measured > 0 ? hosts : 2 * parts->names);
}

static void add_questions(const struct parts *parts, const struct estimate_shares *shares,
                          const struct estimate_scan *scan, struct estimate *estimate)
{
    double records = parts->names * repeats(shares, scan);
    double alive = 1 - shares->nxdomain - shares->failed - shares->lost - shares->nobody;
    double near = scan->near_miss ? parts->names * most_of(0, alive - shares->record) : 0;
    double addresses = estimate->hosts + parts->names * shares->record;
    estimate->questions[ASKED_MTA_STS] = records;
    estimate->questions[ASKED_TLSRPT] = records;
    estimate->questions[ASKED_MX] = records;
    estimate->questions[ASKED_A] = addresses;
    estimate->questions[ASKED_AAAA] = addresses;
    estimate->questions[ASKED_TLSA] = scan->validates ? estimate->hosts * shares->secure : 0;
    estimate->questions[ASKED_NEAR_MISS] = near;
    for (unsigned kind = 0; kind < ASKED_KINDS; kind++)
        estimate->all_questions += estimate->questions[kind];
}

/* Past limits.names_per_ip the names of a crowded address are counted out. */
static void add_connections(struct parts *parts, const struct estimate_shares *shares,
                            const struct estimate_scan *scan, struct estimate *estimate)
{
    double own = own_hosts(parts, shares) * shares->own_reached;
    double crowded = own * shares->crowded;
    double crowds = least_of(most_of(1, parts->names * shares->crowds), ESTIMATE_CROWDS);
    double budget = scan->names_per_ip * crowds;
    double mine =
        shares->measured > 0 ? most_of(1, parts->names * shares->largest_crowd) : crowded / crowds * 1.3;
    double at_own = parts->names * shares->own_crowd;
    double all = own - crowded + least_of(crowded, budget) + other_hosts(parts, shares) * shares->addresses;
    double everybody = all;
    if (scan->intent)
        all = least_of(all, parts->names * shares->record * most_of(1, shares->addresses));
    if (!scan->probes || scan->names_only)
        all = 0;
    double asked = everybody > 0 ? all / everybody : 0;
    parts->crowd = least_of(mine * asked, scan->names_per_ip);
    parts->own_crowd = least_of(at_own * asked, scan->own_names_per_ip);
    parts->dead = all * shares->dead;
    parts->sessions = all - parts->dead;
    estimate->connections = all;
}

static double question_ms(const struct estimate_shares *shares, const struct estimate_scan *scan)
{
    return shares->answer_ms + shares->retried * scan->dns_timeout_ms;
}

/* Policies whose turn at one address would come after limits.wait are tried again in each further pass, which
 * lets as many through. Returns what these passes take beside the first rest. */
static double add_turns(const struct bound_work *work, const struct estimate_scan *scan,
                        struct estimate *estimate)
{
    double interval_s = bound_interval_s(&scan->limits.https, fetch_ms);
    double in_time = estimate->bound.seconds[BOUND_HTTPS] / interval_s + 1;
    double a_pass = scan->limits.wait_ms / 1000 / interval_s + 1, seconds = 0;
    estimate->no_turn = most_of(0, work->fetch_crowd - in_time);
    estimate->put_off += estimate->no_turn;
    for (double pass = 0; pass < scan->retry_passes && estimate->no_turn >= 1; pass++) {
        double turns = least_of(estimate->no_turn, a_pass);
        seconds += (pass > 0 ? scan->rest_ms / 1000 : 0) + (turns - 1) * interval_s;
        estimate->no_turn -= turns;
    }
    estimate->fetches -= estimate->no_turn;
    return seconds;
}

/* Returns the time of all fetches: those at the most crowded address have so many turns within limits.wait,
 * and those at addresses of one's own are shorter. */
static double all_fetches_ms(const struct parts *parts, const struct estimate_shares *shares,
                             const struct estimate_scan *scan, const struct estimate *estimate)
{
    double crowd = parts->names * shares->policy_crowd, own = parts->names * shares->own_policy_crowd;
    double turns = scan->limits.wait_ms / 1000 / bound_interval_s(&scan->limits.https, fetch_ms) + 1;
    double others = most_of(0, estimate->fetches - crowd - own);
    return (others + least_of(crowd, turns)) * fetch_ms + own * own_ms;
}

static double all_sessions_ms(const struct parts *parts, const struct estimate_scan *scan)
{
    double own = least_of(parts->own_crowd, parts->sessions);
    return (parts->sessions - own) * session_ms + own * own_ms + parts->dead * scan->smtp_connect_timeout_ms;
}

static void add_time(const struct parts *parts, const struct estimate_shares *shares,
                     const struct estimate_scan *scan, struct estimate *estimate)
{
    double given_up = scan->dns_timeout_ms * scan->dns_attempts;
    double lost = shares->lost * parts->names;
    double one = question_ms(shares, scan);
    double answered = most_of(0, estimate->all_questions - 3 * lost * scan->dns_attempts);
    struct bound_work work = {
        .dns_ms = answered * one + 3 * lost * given_up,
        .flight_ms = parts->names * 1.8 * one + lost * given_up, /* the longest of three */
        .smtp_ms = all_sessions_ms(parts, scan),
        .fetch_ms = all_fetches_ms(parts, shares, scan, estimate),
        .slowest_ms = (lost >= 1 ? given_up : one) + (parts->dead >= 1       ? scan->smtp_connect_timeout_ms
                                                      : parts->sessions >= 1 ? session_ms
                                                                             : 0),
        .cpu_ms = (estimate->all_questions * question_us + parts->sessions * session_us +
                   parts->dead * dead_us + estimate->fetches * fetch_us + parts->names * record_us) /
                  steps_share / 1000,
        .crowd = parts->crowd,
        .fetch_crowd = parts->names * shares->policy_crowd,
        .own_crowd = parts->own_crowd,
        .own_fetch_crowd = parts->names * shares->own_policy_crowd,
        .session_ms = session_ms,
        .one_fetch_ms = fetch_ms,
        .own_ms = own_ms};
    bound_of_work(&work, &scan->limits, &estimate->bound);
    estimate->put_off = parts->names * (shares->failed + shares->lost);
    if (shares->measured > 0 &&
        parts->names > (double)shares->measured) /* none of so many is less than one */
        estimate->put_off += (parts->names / (double)shares->measured - 1) / 2;
    estimate->seconds = bound_seconds(&estimate->bound) * above_bound + add_turns(&work, scan, estimate);
    if (scan->rest_ms > 0 && estimate->put_off >= 1)
        estimate->seconds += scan->rest_ms / 1000 + (lost >= 1 ? given_up / 1000 : one / 1000);
}

/* Only what was seen counts for the least: how long questions are out, and that some name is asked in vain.
 */
static void add_least(const struct parts *parts, const struct estimate_shares *shares,
                      const struct estimate_scan *scan, struct estimate *estimate)
{
    if (shares->measured == 0)
        return;
    double given_up = scan->dns_timeout_ms * scan->dns_attempts;
    struct bound_work work = {.dns_ms = parts->names * 3 * shares->answer_least_ms,
                              .flight_ms = parts->names * shares->answer_least_ms,
                              .slowest_ms = shares->lost > 0 ? given_up : 0};
    struct bound bound;
    bound_of_work(&work, &scan->limits, &bound);
    bool again = shares->lost > 0 || shares->failed > 0;
    estimate->least = bound_seconds(&bound);
    if (scan->rest_ms > 0 && again)
        estimate->least += scan->rest_ms / 1000;
}

void estimate_of(uint64_t names, const struct estimate_shares *shown, const struct estimate_scan *scan,
                 struct estimate *estimate)
{
    struct parts parts = {.names = (double)names};
    struct estimate_shares shares = *shown;
    if (scan->names_only) /* then no address is crowded by fetches */
        shares.policy_crowd = shares.own_policy_crowd = 0;
    *estimate = (struct estimate){.names = names};
    estimate->hosts = own_hosts(&parts, &shares) + other_hosts(&parts, &shares);
    estimate->fetches = scan->names_only ? 0 : parts.names * shares.record;
    add_questions(&parts, &shares, scan, estimate);
    add_connections(&parts, &shares, scan, estimate);
    add_time(&parts, &shares, scan, estimate);
    add_least(&parts, &shares, scan, estimate);
    estimate->dns_bytes = estimate->all_questions * question_bytes;
    estimate->smtp_bytes = parts.sessions * session_bytes + parts.dead * dead_bytes;
    estimate->https_bytes = estimate->fetches * fetch_bytes;
}

/* ---- words --------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *words;
} questions[ASKED_KINDS] = {
    [ASKED_MTA_STS] = {"mta_sts", "TXT of _mta-sts.NAME"},
    [ASKED_TLSRPT] = {"tlsrpt", "TXT of _smtp._tls.NAME"},
    [ASKED_MX] = {"mx", "MX of NAME"},
    [ASKED_A] = {"a", "A of MX hosts and policy hosts"},
    [ASKED_AAAA] = {"aaaa", "AAAA of MX hosts and policy hosts"},
    [ASKED_TLSA] = {"tlsa", "TLSA of MX hosts with signed addresses"},
    [ASKED_NEAR_MISS] = {"near_miss", "A of mta-sts.NAME if there is no record (dns.near_miss)"},
};

const char *estimate_question_name(enum estimate_question question)
{
    return questions[question].name;
}

const char *estimate_question_words(enum estimate_question question)
{
    return questions[question].words;
}

const char *estimate_advice(enum bound_term binds)
{
    static const char *const advice[BOUND_TERMS] = {
        [BOUND_DNS] =
            "the resolver: more resolvers in dns.resolvers or a larger dns.outstanding shorten it, if they "
            "can take that",
        [BOUND_FLIGHT] = "domains in flight: a larger scan.in_flight shortens it, and takes memory",
        [BOUND_SMTP] =
            "SMTP sessions at a time: a larger smtp.live shortens it, and takes open files; so does "
            "smtp.probe=intent, which connects only where a record says that somebody means it",
        [BOUND_FETCH] = "policy fetches at a time: a larger policy.live shortens it",
        [BOUND_SLOWEST] =
            "the slowest domain: lower dns.timeout, dns.attempts or smtp.connect_timeout shorten it, and "
            "leave more unknown",
        [BOUND_LOOPS] = "the processors: more cores shorten it (scan.loops), or smtp.probe=intent",
        [BOUND_PACE] =
            "the pace at the most crowded address: limits.ip_per_minute and limits.names_per_ip are manners "
            "towards strangers, limits.own is for addresses of your own; smtp.probe=intent connects to fewer",
        [BOUND_HTTPS] = "the pace of policy fetches at the most crowded address: limits.https_per_minute and "
                        "limits.https_connections are manners towards strangers; if the address is your own, "
                        "limits.own=PREFIX takes it out",
        [BOUND_OWN_PACE] = "the pace of SMTP at the most crowded address of limits.own: a larger "
                           "limits.own_ip_per_minute and limits.own_ip_connections shorten it, if your hosts "
                           "can take that",
        [BOUND_OWN_HTTPS] = "the pace of policy fetches at the most crowded address of limits.own: a larger "
                            "limits.own_https_per_minute and limits.own_https_connections shorten it, if "
                            "your hosts can take that; so does a larger policy.live, which they share",
    };
    return advice[binds];
}
