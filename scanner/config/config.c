/*
 * Fills struct config with defaults, sets one option by name, and visits them all. The table is options.def;
 * config_file.c reads files, config_value.c turns values into text and back. Never reads a file or the
 * environment.
 */
#include "scanner/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/utf8.h"
#include "scanner/config/config_table.h"

const struct config_option config_options[] = {
#define OPTION(section, key, type, initial, minimum, maximum, choices, letter, resume, help)                 \
    {#section,                                                                                               \
     #key,                                                                                                   \
     CONFIG_IS_##type,                                                                                       \
     offsetof(struct config, section##_##key),                                                               \
     initial,                                                                                                \
     minimum,                                                                                                \
     maximum,                                                                                                \
     choices,                                                                                                \
     letter,                                                                                                 \
     RESUME_##resume,                                                                                        \
     help},
#include "scanner/config/options.def"
#undef OPTION
};
const size_t config_option_count = sizeof config_options / sizeof config_options[0];

enum { OUTSIDE_SHOWN = 80 };

static int64_t *number_of(struct config *config, const struct config_option *option)
{
    return (int64_t *)(void *)((char *)config + option->offset);
}

static char **text_of(struct config *config, const struct config_option *option)
{
    return (char **)(void *)((char *)config + option->offset);
}

static void full_name(const struct config_option *option, char name[CONFIG_NAME_BYTES])
{
    (void)snprintf(name, CONFIG_NAME_BYTES, "%s.%s", option->section, option->key);
}

static const struct config_option *find(const char *name)
{
    char known[CONFIG_NAME_BYTES];
    for (size_t i = 0; i < config_option_count; i++) {
        full_name(&config_options[i], known);
        if (strcmp(known, name) == 0)
            return &config_options[i];
    }
    return NULL;
}

/* Says which known option may be meant; a name without a section is compared with the keys too. */
static void say_nearest(const char *name, char rest[NEAREST_TEXT_BYTES])
{
    struct nearest nearest;
    nearest_begin(&nearest, name);
    for (size_t i = 0; i < config_option_count; i++) {
        char known[CONFIG_NAME_BYTES];
        full_name(&config_options[i], known);
        nearest_offer(&nearest, known);
        if (strchr(name, '.') == NULL)
            nearest_offer_as(&nearest, config_options[i].key, known);
    }
    (void)nearest_text(&nearest, rest);
}

bool config_has_section(const char *section)
{
    for (size_t i = 0; i < config_option_count; i++)
        if (strcmp(config_options[i].section, section) == 0)
            return true;
    return false;
}

char *config_nearest_section(const char *section, char rest[NEAREST_TEXT_BYTES])
{
    struct nearest nearest;
    nearest_begin(&nearest, section);
    for (size_t i = 0; i < config_option_count; i++) {
        char shown[CONFIG_NAME_BYTES];
        (void)snprintf(shown, sizeof shown, "[%s]", config_options[i].section);
        nearest_offer_as(&nearest, config_options[i].section, shown);
    }
    return nearest_text(&nearest, rest);
}

void config_fault(struct buf *why, const char *origin, const char *reason, const char *outside,
                  const char *rest)
{
    char shown[OUTSIDE_SHOWN + 1];
    size_t len = strnlen(outside, OUTSIDE_SHOWN);
    utf8_show(bytes_make(outside, len), '?', shown);
    buf_printf(why, "%s: %s \"%s%s\"%s\n", origin, reason, shown, outside[len] == '\0' ? "" : "…", rest);
}

static enum error set_text(char **member, const char *value)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return ERR_MEMORY;
    free(*member);
    *member = copy;
    return ERR_OK;
}

/* Tells whether a text is printable or beyond ASCII, and of bounded length: then it may go on a wire or into
 * a report as it is. */
static bool text_is_plain(const char *value)
{
    size_t len = strnlen(value, CONFIG_TEXT_BYTES);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
            return false;
    return len < CONFIG_TEXT_BYTES;
}

static bool in_range(const struct config_option *option, int64_t value)
{
    int64_t bound;
    if (config_value_parse(option, option->minimum, &bound) && value < bound)
        return false;
    return !config_value_parse(option, option->maximum, &bound) || value <= bound;
}

static void value_fault(const struct config_option *option, const char *value, const char *origin,
                        struct buf *why)
{
    char name[CONFIG_NAME_BYTES], rest[256];
    full_name(option, name);
    if (option->type == CONFIG_IS_CHOICE)
        (void)snprintf(rest, sizeof rest, " is not a value of %s; write one of %s", name, option->choices);
    else if (config_is_string(option->type))
        (void)snprintf(rest, sizeof rest, " is not a value of %s; it is too long or holds control characters",
                       name);
    else
        (void)snprintf(rest, sizeof rest, " is not a value of %s; write %s", name,
                       config_type_form(option->type));
    config_fault(why, origin, "value", value, rest);
}

static void range_fault(const struct config_option *option, const char *value, const char *origin,
                        struct buf *why)
{
    char name[CONFIG_NAME_BYTES], rest[256];
    full_name(option, name);
    if (option->maximum[0] == '\0')
        (void)snprintf(rest, sizeof rest, " is out of range for %s; it takes %s or more", name,
                       option->minimum);
    else
        (void)snprintf(rest, sizeof rest, " is out of range for %s; it takes %s to %s", name, option->minimum,
                       option->maximum);
    config_fault(why, origin, "value", value, rest);
}

static enum error set_number(struct config *config, const struct config_option *option, const char *value,
                             const char *origin, struct buf *why)
{
    int64_t number;
    if (!config_value_parse(option, value, &number)) {
        value_fault(option, value, origin, why);
        return ERR_CONFIG;
    }
    if (!in_range(option, number)) {
        range_fault(option, value, origin, why);
        return ERR_CONFIG;
    }
    *number_of(config, option) = number;
    return ERR_OK;
}

enum error config_set(struct config *config, const char *name, const char *value, const char *origin,
                      struct buf *why)
{
    const struct config_option *option = find(name);
    if (option == NULL) {
        char rest[NEAREST_TEXT_BYTES];
        say_nearest(name, rest);
        config_fault(why, origin, "unknown option", name, rest);
        return ERR_CONFIG;
    }
    if (!config_is_string(option->type))
        return set_number(config, option, value, origin, why);
    if (!text_is_plain(value)) {
        value_fault(option, value, origin, why);
        return ERR_CONFIG;
    }
    return set_text(text_of(config, option), value);
}

enum error config_init(struct config *config)
{
    memset(config, 0, sizeof *config);
    enum error error = ERR_OK;
    for (size_t i = 0; i < config_option_count && error == ERR_OK; i++) {
        const struct config_option *option = &config_options[i];
        if (config_is_string(option->type))
            error = set_text(text_of(config, option), option->initial);
        else if (!config_value_parse(option, option->initial, number_of(config, option)))
            error = ERR_CONFIG;
    }
    if (error != ERR_OK)
        config_dispose(config);
    return error;
}

void config_dispose(struct config *config)
{
    for (size_t i = 0; i < config_option_count; i++)
        if (config_is_string(config_options[i].type))
            free(*text_of(config, &config_options[i]));
    memset(config, 0, sizeof *config);
}

const char *config_flag(char letter)
{
    static const char *const names[] = {
#define OPTION(section, key, type, initial, minimum, maximum, choices, letter, resume, help)                 \
#section "." #key,
#include "scanner/config/options.def"
#undef OPTION
    };
    for (size_t i = 0; i < config_option_count; i++)
        if (letter != '\0' && config_options[i].letter == letter)
            return names[i];
    return NULL;
}

enum config_resume config_resume(const char *name)
{
    const struct config_option *option = find(name);
    return option == NULL ? RESUME_FREE : option->resume;
}

void config_each(const struct config *config, config_visit visit, void *arg)
{
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        const char *member = (const char *)config + option->offset;
        char text[CONFIG_VALUE_BYTES];
        const char *value = text;
        if (config_is_string(option->type))
            value = *(char *const *)(const void *)member;
        else
            config_value_format(option, *(const int64_t *)(const void *)member, text);
        visit(arg, option->section, option->key, value);
    }
}
