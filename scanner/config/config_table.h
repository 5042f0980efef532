/*
 * Declares the rows of options.def as data, and turns values into text and back. Private to
 * scanner/config/config*.c, and to the programs that print what is made of the table (docs/make_*.c).
 */
#ifndef STSWEEP_CONFIG_CONFIG_TABLE_H
#define STSWEEP_CONFIG_CONFIG_TABLE_H

#include "scanner/base/nearest.h"
#include "scanner/config/config.h"

enum config_type {
    CONFIG_IS_NUMBER,
    CONFIG_IS_DURATION,
    CONFIG_IS_SIZE,
    CONFIG_IS_CHOICE,
    CONFIG_IS_TEXT,
    CONFIG_IS_FILE,  /* a text, too */
    CONFIG_IS_FOLDER /* likewise */
};

/* Is the value a string, and no number? */
static inline bool config_is_string(enum config_type type)
{
    return type >= CONFIG_IS_TEXT;
}

struct config_option {
    const char *section, *key;
    enum config_type type;
    size_t offset; /* of the member in struct config */
    const char *initial, *minimum, *maximum, *choices;
    char letter; /* 0 for none */
    enum config_resume resume;
    const char *help;
};

extern const struct config_option config_options[];
extern const size_t config_option_count;

enum {
    CONFIG_TEXT_BYTES = 65536,
    CONFIG_VALUE_BYTES = 24,
    CONFIG_NAME_BYTES = 64,
    CONFIG_VALUES_BYTES = 256
};

/* Reads the value of a number, duration, size or choice; false if the text is none. Ranges are not
 * checked. */
bool config_value_parse(const struct config_option *option, const char *text, int64_t *value);

/* Writes the shortest text that parses to the same value: 60000 ms as "1m". For a choice, the choice's
 * name. */
void config_value_format(const struct config_option *option, int64_t value, char text[CONFIG_VALUE_BYTES]);

/* Says for messages what such a value looks like: "a whole number with a unit: ms, s, m or h". */
const char *config_type_form(enum config_type type);

/* Writes which values it takes: "duration, 50ms to 1m", "one of loopback|yes|no", "text". */
void config_values_text(const struct config_option *option, char text[CONFIG_VALUES_BYTES]);

/* Tells whether there is such a section. */
bool config_has_section(const char *section);

/* Says which known section may be meant, for the end of a message (nearest.h). Returns rest. */
char *config_nearest_section(const char *section, char rest[NEAREST_TEXT_BYTES]);

/* Adds a line to *why: "origin: reason", with the text from outside cut short and made printable. */
void config_fault(struct buf *why, const char *origin, const char *reason, const char *outside,
                  const char *rest);

#endif
