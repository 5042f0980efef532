/* Sums over the names of the world. */
#include "bench/world/bound.h"

#include <string.h>

enum { DRAWS = 65536 };

const struct bound_scan bound_defaults = {.in_flight = 20000,
                                          .dns_outstanding = 1000,
                                          .dns_timeout = 3000,
                                          .dns_attempts = 3,
                                          .smtp_live = 2000,
                                          .smtp_connect_timeout = 10000,
                                          .smtp_session_timeout = 90000,
                                          .ip_per_minute = 20,
                                          .names_per_ip = 50,
                                          .wait = 1800000};

/* Means over many draws: of one question, of the longest of three side by side, of one round trip. */
struct means {
    double question_ms;
    double three_ms;
    double tcp_ms;
};

/* A question's time with the share of first tries that are lost. */
static double question_ms(const struct internet *internet, const struct bound_scan *scan, uint64_t draw)
{
    uint64_t hash = internet_hash(internet, (const char *)&draw, sizeof draw, 0);
    bool retried = internet->latency && hash % 1000000 < FIG_RETRY_SHARE;
    return internet_dns_ms(internet, hash) + (retried ? (double)scan->dns_timeout : 0);
}

static struct means draw_means(const struct internet *internet, const struct bound_scan *scan)
{
    struct means means = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        double longest = 0;
        for (uint64_t j = 0; j < 3; j++) {
            double ms = question_ms(internet, scan, i * 3 + j);
            means.question_ms += ms / 3 / DRAWS;
            longest = ms > longest ? ms : longest;
        }
        means.three_ms += longest / DRAWS;
        means.tcp_ms += (double)internet_tcp_ms(internet, i) / DRAWS;
    }
    return means;
}

/* Without a record, but with mail: the first look for one at a wrong name is A of mta-sts.<d>. */
static bool is_looked_at(const struct site *site, const struct bound_scan *scan)
{
    return !scan->no_near_miss && site->sts == STS_ABSENT && site->mail != MAIL_NXDOMAIN &&
           site->mail != MAIL_NULL_MX && site->mail != MAIL_SERVFAIL;
}

/* Questions of one domain that are answered: three records, and addresses of both families of its own MX host
 * or of the domain in its place, and of its policy host. */
static unsigned questions_of(const struct site *site, const struct bound_scan *scan)
{
    unsigned count = 3;
    bool own_host = site->mail != MAIL_PROVIDER && site->mail != MAIL_NULL_MX && site->mail != MAIL_NXDOMAIN;
    count += own_host ? 2 : 0;
    count += is_looked_at(site, scan) ? 1 : 0;
    return count + (site->sts == STS_ABSENT ? 0 : 2);
}

/* A SERVFAIL is asked for once more, with CD. */
static unsigned times_asked(const struct site *site)
{
    return site->mail == MAIL_SERVFAIL ? 2 : 1;
}

unsigned bound_questions(const struct site *site, const struct bound_scan *scan)
{
    if (site->mail == MAIL_LOST)
        return 3 * scan->dns_attempts;
    return questions_of(site, scan) * times_asked(site);
}

/* What its SMTP session takes; 0 where it has no host of its own. */
static double session_ms(const struct site *site, const struct bound_scan *scan, const struct means *means)
{
    switch (site->mail) {
    case MAIL_DEAD:
        return scan->smtp_connect_timeout;
    case MAIL_TARPIT:
        return scan->smtp_session_timeout;
    case MAIL_OWN:
    case MAIL_SHARED:
        return means->tcp_ms;
    default:
        return 0;
    }
}

struct sums {
    struct bound_work work;
    uint32_t shared[FIG_SHARED_HOSTS];
    uint32_t parking[FIG_PARKING_HOSTS]; /* a refused connection takes a turn too */
};

static void add_site(const struct site *site, const struct bound_scan *scan, const struct means *means,
                     struct sums *sums)
{
    double given_up = (double)scan->dns_timeout * scan->dns_attempts;
    bool lost = site->mail == MAIL_LOST;
    unsigned times = times_asked(site);
    double alone = lost ? given_up : means->three_ms * times;
    sums->work.dns_ms += lost ? 3 * given_up : questions_of(site, scan) * times * means->question_ms;
    sums->work.flight_ms += alone;
    bool probed = !scan->intent || site->sts != STS_ABSENT;
    double session = probed ? session_ms(site, scan, means) : 0;
    sums->work.smtp_ms += session;
    if (alone + session > sums->work.slowest_ms)
        sums->work.slowest_ms = alone + session;
    if (probed && site->mail == MAIL_SHARED)
        sums->shared[internet_mail_address(site) % FIG_SHARED_HOSTS]++;
    if (probed && site->mail == MAIL_PARKED)
        sums->parking[internet_mail_address(site) % FIG_PARKING_HOSTS]++;
}

static uint32_t largest(const uint32_t *crowds, size_t count, uint32_t least)
{
    for (size_t i = 0; i < count; i++)
        least = crowds[i] > least ? crowds[i] : least;
    return least;
}

void bound_of(const struct internet *internet, uint64_t names, const struct bound_scan *scan,
              struct bound *bound, uint32_t *crowd)
{
    struct sums sums;
    struct means means = draw_means(internet, scan);
    const struct bound_pace nobody = {.per_minute = 1, .at_a_time = 1}; /* is in such a crowd */
    const struct bound_limits limits = {.in_flight = scan->in_flight,
                                        .dns_outstanding = scan->dns_outstanding,
                                        .smtp_live = scan->smtp_live,
                                        .policy_live = 1,
                                        .smtp = {.per_minute = scan->ip_per_minute, .at_a_time = 1},
                                        .https = nobody,
                                        .own_smtp = nobody,
                                        .own_https = nobody,
                                        .wait_ms = scan->wait,
                                        .loops = 1};
    memset(&sums, 0, sizeof sums);
    for (uint64_t i = 0; i < names; i++) {
        char name[NAME_BYTES];
        struct site site;
        internet_name(internet, i, name);
        internet_site(internet, name, &site);
        add_site(&site, scan, &means, &sums);
    }
    *crowd = largest(sums.shared, FIG_SHARED_HOSTS, 0);
    *crowd = largest(sums.parking, FIG_PARKING_HOSTS, *crowd);
    *crowd = *crowd < scan->names_per_ip ? *crowd : scan->names_per_ip;
    sums.work.crowd = *crowd;
    bound_of_work(&sums.work, &limits, bound);
}

void bound_print(const struct bound *bound, uint32_t crowd, FILE *out)
{
    (void)fprintf(out, "{\"bound_s\":%.1f,\"binds\":\"%s\",\"crowd\":%u", bound_seconds(bound),
                  bound_name(bound->binds), crowd);
    for (enum bound_term term = 0; term < BOUND_TERMS; term++)
        (void)fprintf(out, ",\"%s_s\":%.1f", bound_name(term), bound->seconds[term]);
    (void)fputs("}\n", out);
}
