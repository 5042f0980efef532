/*
 * Prints what is made of the table of fields (scanner/facts/fields.def) and its neighbours:
 *
 *     make_fields schema <docs/schema.in     docs/schema.json: the frame, with the records, the options and
 *                                            the counters in place of its lines @records@, @options@ and
 *                                            @counters@
 *     make_fields dictionary                 docs/fields.md
 *     make_fields records <docs/records.md   the same page, with the tables between its marks made anew
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docs/make_walk.h"
#include "output/live/status.h"
#include "scanner/facts/counters.h"

enum { LINE_BYTES = 4096 };

static void print_quoted(const char *text)
{
    putchar('"');
    for (; *text != 0; text++) {
        if (*text == '"')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static bool is_object(enum field_type type)
{
    return type == AS_GROUP || type == AS_POINTER || type == AS_PART;
}

/* ---- the schema ---------------------------------------------------------------------------------------- */

static void print_object(const struct field_group *group, const char *indent);

static void print_words(const struct field_words *words)
{
    printf("\"enum\": [");
    for (unsigned i = words->first; i < words->count; i++)
        printf("%s\"%s\"", i == words->first ? "" : ", ", words->word(i));
    putchar(']');
}

static void print_enum(const struct field_words *words)
{
    if (words->name == NULL)
        print_words(words);
    else
        printf("\"$ref\": \"#/$defs/%s\"", words->name);
}

static void print_range(const struct field *field)
{
    printf("\"type\": \"integer\"");
    if (field->type == AS_UNSIGNED || field->least != 0 || field->most != 0)
        printf(", \"minimum\": %lld", (long long)field->least);
    if (field->most != 0)
        printf(", \"maximum\": %lld", (long long)field->most);
}

static void print_group(const struct field_group *group, const char *indent)
{
    if (group->within)
        print_object(group, indent);
    else
        printf("\"$ref\": \"#/$defs/%s\"", group->name);
}

static void print_list(const struct field *field, const char *indent)
{
    if (field->group->list != NULL) {
        printf("\"$ref\": \"#/$defs/%s\"", field->group->list);
        return;
    }
    printf("\"type\": \"array\", \"items\": {");
    print_group(field->group, indent);
    printf("}, \"minItems\": 1");
}

/* Lists of words may be empty where the field is always there. */
static void print_word_list(const struct field *field)
{
    printf("\"type\": \"array\", \"items\": {");
    if (field->type == AS_CODES)
        printf("\"$ref\": \"#/$defs/code\"");
    else if (field->words != NULL)
        print_enum(field->words);
    else
        printf("\"type\": \"string\"");
    printf(field->left == LEFT_NEVER || field->words == NULL ? "}" : "}, \"minItems\": 1");
}

static void print_text_type(const struct field *field)
{
    if (field->pattern != NULL)
        printf("\"type\": \"string\", \"pattern\": \"%s\"", field->pattern);
    else
        printf("\"type\": \"string\"");
}

static void print_simple(const struct field *field)
{
    static const char *const shapes[AS_TYPE_COUNT] = {
        [AS_TIME] = "\"$ref\": \"#/$defs/time\"",
        [AS_SECONDS] = "\"$ref\": \"#/$defs/time\"",
        [AS_CODE] = "\"$ref\": \"#/$defs/code\"",
        [AS_STRING] = "\"$ref\": \"#/$defs/text\"",
        [AS_TEXT] = "\"$ref\": \"#/$defs/text\"",
        [AS_HEX] = "\"type\": \"string\", \"pattern\": \"^([0-9a-f]{2})*$\"",
        [AS_BASE64] = "\"type\": \"string\", \"pattern\": \"^[A-Za-z0-9+/]+={0,2}$\"",
        [AS_IP] = "\"$ref\": \"#/$defs/ip\"",
        [AS_STRINGS] = "\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/text\"}, \"minItems\": 1",
        [AS_TEXTS] = "\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/text\"}, \"minItems\": 1",
        [AS_IPS] = "\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/ip\"}, \"minItems\": 1",
    };
    fputs(shapes[field->type], stdout);
}

static void print_shape(const struct field *field, const char *indent)
{
    if (field->schema != NULL)
        fputs(field->schema, stdout);
    else if (is_object(field->type))
        print_group(field->group, indent);
    else if (field->type == AS_LIST)
        print_list(field, indent);
    else if (field->type == AS_WORDS || field->type == AS_CODES)
        print_word_list(field);
    else if (field->type == AS_BOOL)
        fputs(field->left == LEFT_EMPTY ? "\"const\": true" : "\"type\": \"boolean\"", stdout);
    else if (field->type == AS_UNSIGNED || field->type == AS_SIGNED)
        print_range(field);
    else if (field->type == AS_ENUM)
        print_enum(field->words);
    else if (field->type == AS_NAME || field->type == AS_ASCII)
        print_text_type(field);
    else if (field->type == AS_HASH)
        printf("\"$ref\": \"#/$defs/%s\"", field->size == 32 ? "sha256" : "sha512");
    else
        print_simple(field);
}

struct printing {
    const char *indent;
    bool follows;
};

static void print_required(const struct field *field, bool required, void *arg)
{
    struct printing *printing = arg;
    if (!required || field->left != LEFT_NEVER)
        return;
    printf("%s\"%s\"", printing->follows ? ", " : "", field->key);
    printing->follows = true;
}

static void print_property(const struct field *field, bool required, void *arg)
{
    struct printing *printing = arg;
    (void)required;
    printf("%s%s  \"%s\": {\"description\": ", printing->follows ? ",\n" : "", printing->indent, field->key);
    print_quoted(field->meaning);
    printf(", ");
    print_shape(field, printing->indent);
    putchar('}');
    printing->follows = true;
}

/* The members of a schema's object, without its braces. */
static void print_object(const struct field_group *group, const char *indent)
{
    char inner[32];
    (void)snprintf(inner, sizeof inner, "%s    ", indent);
    struct printing required = {inner, false}, properties = {inner, false};
    printf("\"type\": \"object\", \"required\": [");
    walk(group, true, print_required, &required);
    printf("],\n%s  \"properties\": {\n", inner);
    walk(group, true, print_property, &properties);
    printf("\n%s  },\n%s  \"additionalProperties\": true", inner, inner);
}

static void print_definition(const struct field_group *group)
{
    if (group->within)
        return;
    printf(",\n    \"%s\": {\n      \"description\": ", group->name);
    print_quoted(group->meaning);
    printf(",\n      ");
    print_object(group, "  ");
    printf("\n    }");
    if (group->list != NULL)
        printf(",\n    \"%s\": {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/%s\"}, \"minItems\": 1}",
               group->list, group->name);
}

struct met {
    const struct field_words *words[64];
    size_t count;
};

static void print_word_definition(const struct field *field, bool required, void *arg)
{
    struct met *met = arg;
    (void)required;
    const struct field_words *words = field->words;
    for (size_t i = 0; i < met->count; i++)
        if (met->words[i] == words)
            return;
    if (words == NULL || words->name == NULL || met->count == sizeof met->words / sizeof *met->words)
        return;
    met->words[met->count++] = words;
    printf("%s    \"%s\": {", met->count == 1 ? "" : ",\n", words->name);
    if (words->meaning != NULL) {
        printf("\"description\": ");
        print_quoted(words->meaning);
        printf(", ");
    }
    print_words(words);
    putchar('}');
}

static void print_definitions(void)
{
    struct met met = {.count = 0};
    for (size_t i = 0; i < field_group_count; i++)
        walk(field_groups[i], true, print_word_definition, &met);
    for (size_t i = 0; i < field_group_count; i++)
        print_definition(field_groups[i]);
    puts(",");
}

static void print_member_of_a_map(bool *follows, const char *indent, const char *name, const char *meaning,
                                  const char *shape)
{
    printf("%s%s\"%s\": {\"description\": ", *follows ? ",\n" : "", indent, name);
    print_quoted(meaning);
    printf(", %s}", shape);
    *follows = true;
}

static void print_options(void)
{
    static const struct {
        const char *name, *help;
    } options[] = {
#define OPTION(section, key, type, initial, minimum, maximum, choices, letter, resume, help)                 \
    {#section "." #key, help},
#include "scanner/config/options.def"
#undef OPTION
    };
    bool follows = false;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        print_member_of_a_map(&follows, "        ", options[i].name, options[i].help,
                              "\"$ref\": \"#/$defs/text\"");
    putchar('\n');
}

static void print_counter(void *arg, const char *name, const char *help, uint64_t value)
{
    (void)value;
    print_member_of_a_map(arg, "            ", name, help, "\"type\": \"integer\", \"minimum\": 0");
}

static void print_counters(void)
{
    const struct counters none = {0};
    bool follows = false;
    counters_each(&none, print_counter, &follows);
    putchar('\n');
}

static void print_live_field(void *arg, const char *name, const char *help, bool is_count, bool may_be_null)
{
    const char *kind = is_count ? "integer" : "number";
    char type[64];
    (void)snprintf(type, sizeof type,
                   may_be_null ? "\"type\": [\"%s\", \"null\"], \"minimum\": 0"
                               : "\"type\": \"%s\", \"minimum\": 0",
                   kind);
    print_member_of_a_map(arg, "        ", name, help, type);
}

/* Prints the numbers of a scan that runs, with a comma behind each. */
static void print_live(void)
{
    bool follows = false;
    live_fields(print_live_field, &follows);
    puts(",");
}

static void print_schema(void)
{
    char line[LINE_BYTES];
    while (fgets(line, sizeof line, stdin) != NULL)
        if (strcmp(line, "@records@\n") == 0)
            print_definitions();
        else if (strcmp(line, "@options@\n") == 0)
            print_options();
        else if (strcmp(line, "@counters@\n") == 0)
            print_counters();
        else if (strcmp(line, "@live@\n") == 0)
            print_live();
        else
            fputs(line, stdout);
}

/* ---- the dictionary ------------------------------------------------------------------------------------ */

static void print_type(const struct field *field)
{
    const struct field_group *group = field->by_hand && field->sql != NULL ? NULL : field->group;
    if (group == NULL)
        fputs(field_type_text(field), stdout);
    else
        printf("%s[%s](#%s)", field->type == AS_LIST ? "list of " : "", group->name, group->name);
    if (field->type != AS_ENUM || field->words == NULL)
        return;
    for (unsigned i = field->words->first; i < field->words->count; i++)
        printf("%s`%s`", i == field->words->first ? ": " : ", ", field->words->word(i));
}

static void print_entry(const struct field *field, bool required, void *arg)
{
    (void)arg;
    printf("| `%s` | ", field->key);
    print_type(field);
    printf(" | %s | %s | %s | %s |\n", field->unit, field_left_text(field, required), field->since,
           field->meaning);
}

static void print_section(const struct field_group *group)
{
    printf("\n## %s\n\n", group->name);
    if (group->meaning[0] != 0)
        printf("%s\n\n", group->meaning);
    puts("| field | type | unit | left out | since | meaning |");
    puts("|---|---|---|---|---|---|");
    walk(group, true, print_entry, NULL);
}

static void print_dictionary(void)
{
    puts("# Every field of the records\n");
    puts("Made from `scanner/facts/fields.def` by `make docs`; do not edit. [records.md](records.md) says "
         "what the");
    puts("records are for, [failures.md](failures.md) what each code is. First come the four kinds of "
         "records, then the");
    puts("objects in them. A free text is a string where it is UTF-8 without control characters other than "
         "tab, CR and");
    puts("LF, else `{\"base64\": \"…\"}`. `since` is the first version that writes the field.");
    for (size_t i = 0; i < sizeof field_records / sizeof *field_records; i++)
        print_section(field_records[i]);
    for (size_t i = 0; i < field_group_count; i++)
        if (field_is_object(field_groups[i]))
            print_section(field_groups[i]);
}

/* ---- the tables of docs/records.md --------------------------------------------------------------------- */

static void print_row(const struct field *field, bool required, void *arg)
{
    (void)required;
    (void)arg;
    printf("| `%s%s` | %s |\n", field->key, field->type == AS_LIST ? "[]" : "", field->meaning);
}

static const struct field_group *marked(const char *line)
{
    char name[32];
    if (sscanf(line, "<!-- fields of %31[a-z_] -->", name) != 1)
        return NULL;
    for (size_t i = 0; i < field_group_count; i++)
        if (strcmp(field_groups[i]->name, name) == 0)
            return field_groups[i];
    (void)fprintf(stderr, "make_fields: no group %s\n", name);
    exit(1);
}

static void print_records(void)
{
    char line[LINE_BYTES];
    bool within = false;
    while (fgets(line, sizeof line, stdin) != NULL) {
        const struct field_group *group = marked(line);
        within = within && strcmp(line, "<!-- end -->\n") != 0;
        if (!within)
            fputs(line, stdout);
        if (group == NULL)
            continue;
        puts("| field | what |\n|---|---|");
        walk(group, true, print_row, NULL);
        within = true;
    }
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    if (strcmp(what, "schema") == 0)
        print_schema();
    else if (strcmp(what, "dictionary") == 0)
        print_dictionary();
    else if (strcmp(what, "records") == 0)
        print_records();
    else
        return 2;
    return fflush(stdout) == 0 ? 0 : 1;
}
