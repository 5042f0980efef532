/* What is kept by its last use: which entries go, in which order, and that each is freed once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/recent.h"

enum { LETTERS = 26 };

struct letter {
    struct recent_node recent;
    char key;
};

static char dropped[64];

static bool is_letter(const struct map_node *node, struct bytes key)
{
    return ((const struct letter *)(const void *)node)->key == (char)key.data[0];
}

static void free_letter(struct recent_node *entry)
{
    struct letter *letter = (struct letter *)(void *)entry;
    size_t len = strlen(dropped);
    assert_true(len + 1 < sizeof dropped);
    dropped[len] = letter->key;
    dropped[len + 1] = '\0';
    free(letter);
}

static void add(struct recent *recent, char key, size_t weight)
{
    struct letter *letter = calloc(1, sizeof *letter);
    assert_non_null(letter);
    letter->key = key;
    assert_true(recent_add(recent, &letter->recent, bytes_make(&key, 1), weight));
}

static bool is_kept(struct recent *recent, char key)
{
    const struct letter *letter = (struct letter *)(void *)recent_find(recent, bytes_make(&key, 1));
    return letter != NULL && letter->key == key;
}

/* A row is a story: "+a3" keeps a with a weight of 3, "?a" finds a, "!a" does not, "-4" makes room for 4. */
static void play(const char *story, size_t ceiling, const char *expected, size_t left)
{
    struct recent recent;
    dropped[0] = '\0';
    recent_init(&recent, ceiling, 42, is_letter, free_letter);
    for (const char *at = story; *at != '\0'; at++) {
        if (*at == '+') {
            add(&recent, at[1], (size_t)(at[2] - '0'));
            at += 2;
        } else if (*at == '-') {
            recent_trim(&recent, (size_t)(*++at - '0'));
        } else {
            const bool wanted = *at == '?';
            if (is_kept(&recent, *++at) != wanted)
                fail_msg("%s: %c is%s kept", story, *at, wanted ? " not" : "");
        }
    }
    if (strcmp(dropped, expected) != 0)
        fail_msg("%s: dropped “%s”, expected “%s”", story, dropped, expected);
    if (recent.weight != left)
        fail_msg("%s: it weighs %zu, expected %zu", story, recent.weight, left);
    recent_dispose(&recent);
    assert_int_equal(recent.weight, 0);
}

static void what_was_not_used_for_longest_goes(void **state)
{
    static const struct {
        const char *story;
        size_t ceiling;
        const char *dropped;
        size_t left;
    } rows[] = {
        {"", 3, "", 0},
        {"!a-0-9", 3, "", 0},
        {"+a1?a!b", 3, "", 1},
        {"+a1+b1+c1-0", 3, "", 3},
        {"+a1+b1+c1-1+d1!a?b?c?d", 3, "a", 3},
        {"+a1+b1+c1?a-1!b?a?c", 3, "b", 2},
        {"+a1+b1+c1?a?b-2!a!c?b", 3, "ca", 1},
        {"+a1+b1+c1!x-1", 3, "a", 2},
        {"+a2+b2+c2-0", 3, "ab", 2},
        {"+a2+b2+c2?a-0", 3, "bc", 2},
        {"+a9-0", 3, "a", 0},
        {"+a1+b9-0", 3, "ab", 0},
        {"+b9+a1-0", 3, "b", 1},
        {"+a1+b1-3", 3, "ab", 0},
        {"+a1+b1-9", 3, "ab", 0},
        {"+a1-1+b1-1", 1, "ab", 0},
        {"+a1-0", 0, "a", 0},
        {"+a0-0?a", 0, "", 0},
        {"+a1-3!a+a1?a", 3, "a", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        play(rows[i].story, rows[i].ceiling, rows[i].dropped, rows[i].left);
}

static void all_are_freed_once_at_the_end(void **state)
{
    struct recent recent;
    size_t seen[LETTERS] = {0};
    (void)state;
    dropped[0] = '\0';
    recent_init(&recent, LETTERS, 42, is_letter, free_letter);
    for (int i = 0; i < LETTERS; i++)
        add(&recent, (char)('a' + i), 1);
    for (int i = 0; i < LETTERS; i += 3)
        assert_true(is_kept(&recent, (char)('a' + i)));
    recent_trim(&recent, LETTERS / 2);
    recent_dispose(&recent);
    for (const char *at = dropped; *at != '\0'; at++)
        seen[*at - 'a']++;
    for (int i = 0; i < LETTERS; i++)
        assert_int_equal(seen[i], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_used_for_longest_goes),
        cmocka_unit_test(all_are_freed_once_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
