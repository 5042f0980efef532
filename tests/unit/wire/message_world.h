/* Gives the tests of wire/dns_message what they share: a message, an arena, and the answer that is read from
 * one into the other. */
#ifndef STSWEEP_TESTS_MESSAGE_WORLD_H
#define STSWEEP_TESTS_MESSAGE_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/wire/dns_message.h"
#include "tests/unit/dns_wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ID = 0x1234, ARENA_BYTES = 1 << 20 };

struct world {
    struct arena arena;
    struct wire wire;
    struct dns_answer answer;
};

static inline int set_up(void **state)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    arena_init(&world.arena, ARENA_BYTES);
    *state = &world;
    return 0;
}

static inline int tear_down(void **state)
{
    struct world *world = *state;
    arena_dispose(&world->arena);
    return 0;
}

static inline enum dns_read read_as(struct world *world, const char *name, uint16_t type, bool trust_ad)
{
    const struct dns_expect expect = {.id = ID, .name = name, .type = type, .trust_ad = trust_ad};
    return dns_answer_read(bytes_make(world->wire.data, world->wire.len), &expect, &world->arena,
                           &world->answer);
}

static inline void expect_status(struct world *world, uint16_t type, enum dns_status status)
{
    assert_int_equal(read_as(world, "a.example", type, false), DNS_READ_ANSWER);
    assert_string_equal(dns_status_name(world->answer.lookup.status), dns_status_name(status));
}

#endif
