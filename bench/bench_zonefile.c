/*
 * Writes a zone file as a registry with many names hands it out, made of a seed: a SOA, the zone's own name
 * servers, delegations with two or three NS records in a row, some signed, glue between, DNSSEC behind.
 * Usage: bench_zonefile DELEGATIONS [SEED]  (to standard output; three lines a delegation on the average)
 */
#include "bench/bench.h"

#include <stdint.h>

enum { NAME_BYTES = 40, HOSTERS = 5000 };

static uint64_t draw(uint64_t *state)
{
    uint64_t value = *state += UINT64_C(0x9E3779B97F4A7C15);
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

/* Makes the n-th name: names rise, as they do in a file that is sorted, and differ in length. */
static void make_name(uint64_t number, uint64_t random, char name[NAME_BYTES])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-x";
    size_t len = (size_t)snprintf(name, NAME_BYTES, "%07llx", (unsigned long long)number);
    for (size_t more = random % 12; more > 0; more--, random /= 32)
        name[len++] = letters[random % 32];
    name[len] = '\0';
}

/* Writes random letters, as a signature or a digest has them. */
static void write_letters(uint64_t *state, int words)
{
    for (int i = 0; i < words; i++)
        (void)printf("%016llx", (unsigned long long)draw(state));
}

static void write_signature(const char *owner, const char *type, uint64_t *state)
{
    (void)printf("%s.bench.\t86400\tin\trrsig\t%s 13 2 86400 20261215000000 20261130000000 4711 bench. ",
                 owner, type);
    write_letters(state, 5);
    (void)printf("==\n");
}

/* The shares are about those of a large gTLD: some have four name servers, one in twenty is signed. */
static void write_delegation(uint64_t number, uint64_t *state)
{
    char name[NAME_BYTES], hash[NAME_BYTES];
    uint64_t random = draw(state);
    make_name(number, draw(state), name);
    unsigned hoster = (unsigned)(random >> 8) % HOSTERS, kind = (unsigned)random % 20;
    unsigned servers = kind < 11 ? 2 : kind < 14 ? 3 : 4;
    for (unsigned i = 1; i <= servers; i++)
        (void)printf("%s.bench.\t172800\tin\tns\tns%u.hoster%u.example.\n", name, i, hoster);
    if (kind == 1) /* its servers are below it */
        (void)printf(
            "ns1.%s.bench.\t172800\tin\ta\t192.0.2.%u\nns1.%s.bench.\t172800\tin\taaaa\t2001:db8::%x\n", name,
            (unsigned)(random >> 32) & 0xff, name, (unsigned)(random >> 40) & 0xffff);
    if (kind != 2)
        return;
    (void)printf("%s.bench.\t86400\tin\tds\t%u 13 2 ", name, (unsigned)(random >> 16) & 0xffff);
    write_letters(state, 4);
    (void)printf("\n");
    write_signature(name, "ds", state);
    (void)snprintf(hash, sizeof hash, "%016llx%016llx", (unsigned long long)draw(state),
                   (unsigned long long)draw(state));
    (void)printf("%s.bench.\t86400\tin\tnsec3\t1 1 0 - ", hash);
    write_letters(state, 2);
    (void)printf(" ns ds rrsig\n");
    write_signature(hash, "nsec3", state);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        bench_die("usage", "bench_zonefile DELEGATIONS [SEED]");
    uint64_t count = strtoull(argv[1], NULL, 10), state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    (void)printf("bench.\t900\tin\tsoa\ta.nic.bench. noc.nic.bench. 1780000000 1800 900 604800 86400\n");
    for (char server = 'a'; server <= 'f'; server++)
        (void)printf("bench.\t518400\tin\tns\t%c.nic.bench.\n", server);
    for (uint64_t i = 0; i < count; i++)
        write_delegation(i, &state);
    return fflush(stdout) == 0 ? 0 : 1;
}
