#include "scanner/base/nearest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nearest_distance(const char *a, const char *b)
{
    size_t rows[3][NEAREST_WORD_BYTES + 1];
    size_t width = strnlen(b, NEAREST_WORD_BYTES), height = strnlen(a, NEAREST_WORD_BYTES);
    for (size_t j = 0; j <= width; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= height; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            row[j] = smaller(smaller(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[height % 3][width];
}

void nearest_begin(struct nearest *nearest, const char *word)
{
    *nearest = (struct nearest){.least = SIZE_MAX};
    (void)snprintf(nearest->word, sizeof nearest->word, "%s", word);
}

void nearest_offer(struct nearest *nearest, const char *known)
{
    nearest_offer_as(nearest, known, known);
}

void nearest_offer_as(struct nearest *nearest, const char *known, const char *shown)
{
    size_t distance = nearest_distance(nearest->word, known);
    if (distance > strlen(nearest->word) / 3 + 1 || distance >= nearest->least)
        return;
    nearest->least = distance;
    (void)snprintf(nearest->best, sizeof nearest->best, "%s", shown);
}

char *nearest_text(const struct nearest *nearest, char text[NEAREST_TEXT_BYTES])
{
    text[0] = '\0';
    if (nearest->best[0] != '\0')
        (void)snprintf(text, NEAREST_TEXT_BYTES, "; the nearest known one is %s", nearest->best);
    return text;
}
