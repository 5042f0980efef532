/* The synthetic internet: everything from the hash of the name. */
#include "bench/world/internet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

enum { MILLION = 1000000 };
enum salt {
    SALT_MAIL = 1,
    SALT_STS,
    SALT_STS_KIND,
    SALT_TLSRPT,
    SALT_PROVIDER,
    SALT_ADDRESS,
    SALT_KEY,
    SALT_CHAIN,
    SALT_PLAIN,
    SALT_SELF,
    SALT_NAME,
    SALT_HOSTER
};

/* Where the kinds of hosts stand in 127.0.0.0/8 (and the dead in 100.64.0.0/10). */
enum base_address {
    BASE_PROVIDER = 0x7F100000u, /* 127.16.0.0/13 */
    BASE_SHARED = 0x7F200000u,   /* 127.32.0.0/16 */
    BASE_PARKING = 0x7F210000u,  /* 127.33.0.0/16 */
    BASE_POLICY = 0x7F220000u,   /* 127.34.0.0/16 */
    BASE_TARPIT = 0x7F400000u,   /* 127.64.0.0/10 */
    BASE_OWN = 0x7F800000u,      /* 127.128.0.0/9 */
    BASE_DEAD = 0x64400000u      /* 100.64.0.0/10 */
};

uint64_t internet_hash(const struct internet *internet, const char *text, size_t len, uint64_t salt)
{
    return XXH3_64bits_withSeed(text, len, internet->seed * UINT64_C(0x9E3779B97F4A7C15) + salt);
}

static uint64_t mix(uint64_t value, uint64_t salt)
{
    value += salt * UINT64_C(0x9E3779B97F4A7C15);
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static uint32_t per_million(uint64_t hash, uint64_t salt)
{
    return (uint32_t)(mix(hash, salt) % MILLION);
}

void internet_name(const struct internet *internet, uint64_t index, char name[NAME_BYTES])
{
    static const char *const tlds[] = {"com", "com", "com", "com", "net", "org", "de", "uk"};
    uint64_t draw = mix(index ^ internet->seed, SALT_NAME);
    (void)snprintf(name, NAME_BYTES, "d%llx-%x.%s", (unsigned long long)index, (unsigned)(draw & 0xFFFFF),
                   tlds[draw >> 32 & 7]);
}

const char *internet_registered(const char *name)
{
    const char *last = strrchr(name, '.');
    if (last == NULL)
        return NULL;
    while (last > name && last[-1] != '.')
        last--;
    return last;
}

static enum mail_kind draw_mail(uint32_t draw)
{
    static const uint32_t shares[] = {
#define MAIL(name, share, why) (share),
#define STS(name, share, why)
#define FIGURE(name, value, why)
#include "bench/world/figures.def"
#undef MAIL
#undef STS
#undef FIGURE
    };
    for (unsigned kind = 0; kind + 1 < MAIL_KINDS; kind++) {
        if (draw < shares[kind])
            return (enum mail_kind)kind;
        draw -= shares[kind];
    }
    return MAIL_KINDS - 1;
}

static enum sts_kind draw_sts(uint32_t draw)
{
    static const uint32_t shares[] = {
#define MAIL(name, share, why)
#define STS(name, share, why) (share),
#define FIGURE(name, value, why)
#include "bench/world/figures.def"
#undef MAIL
#undef STS
#undef FIGURE
    };
    for (unsigned kind = STS_ABSENT + 1; kind + 1 < STS_KINDS; kind++) {
        if (draw < shares[kind - 1])
            return (enum sts_kind)kind;
        draw -= shares[kind - 1];
    }
    return STS_KINDS - 1;
}

/* Zipf's law by inversion: ranks grow as a power of the share. The top ones take FIG_TOP_SHARE. */
static uint32_t draw_provider(uint64_t hash)
{
    double draw = (double)(mix(hash, SALT_PROVIDER) >> 11) / 9007199254740992.0;
    const double top = FIG_TOP_SHARE / (double)MILLION;
    if (draw < top)
        return (uint32_t)(pow(FIG_TOP_PROVIDERS + 1.0, draw / top) - 1.0);
    double rest = (draw - top) / (1 - top);
    double span = (double)FIG_PROVIDERS / FIG_TOP_PROVIDERS;
    uint32_t rank = (uint32_t)(FIG_TOP_PROVIDERS * pow(span, rest));
    return rank < FIG_PROVIDERS ? rank : FIG_PROVIDERS - 1;
}

void internet_site(const struct internet *internet, const char *domain, struct site *site)
{
    uint64_t hash = internet_hash(internet, domain, strlen(domain), 0);
    *site = (struct site){.exists = domain[0] == 'd' && strchr(domain, '-') != NULL, .hash = hash};
    if (!site->exists)
        return;
    site->mail = draw_mail(per_million(hash, SALT_MAIL));
    site->provider = draw_provider(hash);
    bool takes_mail = site->mail == MAIL_OWN || site->mail == MAIL_PROVIDER;
    /* Those who deploy anything are those who take mail: their share is that much larger. */
    uint64_t share = (uint64_t)internet->sts_share * 10 / 6;
    if (takes_mail && per_million(hash, SALT_STS) < share)
        site->sts = draw_sts(per_million(hash, SALT_STS_KIND));
    site->plain =
        site->mail == MAIL_OWN && site->sts == STS_ABSENT && per_million(hash, SALT_PLAIN) < FIG_PLAIN_SHARE;
    site->hosted = per_million(hash, SALT_HOSTER) < internet->hoster;
    site->tlsrpt = takes_mail && per_million(hash, SALT_TLSRPT) < FIG_TLSRPT_SHARE;
}

/* ---- hosts and addresses ------------------------------------------------------------------------------- */

uint32_t internet_provider_hosts(uint32_t provider)
{
    return provider < FIG_TOP_PROVIDERS ? 2 : 1;
}

uint32_t internet_provider_addresses(uint32_t provider)
{
    return provider < FIG_TOP_PROVIDERS ? 4 : 1;
}

bool internet_provider_host(const char *name, uint32_t *provider, uint32_t *host)
{
    unsigned mx = 0;
    unsigned number = 0;
    char rest[8];
    if (sscanf(name, "mx%u.p%u.%6s", &mx, &number, rest) != 3 || strcmp(rest, "infra") != 0)
        return false;
    if (number >= FIG_PROVIDERS || mx == 0 || mx > internet_provider_hosts(number))
        return false;
    *provider = number;
    *host = mx - 1;
    return true;
}

uint32_t internet_provider_address(uint32_t provider, uint32_t host, uint32_t number)
{
    return (uint32_t)BASE_PROVIDER + (provider * 2 + host) * 4 + number + 1;
}

uint32_t internet_mail_address(const struct site *site)
{
    uint64_t draw = mix(site->hash, SALT_ADDRESS);
    switch (site->mail) {
    case MAIL_SHARED:
        return (uint32_t)BASE_SHARED + 1 + (uint32_t)(draw % FIG_SHARED_HOSTS);
    case MAIL_PARKED:
        return (uint32_t)BASE_PARKING + 1 + (uint32_t)(draw % FIG_PARKING_HOSTS);
    case MAIL_DEAD:
        return (uint32_t)BASE_DEAD + 256 + (uint32_t)(draw % 0x3FFD00);
    case MAIL_TARPIT:
        return (uint32_t)BASE_TARPIT + 1 + (uint32_t)(draw % 0x3FFFF0);
    default:
        return (uint32_t)BASE_OWN + 2 + (uint32_t)(draw % 0x3FFF00) * 2 + site->plain;
    }
}

/* The parity of a host's own address tells whether it has STARTTLS: a server knows no name before it. */
enum mail_manner internet_manner(uint32_t address)
{
    if (address >= BASE_OWN)
        return address % 2 == 1 ? MANNER_PLAIN : MANNER_USUAL;
    if (address >= BASE_TARPIT)
        return MANNER_TARPIT;
    return address >= BASE_PARKING && address < BASE_POLICY ? MANNER_REFUSES : MANNER_USUAL;
}

uint32_t internet_policy_address(const struct site *site)
{
    if (site->hosted)
        return (uint32_t)BASE_POLICY + 1 + FIG_POLICY_HOSTS;
    return (uint32_t)BASE_POLICY + 1 + (uint32_t)(mix(site->hash, SALT_ADDRESS) % FIG_POLICY_HOSTS);
}

static enum cert_kind policy_cert(enum sts_kind sts)
{
    return sts == STS_TLS_NAME      ? CERT_OTHER_NAME
           : sts == STS_TLS_EXPIRED ? CERT_EXPIRED
           : sts == STS_TLS_SELF    ? CERT_SELF
                                    : CERT_GOOD;
}

void internet_tls_host(const struct internet *internet, const char *host, struct tls_host *out)
{
    static const char policy[] = "mta-sts.";
    uint64_t hash = internet_hash(internet, host, strlen(host), SALT_KEY);
    struct site site = {.exists = false};
    *out = (struct tls_host){.rsa = per_million(hash, SALT_KEY) < FIG_RSA_SHARE,
                             .long_chain = per_million(hash, SALT_CHAIN) < FIG_LONG_SHARE};
    const char *domain = internet_registered(host);
    if (domain != NULL)
        internet_site(internet, domain, &site);
    if (!site.exists)
        return;
    if (strncmp(host, policy, sizeof policy - 1) == 0) {
        out->cert = policy_cert(site.sts);
        return;
    }
    /* Who deploys MTA-STS has the host in order; the others are as surveys of SMTP find them. */
    if (site.sts != STS_ABSENT)
        return;
    out->cert = per_million(hash, SALT_SELF) < FIG_SELF_SHARE ? CERT_SELF : CERT_GOOD;
}

/* ---- latency ------------------------------------------------------------------------------------------- */

static uint32_t log_normal(uint64_t hash, double median, double sigma, uint32_t cap)
{
    double first = ((double)(mix(hash, 1) >> 11) + 1) / 9007199254740993.0;
    double second = (double)(mix(hash, 2) >> 11) / 9007199254740992.0;
    double normal = sqrt(-2 * log(first)) * cos(6.283185307179586 * second);
    double ms = median * exp(sigma * normal);
    return ms > cap ? cap : (uint32_t)ms;
}

uint32_t internet_dns_ms(const struct internet *internet, uint64_t hash)
{
    return internet->latency ? log_normal(hash, FIG_DNS_MEDIAN_MS, FIG_DNS_SIGMA_PCT / 100.0, FIG_DNS_CAP_MS)
                             : 0;
}

uint32_t internet_tcp_ms(const struct internet *internet, uint64_t hash)
{
    return internet->latency ? log_normal(hash, FIG_TCP_MEDIAN_MS, FIG_TCP_SIGMA_PCT / 100.0, FIG_TCP_CAP_MS)
                             : 0;
}
