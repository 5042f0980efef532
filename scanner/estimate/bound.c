/* Divides work by ceilings. */
#include "scanner/estimate/bound.h"

static const char *const names[BOUND_TERMS] = {"dns",     "flight", "smtp", "fetch",
                                               "slowest", "loops",  "pace", "https"};

/* The first has its turn at once. Past limits.wait nobody queues, so the last who asks waits that long at
 * most. */
static double pace_s(double crowd, double per_minute, double others_s, double wait_ms)
{
    double turns_s = crowd > 1 ? (crowd - 1) * 60 / per_minute : 0;
    double most_s = others_s + wait_ms / 1000;
    return turns_s < most_s ? turns_s : most_s;
}

static void take(struct bound *bound, enum bound_term term, double seconds)
{
    bound->seconds[term] = seconds;
    if (seconds > bound->seconds[bound->binds])
        bound->binds = term;
}

void bound_of_work(const struct bound_work *work, const struct bound_limits *limits, struct bound *bound)
{
    *bound = (struct bound){.binds = BOUND_DNS};
    take(bound, BOUND_DNS, work->dns_ms / 1000 / limits->dns_outstanding);
    take(bound, BOUND_FLIGHT, work->flight_ms / 1000 / limits->in_flight);
    take(bound, BOUND_SMTP, work->smtp_ms / 1000 / limits->smtp_live);
    take(bound, BOUND_FETCH, work->fetch_ms / 1000 / limits->policy_live);
    take(bound, BOUND_SLOWEST, work->slowest_ms / 1000);
    take(bound, BOUND_LOOPS, work->cpu_ms / 1000 / limits->loops);
    double others_s = bound->seconds[bound->binds];
    take(bound, BOUND_PACE, pace_s(work->crowd, limits->ip_per_minute, others_s, limits->wait_ms));
    take(bound, BOUND_HTTPS, pace_s(work->fetch_crowd, limits->https_per_minute, others_s, limits->wait_ms));
}

double bound_seconds(const struct bound *bound)
{
    return bound->seconds[bound->binds];
}

const char *bound_name(enum bound_term term)
{
    return names[term];
}
