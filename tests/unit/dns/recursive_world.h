/*
 * Runs a small DNS of our own for test_recursive: a root and the servers below it, on 127.0.0.0/8 port 53 in
 * a network namespace of the test's own, so that root hints lead to them as they lead to the real ones.
 */
#ifndef STSWEEP_TESTS_UNIT_RECURSIVE_WORLD_H
#define STSWEEP_TESTS_UNIT_RECURSIVE_WORLD_H

#include <ldns/ldns.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/base/ip.h"

enum { SERVERS = 6, RECORDS_MAX = 12, ROOT = 0, TEST = 1, SIGNED = 2, REFUSING = 3, SILENT = 4, HIDDEN = 5 };

/* A zone's records, delegations and their glue included, as text. */
static const struct zone {
    const char *ip, *apex;
    const char *records[RECORDS_MAX];
} zones[SERVERS] = {
    [ROOT] = {"127.0.1.1",
              ".",
              {". 3600 IN SOA a.root. x. 1 2 3 4 60", ". 3600 IN NS a.root.", "a.root. 3600 IN A 127.0.1.1",
               "test. 3600 IN NS ns.test.", "ns.test. 3600 IN A 127.0.1.2", "hidden. 3600 IN NS ns.hidden.",
               "ns.hidden. 3600 IN A 127.0.2.1"}},
    [TEST] = {"127.0.1.2",
              "test.",
              {"test. 300 IN SOA ns.test. x. 1 2 3 4 77", "test. 300 IN NS ns.test.",
               "_mta-sts.a.test. 300 IN TXT \"v=STSv1; id=1;\"", "a.test. 300 IN CNAME b.test.",
               "b.test. 200 IN CNAME c.test.", "c.test. 100 IN A 192.0.2.7",
               "signed.test. 300 IN NS ns.signed.test.", "ns.signed.test. 300 IN A 127.0.1.3",
               "refusing.test. 300 IN NS ns.refusing.test.", "ns.refusing.test. 300 IN A 127.0.1.4",
               "silent.test. 300 IN NS ns.silent.test.", "ns.silent.test. 300 IN A 127.0.1.5"}},
    [SIGNED] = {"127.0.1.3",
                "signed.test.",
                {"signed.test. 300 IN SOA ns.signed.test. x. 1 2 3 4 77",
                 "signed.test. 300 IN NS ns.signed.test.", "good.signed.test. 300 IN A 192.0.2.8",
                 "bad.signed.test. 300 IN A 192.0.2.9"}},
    [REFUSING] = {"127.0.1.4", "refusing.test.", {NULL}},
    [SILENT] = {"127.0.1.5", "silent.test.", {NULL}},
    [HIDDEN] = {"127.0.2.1",
                "hidden.",
                {"hidden. 300 IN SOA ns.hidden. x. 1 2 3 4 77", "hidden. 300 IN NS ns.hidden.",
                 "hidden. 300 IN A 192.0.2.10"}},
};

static struct world {
    bool usable;
    int sockets[SERVERS];
    atomic_uint queries[SERVERS];
    atomic_bool stop;
    pthread_t thread;
    ldns_key_list *keys;
    char hints[64], anchor[64];
} world;

static ldns_rr *rr_of(const char *text)
{
    ldns_rr *rr = NULL;
    if (ldns_rr_new_frm_str(&rr, text, 0, NULL, NULL) != LDNS_STATUS_OK)
        abort();
    return rr;
}

/* Adds the records of owner and type to a section; returns how many there were. */
static size_t add_records(ldns_pkt *reply, ldns_pkt_section section, const struct zone *zone,
                          const ldns_rdf *owner, ldns_rr_type type)
{
    size_t found = 0;
    for (size_t i = 0; i < RECORDS_MAX && zone->records[i] != NULL; i++) {
        ldns_rr *rr = rr_of(zone->records[i]);
        if (ldns_dname_compare(ldns_rr_owner(rr), owner) == 0 && ldns_rr_get_type(rr) == type) {
            ldns_pkt_push_rr(reply, section, rr);
            found++;
        } else {
            ldns_rr_free(rr);
        }
    }
    return found;
}

static bool name_exists(const struct zone *zone, const ldns_rdf *name)
{
    bool exists = false;
    for (size_t i = 0; i < RECORDS_MAX && zone->records[i] != NULL && !exists; i++) {
        ldns_rr *rr = rr_of(zone->records[i]);
        exists = ldns_dname_compare(ldns_rr_owner(rr), name) == 0 ||
                 ldns_dname_is_subdomain(ldns_rr_owner(rr), name);
        ldns_rr_free(rr);
    }
    return exists;
}

/* Makes a referral if name is at or below a delegation inside the zone. */
static bool refer(ldns_pkt *reply, const struct zone *zone, const ldns_rdf *name)
{
    for (size_t i = 0; i < RECORDS_MAX && zone->records[i] != NULL; i++) {
        ldns_rr *rr = rr_of(zone->records[i]);
        char *owner = ldns_rdf2str(ldns_rr_owner(rr));
        bool cut = ldns_rr_get_type(rr) == LDNS_RR_TYPE_NS && strcmp(owner, zone->apex) != 0 &&
                   (ldns_dname_compare(name, ldns_rr_owner(rr)) == 0 ||
                    ldns_dname_is_subdomain(name, ldns_rr_owner(rr)));
        free(owner);
        if (!cut) {
            ldns_rr_free(rr);
            continue;
        }
        ldns_pkt_push_rr(reply, LDNS_SECTION_AUTHORITY, rr);
        (void)add_records(reply, LDNS_SECTION_ADDITIONAL, zone, ldns_rr_rdf(rr, 0), LDNS_RR_TYPE_A);
        return true;
    }
    return false;
}

/* Signs the answer section; records of bad.signed.test. are changed after they were signed. */
static void sign(ldns_pkt *reply, const ldns_rdf *name)
{
    ldns_rr_list *answer = ldns_pkt_answer(reply);
    if (ldns_rr_list_rr_count(answer) == 0)
        return;
    ldns_rr_list *signatures = ldns_sign_public(answer, world.keys);
    ldns_pkt_push_rr_list(reply, LDNS_SECTION_ANSWER, signatures);
    ldns_rr_list_free(signatures);
    char *text = ldns_rdf2str(name);
    if (strcmp(text, "bad.signed.test.") == 0)
        ldns_rdf_data(ldns_rr_rdf(ldns_rr_list_rr(ldns_pkt_answer(reply), 0), 0))[3] ^= 1;
    free(text);
}

static void fill(ldns_pkt *reply, const struct zone *zone, const ldns_rdf *name, ldns_rr_type type)
{
    ldns_rdf *apex = ldns_dname_new_frm_str(zone->apex);
    ldns_pkt_set_aa(reply, true);
    if (refer(reply, zone, name)) {
        ldns_pkt_set_aa(reply, false);
    } else if (zone == &zones[SIGNED] && type == LDNS_RR_TYPE_DNSKEY) {
        ldns_pkt_push_rr(reply, LDNS_SECTION_ANSWER, ldns_key2rr(ldns_key_list_key(world.keys, 0)));
    } else if (add_records(reply, LDNS_SECTION_ANSWER, zone, name, type) == 0 &&
               add_records(reply, LDNS_SECTION_ANSWER, zone, name, LDNS_RR_TYPE_CNAME) == 0) {
        (void)add_records(reply, LDNS_SECTION_AUTHORITY, zone, apex, LDNS_RR_TYPE_SOA);
        ldns_pkt_set_rcode(reply, name_exists(zone, name) ? LDNS_RCODE_NOERROR : LDNS_RCODE_NXDOMAIN);
    }
    if (zone == &zones[SIGNED])
        sign(reply, name);
    ldns_rdf_deep_free(apex);
}

static void respond(size_t server, const uint8_t *wire, size_t len, const struct sockaddr *to,
                    socklen_t to_len)
{
    ldns_pkt *query = NULL;
    uint8_t *out = NULL;
    size_t out_len = 0;
    if (server == SILENT || ldns_wire2pkt(&query, wire, len) != LDNS_STATUS_OK)
        return;
    ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(query), 0);
    ldns_pkt *reply = ldns_pkt_new();
    ldns_pkt_set_id(reply, ldns_pkt_id(query));
    ldns_pkt_set_qr(reply, true);
    ldns_pkt_set_edns_udp_size(reply, 1232);
    ldns_pkt_set_edns_do(reply, true);
    ldns_pkt_push_rr(reply, LDNS_SECTION_QUESTION, ldns_rr_clone(question));
    if (server == REFUSING)
        ldns_pkt_set_rcode(reply, LDNS_RCODE_REFUSED);
    else
        fill(reply, &zones[server], ldns_rr_owner(question), ldns_rr_get_type(question));
    if (ldns_pkt2wire(&out, reply, &out_len) == LDNS_STATUS_OK)
        (void)sendto(world.sockets[server], out, out_len, 0, to, to_len);
    free(out);
    ldns_pkt_free(reply);
    ldns_pkt_free(query);
}

static void *serve(void *arg)
{
    struct pollfd polls[SERVERS];
    (void)arg;
    for (size_t i = 0; i < SERVERS; i++)
        polls[i] = (struct pollfd){.fd = world.sockets[i], .events = POLLIN};
    while (!atomic_load(&world.stop)) {
        if (poll(polls, SERVERS, 20) <= 0)
            continue;
        for (size_t i = 0; i < SERVERS; i++) {
            uint8_t wire[1500];
            struct sockaddr_storage from;
            socklen_t from_len = sizeof from;
            if ((polls[i].revents & POLLIN) == 0)
                continue;
            ssize_t len =
                recvfrom(world.sockets[i], wire, sizeof wire, 0, (struct sockaddr *)&from, &from_len);
            if (len <= 0)
                continue;
            atomic_fetch_add(&world.queries[i], 1);
            respond(i, wire, (size_t)len, (struct sockaddr *)&from, from_len);
        }
    }
    return NULL;
}

static int server_socket(const char *text)
{
    struct ip_addr ip;
    struct sockaddr_storage address;
    if (!ip_parse(text, &ip))
        return -1;
    socklen_t len = ip_sockaddr(&ip, 53, &address);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 ? fd : -1;
}

static bool loopback_up(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        (void)close(fd);
    return up;
}

static bool write_file(char path[64], const char *text)
{
    strcpy(path, "/tmp/stsweep-test-recursive-XXXXXX");
    int fd = mkstemp(path);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    return fd >= 0 && close(fd) == 0 && good;
}

static bool make_key(void)
{
    ldns_key *key = ldns_key_new_frm_algorithm(LDNS_SIGN_ECDSAP256SHA256, 256);
    if (key == NULL)
        return false;
    ldns_key_set_pubkey_owner(key, ldns_dname_new_frm_str("signed.test."));
    ldns_key_set_flags(key, LDNS_KEY_ZONE_KEY | LDNS_KEY_SEP_KEY);
    ldns_key_set_inception(key, (uint32_t)(clock_wall_ms() / 1000 - 3600));
    ldns_key_set_expiration(key, (uint32_t)(clock_wall_ms() / 1000 + 3600));
    ldns_rr *public = ldns_key2rr(key);
    ldns_key_set_keytag(key, ldns_calc_keytag(public));
    char *text = ldns_rr2str(public);
    bool good = write_file(world.anchor, text);
    free(text);
    ldns_rr_free(public);
    world.keys = ldns_key_list_new();
    return good && ldns_key_list_push_key(world.keys, key);
}

static int start_world(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return 0;
    if (!loopback_up() || !make_key() ||
        !write_file(world.hints, ". 3600000 NS a.root.\na.root. 3600000 A 127.0.1.1\n"))
        return -1;
    for (size_t i = 0; i < SERVERS; i++)
        if ((world.sockets[i] = server_socket(zones[i].ip)) < 0)
            return -1;
    world.usable = pthread_create(&world.thread, NULL, serve, NULL) == 0;
    return world.usable ? 0 : -1;
}

static int stop_world(void **state)
{
    (void)state;
    if (!world.usable)
        return 0;
    atomic_store(&world.stop, true);
    if (pthread_join(world.thread, NULL) != 0)
        return -1;
    for (size_t i = 0; i < SERVERS; i++)
        (void)close(world.sockets[i]);
    ldns_key_list_free(world.keys);
    return unlink(world.hints) == 0 && unlink(world.anchor) == 0 ? 0 : -1;
}

#endif
