/*
 * Writes the manual pages, in the macros of man(7), of the program's own tables (commands.def, flags.def,
 * options.def, exit_code.h, fields.def, failure.def):
 *
 *     make_manual FOLDER DATE     stsweep(1), stsweep-COMMAND(1) for each command, stsweep-scan.ini(5),
 *                                 stsweep-records(5), stsweep-codes(7)
 *
 * DATE is that of the version. Names of files with where they stand are printed, a row a page.
 */
#include "docs/make_roff.h"
#include "docs/make_walk.h"
#include "scanner/base/exit_code.h"
#include "scanner/commands/flags.h"
#include "scanner/commands/manual.h"
#include "scanner/config/config_table.h"

enum { PATH_BYTES = 4096, NAME_BYTES = 64 };

struct page {
    FILE *out;
    char path[PATH_BYTES], name[NAME_BYTES];
    int section;
};

static const char *folder, *date;

/* ---- what all pages have ------------------------------------------------------------------------------- */

static void begin(struct page *page, const char *name, int section, const char *brief)
{
    page->section = section;
    (void)snprintf(page->name, sizeof page->name, "%s", name);
    int len = snprintf(page->path, sizeof page->path, "%s/%s.%d", folder, name, section);
    page->out = len < 0 || (size_t)len >= sizeof page->path ? NULL : fopen(page->path, "w");
    if (page->out == NULL) {
        perror(page->path);
        exit(1);
    }
    (void)fputs(".TH ", page->out);
    for (const char *at = name; *at != 0; at++)
        (void)fputc(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at, page->out);
    (void)fprintf(page->out, " %d %s \"stsweep %s\" \"stsweep\"\n.ad l\n.nh\n.SH NAME\n", section, date,
                  STSWEEP_VERSION);
    roff_plain(name, page->out);
    (void)fputs(" \\- ", page->out);
    roff_plain(brief, page->out);
    (void)fputc('\n', page->out);
}

static void heading(const struct page *page, const char *title)
{
    (void)fprintf(page->out, ".SH %s\n", title);
}

/* The other pages, by section and name. */
static void see_also(const struct page *page)
{
    static const struct {
        const char *name;
        int section;
    } others[] = {{"stsweep", 1}, {"stsweep-records", 5}, {"stsweep-scan.ini", 5}, {"stsweep-codes", 7}};
    bool follows = false;
    heading(page, "SEE ALSO");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(others[i].name, page->name) != 0) {
            (void)fprintf(page->out, "%s.BR ", follows ? " ,\n" : "");
            roff_plain(others[i].name, page->out);
            (void)fprintf(page->out, " (%d)", others[i].section);
            follows = true;
        }
        for (enum command command = 0; i == 0 && command < COMMAND_COUNT; command++) {
            char name[NAME_BYTES];
            (void)snprintf(name, sizeof name, "stsweep-%s", manual_get(command)->name);
            if (strcmp(name, page->name) == 0)
                continue;
            (void)fprintf(page->out, "%s.BR ", follows ? " ,\n" : "");
            roff_plain(name, page->out);
            (void)fputs(" (1)", page->out);
            follows = true;
        }
    }
    (void)fputc('\n', page->out);
}

static void end(struct page *page)
{
    see_also(page);
    bool failed = ferror(page->out) != 0;
    if (fclose(page->out) != 0 || failed) {
        (void)fprintf(stderr, "make_manual: %s cannot be written\n", page->path);
        exit(1);
    }
    puts(page->path);
}

static void exit_status(const struct page *page)
{
    static const struct {
        const char *number, *text;
    } rows[] = {
#define EXIT_CODE_ROW(name, number, text) {#number, text},
        EXIT_CODE_TABLE(EXIT_CODE_ROW)
#undef EXIT_CODE_ROW
    };
    heading(page, "EXIT STATUS");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        roff_item(rows[i].number, NULL, page->out);
        roff_text(rows[i].text, page->out);
    }
}

/* ---- variables and files ------------------------------------------------------------------------------- */

struct told {
    const char *name, *commands, *text; /* commands: whose page has it */
};

static const struct told variables[] = {
    {"NO_COLOR", "check", "If it is set and not empty, there are no colours; nor are there if TERM is dumb."},
    {"COLUMNS", "show", "How wide a row may be on a terminal, if that does not say it."},
    {"TMPDIR", "scan suggest show diff release report",
     "Where what does not fit into memory is kept while the command runs, in files without a name: /tmp if "
     "it is not set."},
};

static const struct told files[] = {
    {"domains.ndjson.zst", "scan show", "A record for each domain: outcome, codes, and the evidence."},
    {"hosts.ndjson.zst", "scan show", "A record for each MX host and address that was probed."},
    {"certs.ndjson.zst", "scan show", "Each certificate that was seen, once."},
    {"rejects.ndjson.zst", "scan show", "Each line that is no domain name, and why."},
    {"meta.json", "scan", "Version, configuration, inputs, resolver, seed, times."},
    {"optout.ndjson", "scan", "The opt-out list that the scan went by."},
    {"stuck", "scan", "Addresses at which a loop stood still; hardly ever there."},
    {"summary.json", "scan", "The counts. It is written last."},
};

/* command NULL: all of them. */
static void tell(const struct page *page, const char *title, const struct told *rows, size_t count,
                 const char *command)
{
    bool begun = false;
    for (size_t i = 0; i < count; i++) {
        if (command != NULL && !flags_holds_word(rows[i].commands, command))
            continue;
        if (!begun)
            heading(page, title);
        begun = true;
        roff_item(rows[i].name, NULL, page->out);
        roff_text(rows[i].text, page->out);
    }
}

static void tell_surroundings(const struct page *page, const char *command)
{
    tell(page, "ENVIRONMENT", variables, sizeof variables / sizeof *variables, command);
    tell(page, "FILES", files, sizeof files / sizeof *files, command);
}

/* ---- commands ------------------------------------------------------------------------------------------ */

/* Writes what a command does. Its rows are filled: one that ends a sentence, and would have had room for the
 * next word, ends a paragraph. */
static void describe(const struct page *page, const char *does)
{
    enum { ROW = 79 };
    char paragraph[ROFF_TEXT_BYTES];
    size_t len = 0;
    bool first = true;
    for (const char *at = does; *at != 0;) {
        size_t row = strcspn(at, "\n");
        if (len + row + 2 > sizeof paragraph)
            exit(1);
        (void)memcpy(paragraph + len, at, row);
        len += row;
        const char *next = at + row + (at[row] != 0);
        bool ends = at[row] == 0 || (at[row - 1] == '.' && row + 1 + strcspn(next, " \n") <= ROW);
        paragraph[len++] = ends ? 0 : ' ';
        if (ends) {
            if (!first)
                (void)fputs(".PP\n", page->out);
            roff_text(paragraph, page->out);
            first = false;
            len = 0;
        }
        at = next;
    }
}

static void tell_flag(const struct page *page, const struct flag_row *row, const char *command)
{
    FILE *out = page->out;
    (void)fputs(".TP\n", out);
    if (row->letter != 0)
        (void)fprintf(out, "\\fB\\-%c\\fR, ", row->letter);
    (void)fputs("\\fB\\-\\-", out);
    roff_plain(row->name, out);
    (void)fputs("\\fR", out);
    if (row->needs != NULL) {
        (void)fputs(" \\fI", out);
        roff_plain(value_called(row->kind), out);
        (void)fputs("\\fR", out);
    }
    (void)fputc('\n', out);
    roff_text(row->does, out);
    if (row->needs != NULL)
        roff_textf(out, "Its value: %s.", row->needs);
    if (row->kind == VALUE_CODES || row->kind == VALUE_PROVIDERS)
        return;
    for (size_t i = 0; value_word(row->kind, command, i) != NULL; i++) {
        (void)fprintf(out, "%s", i == 0 ? "There are:\n" : ",\n");
        (void)fputs("\\fB", out);
        roff_plain(value_word(row->kind, command, i), out);
        (void)fputs("\\fR", out);
    }
    if (value_word(row->kind, command, 0) != NULL)
        (void)fputs(".\n", out);
    if (row->option != NULL)
        roff_textf(out, "It sets the option `%s`.", row->option);
}

/* Writes the usage, whose further rows stand less far in than in help; a row behind seven blanks is another
 * use. */
static void tell_usage(const struct page *page, const char *usage)
{
    static const char further[] = "\n               ", another[] = "\n       ";
    char text[ROFF_TEXT_BYTES];
    size_t len = (size_t)snprintf(text, sizeof text, "stsweep ");
    for (const char *at = usage; *at != 0 && len + 16 < sizeof text;) {
        bool goes_on = strncmp(at, further, sizeof further - 1) == 0;
        bool begins = !goes_on && strncmp(at, another, sizeof another - 1) == 0;
        if (goes_on || begins)
            len += (size_t)snprintf(text + len, sizeof text - len, goes_on ? "\n        " : "\nstsweep ");
        else
            text[len++] = *at;
        at += goes_on ? sizeof further - 1 : begins ? sizeof another - 1 : 1;
    }
    text[len] = 0;
    heading(page, "SYNOPSIS");
    roff_rows(text, page->out);
}

static void tell_example(const struct page *page, const char *example)
{
    char text[ROFF_TEXT_BYTES];
    size_t len = (size_t)snprintf(text, sizeof text, "stsweep ");
    for (const char *at = example; *at != 0 && len + 1 < sizeof text; at++) {
        text[len++] = *at;
        if (*at == '\n' && strncmp(at + 1, "  ", 2) == 0)
            at += 2;
    }
    text[len] = 0;
    heading(page, "EXAMPLES");
    roff_rows(text, page->out);
}

static void write_command(enum command command)
{
    struct page page;
    char name[NAME_BYTES];
    const struct manual *manual = manual_get(command);
    (void)snprintf(name, sizeof name, "stsweep-%s", manual->name);
    begin(&page, name, 1, manual->brief);
    tell_usage(&page, manual->usage);
    heading(&page, "DESCRIPTION");
    describe(&page, manual->does);
    heading(&page, "OPTIONS");
    for (size_t i = 0; i < FLAG_ROWS; i++)
        if (flag_is_of(&flag_rows[i], manual->name))
            tell_flag(&page, &flag_rows[i], manual->name);
    if (flags_take_options(manual->name)) {
        roff_item("--section.key", "value", page.out);
        roff_text("Sets an option of stsweep-scan.ini(5), and wins over the file of --config.", page.out);
    }
    exit_status(&page);
    tell_surroundings(&page, manual->name);
    if (manual->example != NULL)
        tell_example(&page, manual->example);
    end(&page);
}

static void write_program(void)
{
    struct page page;
    begin(&page, "stsweep", 1, "scans mail transport security in bulk");
    heading(&page, "SYNOPSIS");
    (void)fputs(".B stsweep\n.I COMMAND\n[\\fIARGUMENT\\fR ...]\n", page.out);
    heading(&page, "DESCRIPTION");
    roff_text(
        "stsweep finds for each domain of a list whether and how well it deploys MTA-STS (RFC 8461), with "
        "TLSRPT (RFC 8460), STARTTLS and DANE (RFC 7672) beside it, and says what a sender would do with "
        "mail to that domain, what fails, why, and what would mend it.",
        page.out);
    heading(&page, "COMMANDS");
    for (enum command command = 0; command < COMMAND_COUNT; command++) {
        const struct manual *manual = manual_get(command);
        roff_item(manual->name, NULL, page.out);
        roff_textf(page.out, "%c%s: stsweep-%s(1).", manual->brief[0] - 'a' + 'A', manual->brief + 1,
                   manual->name);
    }
    heading(&page, "OPTIONS");
    roff_item("-h, --help", NULL, page.out);
    roff_text("Lists the commands; behind a command says how that is used.", page.out);
    roff_item("-V, --version", NULL, page.out);
    roff_text("Is the command version.", page.out);
    exit_status(&page);
    tell_surroundings(&page, NULL);
    (void)fputs(".PP\n", page.out);
    roff_text(
        "They are those of a scan directory. share/stsweep has scan.ini with every option's default, and "
        "the schemas of the records; share/doc/stsweep more on them.",
        page.out);
    end(&page);
}

/* ---- options ------------------------------------------------------------------------------------------- */

static void write_options(void)
{
    struct page page;
    begin(&page, "stsweep-scan.ini", 5, "options of stsweep");
    heading(&page, "DESCRIPTION");
    roff_text(
        "A file of options for stsweep-scan(1), stsweep-check(1) and stsweep-suggest(1), read with "
        "`--config`: sections in brackets, and lines of key = value in them. Each option can be given on the "
        "command line as well, as `--section.key=value`, which wins. `stsweep help scan.ini` prints the file "
        "with every default.",
        page.out);
    (void)fputs(".PP\n", page.out);
    roff_text(
        "Durations are whole numbers with a unit: ms, s, m or h. Sizes are bytes, or with a unit K, M or G "
        "(1024, 1024 K, 1024 M). Lines that begin with # or ; are comments, and so is what follows a "
        "space and a ; behind a value.",
        page.out);
    heading(&page, "OPTIONS");
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        char name[CONFIG_NAME_BYTES], values[CONFIG_VALUES_BYTES];
        if (i == 0 || strcmp(option->section, config_options[i - 1].section) != 0)
            (void)fprintf(page.out, ".SS [%s]\n", option->section);
        (void)snprintf(name, sizeof name, "%s.%s", option->section, option->key);
        config_values_text(option, values);
        roff_item(name, option->initial[0] == 0 ? NULL : option->initial, page.out);
        roff_textf(page.out, "%c%s.",
                   option->help[0] >= 'a' && option->help[0] <= 'z' ? option->help[0] - 'a' + 'A'
                                                                    : option->help[0],
                   option->help + 1);
        roff_textf(page.out, "(%s)", values);
    }
    end(&page);
}

/* ---- records and codes --------------------------------------------------------------------------------- */

static void tell_field(const struct field *field, bool required, void *arg)
{
    FILE *out = arg;
    const struct field_group *group = field->by_hand && field->sql != NULL ? NULL : field->group;
    char type[ROFF_TEXT_BYTES];
    int len = group == NULL ? snprintf(type, sizeof type, "%s", field_type_text(field))
                            : snprintf(type, sizeof type, "%s%s", field->type == AS_LIST ? "list of " : "",
                                       group->name);
    for (unsigned i = 0; field->type == AS_ENUM && field->words != NULL && i < field->words->count; i++)
        if (i >= field->words->first)
            len += snprintf(type + len, sizeof type - (size_t)len, "%s `%s`",
                            i == field->words->first ? ":" : ",", field->words->word(i));
    roff_item(field->key, NULL, out);
    roff_text(field->meaning, out);
    roff_textf(out, "(%s%s%s; left out: %s; since %s)", type, field->unit[0] == 0 ? "" : ", in ", field->unit,
               field_left_text(field, required), field->since);
}

static void tell_group(const struct page *page, const struct field_group *group)
{
    (void)fprintf(page->out, ".SS ");
    roff_plain(group->name, page->out);
    (void)fputc('\n', page->out);
    if (group->meaning[0] != 0)
        roff_text(group->meaning, page->out);
    walk(group, true, tell_field, page->out);
}

static void write_records(void)
{
    struct page page;
    begin(&page, "stsweep-records", 5, "records of a scan directory of stsweep");
    heading(&page, "DESCRIPTION");
    roff_text(
        "The files NAME.ndjson.zst of a scan directory hold JSON, an object a line, in frames of zstd. "
        "Fields are only ever added within a version of the schema. A free text is a string if it is UTF-8 "
        "without control characters other than tab, CR and LF, else an object with the one key base64. "
        "share/stsweep/schema.json "
        "says it exactly.",
        page.out);
    heading(&page, "RECORDS");
    for (size_t i = 0; i < sizeof field_records / sizeof *field_records; i++)
        tell_group(&page, field_records[i]);
    heading(&page, "OBJECTS IN THEM");
    for (size_t i = 0; i < field_group_count; i++)
        if (field_is_object(field_groups[i]))
            tell_group(&page, field_groups[i]);
    end(&page);
}

static void write_codes(void)
{
    struct page page;
    begin(&page, "stsweep-codes", 7, "what the codes of stsweep mean, and who mends it");
    heading(&page, "DESCRIPTION");
    roff_text(
        "A code says what is wrong, why, and how it is mended. Behind that stand who mends it, what it does "
        "to "
        "mail from a sender that honours MTA-STS (of dane: that honours DANE), and the result type of RFC "
        "8460 that a report would carry. Codes are stable once released.",
        page.out);
    heading(&page, "CODES");
    for (enum failure_stage stage = 0; stage < STAGE_COUNT; stage++) {
        (void)fprintf(page.out, ".SS %s\n", failure_stage_name(stage));
        for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++) {
            const struct failure *failure = failure_get(code);
            if (failure->stage != stage)
                continue;
            roff_item(failure->code, NULL, page.out);
            roff_textf(page.out, "%s %s", failure->why, failure->mend);
            roff_textf(page.out, "(%s; %s%s%s)", failure_who_name(failure->who),
                       failure_effect_name(failure->effect), failure->rpt == RPT_NONE ? "" : "; ",
                       failure->rpt == RPT_NONE ? "" : rpt_type_name(failure->rpt));
        }
    }
    end(&page);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fputs("usage: make_manual FOLDER DATE\n", stderr);
        return 2;
    }
    folder = argv[1];
    date = argv[2];
    write_program();
    for (enum command command = 0; command < COMMAND_COUNT; command++)
        write_command(command);
    write_options();
    write_records();
    write_codes();
    return fflush(stdout) == 0 ? 0 : 1;
}
