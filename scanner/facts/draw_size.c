/* Reads percentages as whole numbers, so that a share is exact. */
#include "scanner/facts/draw_size.h"

#include <string.h>

enum { PERCENT = DRAW_WHOLE / 100, DIGITS_MOST = 8 };

/* Reads digits, some and not too many; returns what is behind them, NULL if there are none or too many. */
static const char *read_digits(const char *text, uint64_t *number)
{
    const char *at = text;
    for (*number = 0; *at >= '0' && *at <= '9'; at++)
        *number = *number * 10 + (uint64_t)(*at - '0');
    return at == text || at - text > DIGITS_MOST ? NULL : at;
}

/* Reads the decimals of a percentage, as parts of DRAW_WHOLE. */
static const char *read_decimals(const char *text, uint64_t *parts)
{
    const char *at = text;
    uint64_t weight = PERCENT;
    for (*parts = 0; *at >= '0' && *at <= '9' && weight > 1; at++) {
        weight /= 10;
        *parts += weight * (uint64_t)(*at - '0');
    }
    return at == text ? NULL : at;
}

bool draw_size_parse(const char *text, struct draw_size *size)
{
    uint64_t number, parts = 0;
    *size = (struct draw_size){0};
    if (text[0] == '\0')
        return true;
    const char *rest = read_digits(text, &number);
    if (rest != NULL && *rest == '\0') {
        size->names = number;
        return number >= 1 && number <= DRAW_NAMES_MOST;
    }
    if (rest != NULL && *rest == '.')
        rest = read_decimals(rest + 1, &parts);
    if (rest == NULL || strcmp(rest, "%") != 0 || number > 100)
        return false;
    parts += number * PERCENT;
    size->share = (uint32_t)(parts <= DRAW_WHOLE ? parts : 0);
    return size->share > 0;
}
