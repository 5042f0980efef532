/* Answers in a list, the newest first. */
#include "tests/unit/reach/world/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "scanner/wire/dns_message.h"
#include "tests/unit/reach/world/fake_clock.h"
#include "tests/unit/reach/world/story.h"

enum { TTL_S = 300, HASH_BYTES = 32 };

static struct zone_set *sets;
static struct zone_question *questions;
static size_t count, capacity;

void zone_begin(void)
{
    sets = NULL;
    free(questions);
    questions = NULL;
    count = capacity = 0;
}

void zone_put(struct zone_set *set)
{
    set->next = sets;
    sets = set;
}

static void note(const char *name, uint16_t type)
{
    if (count == capacity) {
        capacity = capacity == 0 ? 64 : 2 * capacity;
        questions = realloc(questions, capacity * sizeof *questions);
        if (questions == NULL)
            out_of_memory("a question");
    }
    struct zone_question *question = &questions[count++];
    *question = (struct zone_question){.type = type, .at_us = fake_clock_us()};
    (void)snprintf(question->name, sizeof question->name, "%s", name);
    story_tell("asks for %s, type %u", name, type);
}

static bool is_at_or_below(const char *name, const char *top)
{
    size_t len = strlen(name), top_len = strlen(top);
    return len >= top_len && strcasecmp(name + len - top_len, top) == 0 &&
           (len == top_len || name[len - top_len - 1] == '.');
}

static bool exists(const char *name)
{
    for (const struct zone_set *set = sets; set != NULL; set = set->next)
        if (set->status != DNS_NXDOMAIN && is_at_or_below(set->name, name))
            return true;
    return false;
}

const struct zone_set *zone_ask(const char *name, uint16_t type)
{
    static const struct zone_set nowhere = {
        .status = DNS_NXDOMAIN, .security = DNSSEC_INSECURE, .ttl = TTL_S};
    static const struct zone_set nothing = {.status = DNS_NODATA, .security = DNSSEC_INSECURE, .ttl = TTL_S};
    note(name, type);
    for (const struct zone_set *set = sets; set != NULL; set = set->next)
        if (set->type == type && strcasecmp(set->name, name) == 0)
            return set;
    return exists(name) ? &nothing : &nowhere;
}

size_t zone_question_count(void)
{
    return count;
}

const struct zone_question *zone_question_get(size_t number)
{
    return &questions[number];
}

/* ---- rdata --------------------------------------------------------------------------------------------- */

static bool keep(struct arena *arena, const uint8_t *data, size_t len, struct bytes *rdata)
{
    *rdata = arena_bytes(arena, bytes_make(data, len));
    return rdata->len == len;
}

bool rdata_address(const char *text, bool six, struct arena *arena, struct bytes *rdata)
{
    struct ip_addr ip;
    return ip_parse(text, &ip) && (ip.family == 6) == six && keep(arena, ip.bytes, six ? 16 : 4, rdata);
}

/* Labels with their lengths; the length, or 0. */
static size_t write_name(const char *text, uint8_t *wire, size_t room)
{
    size_t at = 0;
    while (*text != '\0' && strcmp(text, ".") != 0) {
        size_t len = strcspn(text, ".");
        if (len == 0 || len > 63 || at + len + 2 > room)
            return 0;
        wire[at++] = (uint8_t)len;
        memcpy(wire + at, text, len);
        at += len;
        text += len + (text[len] == '.');
    }
    wire[at++] = 0;
    return at;
}

bool rdata_name(const char *text, struct arena *arena, struct bytes *rdata)
{
    uint8_t wire[ZONE_NAME_BYTES];
    size_t len = write_name(text, wire, sizeof wire);
    return len > 0 && keep(arena, wire, len, rdata);
}

bool rdata_mx(const char *preference, const char *host, struct arena *arena, struct bytes *rdata)
{
    uint8_t wire[2 + ZONE_NAME_BYTES];
    char *end;
    unsigned long number = strtoul(preference, &end, 10);
    size_t len = write_name(host, wire + 2, sizeof wire - 2);
    wire[0] = (uint8_t)(number >> 8);
    wire[1] = (uint8_t)number;
    return *end == '\0' && number <= UINT16_MAX && len > 0 && keep(arena, wire, 2 + len, rdata);
}

bool rdata_txt(const char *text, struct arena *arena, struct bytes *rdata)
{
    uint8_t wire[1 + UINT8_MAX];
    size_t len = strlen(text);
    if (len > UINT8_MAX)
        return false;
    wire[0] = (uint8_t)len;
    memcpy(wire + 1, text, len);
    return keep(arena, wire, 1 + len, rdata);
}

bool rdata_tlsa(char *const words[4], struct arena *arena, struct bytes *rdata)
{
    uint8_t wire[3 + HASH_BYTES];
    for (size_t i = 0; i < 3; i++)
        wire[i] = (uint8_t)strtoul(words[i], NULL, 10);
    memset(wire + 3, (int)strtoul(words[3], NULL, 16), HASH_BYTES);
    return keep(arena, wire, sizeof wire, rdata);
}
