/*
 * Reads and writes values of options as text: numbers, durations, sizes, choices. Pure; knows nothing of
 * files or of which options there are.
 */
#include "scanner/config/config_table.h"

#include <inttypes.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* Largest first; a table ends with a unit whose name is NULL. */
static const struct unit durations[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};
static const struct unit sizes[] = {{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}, {NULL, 0}};
static const struct unit plain[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(enum config_type type)
{
    return type == CONFIG_IS_DURATION ? durations : type == CONFIG_IS_SIZE ? sizes : plain;
}

/* Reads the digits at the start of text; *rest is what follows. false without digits or past 63 bits. */
static bool parse_digits(const char *text, int64_t *value, const char **rest)
{
    int64_t sum = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, *at - '0', &sum))
            return false;
    *value = sum;
    *rest = at;
    return at != text;
}

static bool parse_with_unit(const struct unit *units, const char *text, int64_t *value)
{
    int64_t number;
    const char *rest;
    if (!parse_digits(text, &number, &rest))
        return false;
    for (const struct unit *unit = units; unit->name != NULL; unit++)
        if (strcmp(unit->name, rest) == 0)
            return !__builtin_mul_overflow(number, unit->factor, value);
    return false;
}

/* Returns the choice at index, its length in *len; NULL past the last. */
static const char *choice_at(const char *choices, int64_t index, size_t *len)
{
    const char *at = choices;
    for (; index > 0; index--) {
        at = strchr(at, '|');
        if (at == NULL)
            return NULL;
        at++;
    }
    *len = strcspn(at, "|");
    return at;
}

static bool parse_choice(const char *choices, const char *text, int64_t *value)
{
    const char *choice;
    size_t len;
    for (int64_t i = 0; (choice = choice_at(choices, i, &len)) != NULL; i++) {
        if (strlen(text) == len && memcmp(text, choice, len) == 0) {
            *value = i;
            return true;
        }
    }
    return false;
}

bool config_value_parse(const struct config_option *option, const char *text, int64_t *value)
{
    if (option->type == CONFIG_IS_CHOICE)
        return parse_choice(option->choices, text, value);
    return !config_is_string(option->type) && parse_with_unit(units_of(option->type), text, value);
}

static void format_choice(const char *choices, int64_t value, char text[CONFIG_VALUE_BYTES])
{
    size_t len = 0;
    const char *choice = choice_at(choices, value, &len);
    (void)snprintf(text, CONFIG_VALUE_BYTES, "%.*s", choice == NULL ? 0 : (int)len,
                   choice == NULL ? "" : choice);
}

/* Returns the largest unit that divides value; a zero duration is written "0s", a zero size "0". */
static const struct unit *unit_for(enum config_type type, int64_t value)
{
    const struct unit *unit = units_of(type);
    if (value == 0)
        return type == CONFIG_IS_DURATION ? &durations[2] : &plain[0];
    while (value % unit->factor != 0)
        unit++;
    return unit;
}

void config_value_format(const struct config_option *option, int64_t value, char text[CONFIG_VALUE_BYTES])
{
    if (option->type == CONFIG_IS_CHOICE) {
        format_choice(option->choices, value, text);
        return;
    }
    const struct unit *unit = unit_for(option->type, value);
    (void)snprintf(text, CONFIG_VALUE_BYTES, "%" PRId64 "%s", value / unit->factor, unit->name);
}

const char *config_type_form(enum config_type type)
{
    static const char *const forms[] = {
        [CONFIG_IS_NUMBER] = "a whole number",
        [CONFIG_IS_DURATION] = "a whole number with a unit: ms, s, m or h",
        [CONFIG_IS_SIZE] = "a whole number of bytes, or one with a unit: K, M or G",
        [CONFIG_IS_CHOICE] = "one of the choices",
        [CONFIG_IS_TEXT] = "a text",
        [CONFIG_IS_FILE] = "the name of a file",
        [CONFIG_IS_FOLDER] = "the name of a directory",
    };
    return forms[type];
}
