/* Questions of the synthetic internet and their answers. */
#include "bench/world/answers.h"

#include <stdio.h>
#include <string.h>

enum { TYPE_A = 1, TYPE_NS = 2, TYPE_SOA = 6, TYPE_MX = 15, TYPE_TXT = 16, TYPE_OPT = 41 };
enum { RCODE_OK = 0, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3 };
enum { HEADER_BYTES = 12, TTL = 300, ROOT_OFFSET = 0 };
enum { SALT_ANSWER = 100, SALT_LOST };
enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL };

struct question {
    char name[NAME_BYTES]; /* lower case, without the last dot; "" is the root */
    uint16_t type;
    size_t end;        /* of the question in the packet */
    size_t registered; /* offset in the packet of the registered domain's first label, or 0 */
    size_t tld;        /* of the top-level domain's, or 0 */
};

struct builder {
    struct answer *answer;
    unsigned counts[3];
    bool referral;
    bool full;
};

enum server_role server_role(uint32_t address)
{
    if (address == SERVER_RESOLVER)
        return ROLE_RESOLVER;
    if (address == SERVER_ROOT)
        return ROLE_ROOT;
    return address == SERVER_TLD ? ROLE_TLD : ROLE_AUTH;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static bool read_question(const uint8_t *query, size_t len, struct question *question)
{
    size_t offsets[NAME_BYTES / 2];
    size_t labels = 0;
    size_t out = 0;
    size_t at = HEADER_BYTES;
    if (len < HEADER_BYTES + 5 || (query[2] & 0x80) != 0 || query[4] != 0 || query[5] != 1)
        return false;
    while (at < len && query[at] != 0) {
        size_t label = query[at];
        if (label > 63 || at + 1 + label >= len || out + label + 1 >= NAME_BYTES)
            return false;
        offsets[labels++] = at;
        if (out > 0)
            question->name[out++] = '.';
        for (size_t i = 1; i <= label; i++) {
            uint8_t byte = query[at + i];
            question->name[out++] = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
        }
        at += label + 1;
    }
    if (at + 5 > len)
        return false;
    question->name[out] = 0;
    question->type = (uint16_t)(query[at + 1] << 8 | query[at + 2]);
    question->end = at + 5;
    question->tld = labels > 0 ? offsets[labels - 1] : 0;
    question->registered = labels > 1 ? offsets[labels - 2] : 0;
    return true;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static void put(struct builder *builder, const void *data, size_t len)
{
    struct answer *answer = builder->answer;
    if (answer->len + len > ANSWER_BYTES) {
        builder->full = true;
        return;
    }
    memcpy(answer->wire + answer->len, data, len);
    answer->len += len;
}

static void put16(struct builder *builder, size_t value)
{
    const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    put(builder, bytes, sizeof bytes);
}

static void put32(struct builder *builder, uint32_t value)
{
    put16(builder, value >> 16);
    put16(builder, value & 0xFFFF);
}

static void put_name(struct builder *builder, const char *name)
{
    while (*name != 0) {
        size_t label = strcspn(name, ".");
        const uint8_t count = (uint8_t)label;
        put(builder, &count, 1);
        put(builder, name, label);
        name += label + (name[label] == '.');
    }
    put(builder, "", 1);
}

/* Owner by its offset in the question, or the root. Gives where the length of the data stands. */
static size_t begin(struct builder *builder, enum section section, size_t owner, uint16_t type)
{
    if (owner == ROOT_OFFSET)
        put(builder, "", 1);
    else
        put16(builder, 0xC000 | owner);
    put16(builder, type);
    put16(builder, 1);
    put32(builder, TTL);
    put16(builder, 0);
    builder->counts[section]++;
    return builder->answer->len;
}

static void end(struct builder *builder, size_t data)
{
    size_t len = builder->answer->len - data;
    builder->answer->wire[data - 2] = (uint8_t)(len >> 8);
    builder->answer->wire[data - 1] = (uint8_t)len;
}

static void put_a(struct builder *builder, enum section section, size_t owner, uint32_t address)
{
    size_t data = begin(builder, section, owner, TYPE_A);
    put32(builder, address);
    end(builder, data);
}

static void put_mx(struct builder *builder, uint16_t preference, const char *host)
{
    size_t data = begin(builder, SECTION_ANSWER, HEADER_BYTES, TYPE_MX);
    put16(builder, preference);
    put_name(builder, host);
    end(builder, data);
}

static void put_txt(struct builder *builder, const char *text)
{
    size_t data = begin(builder, SECTION_ANSWER, HEADER_BYTES, TYPE_TXT);
    const uint8_t len = (uint8_t)strlen(text);
    put(builder, &len, 1);
    put(builder, text, len);
    end(builder, data);
}

static void put_soa(struct builder *builder, enum section section, size_t owner)
{
    size_t data = begin(builder, section, owner, TYPE_SOA);
    put_name(builder, "ns.infra");
    put_name(builder, "nobody.infra");
    for (int i = 0; i < 5; i++)
        put32(builder, TTL);
    end(builder, data);
}

/* ---- what the names hold ------------------------------------------------------------------------------- */

static void answer_mx(const struct site *site, const char *domain, struct builder *builder)
{
    char host[NAME_BYTES + 8];
    switch (site->mail) {
    case MAIL_NULL_MX:
        put_mx(builder, 0, "");
        return;
    case MAIL_PROVIDER:
        for (uint32_t i = 0; i < internet_provider_hosts(site->provider); i++) {
            (void)snprintf(host, sizeof host, "mx%u.p%u.infra", i + 1, site->provider);
            put_mx(builder, (uint16_t)(10 + 10 * i), host);
        }
        return;
    case MAIL_OWN:
    case MAIL_DEAD:
    case MAIL_TARPIT:
    case MAIL_SHARED:
        (void)snprintf(host, sizeof host, "%s.%s", site->mail == MAIL_SHARED ? "mail" : "mx", domain);
        put_mx(builder, 10, host);
        return;
    default:
        return;
    }
}

static void answer_record(const struct site *site, struct builder *builder)
{
    char text[64];
    (void)snprintf(text, sizeof text, "v=STSv1; id=%u;", (unsigned)(site->hash % 1000000));
    if (site->sts == STS_TXT_BAD)
        (void)snprintf(text, sizeof text, "v=STSv1; id=2024-01-%02u;", (unsigned)(site->hash % 28 + 1));
    put_txt(builder, text);
    if (site->sts == STS_TXT_TWO)
        put_txt(builder, "v=STSv1; id=2;");
}

/* Is there such a name below the domain? Answers what it holds of the type. */
static bool answer_below(const struct site *site, const char *domain, size_t prefix_len,
                         const struct question *question, struct builder *builder)
{
    const char *name = question->name;
    uint16_t type = question->type;
    size_t len = prefix_len;
    bool own = site->mail == MAIL_OWN || site->mail == MAIL_DEAD || site->mail == MAIL_TARPIT;
    if (len == 0) {
        if (type == TYPE_MX)
            answer_mx(site, domain, builder);
        if (type == TYPE_A && site->mail == MAIL_PARKED)
            put_a(builder, SECTION_ANSWER, HEADER_BYTES, internet_mail_address(site));
        return true;
    }
    if (len == 8 && memcmp(name, "_mta-sts", 8) == 0 && site->sts != STS_ABSENT) {
        if (type == TYPE_TXT)
            answer_record(site, builder);
        return true;
    }
    if (len == 10 && memcmp(name, "_smtp._tls", 10) == 0 && site->tlsrpt) {
        if (type == TYPE_TXT)
            put_txt(builder, "v=TLSRPTv1; rua=mailto:tls@reports.example");
        return true;
    }
    if (len == 7 && memcmp(name, "mta-sts", 7) == 0 && site->sts != STS_ABSENT &&
        site->sts != STS_NO_ADDRESS) {
        if (type == TYPE_A)
            put_a(builder, SECTION_ANSWER, HEADER_BYTES, internet_policy_address(site));
        return true;
    }
    bool host = (own && len == 2 && memcmp(name, "mx", 2) == 0) ||
                (site->mail == MAIL_SHARED && len == 4 && memcmp(name, "mail", 4) == 0);
    if (host && type == TYPE_A)
        put_a(builder, SECTION_ANSWER, HEADER_BYTES, internet_mail_address(site));
    return host;
}

static unsigned answer_infra(const struct question *question, struct builder *builder)
{
    uint32_t provider = 0;
    uint32_t host = 0;
    if (!internet_provider_host(question->name, &provider, &host))
        return question->name[0] == 'p' ? RCODE_OK : RCODE_NXDOMAIN;
    for (uint32_t i = 0; question->type == TYPE_A && i < internet_provider_addresses(provider); i++)
        put_a(builder, SECTION_ANSWER, HEADER_BYTES, internet_provider_address(provider, host, i));
    return RCODE_OK;
}

/* Domains of hosts that are not this world's (tests/hostile-among): WAY-A-B-C-D.hostile has a record, and
 * its host at the address A.B.C.D, a policy host if WAY begins with "policy", else an MX host. Nobody answers
 * for those whose WAY is "lost", and servers fail for "fail". */
static bool is_hostile(const char *domain)
{
    return strcmp(strrchr(domain, '.'), ".hostile") == 0;
}

static bool begins(const char *name, const char *word)
{
    return strncmp(name, word, strlen(word)) == 0;
}

static unsigned answer_hostile(const struct question *question, const char *domain, struct builder *builder)
{
    unsigned parts[4];
    const char *name = question->name, *at = strchr(domain, '-');
    const char *host = begins(domain, "policy") ? "mta-sts." : "mx.";
    char mx[NAME_BYTES + 8];
    if (begins(domain, "fail-"))
        return RCODE_SERVFAIL;
    if (at == NULL || sscanf(at, "-%3u-%3u-%3u-%3u", &parts[0], &parts[1], &parts[2], &parts[3]) != 4)
        return RCODE_NXDOMAIN;
    bool record = begins(name, "_mta-sts.");
    if (name != domain && !begins(name, host) && !record)
        return RCODE_NXDOMAIN;
    (void)snprintf(mx, sizeof mx, "mx.%s", domain);
    if (name == domain && question->type == TYPE_MX && strcmp(host, "mx.") == 0)
        put_mx(builder, 10, mx);
    if (record && question->type == TYPE_TXT)
        put_txt(builder, "v=STSv1; id=1;");
    if (begins(name, host) && question->type == TYPE_A)
        put_a(builder, SECTION_ANSWER, HEADER_BYTES,
              parts[0] << 24 | (parts[1] & 255) << 16 | (parts[2] & 255) << 8 | (parts[3] & 255));
    return RCODE_OK;
}

/* The whole truth about a name, as a resolver or the domain's own server tells it. */
static unsigned answer_final(const struct internet *internet, const struct question *question,
                             struct builder *builder)
{
    const char *domain = internet_registered(question->name);
    struct site site;
    if (domain == NULL) {
        if (question->type == TYPE_SOA)
            put_soa(builder, SECTION_ANSWER, question->tld);
        return RCODE_OK;
    }
    if (strcmp(strrchr(domain, '.'), ".infra") == 0)
        return answer_infra(question, builder);
    if (is_hostile(domain))
        return answer_hostile(question, domain, builder);
    internet_site(internet, domain, &site);
    if (!site.exists || site.mail == MAIL_NXDOMAIN)
        return RCODE_NXDOMAIN;
    if (site.mail == MAIL_SERVFAIL)
        return RCODE_SERVFAIL;
    size_t prefix = (size_t)(domain - question->name);
    prefix = prefix > 0 ? prefix - 1 : 0;
    return answer_below(&site, domain, prefix, question, builder) ? RCODE_OK : RCODE_NXDOMAIN;
}

/* A delegation: one server, with its address. */
static void refer(size_t zone, const char *server, uint32_t address, struct builder *builder)
{
    size_t data = begin(builder, SECTION_AUTHORITY, zone, TYPE_NS);
    size_t name = builder->answer->len;
    put_name(builder, server);
    end(builder, data);
    put_a(builder, SECTION_ADDITIONAL, name, address);
    builder->referral = true;
}

static bool is_lost(const struct internet *internet, const struct question *question)
{
    const char *domain = internet_registered(question->name);
    struct site site;
    if (domain == NULL)
        return false;
    if (is_hostile(domain))
        return begins(domain, "lost-");
    internet_site(internet, domain, &site);
    return site.exists && site.mail == MAIL_LOST;
}

/* The address of a domain's name server, shared with others. Those of names that are lost stand apart: a
 * resolver that takes a server for dead is to do no harm to the rest. */
static uint32_t authority_of(const struct site *site)
{
    enum { ADDRESSES = 4000, APART = 4096 };
    return SERVER_AUTH + 1 + (uint32_t)(site->hash % ADDRESSES) + (site->mail == MAIL_LOST ? APART : 0);
}

static unsigned answer_by_role(const struct internet *internet, enum server_role role,
                               const struct question *question, struct builder *builder)
{
    struct site site;
    if (role == ROLE_ROOT && question->tld != 0) {
        refer(question->tld, "ns.infra", SERVER_TLD, builder);
        return RCODE_OK;
    }
    if (role == ROLE_ROOT) {
        if (question->type == TYPE_NS) {
            size_t data = begin(builder, SECTION_ANSWER, ROOT_OFFSET, TYPE_NS);
            put_name(builder, "ns.infra");
            end(builder, data);
        }
        return answer_final(internet, question, builder);
    }
    if (role == ROLE_TLD && question->registered != 0) {
        const char *domain = internet_registered(question->name);
        char server[NAME_BYTES + 4];
        if (strcmp(question->name, "ns.infra") == 0) {
            if (question->type == TYPE_A)
                put_a(builder, SECTION_ANSWER, HEADER_BYTES, SERVER_TLD);
            return RCODE_OK;
        }
        internet_site(internet, domain, &site);
        bool infra = strcmp(strrchr(domain, '.'), ".infra") == 0;
        if (!infra && (!site.exists || site.mail == MAIL_NXDOMAIN))
            return RCODE_NXDOMAIN;
        (void)snprintf(server, sizeof server, "ns.%s", domain);
        refer(question->registered, server, authority_of(&site), builder);
        return RCODE_OK;
    }
    if (role == ROLE_AUTH && strncmp(question->name, "ns.", 3) == 0 && question->type == TYPE_A) {
        internet_site(internet, internet_registered(question->name), &site);
        put_a(builder, SECTION_ANSWER, HEADER_BYTES, authority_of(&site));
        return RCODE_OK;
    }
    return answer_final(internet, question, builder);
}

static void put_header(const uint8_t *query, enum server_role role, unsigned rcode,
                       const struct builder *builder)
{
    uint8_t *wire = builder->answer->wire;
    wire[2] = (uint8_t)(0x80 | (query[2] & 0x79));
    if (role != ROLE_RESOLVER && !builder->referral)
        wire[2] |= 0x04;
    wire[3] = (uint8_t)((role == ROLE_RESOLVER ? 0x80u : 0u) | rcode);
    for (size_t i = 0; i < 3; i++) {
        wire[6 + 2 * i] = (uint8_t)(builder->counts[i] >> 8);
        wire[7 + 2 * i] = (uint8_t)builder->counts[i];
    }
}

static void put_opt(struct builder *builder)
{
    static const uint8_t opt[] = {0, 0, TYPE_OPT, ANSWER_BYTES >> 8, ANSWER_BYTES & 0xFF, 0, 0, 0, 0, 0, 0};
    put(builder, opt, sizeof opt);
    builder->counts[SECTION_ADDITIONAL]++;
}

bool answer_make(const struct internet *internet, enum server_role role, const uint8_t *query, size_t len,
                 struct answer *answer)
{
    struct question question = {.name = {0}};
    struct builder builder = {.answer = answer};
    if (!read_question(query, len, &question))
        return false;
    bool edns = query[10] != 0 || query[11] != 0;
    answer->hash = internet_hash(internet, question.name, strlen(question.name), SALT_ANSWER + question.type);
    uint64_t lost = internet_hash(internet, question.name, strlen(question.name), SALT_LOST + question.type);
    answer->first_is_lost = role != ROLE_ROOT && role != ROLE_TLD && lost % 1000000 < FIG_RETRY_SHARE;
    memcpy(answer->wire, query, question.end);
    answer->len = question.end;
    if ((role == ROLE_RESOLVER || role == ROLE_AUTH) && is_lost(internet, &question)) {
        answer->len = 0;
        return true;
    }
    unsigned rcode = answer_by_role(internet, role, &question, &builder);
    if (!builder.referral && builder.counts[SECTION_ANSWER] == 0 && rcode != RCODE_SERVFAIL)
        put_soa(&builder, SECTION_AUTHORITY,
                role == ROLE_ROOT                              ? (size_t)ROOT_OFFSET
                : role == ROLE_TLD || question.registered == 0 ? question.tld
                                                               : question.registered);
    if (edns)
        put_opt(&builder);
    put_header(query, role, rcode, &builder);
    return !builder.full;
}
