/*
 * Prints the table of options as scan.ini and as help. Writes to the stream that it is given and nowhere
 * else; what it writes depends on the table alone, never on the machine.
 */
#include "scanner/config/config.h"

#include <string.h>

#include "scanner/config/config_table.h"

enum { COLUMNS = 80 };

void config_print_text(FILE *out, const char *prefix, const char *text)
{
    size_t column = 0;
    for (const char *word = text + strspn(text, " "); *word != '\0';) {
        size_t len = strcspn(word, " ");
        if (column > 0 && column + 1 + len > COLUMNS) {
            (void)fputc('\n', out);
            column = 0;
        }
        column += (size_t)fprintf(out, "%s%.*s", column == 0 ? prefix : " ", (int)len, word);
        word += len;
        word += strspn(word, " ");
    }
    (void)fputc('\n', out);
}

static bool begins_section(size_t i)
{
    return i == 0 || strcmp(config_options[i].section, config_options[i - 1].section) != 0;
}

void config_values_text(const struct config_option *option, char text[CONFIG_VALUES_BYTES])
{
    static const char *const names[] = {
        [CONFIG_IS_NUMBER] = "number",    [CONFIG_IS_DURATION] = "duration", [CONFIG_IS_SIZE] = "size",
        [CONFIG_IS_CHOICE] = "one of",    [CONFIG_IS_TEXT] = "text",         [CONFIG_IS_FILE] = "file",
        [CONFIG_IS_FOLDER] = "directory",
    };
    const char *name = names[option->type];
    if (option->type == CONFIG_IS_CHOICE)
        (void)snprintf(text, CONFIG_VALUES_BYTES, "%s %s", name, option->choices);
    else if (option->minimum[0] == '\0')
        (void)snprintf(text, CONFIG_VALUES_BYTES, "%s", name);
    else if (option->maximum[0] == '\0')
        (void)snprintf(text, CONFIG_VALUES_BYTES, "%s, %s or more", name, option->minimum);
    else
        (void)snprintf(text, CONFIG_VALUES_BYTES, "%s, %s to %s", name, option->minimum, option->maximum);
}

static void print_ini_option(FILE *out, const struct config_option *option)
{
    char values[CONFIG_VALUES_BYTES];
    config_values_text(option, values);
    (void)fputc('\n', out);
    config_print_text(out, "# ", option->help);
    if (option->letter == '\0')
        (void)fprintf(out, "# (%s)\n", values);
    else
        (void)fprintf(out, "# (%s; also -%c)\n", values, option->letter);
    (void)fprintf(out, "%s =%s%s\n", option->key, option->initial[0] == '\0' ? "" : " ", option->initial);
}

void config_print_ini(FILE *out)
{
    config_print_text(
        out, "# ",
        "The options of stsweep with their defaults. Each can also be given on the command line, as "
        "--section.key=value, which wins over this file.");
    (void)fputs("#\n", out);
    config_print_text(
        out, "# ",
        "Durations are whole numbers with a unit: ms, s, m or h. Sizes are bytes, or with a unit K, "
        "M or G (1024, 1024 K, 1024 M). Lines that begin with # or ; are comments, and so is what "
        "follows a space and a ; behind a value.");
    for (size_t i = 0; i < config_option_count; i++) {
        if (begins_section(i))
            (void)fprintf(out, "\n[%s]\n", config_options[i].section);
        print_ini_option(out, &config_options[i]);
    }
}

static void print_help_option(FILE *out, const struct config_option *option)
{
    char values[CONFIG_VALUES_BYTES], letter[8] = "";
    config_values_text(option, values);
    if (option->letter != '\0')
        (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
    (void)fprintf(out, "  %s--%s.%s=%s\n", letter, option->section, option->key, option->initial);
    config_print_text(out, "        ", option->help);
    (void)fprintf(out, "        (%s)\n", values);
}

/* It searches `without` by strstr: no section's name is a part of another's. */
void config_print_help(FILE *out, const char *without)
{
    bool first = true;
    for (size_t i = 0; i < config_option_count; i++) {
        if (strstr(without, config_options[i].section) != NULL)
            continue;
        if (begins_section(i))
            (void)fprintf(out, "%s[%s]\n", first ? "" : "\n", config_options[i].section);
        first = false;
        print_help_option(out, &config_options[i]);
    }
}

/* What changes the most for the one who scans and for those who are scanned. */
static const char *const first_options[] = {"dns.resolvers", "smtp.ehlo", "smtp.contact", "safety.optout"};

static bool is_called(const struct config_option *option, const char *name)
{
    size_t len = strlen(option->section);
    return strncmp(option->section, name, len) == 0 && name[len] == '.' &&
           strcmp(option->key, name + len + 1) == 0;
}

void config_print_first(FILE *out)
{
    for (size_t i = 0; i < sizeof first_options / sizeof *first_options; i++)
        for (size_t j = 0; j < config_option_count; j++)
            if (is_called(&config_options[j], first_options[i]))
                print_help_option(out, &config_options[j]);
}
