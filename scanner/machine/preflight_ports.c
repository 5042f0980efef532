/* Says which ports and which families lead out of here, and whether STARTTLS comes through. */
#include "scanner/machine/preflight_ports.h"

#include "scanner/machine/preflight_lines.h"

void network_decide(struct network *network, enum known_family family, const enum reach reach[KNOWN_PORTS])
{
    bool nowhere = true;
    for (unsigned port = 0; port < KNOWN_PORTS; port++) {
        network->blocked[port][family] = reach[port] == REACH_CLOSED;
        nowhere = nowhere && reach[port] == REACH_CLOSED;
    }
    network->leads_nowhere[family] = nowhere;
}

static void decide(struct network *network, const struct known_hosts *known)
{
    for (unsigned i = 0; i < KNOWN_FAMILIES; i++) {
        enum known_family family = (enum known_family)i;
        const enum reach reach[KNOWN_PORTS] = {
            [KNOWN_SMTP] = known_hosts_reach(known, KNOWN_SMTP, family),
            [KNOWN_HTTPS] = known_hosts_reach(known, KNOWN_HTTPS, family),
        };
        network_decide(network, family, reach);
    }
    network->starttls_stripped = known_hosts_path(known) == PATH_STRIPPED;
}

/* How a port is spoken of. */
static const struct {
    const char *line, *option, *effect, *family_effect;
} words[KNOWN_PORTS] = {
    [KNOWN_SMTP] = {"port 25", "preflight.port25", "MX hosts are not probed",
                    "MX hosts are not probed there"},
    [KNOWN_HTTPS] = {"port 443", "preflight.port443", "no policy is fetched", "no policy is fetched there"},
};

static void say_blocked(char *text, enum known_port port, const struct known_counts *counts)
{
    preflight_append(
        text,
        "seems blocked from here (%zu silent, %zu refused): %s; with %s empty they are tried all the same",
        counts->silent, counts->refuse, words[port].effect, words[port].option);
}

static struct known_counts count_both(const struct known_hosts *known, enum known_port port)
{
    struct known_counts all = {0};
    for (unsigned family = 0; family < KNOWN_FAMILIES; family++) {
        struct known_counts of = known_hosts_count(known, port, (enum known_family)family);
        all.named = of.named > all.named ? of.named : all.named;
        all.connect += of.connect;
        all.silent += of.silent;
        all.refuse += of.refuse;
    }
    return all;
}

static void say_port(struct preflight *preflight, const struct known_hosts *known, enum known_port port,
                     bool tested)
{
    const bool *blocked = preflight->network.blocked[port];
    struct known_counts counts = tested ? count_both(known, port) : (struct known_counts){0};
    char *text = preflight_add(preflight, words[port].line, !blocked[KNOWN_IPV4] && !blocked[KNOWN_IPV6]);
    const char *answering = counts.connect > 0 ? known_hosts_answering(known, port) : NULL;
    if (counts.named == 0)
        preflight_append(text, "not tested");
    else if (answering != NULL)
        preflight_append(text, "%s answers", answering);
    else if (blocked[KNOWN_IPV4] || blocked[KNOWN_IPV6])
        say_blocked(text, port, &counts);
    else
        preflight_append(text, "not known: %zu of %zu hosts of %s could be tried",
                         counts.silent + counts.refuse, counts.named, words[port].option);
    if (answering != NULL && (blocked[KNOWN_IPV4] || blocked[KNOWN_IPV6]))
        preflight_append(text, ", but nobody by %s: %s", blocked[KNOWN_IPV6] ? "IPv6" : "IPv4",
                         words[port].family_effect);
}

static void say_starttls(struct preflight *preflight, const struct known_hosts *known)
{
    enum starttls_path path = known == NULL ? PATH_UNKNOWN : known_hosts_path(known);
    char *text = preflight_add(preflight, "starttls", path != PATH_STRIPPED);
    if (path == PATH_STRIPPED)
        preflight_append(
            text, "hosts of preflight.port25 offer it to others and not to us: something on the way takes it "
                  "out, and where it is missing nothing is known of a host");
    else
        preflight_append(text, path == PATH_CLEAR ? "offered to us" : "not tested");
}

void preflight_say_ports(struct preflight *preflight, const struct config *config,
                         const struct scan_context *context, const struct known_hosts *known)
{
    bool routes = context->has_ipv4 || context->has_ipv6;
    if (known != NULL)
        decide(&preflight->network, known);
    say_port(preflight, known, KNOWN_SMTP, known != NULL && routes && config_probes(config));
    say_port(preflight, known, KNOWN_HTTPS, known != NULL && routes);
    say_starttls(preflight, known);
}
