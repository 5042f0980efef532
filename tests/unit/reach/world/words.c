/* Lines into words. */
#include "tests/unit/reach/world/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 256, LINE_BYTES = 4096 };

struct reading {
    struct arena *arena;
    struct line *first;
    struct line **last;
    unsigned number;
};

/* One word off the front of *at; NULL: none is left. */
static char *take_word(const char **at, struct arena *arena)
{
    const char *from = *at + strspn(*at, " \t");
    bool quoted = *from == '"';
    if (*from == '\0' || *from == ';')
        return NULL;
    from += quoted;
    size_t len = strcspn(from, quoted ? "\"" : " \t;");
    *at = from + len + (quoted && from[len] == '"');
    return arena_copy(arena, from, len);
}

static bool add_line(struct reading *reading, const char *text)
{
    char *words[WORDS];
    struct line *line = arena_alloc(reading->arena, sizeof *line);
    while (line->count < WORDS && (words[line->count] = take_word(&text, reading->arena)) != NULL)
        line->count++;
    if (line->count == 0)
        return true;
    if (line->count == WORDS)
        return false;
    line->number = reading->number;
    line->words = arena_array(reading->arena, line->count, sizeof *line->words);
    memcpy(line->words, words, line->count * sizeof *words);
    *reading->last = line;
    reading->last = &line->next;
    return true;
}

/* The number for every #. */
static bool add_one_of_each(struct reading *reading, const char *text, long number)
{
    char line[LINE_BYTES];
    size_t len = 0;
    for (; *text != '\0' && len + 16 < sizeof line; text++) {
        if (*text == '#')
            len += (size_t)snprintf(line + len, sizeof line - len, "%ld", number);
        else
            line[len++] = *text;
    }
    line[len] = '\0';
    return *text == '\0' && add_line(reading, line);
}

static bool add_each(struct reading *reading, const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);
    long last = *end == '-' ? strtol(end + 1, &end, 10) : -1;
    if (last < number)
        return false;
    for (; number <= last; number++)
        if (!add_one_of_each(reading, end, number))
            return false;
    return true;
}

static bool read_line(struct reading *reading, const char *text)
{
    const char *from = text + strspn(text, " \t");
    return strncmp(from, "each ", 5) == 0 ? add_each(reading, from + 5) : add_line(reading, from);
}

struct line *words_read(const char *text, struct arena *arena, unsigned *wrong)
{
    struct reading reading = {.arena = arena, .last = &reading.first};
    *wrong = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        reading.number++;
        if (!read_line(&reading, arena_copy(arena, text, len))) {
            *wrong = reading.number;
            return NULL;
        }
        text += len + (text[len] == '\n');
    }
    return reading.first;
}

/* ---- one word ------------------------------------------------------------------------------------------ */

bool words_time(const char *text, int64_t *us)
{
    static const struct {
        const char *unit;
        double us;
    } units[] = {{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"h", 3600e6}};
    double sum = 0;
    *us = 0;
    if (strcmp(text, "0") == 0)
        return true;
    while (*text != '\0') {
        char *end;
        double number = strtod(text, &end);
        size_t len = strspn(end, "ushm"), i = 0;
        while (i < sizeof units / sizeof *units &&
               (strlen(units[i].unit) != len || strncmp(units[i].unit, end, len) != 0))
            i++;
        if (end == text || i == sizeof units / sizeof *units)
            return false;
        sum += number * units[i].us;
        text = end + len;
    }
    *us = (int64_t)(sum + (sum < 0 ? -0.5 : 0.5));
    return true;
}

const char *words_value(const char *word, const char *key)
{
    size_t len = strlen(key);
    return strncmp(word, key, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

bool words_number(const char *text, int64_t *number)
{
    char *end;
    *number = strtoll(text, &end, 10);
    return end != text && *end == '\0';
}
