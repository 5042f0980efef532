/*
 * What the DNS of a world says, and which questions it was asked. Filled by the world's file, read by the
 * fake of lookup. Times are fake_clock_us.
 */
#ifndef TESTS_REACH_WORLD_ZONE_H
#define TESTS_REACH_WORLD_ZONE_H

#include "scanner/base/arena.h"
#include "scanner/facts/record_dns.h"

enum { ZONE_RRS = 64, ZONE_NAME_BYTES = 300 };

struct zone_set {
    struct zone_set *next;
    const char *name;
    uint16_t type;
    enum dns_status status;
    enum dns_security security;
    uint32_t ttl; /* seconds */
    int64_t delay_us;
    const char *alias; /* the end of its CNAME, or NULL */
    struct bytes rrs[ZONE_RRS];
    size_t rr_count;
};

struct zone_question {
    char name[ZONE_NAME_BYTES];
    uint16_t type;
    int64_t at_us;
};

/* Forgets all. What is put in lives in arena, which outlives the zone. */
void zone_begin(void);

/* An answer from now on, in place of an earlier one to the same question. set is the arena's. */
void zone_put(struct zone_set *set);

/* The answer to a question, which is noted. What the world says nothing of does not exist; a name that has
 * something, or has names below it, has no data of other types. */
const struct zone_set *zone_ask(const char *name, uint16_t type);

size_t zone_question_count(void);
const struct zone_question *zone_question_get(size_t number);

/* ---- rdata, made in arena; false where the text is none ------------------------------------------------ */

bool rdata_address(const char *text, bool six, struct arena *arena, struct bytes *rdata);
bool rdata_mx(const char *preference, const char *host, struct arena *arena, struct bytes *rdata);
bool rdata_txt(const char *text, struct arena *arena, struct bytes *rdata);
bool rdata_name(const char *text, struct arena *arena, struct bytes *rdata);

/* usage, selector, matching type, and the byte, in hex, that the 32 of the hash all are. */
bool rdata_tlsa(char *const words[4], struct arena *arena, struct bytes *rdata);

#endif
