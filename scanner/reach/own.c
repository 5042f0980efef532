/* Reckons how many may wait at one's own addresses, and writes the lines about them. */
#include "scanner/reach/own.h"

#include <inttypes.h>
#include <string.h>

#include "scanner/reach/paces.h"

enum { WAITING_LEAST = 1000, PARKED_SHARE = 2, PREFIX_TEXT_BYTES = IP_TEXT_BYTES + 4, OWN_TEXT_BYTES = 256 };

/* ---- how many may wait --------------------------------------------------------------------------------- */

bool own_is_full(const struct scan_context *context)
{
    if (context->own.count == 0)
        return false;
    size_t waiting = atomic_load_explicit(&context->own_waiting, memory_order_relaxed);
    size_t beside = (size_t)context->config->limits_parked / PARKED_SHARE;
    return waiting >= (beside < WAITING_LEAST ? WAITING_LEAST : beside);
}

/* ---- what is said -------------------------------------------------------------------------------------- */

static double a_second(int64_t interval_us)
{
    return 1e6 / (double)interval_us;
}

static const char *prefix_text(const struct ip_prefix *prefix, char text[PREFIX_TEXT_BYTES])
{
    char base[IP_TEXT_BYTES];
    (void)snprintf(text, PREFIX_TEXT_BYTES, "%s/%u", ip_format(&prefix->base, base), (unsigned)prefix->bits);
    return text;
}

/* Says that the places of a loop are fewer than an address may have connections. */
static void say_places(const struct config *config, enum pace_class class, uint32_t loops, FILE *out)
{
    bool is_smtp = class == PACE_SMTP;
    const char *option = is_smtp ? "smtp.live" : "policy.live";
    int64_t live = is_smtp ? config->smtp_live : config->policy_live;
    size_t places = paces_places(config, class, loops, 0);
    size_t wanted = paces_own(config).connections[class];
    if (places < wanted)
        (void)fprintf(out,
                      "preflight: own: %zu connections at a time to one address, as a loop gives out %zu of "
                      "%s=%" PRId64 "; %s=%" PRIu64 " gives it %zu\n",
                      places, places, option, live, option,
                      (uint64_t)wanted * paces_owners(config, class, loops), wanted);
}

static void say_special(const struct scan_context *context, FILE *out)
{
    char text[PREFIX_TEXT_BYTES];
    for (size_t i = 0; i < context->own.count; i++)
        if (ip_prefix_is_special(&context->own.prefixes[i], &context->allow))
            (void)fprintf(
                out,
                "preflight: own: WARNING: %s is special-purpose, and limits.own lets nobody through: "
                "safety.allow does\n",
                prefix_text(&context->own.prefixes[i], text));
}

void own_say(const struct scan_context *context, uint32_t loops, FILE *out)
{
    const struct config *config = context->config;
    const struct paces own = paces_own(config);
    char text[PREFIX_TEXT_BYTES];
    if (context->own.count == 0 || !config_fetches(config))
        return;
    (void)fprintf(out, "preflight: own: %s", prefix_text(&context->own.prefixes[0], text));
    if (context->own.count > 1)
        (void)fprintf(out, " and %zu more", context->own.count - 1);
    (void)fprintf(
        out,
        ": one address gets up to %.4g HTTPS connections a second, %zu at a time, and %.4g SMTP, %zu "
        "at a time, for %zu names\n",
        a_second(own.interval_us[PACE_HTTPS]), own.connections[PACE_HTTPS],
        a_second(own.interval_us[PACE_SMTP]), own.connections[PACE_SMTP], own.names);
    say_places(config, PACE_HTTPS, loops, out);
    say_places(config, PACE_SMTP, loops, out);
    say_special(context, out);
}

void own_say_list(const struct config *config, uint64_t names, FILE *out)
{
    uint64_t turns = paces_turns_in_wait(config, PACE_HTTPS);
    if (names <= turns || !config_fetches(config))
        return;
    (void)fprintf(
        out,
        "stsweep: limits: if one IP address has the policies of all %" PRIu64 " names, %" PRIu64
        " are fetched in a pass, as limits.https_per_minute and limits.wait say, and the others end "
        "as policy.not-tried.pace. %s\n",
        names, turns,
        config->limits_own[0] == 0 ? "If such an address is your own, limits.own=PREFIX takes it out"
                                   : "Those in limits.own are taken out");
}

/* Writes the prefixes of limits.own as one word, each with a comma behind it. false: there is no room. */
static bool copy_own(const char *own, char *out, size_t bytes)
{
    static const char between[] = ", \t\n";
    size_t used = 0;
    for (own += strspn(own, between); *own != '\0'; own += strspn(own, between)) {
        size_t len = strcspn(own, between);
        if (used + len + 2 > bytes)
            return false;
        memcpy(out + used, own, len);
        used += len;
        out[used++] = ',';
        own += len;
    }
    out[used] = '\0';
    return true;
}

void own_say_address(const struct config *config, const struct ip_addr *ip, enum pace_class class, char *line,
                     size_t bytes)
{
    char text[IP_TEXT_BYTES], kept[OWN_TEXT_BYTES];
    bool is_smtp = class == PACE_SMTP, fits = copy_own(config->limits_own, kept, sizeof kept);
    (void)snprintf(line, bytes,
                   "in a pass %" PRIu64
                   " have their turn, as limits.%s and limits.wait say, and the others end "
                   "as %s. If the address is your own: %s%s%s/%d",
                   paces_turns_in_wait(config, class), is_smtp ? "ip_per_minute" : "https_per_minute",
                   is_smtp ? "smtp.not-probed.pace" : "policy.not-tried.pace",
                   fits ? "--limits.own=" : "add to those in limits.own: ", fits ? kept : "",
                   ip_format(ip, text), ip->family == 6 ? 128 : 32);
}
