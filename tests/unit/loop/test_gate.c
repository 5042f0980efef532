/* Who gets a place when all are taken: held against a plain search among all that wait, and by name. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/loop/gate.h"

enum { GUESTS = 400, SEED = 7 };

enum guest_state { GUEST_AWAY, GUEST_WAITS, GUEST_IN };

struct hotel;

struct guest {
    struct gate_wait wait;
    struct hotel *hotel;
    struct gate_ids ids;
    enum guest_state state;
    unsigned arrived; /* how many had arrived before */
    bool leaves_at_once;
};

/* A gate and all that ever come to it. */
struct hotel {
    struct gate gate;
    struct guest guests[GUESTS];
    size_t entered[GUESTS * 64]; /* guests in the order in which they went in */
    size_t entries;
    unsigned arrivals;
    bool checks; /* each entry against a plain search */
};

static void open_hotel(struct hotel *hotel, size_t ceiling)
{
    memset(hotel, 0, sizeof *hotel);
    assert_true(gate_init(&hotel->gate, ceiling, SEED));
}

static void close_hotel(struct hotel *hotel)
{
    gate_dispose(&hotel->gate);
}

static size_t held(const struct hotel *hotel, uint64_t id)
{
    size_t count = 0;
    for (size_t i = 0; i < GUESTS; i++) {
        const struct guest *guest = &hotel->guests[i];
        for (size_t k = 0; k < GATE_KEYS; k++)
            count += guest->state == GUEST_IN && guest->ids.of[k] == id;
    }
    return count;
}

static size_t fullest(const struct hotel *hotel, const struct guest *guest)
{
    size_t most = 0;
    for (size_t k = 0; k < GATE_KEYS; k++) {
        size_t number = guest->ids.of[k] == 0 ? 0 : held(hotel, guest->ids.of[k]);
        most = number > most ? number : most;
    }
    return most;
}

/* Nobody who waits has a fullest key that holds less; and none with the same keys came before. */
static void check_entry(const struct hotel *hotel, const struct guest *enters)
{
    size_t own = fullest(hotel, enters);
    for (size_t i = 0; i < GUESTS; i++) {
        const struct guest *other = &hotel->guests[i];
        if (other->state != GUEST_WAITS || other == enters)
            continue;
        assert_true(fullest(hotel, other) >= own);
    }
}

static void leave(struct guest *guest)
{
    guest->state = GUEST_AWAY;
    gate_leave(&guest->hotel->gate, guest->ids);
}

static void on_enter(void *arg)
{
    struct guest *guest = arg;
    struct hotel *hotel = guest->hotel;
    assert_int_equal(guest->state, GUEST_WAITS);
    if (hotel->checks)
        check_entry(hotel, guest);
    guest->state = GUEST_IN;
    hotel->entered[hotel->entries++] = (size_t)(guest - hotel->guests);
    assert_true(hotel->gate.open <= hotel->gate.ceiling);
    if (guest->leaves_at_once)
        leave(guest);
}

static void arrive(struct hotel *hotel, size_t number, uint64_t first, uint64_t second)
{
    struct guest *guest = &hotel->guests[number];
    guest->hotel = hotel;
    guest->ids = (struct gate_ids){{first, second}};
    guest->state = GUEST_WAITS;
    guest->arrived = hotel->arrivals++;
    gate_wait_init(&guest->wait, guest->ids, on_enter, guest);
    gate_enter(&hotel->gate, &guest->wait);
}

static void go_away(struct hotel *hotel, size_t number)
{
    hotel->guests[number].state = GUEST_AWAY;
    gate_cancel(&hotel->gate, &hotel->guests[number].wait);
}

static void no_ceiling_while_places_are_free(void **state)
{
    static struct hotel hotel;
    (void)state;
    open_hotel(&hotel, 100);
    for (size_t i = 0; i < 100; i++)
        arrive(&hotel, i, 1, 2);
    assert_int_equal(hotel.entries, 100);
    assert_int_equal(gate_held(&hotel.gate, 1), 100);
    arrive(&hotel, 100, 3, 4);
    assert_int_equal(hotel.entries, 100);
    for (size_t i = 0; i < 100; i++)
        leave(&hotel.guests[i]);
    leave(&hotel.guests[100]);
    assert_int_equal(hotel.gate.open, 0);
    assert_int_equal(hotel.gate.keys.count, 0); /* keys that hold nothing are forgotten */
    close_hotel(&hotel);
}

/* All places are a tarpit's, and many more of it wait: each that is given back goes to somebody else while
 * there is one, and then to the tarpit again. */
static void who_holds_fewest_goes_first(void **state)
{
    static struct hotel hotel;
    (void)state;
    open_hotel(&hotel, 10);
    for (size_t i = 0; i < 200; i++)
        arrive(&hotel, i, 1000 + i % 7, 2); /* one domain, seven prefixes */
    for (size_t i = 200; i < 210; i++)
        arrive(&hotel, i, 5000 + i, 6000 + i);
    assert_int_equal(hotel.entries, 10);
    for (size_t i = 0; i < 12; i++)
        leave(&hotel.guests[hotel.entered[i]]);
    for (size_t i = 10; i < 20; i++)
        assert_int_equal(hotel.entered[i], 190 + i);
    assert_int_equal(hotel.entries, 22);
    for (size_t i = 20; i < 22; i++)
        assert_true(hotel.entered[i] < 200);
    close_hotel(&hotel);
}

/* However it spreads: over prefixes under one domain, or over domains in one prefix. */
static void the_fullest_of_the_keys_counts(void **state)
{
    static struct hotel hotel;
    (void)state;
    for (int over_domains = 0; over_domains < 2; over_domains++) {
        open_hotel(&hotel, 8);
        for (size_t i = 0; i < 100; i++)
            arrive(&hotel, i, over_domains ? 1 : 1000 + i, over_domains ? 1000 + i : 1);
        arrive(&hotel, 100, 2, 3);
        leave(&hotel.guests[0]);
        assert_int_equal(hotel.entered[8], 100);
        close_hotel(&hotel);
    }
}

/* Keys that hold the same take turns, and nobody starves while others come all the time. */
static void keys_take_turns(void **state)
{
    static struct hotel hotel;
    (void)state;
    open_hotel(&hotel, 1);
    arrive(&hotel, 0, 9, 0);
    for (size_t i = 1; i < 101; i++)
        arrive(&hotel, i, 1, 0);
    arrive(&hotel, 101, 2, 0);
    arrive(&hotel, 102, 3, 0);
    leave(&hotel.guests[0]);
    leave(&hotel.guests[hotel.entered[1]]);
    leave(&hotel.guests[hotel.entered[2]]);
    assert_int_equal(hotel.entered[1], 1);
    assert_int_equal(hotel.entered[2], 101);
    assert_int_equal(hotel.entered[3], 102);
    for (size_t i = 3; i < 102; i++)
        leave(&hotel.guests[hotel.entered[i]]);
    for (size_t i = 4; i < 103; i++) /* within a key the first that came goes first */
        assert_int_equal(hotel.entered[i], i - 2);
    close_hotel(&hotel);
}

static void who_leaves_from_inside_lets_the_next_in(void **state)
{
    static struct hotel hotel;
    (void)state;
    open_hotel(&hotel, 2);
    for (size_t i = 0; i < 2; i++)
        arrive(&hotel, i, 1, 0);
    for (size_t i = 2; i < GUESTS; i++) {
        hotel.guests[i].leaves_at_once = true;
        arrive(&hotel, i, 1 + i % 3, 0);
    }
    go_away(&hotel, 2);
    assert_int_equal(hotel.entries, 2);
    leave(&hotel.guests[0]);
    assert_int_equal(hotel.entries, GUESTS - 1);
    assert_int_equal(hotel.gate.open, 1);
    close_hotel(&hotel);
}

/* A linear generator: the same walk each time. */
static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*seed >> 33) % below;
}

/* Comings, goings and givings up by chance: each entry is one that a search among all would have found. */
static void as_a_search_among_all(void **state)
{
    static struct hotel hotel;
    uint64_t seed = 1;
    (void)state;
    for (uint32_t keys = 2; keys < 40; keys += 5) {
        open_hotel(&hotel, 3 + draw(&seed, 20));
        hotel.checks = true;
        for (int step = 0; step < 4000 && hotel.entries < GUESTS * 60; step++) {
            size_t number = draw(&seed, GUESTS);
            bool ends = hotel.gate.open > 0 && draw(&seed, 2) == 0;
            while (ends && hotel.guests[number].state != GUEST_IN)
                number = (number + 1) % GUESTS;
            enum guest_state is = hotel.guests[number].state;
            if (is == GUEST_IN)
                leave(&hotel.guests[number]);
            else if (is == GUEST_WAITS && draw(&seed, 4) == 0)
                go_away(&hotel, number);
            else if (is == GUEST_AWAY)
                arrive(&hotel, number, 1 + draw(&seed, keys),
                       draw(&seed, 3) == 0 ? 0 : 1000 + draw(&seed, keys));
        }
        assert_true(hotel.entries > 1000);
        for (size_t i = 0; i < GUESTS; i++)
            if (hotel.guests[i].state == GUEST_WAITS)
                go_away(&hotel, i);
        for (size_t i = 0; i < GUESTS; i++)
            if (hotel.guests[i].state == GUEST_IN)
                leave(&hotel.guests[i]);
        assert_int_equal(hotel.gate.open, 0);
        assert_int_equal(hotel.gate.keys.count, 0);
        close_hotel(&hotel);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_ceiling_while_places_are_free),
        cmocka_unit_test(who_holds_fewest_goes_first),
        cmocka_unit_test(the_fullest_of_the_keys_counts),
        cmocka_unit_test(keys_take_turns),
        cmocka_unit_test(who_leaves_from_inside_lets_the_next_in),
        cmocka_unit_test(as_a_search_among_all),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
