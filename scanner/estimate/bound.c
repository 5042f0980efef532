/* Divides work by ceilings. */
#include "scanner/estimate/bound.h"

static const char *const names[BOUND_TERMS] = {"dns",   "flight", "smtp",  "fetch",    "slowest",
                                               "loops", "pace",   "https", "own_pace", "own_https"};

double bound_interval_s(const struct bound_pace *pace, double lasts_ms)
{
    double by_rate = 60 / pace->per_minute, by_length = lasts_ms / 1000 / pace->at_a_time;
    return by_length > by_rate ? by_length : by_rate;
}

/* The first has its turn at once. */
static double turns_s(double crowd, double interval_s)
{
    return crowd > 1 ? (crowd - 1) * interval_s : 0;
}

/* Past limits.wait nobody queues, so the last who asks waits that long at most. */
static double at_most(double turns_s, double others_s, double wait_ms)
{
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
    double smtp_s = turns_s(work->crowd, bound_interval_s(&limits->smtp, work->session_ms));
    double https_s = turns_s(work->fetch_crowd, bound_interval_s(&limits->https, work->one_fetch_ms));
    take(bound, BOUND_PACE, at_most(smtp_s, others_s, limits->wait_ms));
    take(bound, BOUND_HTTPS, at_most(https_s, others_s, limits->wait_ms));
    take(bound, BOUND_OWN_PACE, turns_s(work->own_crowd, bound_interval_s(&limits->own_smtp, work->own_ms)));
    take(bound, BOUND_OWN_HTTPS,
         turns_s(work->own_fetch_crowd, bound_interval_s(&limits->own_https, work->own_ms)));
}

double bound_seconds(const struct bound *bound)
{
    return bound->seconds[bound->binds];
}

const char *bound_name(enum bound_term term)
{
    return names[term];
}
