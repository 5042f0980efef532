/* Divides limits.* among the scans that run side by side, and says what comes of it. */
#include "scanner/reach/paces.h"

#include <inttypes.h>

#define MINUTE_US INT64_C(60000000)
enum { LONGEST_WAIT_MS = 24 * 60 * 60 * 1000, PLACES_LEAST = 16 /* of a loop, if several have any */ };

/* Returns a shard's part; nobody can be given less than one. */
static size_t part_of(int64_t whole, int64_t shards)
{
    return whole < shards ? 1 : (size_t)(whole / shards);
}

struct paces paces_of(const struct config *config)
{
    int64_t shards = config->limits_shards_at_once;
    return (struct paces){
        .interval_us = {[PACE_SMTP] = MINUTE_US * shards / config->limits_ip_per_minute,
                        [PACE_HTTPS] = MINUTE_US * shards / config->limits_https_per_minute},
        .connections = {[PACE_SMTP] = part_of(config->limits_ip_connections, shards),
                        [PACE_HTTPS] = part_of(config->limits_https_connections, shards)},
        .names = part_of(config->limits_names_per_ip, shards)};
}

struct paces paces_own(const struct config *config)
{
    int64_t shards = config->limits_shards_at_once;
    return (struct paces){
        .interval_us = {[PACE_SMTP] = MINUTE_US * shards / config->limits_own_ip_per_minute,
                        [PACE_HTTPS] = MINUTE_US * shards / config->limits_own_https_per_minute},
        .connections = {[PACE_SMTP] = part_of(config->limits_own_ip_connections, shards),
                        [PACE_HTTPS] = part_of(config->limits_own_https_connections, shards)},
        .names = part_of(config->limits_own_names_per_ip, shards)};
}

static int64_t live_of(const struct config *config, enum pace_class class)
{
    return class == PACE_SMTP ? config->smtp_live : config->policy_live;
}

uint32_t paces_owners(const struct config *config, enum pace_class class, uint32_t loops)
{
    int64_t owners = live_of(config, class) / PLACES_LEAST;
    return owners < 1 ? 1 : owners < loops ? (uint32_t)owners : loops;
}

size_t paces_places(const struct config *config, enum pace_class class, uint32_t loops, uint32_t index)
{
    size_t live = (size_t)live_of(config, class);
    uint32_t owners = paces_owners(config, class, loops);
    return index < owners ? live / owners + (index < live % owners) : 0;
}

/* Returns how many turns come within wait_ms; the first comes at once. */
static uint64_t turns_within(int64_t wait_ms, int64_t interval_us)
{
    return 1 + (uint64_t)(wait_ms * 1000 / interval_us);
}

uint64_t paces_turns_in_wait(const struct config *config, enum pace_class class)
{
    return turns_within(config->limits_wait, paces_of(config).interval_us[class]);
}

/* Says what all shards would do at once, beyond those that the limits are divided among already. */
static void say_multiplied(const struct config *config, uint32_t index, uint32_t count, FILE *out)
{
    struct paces own = paces_of(config);
    double a_minute[PACE_CLASSES];
    for (size_t i = 0; i < PACE_CLASSES; i++)
        a_minute[i] = (double)count * (double)MINUTE_US / (double)own.interval_us[i];
    (void)fprintf(
        out,
        "preflight: shards: WARNING: this is %" PRIu32 " of %" PRIu32
        "; all at once would make %.0f SMTP connections a minute to one IP address and %.0f HTTPS, %zu and "
        "%zu at a time, and probe %zu names there. limits.shards_at_once=%" PRIu32
        " divides what the limits allow\n",
        index, count, a_minute[PACE_SMTP], a_minute[PACE_HTTPS], count * own.connections[PACE_SMTP],
        count * own.connections[PACE_HTTPS], count * own.names, count);
}

static void say_divided(const struct config *config, FILE *out)
{
    struct paces own = paces_of(config);
    int64_t shards = config->limits_shards_at_once;
    (void)fprintf(
        out,
        "preflight: shards: one of %" PRId64 " at once: an SMTP connection to one IP address each %.3g s, "
        "an HTTPS one each %.3g s, %zu and %zu at a time (all: %zu and %zu), %zu names there (all: %zu)\n",
        shards, (double)own.interval_us[PACE_SMTP] / 1e6, (double)own.interval_us[PACE_HTTPS] / 1e6,
        own.connections[PACE_SMTP], own.connections[PACE_HTTPS], (size_t)shards * own.connections[PACE_SMTP],
        (size_t)shards * own.connections[PACE_HTTPS], own.names, (size_t)shards * own.names);
}

/* Says how many connections get their turn: one whose turn would come after limits.wait is refused. */
static void say_lost(const struct config *config, FILE *out)
{
    struct config undivided = *config;
    undivided.limits_shards_at_once = 1;
    (void)fprintf(out,
                  "preflight: shards: within limits.wait %" PRIu64 " SMTP and %" PRIu64
                  " HTTPS connections to one IP address get their turn, undivided %" PRIu64 " and %" PRIu64
                  "; what waits behind them is left out (smtp.not-probed.pace, policy.not-tried.pace)\n",
                  paces_turns_in_wait(config, PACE_SMTP), paces_turns_in_wait(config, PACE_HTTPS),
                  paces_turns_in_wait(&undivided, PACE_SMTP), paces_turns_in_wait(&undivided, PACE_HTTPS));
}

/* Says what a wait as many times as long would let through: it loses nothing more. */
static void say_longer(const struct config *config, FILE *out)
{
    struct config patient = *config;
    patient.limits_wait *= config->limits_shards_at_once;
    if (patient.limits_wait > LONGEST_WAIT_MS)
        patient.limits_wait = LONGEST_WAIT_MS;
    if (patient.limits_wait == config->limits_wait)
        return;
    (void)fprintf(out,
                  "preflight: shards: limits.wait=%" PRId64 "s lets %" PRIu64 " and %" PRIu64 " through\n",
                  patient.limits_wait / 1000, paces_turns_in_wait(&patient, PACE_SMTP),
                  paces_turns_in_wait(&patient, PACE_HTTPS));
}

void paces_say(const struct config *config, FILE *out)
{
    uint32_t index = 1;
    uint32_t count = 1;
    (void)config_shard(config, &index, &count);
    if (!config_fetches(config))
        return;
    if (count > config->limits_shards_at_once)
        say_multiplied(config, index, count, out);
    if (config->limits_shards_at_once == 1)
        return;
    say_divided(config, out);
    say_lost(config, out);
    say_longer(config, out);
}
