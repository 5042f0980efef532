/*
 * A synthetic internet that follows from a seed and a name: what stands in figures.def decides, by the hash
 * of the name, how each domain takes mail, whether it deploys MTA-STS and what is wrong with it. Pure: no
 * data, no I/O, so ten million domains cost nothing. The servers ask it what to answer; `world expect` asks
 * it what a scan must find.
 */
#ifndef STSWEEP_BENCH_INTERNET_H
#define STSWEEP_BENCH_INTERNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mail_kind {
#define MAIL(name, share, why) MAIL_##name,
#define STS(name, share, why)
#define FIGURE(name, value, why)
#include "bench/world/figures.def"
#undef MAIL
#undef STS
#undef FIGURE
    MAIL_KINDS
};

enum sts_kind {
    STS_ABSENT,
#define MAIL(name, share, why)
#define STS(name, share, why) STS_##name,
#define FIGURE(name, value, why)
#include "bench/world/figures.def"
#undef MAIL
#undef STS
#undef FIGURE
    STS_KINDS
};

enum {
#define MAIL(name, share, why)
#define STS(name, share, why)
#define FIGURE(name, value, why) FIG_##name = (value),
#include "bench/world/figures.def"
#undef MAIL
#undef STS
#undef FIGURE
};

enum { NAME_BYTES = 256 };

struct internet {
    uint64_t seed;
    uint32_t sts_share; /* per million; FIG_STS_SHARE unless a run wants more deployments to look at */
    uint32_t hoster;    /* per million of the policy hosts: they all stand at one address */
    bool latency;       /* answers take their time; else they come at once */
};

/* A registered domain. */
struct site {
    bool exists; /* the name is one of ours */
    enum mail_kind mail;
    enum sts_kind sts;
    bool tlsrpt;
    bool hosted;       /* its policy stands at the hoster's address */
    bool plain;        /* of MAIL_OWN: its host has no STARTTLS */
    uint32_t provider; /* of MAIL_PROVIDER: 0 is the largest */
    uint64_t hash;
};

/* What a host that speaks TLS presents. */
enum cert_kind { CERT_GOOD, CERT_OTHER_NAME, CERT_EXPIRED, CERT_SELF };

struct tls_host {
    enum cert_kind cert;
    bool rsa;
    bool long_chain;
};

/* The i-th name of the list, "d…" under one of a few top-level domains. */
void internet_name(const struct internet *internet, uint64_t index, char name[NAME_BYTES]);

/* domain: lower case, no dot at the end. */
void internet_site(const struct internet *internet, const char *domain, struct site *site);

/* The registered domain that a name stands under, a pointer into it; NULL for a top-level domain or the root.
 */
const char *internet_registered(const char *name);

/* Providers' hosts are mx<j>.p<k>.infra; is it one, and which? */
bool internet_provider_host(const char *name, uint32_t *provider, uint32_t *host);
uint32_t internet_provider_hosts(uint32_t provider);
uint32_t internet_provider_addresses(uint32_t provider);

/* Addresses, host byte order. Dead ones are in 100.64.0.0/10, all others in 127.0.0.0/8. */
uint32_t internet_provider_address(uint32_t provider, uint32_t host, uint32_t number);
uint32_t
internet_mail_address(const struct site *site); /* of the site's own or shared host, or its parking */
uint32_t internet_policy_address(const struct site *site);

/* How an address behaves on port 25. */
enum mail_manner { MANNER_USUAL, MANNER_PLAIN, MANNER_REFUSES, MANNER_TARPIT };
enum mail_manner internet_manner(uint32_t address);

/* An SMTP or policy host as its name says (its SNI). */
void internet_tls_host(const struct internet *internet, const char *host, struct tls_host *out);

/* A draw from a log-normal distribution, in ms; 0 where there is no latency. */
uint32_t internet_dns_ms(const struct internet *internet, uint64_t hash);
uint32_t internet_tcp_ms(const struct internet *internet, uint64_t hash);

uint64_t internet_hash(const struct internet *internet, const char *text, size_t len, uint64_t salt);

#endif
