/* Gives the words of each kind out of the tables that the parsers read by. */
#include "scanner/commands/values.h"

#include <string.h>

#include "output/explain/tool.h"
#include "scanner/commands/csv_out.h"
#include "scanner/commands/diff_only.h"
#include "scanner/commands/lint.h"
#include "scanner/commands/manual.h"
#include "scanner/commands/suggest_format.h"
#include "scanner/config/choices.h"
#include "scanner/facts/group.h"
#include "scanner/facts/record.h"
#include "scanner/verdict/provider.h"

static const struct {
    const char *called;
    enum value_with with;
} kinds[VALUE_COUNT] = {
#define VALUE_ROW(kind, called, with) {called, WITH_##with},
    VALUE_TABLE(VALUE_ROW)
#undef VALUE_ROW
};

const char *value_called(enum value kind)
{
    return kinds[kind].called;
}

enum value_with value_with(enum value kind)
{
    return kinds[kind].with;
}

static const char *outcome(size_t index)
{
    return index < OUTCOME_COUNT - 1 ? outcome_name((enum outcome)(OUTCOME_NONE + 1 + index)) : NULL;
}

static const char *code(size_t index)
{
    return index < FAIL_COUNT ? failure_name((enum failure_code)index) : NULL;
}

/* A report has pages by label alone. */
static const char *group(const char *command, size_t index)
{
    if (strcmp(command, "report") == 0)
        return index == 0 ? group_kind_name(BY_LABEL) : NULL;
    return index < GROUP_KIND_COUNT ? group_kind_name((enum group_kind)index) : NULL;
}

static const char *format(size_t index)
{
    static const char *const words[] = {
#define FORMAT_WORD(id, word, part) word,
        SUGGEST_FORMAT_TABLE(FORMAT_WORD)
#undef FORMAT_WORD
    };
    return index < sizeof words / sizeof *words ? words[index] : NULL;
}

/* Both commands tell as text and JSON and in the forms for tools; show has CSV besides. */
static const char *telling(const char *command, size_t index)
{
    static const char *const own[] = {"text", "json"};
    if (index < sizeof own / sizeof *own)
        return own[index];
    index -= sizeof own / sizeof *own;
    if (index < TOOL_FORMS - 1)
        return tool_form_name((enum tool_form)(TOOL_NONE + 1 + index));
    return index == TOOL_FORMS - 1 && strcmp(command, "show") == 0 ? "csv" : NULL;
}

/* The row's place among those that have one name, of hosts first, then of policy hosts. */
static const struct provider *provider_row(size_t index)
{
    const struct provider *mx, *policy;
    size_t policies = 0, count = provider_rows(&mx, &policy, &policies);
    if (index < count)
        return &mx[index];
    return index - count < policies ? &policy[index - count] : NULL;
}

static bool is_first_of_its_name(size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(provider_row(i)->name, provider_row(index)->name) == 0)
            return false;
    return true;
}

static const char *provider(size_t index)
{
    for (size_t i = 0; provider_row(i) != NULL; i++)
        if (is_first_of_its_name(i) && index-- == 0)
            return provider_row(i)->name;
    return NULL;
}

static const char *stage(size_t index)
{
    static const char *const words[] = {
#define STAGE_WORD(name, word) word,
        CHOICES_SCAN_STAGE(STAGE_WORD)
#undef STAGE_WORD
    };
    return index < sizeof words / sizeof *words ? words[index] : NULL;
}

static const char *topic(size_t index)
{
    static const char *const others[] = {"exit", "scan.ini"};
    if (index < COMMAND_COUNT)
        return manual_get((enum command)index)->name;
    index -= COMMAND_COUNT;
    return index < sizeof others / sizeof *others ? others[index] : NULL;
}

const char *value_word(enum value kind, const char *command, size_t index)
{
    switch (kind) {
    case VALUE_OUTCOMES:
        return outcome(index);
    case VALUE_CODES:
        return code(index);
    case VALUE_PROVIDERS:
        return provider(index);
    case VALUE_GROUPS:
        return group(command, index);
    case VALUE_FORMATS:
        return format(index);
    case VALUE_TELLINGS:
        return telling(command, index);
    case VALUE_SEPARATORS:
        return csv_style_word(index);
    case VALUE_CHANGES:
        return diff_only_word(index);
    case VALUE_TEXTS:
        return lint_text(index);
    case VALUE_STAGE:
        return stage(index);
    case VALUE_TOPICS:
        return topic(index);
    default:
        return NULL;
    }
}
