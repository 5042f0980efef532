/*
 * Checks what an option's type cannot: the form of scan.shard, smtp.ehlo, smtp.contact, dns.resolvers,
 * safety.allow, limits.own, sample.take. Pure; opens no file and looks up no name.
 */
#include "scanner/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/ip.h"
#include "scanner/config/config_table.h"
#include "scanner/facts/draw_size.h"

enum {
    HOST_NAME_MAX_BYTES = 253,
    LABEL_MAX_BYTES = 63,
    CONTACT_MAX_BYTES = 256,
    RESOLVER_TEXT_BYTES = 64,
    KEY_MAX_BYTES = 256
};

static const char DIGITS[] = "0123456789";
static const char ALNUM[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool parse_uint32(const char *text, size_t len, uint32_t *value)
{
    if (len == 0 || len > 10 || strspn(text, DIGITS) < len)
        return false;
    unsigned long long number = strtoull(text, NULL, 10);
    *value = (uint32_t)number;
    return number <= UINT32_MAX;
}

bool config_shard(const struct config *config, uint32_t *index, uint32_t *count)
{
    const char *text = config->scan_shard;
    *index = *count = 1;
    if (text[0] == '\0')
        return true;
    uint32_t i, n;
    const char *slash = strchr(text, '/');
    if (slash == NULL || !parse_uint32(text, (size_t)(slash - text), &i) ||
        !parse_uint32(slash + 1, strlen(slash + 1), &n) || i < 1 || i > n)
        return false;
    *index = i;
    *count = n;
    return true;
}

bool config_probes(const struct config *config)
{
    return config_fetches(config) && config->smtp_probe != SMTP_PROBE_NONE;
}

bool config_fetches(const struct config *config)
{
    return config->scan_stage != SCAN_STAGE_NAMES;
}

static bool is_label(const char *label, size_t len)
{
    if (len == 0 || len > LABEL_MAX_BYTES || label[0] == '-' || label[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (label[i] != '-' && strchr(ALNUM, label[i]) == NULL)
            return false;
    return true;
}

/* Tells whether it is a host name of at least two labels (RFC 1123), the last of which is not a number. */
static bool is_host_name(const char *name)
{
    size_t total = strlen(name);
    if (total > HOST_NAME_MAX_BYTES || strchr(name, '.') == NULL)
        return false;
    const char *label = name;
    for (;;) {
        size_t len = strcspn(label, ".");
        if (!is_label(label, len))
            return false;
        if (label[len] == '\0')
            return strspn(label, DIGITS) < len;
        label += len + 1;
    }
}

/* Tells whether it is printable ASCII without a byte that would end or nest a comment or quotation in a
 * header field. */
static bool is_header_safe(const char *text)
{
    if (strlen(text) > CONTACT_MAX_BYTES)
        return false;
    for (const char *at = text; *at != '\0'; at++)
        if (*at <= ' ' || *at >= 0x7f || strchr("\"()<>\\", *at) != NULL)
            return false;
    return true;
}

static bool is_url(const char *text)
{
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t len = strlen(schemes[i]);
        if (strncasecmp(text, schemes[i], len) == 0)
            return strchr(ALNUM, text[len]) != NULL && text[len] != '\0';
    }
    return false;
}

static bool is_mailto(const char *text)
{
    static const char scheme[] = "mailto:";
    size_t len = sizeof scheme - 1;
    if (strncasecmp(text, scheme, len) != 0)
        return false;
    const char *at = strrchr(text, '@');
    return at != NULL && at > text + len && is_host_name(at + 1);
}

/* Tells whether the len bytes at item are a resolver: an address, with or without a port. */
static bool is_resolver(const char *item, size_t len)
{
    char text[RESOLVER_TEXT_BYTES];
    struct ip_addr ip;
    uint16_t port = 53;
    if (len >= sizeof text)
        return false;
    memcpy(text, item, len);
    text[len] = '\0';
    return ip_parse_port(text, &ip, &port);
}

static bool check_resolvers(const char *list, struct buf *why)
{
    for (const char *item = list; *list != '\0';) {
        item += strspn(item, " \t");
        size_t len = strcspn(item, ", \t");
        if (!is_resolver(item, len)) {
            config_fault(why, "dns.resolvers", "not ip[:port], separated by commas:", item, "");
            return false;
        }
        item += len;
        item += strspn(item, " \t");
        if (*item == '\0')
            return true;
        if (*item++ != ',') {
            config_fault(why, "dns.resolvers", "a comma is missing before", item - 1, "");
            return false;
        }
    }
    return true;
}

static enum error check_allow(const char *list, struct buf *why)
{
    struct ip_set set;
    const char *bad = NULL;
    enum error error = ip_set_parse(list, &set, &bad);
    ip_set_dispose(&set);
    if (error == ERR_SYNTAX)
        config_fault(why, "safety.allow", "not a prefix (or with bits set behind its length):", bad, "");
    return error;
}

/* Who owns a wider prefix owns no network but the internet's: its manners are not anybody's to lift. */
static enum error check_own(const char *list, struct buf *why)
{
    struct ip_set set;
    const char *bad = NULL;
    enum error error = ip_set_parse(list, &set, &bad);
    if (error == ERR_SYNTAX)
        config_fault(why, "limits.own", "not a prefix (or with bits set behind its length):", bad, "");
    for (size_t i = 0; error == ERR_OK && i < set.count; i++) {
        char text[IP_TEXT_BYTES + 5], base[IP_TEXT_BYTES];
        if (!ip_prefix_is_too_wide(&set.prefixes[i]))
            continue;
        (void)snprintf(text, sizeof text, "%s/%u", ip_format(&set.prefixes[i].base, base),
                       (unsigned)set.prefixes[i].bits);
        config_fault(why, "limits.own", "wider than anybody's own, which is /8 (IPv6: /16) at most:", text,
                     "");
        error = ERR_SYNTAX;
    }
    ip_set_dispose(&set);
    return error;
}

static bool check_form(bool good, const char *option, const char *value, const char *form, struct buf *why)
{
    if (!good)
        config_fault(why, option, "value", value, form);
    return good;
}

/* Checks that a sample can be drawn so, and that nobody thinks that one is drawn if none is. */
static bool check_sample(const struct config *config, struct buf *why)
{
    struct draw_size size;
    const char *take = config->sample_take, *key = config->sample_key;
    bool good =
        check_form(draw_size_parse(take, &size), "sample.take", take,
                   " is neither a share, as 1% or 0.25%, nor a number of names from 1 to 10000000", why);
    good &= check_form(key[0] != '\0' && strlen(key) <= KEY_MAX_BYTES, "sample.key", key,
                       " is not from 1 to 256 bytes long", why);
    return good & check_form(take[0] != '\0' || config->sample_strata == SAMPLE_STRATA_NONE, "sample.strata",
                             "", " is of a sample, and there is none: give sample.take as well", why);
}

bool config_listen(const struct config *config, struct ip_addr *ip, uint16_t *port)
{
    static const uint8_t loopback[4] = {127, 0, 0, 1};
    const char *text = config->metrics_listen;
    uint32_t number;
    *port = 0;
    if (parse_uint32(text, strlen(text), &number) && number > 0 && number <= UINT16_MAX) {
        *ip = ip_v4(loopback);
        *port = (uint16_t)number;
        return true;
    }
    return ip_parse_port(text, ip, port) && *port != 0;
}

static bool check_listen(const struct config *config, struct buf *why)
{
    struct ip_addr ip;
    uint16_t port;
    const char *text = config->metrics_listen;
    return check_form(text[0] == '\0' || config_listen(config, &ip, &port), "metrics.listen", text,
                      " is neither a port nor ADDRESS:PORT, as 9464 or [::1]:9464", why);
}

enum error config_check(const struct config *config, struct buf *why)
{
    uint32_t index, count;
    const char *ehlo = config->smtp_ehlo, *contact = config->smtp_contact;
    bool good = check_form(config_shard(config, &index, &count), "scan.shard", config->scan_shard,
                           " is not i/n with i from 1 to n", why);
    good &= check_form(ehlo[0] == '\0' || is_host_name(ehlo), "smtp.ehlo", ehlo,
                       " is not a fully qualified host name", why);
    good &=
        check_form(contact[0] == '\0' || (is_header_safe(contact) && (is_url(contact) || is_mailto(contact))),
                   "smtp.contact", contact, " is neither a http(s) URL nor mailto:", why);
    good &= check_sample(config, why);
    good &= check_listen(config, why);
    good &= check_resolvers(config->dns_resolvers, why);
    enum error error = check_allow(config->safety_allow, why);
    enum error own = check_own(config->limits_own, why);
    if (error == ERR_MEMORY || own == ERR_MEMORY)
        return ERR_MEMORY;
    return good && error == ERR_OK && own == ERR_OK ? ERR_OK : ERR_CONFIG;
}
