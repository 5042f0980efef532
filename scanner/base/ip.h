/*
 * Parses, prints and compares IP addresses and prefixes of both families, and tells which of them a scanner
 * of the public internet may reach. The special-purpose tables come from IANA's IPv4 and IPv6 Special-Purpose
 * Address Registries (RFC 6890).
 */
#ifndef STSWEEP_BASE_IP_H
#define STSWEEP_BASE_IP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "scanner/base/bytes.h"
#include "scanner/base/error.h"

struct ip_addr {
    uint8_t family;    /* 4, 6, or 0 for none */
    uint8_t bytes[16]; /* network order; an IPv4 address uses the first four */
};

enum { IP_TEXT_BYTES = 46 };

/* Reads a plain textual address, without brackets or zone. false leaves *ip unset. */
bool ip_parse(const char *text, struct ip_addr *ip);
bool ip_parse_bytes(struct bytes text, struct ip_addr *ip);

/* Reads ADDR, ADDR:PORT, [ADDR] or [ADDR]:PORT; *port keeps its value if none is given. */
bool ip_parse_port(const char *text, struct ip_addr *ip, uint16_t *port);

struct ip_addr ip_v4(const uint8_t bytes[4]);
struct ip_addr ip_v6(const uint8_t bytes[16]);

/* Writes the canonical text (RFC 5952) into text[IP_TEXT_BYTES] and returns it. */
char *ip_format(const struct ip_addr *ip, char text[IP_TEXT_BYTES]);

bool ip_equal(const struct ip_addr *a, const struct ip_addr *b);

/* Fills a socket address; returns its length. */
socklen_t ip_sockaddr(const struct ip_addr *ip, uint16_t port, struct sockaddr_storage *address);

/* A set of prefixes. Such sets are small (tens to thousands), so that a lookup goes through all of them. */
struct ip_set {
    struct ip_prefix *prefixes; /* owned */
    size_t count;
};

struct ip_prefix {
    struct ip_addr base;
    uint8_t bits;
};

/* Reads "10.0.0.0/8" or a bare address (a /32 or /128); host bits set is an error. */
bool ip_prefix_parse(const char *text, struct ip_prefix *prefix);

/* The shortest lengths of a prefix that may be of anybody's network: a wider one holds the internet's. */
enum { IP_OWN_BITS_LEAST_V4 = 8, IP_OWN_BITS_LEAST_V6 = 16 };
bool ip_prefix_is_too_wide(const struct ip_prefix *prefix);

/* Reads a comma- or space-separated list into set. ERR_SYNTAX leaves set empty and *bad pointing into
 * list. */
enum error ip_set_parse(const char *list, struct ip_set *set, const char **bad);
enum error ip_set_add(struct ip_set *set, struct ip_prefix prefix);
void ip_set_dispose(struct ip_set *set);
bool ip_set_contains(const struct ip_set *set, const struct ip_addr *ip);

/*
 * Tells whether we may send anything to an address: false for every one that the registries do not call
 * globally reachable, and of IPv6 for all that is not global unicast (2000::/3), unless allow (may be NULL)
 * lists it. Addresses of NAT64 (64:ff9b::/96) and 6to4 (2002::/16) are judged as the IPv4 address in them;
 * v4-mapped and v4-translated addresses do not belong in the DNS and are refused whatever they lead to.
 */
bool ip_may_reach(const struct ip_addr *ip, const struct ip_set *allow);

/* Tells whether a prefix lies wholly in one that the registries call special-purpose, and neither in an
 * exception of these, nor does allow (may be NULL) list any of it: so ip_may_reach is false of its addresses,
 * but of exceptions inside it. */
bool ip_prefix_is_special(const struct ip_prefix *prefix, const struct ip_set *allow);

/* Returns one of the refused prefixes themselves, as text. Indexes count from 0; NULL at the end. */
const char *ip_special_prefix(size_t index);

/*
 * Lists everything that ip_may_reach refuses under allow (may be NULL), as plain prefixes for software that
 * knows neither exceptions nor embedded addresses. ERR_LIMIT past IP_REFUSED_MAX prefixes; set is empty on
 * failure.
 */
enum { IP_REFUSED_MAX = 65536 };
enum error ip_refused_set(const struct ip_set *allow, struct ip_set *set);

#endif
