/* Reads the command line of show. */
#include <stdlib.h>
#include <string.h>

#include "scanner/commands/args.h"
#include "scanner/commands/show.h"
#include "scanner/facts/record.h"

struct reading {
    int argc;
    char **argv;
    int at;
    struct show_request *request;
    FILE *err;
};

static bool refuse(struct reading *reading, const char *what, const char *word)
{
    (void)fprintf(reading->err, "stsweep: show: %s", what);
    for (const char *place = word; *place != 0 && place < word + 200; place++)
        (void)fputc(*place >= 0x20 && *place < 0x7F ? *place : '?', reading->err);
    (void)fputs("; `stsweep help show` says more\n", reading->err);
    return false;
}

/* Returns the value of --name=value or --name value; NULL if the argument is another. */
static const char *value_of(struct reading *reading, const char *name)
{
    const char *argument = reading->argv[reading->at];
    size_t len = strlen(name);
    if (strncmp(argument, name, len) != 0)
        return NULL;
    if (argument[len] == '=')
        return argument + len + 1;
    if (argument[len] != 0 || reading->at + 1 >= reading->argc)
        return NULL;
    return reading->argv[++reading->at];
}

/* Refuses a word, and says which known one may be meant. */
static bool refuse_near(struct reading *reading, const char *what, const struct nearest *nearest)
{
    char rest[NEAREST_TEXT_BYTES];
    char word[NEAREST_WORD_BYTES + NEAREST_TEXT_BYTES];
    (void)snprintf(word, sizeof word, "%s%s", nearest->word, nearest_text(nearest, rest));
    return refuse(reading, what, word);
}

/* Begins with a word of a list, up to its comma. */
static void begin_word(struct nearest *nearest, const char *word, size_t len)
{
    char copy[NEAREST_WORD_BYTES];
    (void)snprintf(copy, sizeof copy, "%.*s", len < sizeof copy ? (int)len : (int)sizeof copy - 1, word);
    nearest_begin(nearest, copy);
}

static bool no_such_outcome(struct reading *reading, const char *word, size_t len)
{
    struct nearest nearest;
    begin_word(&nearest, word, len);
    args_offer_outcomes(&nearest);
    return refuse_near(reading, "no such outcome: ", &nearest);
}

static bool no_such_code(struct reading *reading, const char *word, size_t len)
{
    struct nearest nearest;
    begin_word(&nearest, word, len);
    for (enum failure_code code = FAIL_NONE; code < FAIL_COUNT; code++)
        nearest_offer(&nearest, failure_name(code));
    return refuse_near(reading, "no code is called so or begins so: ", &nearest);
}

static bool take_outcomes(struct reading *reading, const char *list, uint32_t *outcomes)
{
    for (const char *rest = list; rest != NULL;) {
        size_t len = strcspn(rest, ",");
        enum outcome outcome = outcome_find(bytes_make(rest, len));
        if (outcome == OUTCOME_NONE)
            return no_such_outcome(reading, rest, len);
        *outcomes |= UINT32_C(1) << outcome;
        rest = rest[len] == ',' ? rest + len + 1 : NULL;
    }
    return true;
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

static bool take_codes(struct reading *reading, const char *list)
{
    struct show_words *words = &reading->request->codes;
    for (const char *rest = list; rest != NULL;) {
        size_t len = strcspn(rest, ",");
        if (!is_known_code(rest, len))
            return no_such_code(reading, rest, len);
        rest = rest[len] == ',' ? rest + len + 1 : NULL;
    }
    words->lists[words->count++] = list;
    return true;
}

static bool take_limit(struct reading *reading, const char *text)
{
    char *end;
    reading->request->limit = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || reading->request->limit == 0)
        return refuse(reading, "--limit needs a number above 0, not ", text);
    return true;
}

/* ---- flags --------------------------------------------------------------------------------------------- */

static const struct flag {
    const char *name;
    bool has_value;
} flags[] = {{"--csv", false},     {"--json", false}, {"--hosts", false},  {"--rejects", false},
             {"--rejudge", false}, {"--now", false},  {"--outcome", true}, {"--fail-on", true},
             {"--code", true},     {"--limit", true}, {"--tld", true},     {"--provider", true},
             {"--domain", true},   {"--label", true}};

/* Returns the flag that the argument is, with or without a value behind it; NULL if there is none. */
static const struct flag *find_flag(const char *argument)
{
    size_t len = strcspn(argument, "=");
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (bytes_equal(bytes_make(argument, len), bytes_of(flags[i].name)))
            return &flags[i];
    return NULL;
}

static bool no_such_flag(struct reading *reading)
{
    const char *flag = reading->argv[reading->at];
    char rest[NEAREST_TEXT_BYTES], word[2 * NEAREST_TEXT_BYTES];
    const char *name = flag + strspn(flag, "-");
    struct nearest nearest;
    begin_word(&nearest, name, strcspn(name, "="));
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        nearest_offer_as(&nearest, flags[i].name + 2, flags[i].name);
    (void)snprintf(word, sizeof word, "%.*s%s", NEAREST_WORD_BYTES, flag, nearest_text(&nearest, rest));
    return refuse(reading, "no such flag: ", word);
}

/* --csv and --json exclude each other, as do --hosts and --rejects. */
static bool take_switch(struct reading *reading)
{
    struct show_request *request = reading->request;
    const char *argument = reading->argv[reading->at];
    bool csv = strcmp(argument, "--csv") == 0, json = strcmp(argument, "--json") == 0;
    bool hosts = strcmp(argument, "--hosts") == 0, rejects = strcmp(argument, "--rejects") == 0;
    if ((csv && request->form == SHOW_JSON) || (json && request->form == SHOW_CSV))
        return refuse(reading, "--csv and --json exclude each other", "");
    if ((hosts && request->kind == SHOW_REJECTS) || (rejects && request->kind == SHOW_HOSTS))
        return refuse(reading, "--hosts and --rejects exclude each other", "");
    if (csv || json)
        request->form = csv ? SHOW_CSV : SHOW_JSON;
    else if (hosts || rejects)
        request->kind = hosts ? SHOW_HOSTS : SHOW_REJECTS;
    else if (strcmp(argument, "--rejudge") == 0)
        request->rejudge = true;
    else if (strcmp(argument, "--now") == 0)
        request->now = true;
    else
        return refuse(reading, "this flag takes no value: ", argument);
    return true;
}

static bool take_value(struct reading *reading, const char *name, const char *value)
{
    struct show_request *request = reading->request;
    const struct {
        const char *name;
        struct show_words *words;
    } lists[] = {{"--tld", &request->tlds},
                 {"--provider", &request->providers},
                 {"--domain", &request->domains},
                 {"--label", &request->labels}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (strcmp(name, lists[i].name) == 0) {
            lists[i].words->lists[lists[i].words->count++] = value;
            return true;
        }
    if (strcmp(name, "--outcome") == 0)
        return take_outcomes(reading, value, &request->outcomes);
    if (strcmp(name, "--fail-on") == 0)
        return take_outcomes(reading, value, &request->fail_on);
    if (strcmp(name, "--code") == 0)
        return take_codes(reading, value);
    return take_limit(reading, value);
}

static bool take_flag(struct reading *reading)
{
    const struct flag *flag = find_flag(reading->argv[reading->at]);
    if (flag == NULL)
        return no_such_flag(reading);
    if (!flag->has_value)
        return take_switch(reading);
    const char *value = value_of(reading, flag->name);
    return value == NULL ? refuse(reading, "this flag needs a value: ", flag->name)
                         : take_value(reading, flag->name, value);
}

/* Do the filters fit the kind of records? Those that it has nothing for would let nothing through, or
 * everything. */
static bool fits(struct reading *reading)
{
    const struct show_request *request = reading->request;
    bool of_domains = request->outcomes != 0 || request->fail_on != 0 || request->tlds.count > 0 ||
                      request->providers.count > 0 || request->labels.count > 0;
    if (request->dir == NULL)
        return refuse(reading, "name a scan directory", "");
    if (request->kind != SHOW_DOMAINS && of_domains)
        return refuse(reading, "only domain records have outcome, tld, provider and label", "");
    if (request->kind == SHOW_REJECTS && (request->rejudge || request->domains.count > 0))
        return refuse(reading, "a reject has no domain and nothing to judge", "");
    if (request->now && !request->rejudge)
        return refuse(reading, "--now needs --rejudge", "");
    return true;
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

bool show_args(int argc, char **argv, struct show_request *request, FILE *err)
{
    struct reading reading = {.argc = argc, .argv = argv, .request = request, .err = err};
    *request = (struct show_request){0};
    struct show_words *lists[] = {&request->codes, &request->tlds, &request->providers, &request->domains,
                                  &request->labels};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if ((lists[i]->lists = calloc((size_t)argc + 1, sizeof *lists[i]->lists)) == NULL)
            return refuse(&reading, error_text(ERR_MEMORY), "");
    for (; reading.at < argc; reading.at++) {
        const char *argument = argv[reading.at];
        if (argument[0] == '-') {
            if (!take_flag(&reading))
                return false;
        } else if (request->dir != NULL) {
            return refuse(&reading, "one directory at a time, not also ", argument);
        } else {
            request->dir = argument;
        }
    }
    return fits(&reading);
}
