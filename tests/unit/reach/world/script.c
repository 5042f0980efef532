/* Words into answers and sessions. */
#include "tests/unit/reach/world/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/reach/world/peers.h"
#include "tests/unit/reach/world/zone.h"

enum { TTL_S = 300, POLICY_BYTES = 16384, TLS_1_3 = 0x0304, TLS_1_0 = 0x0301 };

static bool is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

/* ---- the DNS ------------------------------------------------------------------------------------------- */

uint16_t script_type(const char *word)
{
    static const struct {
        const char *word;
        uint16_t type;
    } types[] = {{"A", DNS_TYPE_A},     {"AAAA", DNS_TYPE_AAAA}, {"MX", DNS_TYPE_MX},
                 {"TXT", DNS_TYPE_TXT}, {"TLSA", DNS_TYPE_TLSA}, {"CNAME", DNS_TYPE_CNAME}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (is(word, types[i].word))
            return types[i].type;
    return 0;
}

static bool read_status(const char *word, enum dns_status *status)
{
    for (enum dns_status known = DNS_NXDOMAIN; known < DNS_STATUS_COUNT; known++)
        if (is(word, dns_status_name(known))) {
            *status = known;
            return true;
        }
    return false;
}

static bool read_security(const char *word, enum dns_security *security)
{
    for (enum dns_security known = 0; known < DNSSEC_COUNT; known++)
        if (is(word, dns_security_name(known))) {
            *security = known;
            return true;
        }
    return false;
}

/* A word that is no record: how the lookup goes. */
static bool read_manner(const char *word, struct zone_set *set)
{
    const char *value;
    int64_t number;
    if ((value = words_value(word, "delay")) != NULL)
        return words_time(value, &set->delay_us);
    if ((value = words_value(word, "ttl")) != NULL && words_number(value, &number)) {
        set->ttl = (uint32_t)number;
        return true;
    }
    if ((value = words_value(word, "cname")) != NULL) {
        set->alias = value;
        return true;
    }
    return read_status(word, &set->status) || read_security(word, &set->security);
}

/* One record off the front of so many words: how many it takes; 0: it is none. */
static size_t read_record(struct world *world, char *const *words, size_t count, uint16_t type,
                          struct bytes *rdata)
{
    struct arena *arena = &world->arena;
    bool good;
    switch (type) {
    case DNS_TYPE_MX:
        return count >= 2 && rdata_mx(words[0], words[1], arena, rdata) ? 2 : 0;
    case DNS_TYPE_TLSA:
        return count >= 4 && rdata_tlsa(words, arena, rdata) ? 4 : 0;
    case DNS_TYPE_TXT:
        good = rdata_txt(words[0], arena, rdata);
        break;
    case DNS_TYPE_CNAME:
        good = rdata_name(words[0], arena, rdata);
        break;
    default:
        good = rdata_address(words[0], type == DNS_TYPE_AAAA, arena, rdata);
        break;
    }
    return good ? 1 : 0;
}

bool script_dns(struct world *world, const struct line *line)
{
    struct zone_set *set = arena_alloc(&world->arena, sizeof *set);
    uint16_t type = script_type(line->words[2]);
    if (set == NULL || type == 0)
        return false;
    *set = (struct zone_set){.name = line->words[1],
                             .type = type,
                             .status = DNS_ANSWERED,
                             .security = DNSSEC_INSECURE,
                             .ttl = TTL_S};
    for (size_t i = 3; i < line->count;) {
        if (read_manner(line->words[i], set)) {
            i++;
            continue;
        }
        size_t taken = set->rr_count == ZONE_RRS ? 0
                                                 : read_record(world, line->words + i, line->count - i, type,
                                                               &set->rrs[set->rr_count]);
        if (taken == 0)
            return false;
        set->rr_count++;
        i += taken;
    }
    zone_put(set);
    return set->status != DNS_ANSWERED || set->rr_count > 0;
}

static bool put_one(struct world *world, const char *name, uint16_t type, const struct bytes *rdata)
{
    struct zone_set *set = arena_alloc(&world->arena, sizeof *set);
    if (set == NULL)
        return false;
    *set = (struct zone_set){.name = name,
                             .type = type,
                             .status = DNS_ANSWERED,
                             .security = DNSSEC_INSECURE,
                             .ttl = TTL_S,
                             .rrs = {*rdata},
                             .rr_count = 1};
    zone_put(set);
    return true;
}

static char *below(struct world *world, const char *label, const char *domain)
{
    char name[ZONE_NAME_BYTES];
    (void)snprintf(name, sizeof name, "%s.%s", label, domain);
    return arena_string(&world->arena, name);
}

bool script_policy(struct world *world, const struct line *line)
{
    struct arena *arena = &world->arena;
    struct bytes txt, address;
    return rdata_txt("v=STSv1; id=1;", arena, &txt) &&
           rdata_address(line->words[2], false, arena, &address) &&
           put_one(world, below(world, "_mta-sts", line->words[1]), DNS_TYPE_TXT, &txt) &&
           put_one(world, below(world, "mta-sts", line->words[1]), DNS_TYPE_A, &address);
}

/* ---- peers --------------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum peer_does does;
    bool has_code;
} doings[] = {
    {"ok", PEER_OK, false},         {"silent", PEER_SILENT, false}, {"refuses", PEER_REFUSES, false},
    {"resets", PEER_RESETS, false}, {"mute", PEER_MUTE, false},     {"unreachable", PEER_UNREACHABLE, false},
    {"greets", PEER_GREETS, true},  {"plain", PEER_PLAIN, false},   {"starttls", PEER_STARTTLS, true},
    {"alert", PEER_ALERT, true},    {"closes", PEER_CLOSES, false}, {"hangs", PEER_HANGS, false},
    {"status", PEER_STATUS, true},
};

static bool read_does(const char *word, struct peer_session *session, bool *has_code)
{
    for (size_t i = 0; i < sizeof doings / sizeof *doings; i++)
        if (is(word, doings[i].word)) {
            session->does = doings[i].does;
            *has_code = doings[i].has_code;
            return true;
        }
    return false;
}

static bool read_cert(const char *word, enum peer_cert *cert)
{
    static const char *const words[] = {[CERT_IS_GOOD] = "good",
                                        [CERT_IS_OTHERS] = "others",
                                        [CERT_IS_SELF_SIGNED] = "self-signed",
                                        [CERT_IS_UNTRUSTED] = "untrusted"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is(word, words[i])) {
            *cert = (enum peer_cert)i;
            return true;
        }
    return false;
}

/* "1.0" to "1.3". */
static bool read_version(const char *word, uint16_t *version)
{
    bool good = strncmp(word, "1.", 2) == 0 && word[2] >= '0' && word[2] <= '3' && word[3] == '\0';
    *version = (uint16_t)(TLS_1_0 + (word[2] - '0'));
    return good;
}

/* What the policy says that it serves, as the body of its file. */
struct policy_words {
    const char *mode, *mx, *max_age;
};

static bool read_attribute(const char *word, struct peer_session *session, struct policy_words *policy)
{
    const char *value;
    if ((value = words_value(word, "connects")) != NULL)
        return words_time(value, &session->connects_us);
    if ((value = words_value(word, "lasts")) != NULL)
        return words_time(value, &session->lasts_us);
    if ((value = words_value(word, "expires")) != NULL)
        return words_time(value, &session->expires_us);
    if ((value = words_value(word, "tls")) != NULL)
        return read_version(value, &session->version);
    if ((value = words_value(word, "cert")) != NULL)
        return read_cert(value, &session->cert);
    if ((value = words_value(word, "key")) != NULL)
        session->key = (uint8_t)strtoul(value, NULL, 16);
    else if ((value = words_value(word, "mode")) != NULL)
        policy->mode = value;
    else if ((value = words_value(word, "mx")) != NULL)
        policy->mx = value;
    else if ((value = words_value(word, "max_age")) != NULL)
        policy->max_age = value;
    return value != NULL;
}

static const char *write_policy(struct world *world, const struct policy_words *policy)
{
    struct buf body;
    buf_init(&body, POLICY_BYTES);
    (void)buf_printf(&body, "version: STSv1\r\nmode: %s\r\n", policy->mode);
    for (const char *mx = policy->mx; mx != NULL && *mx != '\0';) {
        int len = (int)strcspn(mx, ",");
        (void)buf_printf(&body, "mx: %.*s\r\n", len, mx);
        mx += len + (mx[len] == ',');
    }
    (void)buf_printf(&body, "max_age: %s\r\n", policy->max_age);
    const char *kept = arena_string(&world->arena, buf_string(&body));
    buf_dispose(&body);
    return kept;
}

static bool read_peer(struct world *world, const struct line *line, enum pace_class class)
{
    struct peer_session session = {.version = TLS_1_3, .expires_us = INT64_MAX};
    struct policy_words policy = {.mode = "enforce", .max_age = "604800"};
    struct ip_addr ip;
    size_t at = 2;
    int64_t code = 0;
    bool has_code = false;
    enum peer_hello hello = at >= line->count                   ? HELLO_FIRST
                            : is(line->words[at], "permissive") ? HELLO_PERMISSIVE
                            : is(line->words[at], "small")      ? HELLO_SMALL
                                                                : HELLO_FIRST;
    at += hello != HELLO_FIRST;
    bool then = at < line->count && is(line->words[at], "then");
    at += then;
    if (!ip_parse(line->words[1], &ip) || at >= line->count ||
        !read_does(line->words[at++], &session, &has_code))
        return false;
    if (has_code && (at >= line->count || !words_number(line->words[at++], &code)))
        return false;
    session.code = (int)code;
    for (; at < line->count; at++)
        if (!read_attribute(line->words[at], &session, &policy))
            return false;
    session.policy = write_policy(world, &policy);
    peer_add(class, &ip, hello, !then, &session);
    return true;
}

bool script_smtp(struct world *world, const struct line *line)
{
    return read_peer(world, line, PACE_SMTP);
}

bool script_https(struct world *world, const struct line *line)
{
    return read_peer(world, line, PACE_HTTPS);
}
