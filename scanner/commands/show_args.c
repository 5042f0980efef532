/* Reads the command line of show. */
#include <stdlib.h>
#include <string.h>

#include "scanner/base/nearest.h"
#include "scanner/commands/flags.h"
#include "scanner/commands/show.h"
#include "scanner/facts/record.h"

/* Says which known code, or beginning of codes up to a dot, may be meant. */
static bool no_such_code(struct flags *flags, const char *word, size_t len)
{
    struct nearest nearest;
    char copy[NEAREST_WORD_BYTES], rest[NEAREST_TEXT_BYTES];
    (void)snprintf(copy, sizeof copy, "%.*s", len < sizeof copy ? (int)len : (int)sizeof copy - 1, word);
    nearest_begin(&nearest, copy);
    for (enum failure_code code = FAIL_NONE; code < FAIL_COUNT; code++) {
        char stem[NEAREST_WORD_BYTES];
        const char *name = failure_name(code);
        nearest_offer(&nearest, name);
        for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
            (void)snprintf(stem, sizeof stem, "%.*s", (int)(dot - name), name);
            nearest_offer(&nearest, stem);
        }
    }
    (void)flags_refuse(flags, "no code is called so or begins so: ", copy, nearest_text(&nearest, rest));
    return false;
}

/* Is the word a code, or the beginning of codes up to a dot: policy.tls or policy.tls.? */
static bool is_known_code(const char *word, size_t len)
{
    size_t stem = len > 0 && word[len - 1] == '.' ? len - 1 : len;
    for (enum failure_code code = FAIL_NONE; code < FAIL_COUNT; code++) {
        const char *name = failure_name(code);
        if (stem > 0 && strncmp(name, word, stem) == 0 && (name[stem] == 0 || name[stem] == '.'))
            return true;
    }
    return false;
}

static bool take_codes(struct show_request *request, struct flags *flags)
{
    struct show_words *words = &request->codes;
    for (const char *rest = flags->value; rest != NULL;) {
        size_t len = strcspn(rest, ",");
        if (!is_known_code(rest, len))
            return no_such_code(flags, rest, len);
        rest = rest[len] == ',' ? rest + len + 1 : NULL;
    }
    words->lists[words->count++] = flags->value;
    return true;
}

static bool refuse(struct flags *flags, const char *reason, const char *word)
{
    (void)flags_refuse(flags, reason, word, "");
    return false;
}

static bool take_limit(struct show_request *request, struct flags *flags)
{
    if (!flags_number(flags, 1, UINT64_MAX, &request->limit))
        return refuse(flags, "--limit needs a number above 0, not ", flags->value);
    return true;
}

/* Takes the kind of groups; the message for another says all of them. */
static bool take_by(struct show_request *request, struct flags *flags)
{
    char kinds[256] = "";
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++) {
        size_t len = strlen(kinds);
        (void)snprintf(kinds + len, sizeof kinds - len, "%s%s", kind == 0 ? "; there are " : ", ",
                       group_kind_name(kind));
    }
    request->by = group_kind_find(flags->value);
    if (request->by != GROUP_KIND_COUNT)
        return true;
    (void)flags_refuse(flags, "--by has no groups called ", flags->value, kinds);
    return false;
}

static bool take_top(struct show_request *request, struct flags *flags)
{
    if (!flags_number(flags, 1, SHOW_TOP_MOST, &request->top))
        return refuse(flags, "--top needs a number from 1 to 1000000, not ", flags->value);
    return true;
}

/* ---- flags --------------------------------------------------------------------------------------------- */

static bool take_form(struct show_request *request, struct flags *flags, enum show_form form)
{
    if (request->form != SHOW_TEXT && request->form != form)
        return refuse(flags, "--csv and --json exclude each other, and another --format", "");
    request->form = form;
    return true;
}

static bool take_format(struct show_request *request, struct flags *flags)
{
    static const char *const words[] = {[SHOW_TEXT] = "text", [SHOW_CSV] = "csv", [SHOW_JSON] = "json"};
    enum tool_form tool = tool_form_find(flags->value);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(flags->value, words[i]) == 0)
            return take_form(request, flags, (enum show_form)i);
    if (tool == TOOL_NONE)
        return refuse(flags, "--format is text, csv, json, junit, github or markdown, not ", flags->value);
    if (request->form == SHOW_TOOL && request->tool != tool)
        return refuse(flags, "one --format at a time, not also ", flags->value);
    request->tool = tool;
    return take_form(request, flags, SHOW_TOOL);
}

static bool take_kind(struct show_request *request, struct flags *flags, enum show_kind kind)
{
    if (request->kind != SHOW_DOMAINS && request->kind != kind)
        return refuse(flags, "--hosts and --rejects exclude each other", "");
    request->kind = kind;
    return true;
}

static bool take_words(struct show_words *words, const char *list)
{
    words->lists[words->count++] = list;
    return true;
}

static bool take_dir(struct show_request *request, struct flags *flags)
{
    if (request->dir != NULL)
        return refuse(flags, "one directory at a time, not also ", flags->value);
    request->dir = flags->value;
    return true;
}

static bool take_filter(struct show_request *request, enum flag flag, struct flags *flags)
{
    switch (flag) {
    case FLAG_OUTCOME:
        return flags_outcomes(flags, &request->outcomes);
    case FLAG_CODE:
        return take_codes(request, flags);
    case FLAG_TLD:
        return take_words(&request->tlds, flags->value);
    case FLAG_PROVIDER:
        return take_words(&request->providers, flags->value);
    case FLAG_DOMAIN:
        return take_words(&request->domains, flags->value);
    case FLAG_LABEL:
        return take_words(&request->labels, flags->value);
    case FLAG_LIMIT:
        return take_limit(request, flags);
    case FLAG_BY:
        return take_by(request, flags);
    case FLAG_TOP:
        return take_top(request, flags);
    default:
        return false; /* flags has said why */
    }
}

static bool take(struct show_request *request, enum flag flag, struct flags *flags)
{
    switch (flag) {
    case FLAG_NAME:
        return take_dir(request, flags);
    case FLAG_CSV:
        return take_form(request, flags, SHOW_CSV);
    case FLAG_JSON:
        return take_form(request, flags, SHOW_JSON);
    case FLAG_TELL:
        return take_format(request, flags);
    case FLAG_HOSTS:
        return take_kind(request, flags, SHOW_HOSTS);
    case FLAG_REJECTS:
        return take_kind(request, flags, SHOW_REJECTS);
    case FLAG_SEPARATOR:
    case FLAG_BOM:
        return csv_style_take(&request->csv, flag, flags);
    case FLAG_FAIL_ON:
        return flags_outcomes(flags, &request->fail_on);
    case FLAG_EXCEPT:
    case FLAG_AS_PREFIXES:
        return except_take(&request->except, flags, flag);
    case FLAG_REJUDGE:
        request->rejudge = true;
        return true;
    case FLAG_OPTOUT:
        request->optout = true;
        return true;
    case FLAG_NOW:
        request->now = true;
        return true;
    default:
        return take_filter(request, flag, flags);
    }
}

static bool fits_groups(const struct show_request *request, struct flags *flags)
{
    bool by = request->by != GROUP_KIND_COUNT;
    if (!by && request->top != 0)
        return refuse(flags, "--top is how many groups are shown: it needs --by", "");
    if (by && request->kind != SHOW_DOMAINS)
        return refuse(flags, "--by makes groups of domains, not of hosts or rejects", "");
    if (by && request->limit != 0)
        return refuse(flags, "--limit is for records; --top is how many groups are shown", "");
    return true;
}

static bool fits_optout(const struct show_request *request, struct flags *flags)
{
    bool filtered = request->outcomes != 0 || request->fail_on != 0 || request->codes.count > 0 ||
                    request->tlds.count > 0 || request->providers.count > 0 || request->domains.count > 0 ||
                    request->labels.count > 0 || request->limit != 0 || request->except.list != NULL;
    if (request->optout &&
        (filtered || request->rejudge || request->kind != SHOW_DOMAINS || request->by != GROUP_KIND_COUNT))
        return refuse(flags, "--optout tells of the whole scan: only --csv and --json go with it", "");
    return true;
}

/* Do the filters fit the kind of records? Those that it has nothing for would let nothing through, or
 * everything. */
static bool fits(const struct show_request *request, struct flags *flags)
{
    bool of_domains = request->outcomes != 0 || request->fail_on != 0 || request->tlds.count > 0 ||
                      request->providers.count > 0 || request->labels.count > 0;
    if (request->dir == NULL)
        return refuse(flags, "name a scan directory", "");
    if (request->kind != SHOW_DOMAINS && of_domains)
        return refuse(flags, "only domain records have outcome, tld, provider and label", "");
    if (request->kind == SHOW_REJECTS && (request->rejudge || request->domains.count > 0))
        return refuse(flags, "a reject has no domain and nothing to judge", "");
    if (request->form == SHOW_TOOL &&
        (request->kind != SHOW_DOMAINS || request->by != GROUP_KIND_COUNT || request->optout))
        return refuse(flags, "--format junit, github and markdown tell of domain records alone", "");
    if (request->now && !request->rejudge)
        return refuse(flags, "--now needs --rejudge", "");
    return csv_style_fits(&request->csv, request->form == SHOW_CSV, flags) && fits_optout(request, flags) &&
           fits_groups(request, flags);
}

void show_args_dispose(struct show_request *request)
{
    free(request->codes.lists);
    free(request->tlds.lists);
    free(request->providers.lists);
    free(request->domains.lists);
    free(request->labels.lists);
    *request = (struct show_request){0};
}

static bool read_words(struct show_request *request, struct flags *flags)
{
    enum flag flag;
    struct show_words *lists[] = {&request->codes, &request->tlds, &request->providers, &request->domains,
                                  &request->labels};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if ((lists[i]->lists = calloc((size_t)flags->argc + 1, sizeof *lists[i]->lists)) == NULL)
            return refuse(flags, error_text(ERR_MEMORY), "");
    while ((flag = flags_next(flags)) != FLAG_END)
        if (!take(request, flag, flags))
            return false;
    return fits(request, flags);
}

bool show_args(int argc, char **argv, struct show_request *request, FILE *err)
{
    struct flags flags;
    *request = (struct show_request){.by = GROUP_KIND_COUNT};
    flags_begin(&flags, "show", argc, argv);
    if (read_words(request, &flags)) {
        request->top = request->top == 0 ? SHOW_TOP : request->top;
        return true;
    }
    flags_say(&flags, err);
    show_args_dispose(request);
    return false;
}
