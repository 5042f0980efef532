/* Gives the table tests of the parsers what they share: findings as text, a cheap random source, and one test
 * for each row. */
#ifndef STSWEEP_TESTS_CASES_H
#define STSWEEP_TESTS_CASES_H

#include <regex.h>
#include <stdio.h>

#include "scanner/base/buf.h"
#include "tests/fuzz/invariants.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Returns the code's name, without prefix if it begins with it. */
static inline const char *short_name(enum failure_code code, const char *prefix)
{
    const char *name = failure_name(code);
    size_t len = strlen(prefix);
    return strncmp(name, prefix, len) == 0 ? name + len : name;
}

/* Writes "code@line:column code@line:column" into buf. */
static inline const char *places(const struct findings *findings, const char *prefix, struct buf *buf)
{
    for (size_t i = 0; i < findings->count; i++)
        (void)buf_printf(buf, "%s%s@%u:%u", i == 0 ? "" : " ", short_name(findings->list[i].code, prefix),
                         findings->list[i].line, findings->list[i].column);
    return buf_string(buf);
}

/* Draws a number by xorshift64*: the same ones each time. */
static inline uint32_t next_random(uint64_t *state, uint32_t below)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* Puts count pieces, picked at random. */
static inline void put_pieces(struct buf *buf, uint64_t *random, const char *const *pieces, size_t kinds,
                              size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_true(buf_text(buf, pieces[next_random(random, (uint32_t)kinds)]));
}

static inline void put_noise(struct buf *buf, uint64_t *random, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_true(buf_byte(buf, (uint8_t)next_random(random, 256)));
}

static inline regex_t compiled(const char *pattern)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    return regex;
}

static inline size_t occurrences(const char *text, const char *word)
{
    size_t count = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        count++;
    return count;
}

/* Counts the rows of different names; the name is each row's first member. */
static inline size_t different_rows(const void *rows, size_t count, size_t size)
{
    size_t different = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name, *other = NULL;
        bool is_first = true;
        memcpy(&name, (const char *)rows + i * size, sizeof name);
        for (size_t j = 0; j < i && is_first; j++) {
            memcpy(&other, (const char *)rows + j * size, sizeof other);
            is_first = strcmp(name, other) != 0;
        }
        different += is_first;
    }
    return different;
}

/* Makes one test for each row, named by it. rows points to the first, size is a row's; its name is its first
 * member. */
static inline void add_cases(struct CMUnitTest *tests, const void *rows, size_t count, size_t size,
                             CMUnitTestFunction run)
{
    for (size_t i = 0; i < count; i++) {
        const char *row = (const char *)rows + i * size;
        const char *name;
        memcpy(&name, row, sizeof name);
        tests[i] = (struct CMUnitTest){name, run, NULL, NULL, (void *)(uintptr_t)row};
    }
}

#endif
