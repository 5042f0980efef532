/*
 * Every connection that was begun to a peer of a world, by the fakes of fetch and probe: to whom, when, until
 * when. Times are fake_clock_us.
 */
#ifndef TESTS_REACH_WORLD_CONTACTS_H
#define TESTS_REACH_WORLD_CONTACTS_H

#include "scanner/reach/limits.h"
#include "tests/unit/reach/world/peers.h"

enum { CONTACT_HOST_BYTES = 256 };

struct contact {
    enum pace_class class;
    struct ip_addr ip;
    char host[CONTACT_HOST_BYTES];
    enum peer_hello hello;
    bool cancelled;
    int64_t began_us;
    int64_t ended_us;   /* -1: it is open */
    size_t open_there;  /* of its class at its address when it had begun, itself among them */
    size_t open_in_all; /* likewise everywhere */
};

/* Forgets all. */
void contacts_begin(void);

/* The number of a new one. */
size_t contact_open(enum pace_class class, const struct ip_addr *ip, const char *host, enum peer_hello hello);
void contact_close(size_t number, bool cancelled);

size_t contacts_count(void);
const struct contact *contact_get(size_t number);

/* The most of a class that were open at a time; to one address, or to all of them together (NULL). */
size_t contacts_most(enum pace_class class, const struct ip_addr *ip);

#endif
