/* Reads the command line of show. */
#include <stdlib.h>
#include <string.h>

#include "scanner/base/nearest.h"
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
    for (enum outcome outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++)
        nearest_offer(&nearest, outcome_name(outcome));
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
        enum outcome outcome = OUTCOME_NONE + 1;
        while (outcome < OUTCOME_COUNT &&
               !bytes_equal(bytes_of(outcome_name(outcome)), bytes_make(rest, len)))
            outcome++;
        if (outcome == OUTCOME_COUNT)
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

/* --csv and --json exclude each other, as do --hosts and --rejects. */
static bool take_switch(struct show_request *request, const char *argument)
{
    if (strcmp(argument, "--csv") == 0 && request->form != SHOW_JSON)
        request->form = SHOW_CSV;
    else if (strcmp(argument, "--json") == 0 && request->form != SHOW_CSV)
        request->form = SHOW_JSON;
    else if (strcmp(argument, "--hosts") == 0 && request->kind != SHOW_REJECTS)
        request->kind = SHOW_HOSTS;
    else if (strcmp(argument, "--rejects") == 0 && request->kind != SHOW_HOSTS)
        request->kind = SHOW_REJECTS;
    else if (strcmp(argument, "--rejudge") == 0)
        request->rejudge = true;
    else if (strcmp(argument, "--now") == 0)
        request->now = true;
    else
        return false;
    return true;
}

/* Why take_flag took none of it. */
static bool no_such_flag(struct reading *reading)
{
    static const char *const known[] = {"csv",      "json",   "hosts", "rejects", "rejudge", "now",  "tld",
                                        "provider", "domain", "label", "outcome", "fail-on", "code", "limit"};
    const char *flag = reading->argv[reading->at];
    const char *name = flag + strspn(flag, "-");
    struct nearest nearest;
    if (strcmp(name, "csv") == 0 || strcmp(name, "json") == 0)
        return refuse(reading, "--csv and --json exclude each other", "");
    if (strcmp(name, "hosts") == 0 || strcmp(name, "rejects") == 0)
        return refuse(reading, "--hosts and --rejects exclude each other", "");
    begin_word(&nearest, name, strcspn(name, "="));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(nearest.word, known[i]) == 0)
            return refuse(reading, "this flag needs a value, or takes none: ", flag);
        nearest_offer(&nearest, known[i]);
    }
    if (nearest.best[0] == '\0')
        return refuse(reading, "no such flag: ", flag);
    char word[2 * NEAREST_TEXT_BYTES];
    (void)snprintf(word, sizeof word, "%.*s; the nearest known one is --%s", NEAREST_WORD_BYTES, flag,
                   nearest.best);
    return refuse(reading, "no such flag: ", word);
}

static bool take_flag(struct reading *reading)
{
    struct show_request *request = reading->request;
    const struct {
        const char *name;
        struct show_words *words;
    } lists[] = {{"--tld", &request->tlds},
                 {"--provider", &request->providers},
                 {"--domain", &request->domains},
                 {"--label", &request->labels}};
    const char *value;
    if (take_switch(request, reading->argv[reading->at]))
        return true;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if ((value = value_of(reading, lists[i].name)) == NULL)
            continue;
        lists[i].words->lists[lists[i].words->count++] = value;
        return true;
    }
    if ((value = value_of(reading, "--outcome")) != NULL)
        return take_outcomes(reading, value, &request->outcomes);
    if ((value = value_of(reading, "--fail-on")) != NULL)
        return take_outcomes(reading, value, &request->fail_on);
    if ((value = value_of(reading, "--code")) != NULL)
        return take_codes(reading, value);
    if ((value = value_of(reading, "--limit")) != NULL)
        return take_limit(reading, value);
    return no_such_flag(reading);
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
