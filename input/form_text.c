/* Writes forms and columns as words, and reads them. No I/O. */
#include "input/form_text.h"

#include <string.h>

#include "scanner/base/shown.h"
#include "scanner/base/utf8.h"

static const char *const format_names[] = {"auto", "plain", "csv", "names", "zone", "json"};

const char *input_format_name(enum input_format format)
{
    return format_names[format];
}

enum input_format input_format_find(const char *name)
{
    for (enum input_format format = INPUT_PLAIN; format <= INPUT_JSON; format++)
        if (strcmp(name, format_names[format]) == 0)
            return format;
    return INPUT_AUTO;
}

bool input_columns_parse(const char *text, struct input_columns *columns)
{
    struct input_columns found = {-1, -1, -1};
    const struct {
        const char *word;
        int *column;
    } words[] = {{"domain", &found.domain}, {"rank", &found.rank}, {"label", &found.label}};
    int at = 0;
    for (const char *rest = text;; at++) {
        size_t len = strcspn(rest, ",");
        bool known = len == 1 && rest[0] == '-';
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            if (len != strlen(words[i].word) || memcmp(rest, words[i].word, len) != 0)
                continue;
            known = *words[i].column < 0;
            *words[i].column = at;
        }
        if (!known || at == INPUT_COLUMNS)
            return false;
        if (rest[len] == '\0')
            break;
        rest += len + 1;
    }
    if (columns != NULL)
        *columns = found;
    return found.domain >= 0;
}

static void describe_csv(const struct input_form *form, struct buf *out)
{
    static const struct {
        uint8_t separator;
        const char *name;
    } known[] = {{',', "commas"}, {';', "semicolons"}, {'\t', "tabs"}, {'|', "bars"}};
    const struct {
        const char *word;
        int column;
    } columns[] = {
        {"domain", form->columns.domain}, {"rank", form->columns.rank}, {"label", form->columns.label}};
    const char *name = "a separator of its own";
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].separator == form->separator)
            name = known[i].name;
    buf_printf(out, "CSV with %s", name);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (columns[i].column >= 0)
            buf_printf(out, "%s %s in column %d%s", i == 0 ? ":" : ",", columns[i].word,
                       columns[i].column + 1, i == 0 && form->origins ? " (web origins)" : "");
}

static void describe_json(const struct input_form *form, struct buf *out)
{
    const struct {
        const char *word, *field;
    } fields[] = {{"the domain", form->field}, {"rank", form->rank_field}, {"label", form->label_field}};
    buf_text(out, "JSON lines:");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].field[0] != '\0')
            buf_printf(out, "%s %s in the field %s", i == 0 ? "" : ",", fields[i].word,
                       shown(fields[i].field));
}

void form_describe(const char *path, const struct input_form *form, const char *const *names, size_t count,
                   struct buf *out)
{
    buf_printf(out, "%s: ", strcmp(path, "-") == 0 ? "standard input" : shown(path));
    if (form->format == INPUT_CSV)
        describe_csv(form, out);
    else if (form->format == INPUT_JSON)
        describe_json(form, out);
    else
        buf_text(out, form->format == INPUT_NAMES  ? "several names a line"
                      : form->format == INPUT_ZONE ? "a zone file, whose delegations are taken"
                                                   : "a name a line");
    if (form->header[0] != '\0')
        buf_printf(out, "; header \"%s\"", form->header);
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "%s%s", i > 0 ? ", " : count > 1 ? "; first names " : "; first name ", names[i]);
    if (count == 0)
        buf_text(out, "; no name in it");
}

/* ---- zone files ---------------------------------------------------------------------------------------- */

static void describe_zone(const struct input_zone *zone, struct buf *out)
{
    if (zone->zones == 0)
        buf_text(out, "records of no zone that it names");
    else if (zone->zones > 1)
        buf_printf(out, "%llu zones", (unsigned long long)zone->zones);
    else
        buf_printf(out, "the zone %s", zone->apex_name[0] == '\0' ? "of the root" : zone->apex_name);
}

void form_describe_zone(const char *path, const struct input_zone *zone, uint64_t names, struct buf *out)
{
    const struct {
        uint64_t count;
        const char *what;
    } passed[] = {{zone->apex, "NS of its own"},   {zone->outside, "NS outside of it"},
                  {zone->addresses, "A and AAAA"}, {zone->dnssec, "of DNSSEC"},
                  {zone->others, "others"},        {zone->other_classes, "of other classes"}};
    const char *between = "; passed over: ";
    buf_printf(out, "%s: ", strcmp(path, "-") == 0 ? "standard input" : shown(path));
    describe_zone(zone, out);
    buf_printf(out, ": %llu names in %llu NS records", (unsigned long long)names,
               (unsigned long long)zone->delegating);
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        if (passed[i].count == 0)
            continue;
        buf_printf(out, "%s%llu %s", between, (unsigned long long)passed[i].count, passed[i].what);
        between = ", ";
    }
}
