/* Reads what is given, hands it to the parsers of scanner/sts, and prints what they say. */
#include "scanner/commands/lint.h"

#include <errno.h>
#include <stdlib.h>

#include "scanner/base/buf.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/nearest.h"
#include "scanner/base/shown.h"
#include "scanner/commands/flags.h"
#include "scanner/commands/lint_print.h"
#include "scanner/facts/hostname.h"
#include "scanner/machine/sandbox.h"
#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"
#include "scanner/sts/presentation.h"
#include "scanner/sts/record.h"
#include "scanner/sts/text.h"
#include "scanner/sts/tlsrpt.h"

enum { POLICY_BYTES = 65536, ARENA_BYTES = 4 << 20, READ_BYTES = 4096 };

struct lint {
    const char *const *args;
    size_t count;
    bool json;
    FILE *out;
    FILE *err;
    struct arena arena;
};

/* ---- record and tlsrpt --------------------------------------------------------------------------------- */

/* A text that is written as dig or a zone file writes records is read as that. */
static struct bytes *rrs_of(struct lint *lint)
{
    struct bytes *rrs = arena_array(&lint->arena, lint->count, sizeof *rrs);
    for (size_t i = 0; rrs != NULL && i < lint->count; i++)
        if (!presentation_read(bytes_of(lint->args[i]), &lint->arena, &rrs[i]))
            rrs[i] = bytes_of(lint->args[i]);
    return rrs;
}

static int no_memory(struct lint *lint)
{
    (void)fprintf(lint->err, "stsweep: lint: %s\n", error_text(ERR_MEMORY));
    return EXIT_FAILED;
}

static int finish(struct lint_print *print, bool yes)
{
    if (lint_print_end(print))
        return yes ? EXIT_DONE : EXIT_NO;
    return EXIT_FAILED;
}

static int lint_record(struct lint *lint)
{
    struct bytes *rrs = rrs_of(lint);
    struct sts_record record;
    struct lint_print print;
    if (rrs == NULL)
        return no_memory(lint);
    sts_record_parse(rrs, lint->count, &lint->arena, &record);
    lint_print_begin(&print, lint->out, lint->json, record.code, &record.findings);
    lint_print_string(&print, "id", record.id[0] == '\0' ? NULL : record.id);
    for (size_t i = 0; record.code == FAIL_TXT_ABSENT && i < lint->count; i++)
        if (sts_record_lacks_semicolon(rrs[i]))
            lint_print_line(&print, "A semicolon is missing: v=STSv1 must be followed by one.\n");
    return finish(&print, record.code == FAIL_NONE);
}

static int lint_tlsrpt(struct lint *lint)
{
    struct bytes *rrs = rrs_of(lint);
    struct tlsrpt_record record;
    struct lint_print print;
    if (rrs == NULL)
        return no_memory(lint);
    tlsrpt_parse(rrs, lint->count, &lint->arena, &record);
    lint_print_begin(&print, lint->out, lint->json, record.code, &record.findings);
    lint_print_strings(&print, "rua", record.rua, record.rua_count);
    return finish(&print, record.code == FAIL_NONE);
}

/* ---- policy -------------------------------------------------------------------------------------------- */

/* Reads up to body's ceiling; *too_large if there is more. False if it cannot be read (errno). */
static bool read_stream(FILE *file, struct buf *body, bool *too_large)
{
    uint8_t chunk[READ_BYTES];
    size_t len;
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0) {
        if (body->len + len > POLICY_BYTES) {
            *too_large = true;
            return true;
        }
        if (!buf_append(body, chunk, len)) {
            errno = ENOMEM;
            return false;
        }
    }
    return ferror(file) == 0;
}

static bool read_file(const char *name, struct buf *body, bool *too_large)
{
    if (strcmp(name, "-") == 0)
        return read_stream(stdin, body, too_large);
    FILE *file = fopen(name, "rbe");
    if (file == NULL)
        return false;
    bool is_read = read_stream(file, body, too_large);
    int reason = errno;
    (void)fclose(file);
    errno = reason;
    return is_read;
}

static int print_policy(struct lint *lint, const struct sts_policy *policy)
{
    struct lint_print print;
    lint_print_begin(&print, lint->out, lint->json, policy->code, &policy->findings);
    lint_print_string(&print, "version", policy->version_ok ? "STSv1" : NULL);
    lint_print_string(&print, "mode", policy->mode == STS_MODE_UNSET ? NULL : sts_mode_name(policy->mode));
    lint_print_number(&print, "max_age", policy->max_age_set, policy->max_age);
    lint_print_strings(&print, "mx", policy->mx, policy->mx_count);
    return finish(&print, policy->code == FAIL_NONE);
}

static int lint_policy(struct lint *lint)
{
    struct sts_policy policy = {.code = FAIL_POLICY_HTTP_TOO_LARGE};
    struct buf body;
    bool too_large = false;
    int result = EXIT_USAGE;
    buf_init(&body, POLICY_BYTES);
    if (!read_file(lint->args[0], &body, &too_large)) {
        (void)fprintf(
            lint->err, "stsweep: lint: %s: %s%s\n", shown(lint->args[0]),
            strstr(lint->args[0], "://") == NULL ? errno_said(errno) : strerror(errno),
            strstr(lint->args[0], "://") == NULL ? "" : "; lint reads files, `stsweep check DOMAIN` fetches");
        goto out;
    }
    if (!too_large)
        sts_policy_parse(buf_bytes(&body), &lint->arena, &policy);
    result = print_policy(lint, &policy);
out:
    buf_dispose(&body);
    return result;
}

bool lint_read_policy(const char *name, struct arena *arena, struct sts_policy *policy, FILE *err)
{
    struct buf body;
    struct lint_print print;
    bool too_large = false;
    *policy = (struct sts_policy){.code = FAIL_POLICY_HTTP_TOO_LARGE};
    buf_init(&body, POLICY_BYTES);
    bool is_read = read_file(name, &body, &too_large);
    if (!is_read)
        (void)fprintf(err, "stsweep: %s: %s\n", shown(name), errno_said(errno));
    else if (!too_large)
        sts_policy_parse(buf_bytes(&body), arena, policy);
    buf_dispose(&body);
    if (is_read && policy->code != FAIL_NONE) {
        (void)fprintf(
            err, "stsweep: %s: this is no valid policy; mend it, and try it with `stsweep lint policy`\n",
            shown(name));
        lint_print_begin(&print, err, false, policy->code, &policy->findings);
        (void)lint_print_end(&print);
    }
    return is_read && policy->code == FAIL_NONE;
}

/* ---- match --------------------------------------------------------------------------------------------- */

struct match {
    enum failure_code code; /* of the first pattern that is not valid */
    struct findings findings;
    const char **matches; /* room for all patterns */
    size_t count;
};

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

static void match_one(struct lint *lint, const char *host, size_t number, struct match *match)
{
    const char *pattern = lint->args[number];
    struct pattern_fault faults[PATTERN_FAULTS];
    size_t count = sts_policy_pattern_faults(bytes_of(pattern), faults);
    for (size_t i = 0; i < count; i++)
        findings_add(&match->findings, faults[i].code, number, faults[i].column,
                     text_escape(&lint->arena, bytes_of(pattern)));
    if (match->code == FAIL_NONE && count > 0)
        match->code = faults[0].code;
    if (mx_pattern_match(host, pattern))
        match->matches[match->count++] = pattern;
}

static void tell_match(struct lint *lint, struct lint_print *print, const struct match *match)
{
    const char *host = text_escape(&lint->arena, bytes_of(lint->args[0]));
    host = host == NULL ? "the host" : host;
    for (size_t i = 0; i < match->count; i++)
        lint_print_line(print, "%s matches %s\n", host, match->matches[i]);
    if (match->count == 0)
        lint_print_line(print, "%s matches no pattern\n", host);
}

static int lint_match(struct lint *lint)
{
    char ascii[HOSTNAME_BYTES];
    const char *host = lint->args[0];
    struct match match = {.matches = arena_array(&lint->arena, lint->count, sizeof *match.matches)};
    struct lint_print print;
    if (match.matches == NULL)
        return no_memory(lint);
    if (!is_ascii(host) && hostname_normalize(bytes_of(host), ascii) == FAIL_NONE)
        host = ascii;
    for (size_t i = 1; i < lint->count; i++)
        match_one(lint, host, i, &match);
    /* If the patterns are valid, a person asks only whether the host matches. */
    if (!lint->json && match.code == FAIL_NONE)
        print = (struct lint_print){.out = lint->out};
    else
        lint_print_begin(&print, lint->out, lint->json, match.code, &match.findings);
    lint_print_bool(&print, "match", match.count > 0);
    lint_print_strings(&print, "matches", match.matches, match.count);
    tell_match(lint, &print, &match);
    return finish(&print, match.code == FAIL_NONE && match.count > 0);
}

/* ---- the command line ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *args;
    size_t least;
    size_t most;
    int (*run)(struct lint *lint);
} commands[] = {
    {"record", "TXT...", 1, SIZE_MAX, lint_record},
    {"tlsrpt", "TXT...", 1, SIZE_MAX, lint_tlsrpt},
    {"policy", "FILE|-", 1, 1, lint_policy},
    {"match", "HOST PATTERN...", 2, SIZE_MAX, lint_match},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

const char *lint_text(size_t index)
{
    return index < COMMANDS ? commands[index].name : NULL;
}

/* Prints the usage. The word is the user's own; NULL if one is missing. */
static int usage(FILE *out, const char *word, const char *reason)
{
    (void)fprintf(out, "stsweep: lint: %s%s%s\n", word == NULL ? "" : shown(word), word == NULL ? "" : ": ",
                  reason);
    for (size_t i = 0; i < COMMANDS; i++)
        (void)fprintf(out, "%s stsweep lint %s %s [--json]\n", i == 0 ? "usage:" : "      ", commands[i].name,
                      commands[i].args);
    (void)fputs("A column counts bytes, from 1: a tab is one, a character that is not ASCII more.\n", out);
    return EXIT_USAGE;
}

/* Sorts flags from texts, which go into args, which has room for all; false with a fault. */
static bool take_args(struct lint *lint, struct flags *flags, const char **args)
{
    enum flag flag;
    while ((flag = flags_next(flags)) != FLAG_END && flag != FLAG_FAULT) {
        lint->json = lint->json || flag == FLAG_JSON;
        if (flag == FLAG_NAME)
            args[lint->count++] = flags->value;
    }
    lint->args = args;
    return flag == FLAG_END;
}

static int no_such_text(struct lint *lint, const char *name)
{
    char reason[NEAREST_TEXT_BYTES + 80], rest[NEAREST_TEXT_BYTES];
    struct nearest nearest;
    nearest_begin(&nearest, name);
    for (size_t i = 0; i < COMMANDS; i++)
        nearest_offer(&nearest, commands[i].name);
    (void)snprintf(reason, sizeof reason, "no such text; there are record, tlsrpt, policy and match%s",
                   strncmp(name, "v=", 2) == 0 ? ": write `record` or `tlsrpt` before it"
                                               : nearest_text(&nearest, rest));
    return usage(lint->err, name, reason);
}

static int run(struct lint *lint)
{
    if (lint->count == 0)
        return usage(lint->err, NULL, "say what to look at");
    const char *name = lint->args[0];
    lint->args++;
    lint->count--;
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        if (lint->count < commands[i].least)
            return usage(lint->err, name, "something is missing behind it");
        if (lint->count > commands[i].most)
            return usage(lint->err, lint->args[commands[i].most], "one too many");
        bool reads = commands[i].run == lint_policy;
        sandbox_enter_reader(&(struct sandbox_reader){.read = lint->args, .read_count = reads ? 1 : 0});
        return commands[i].run(lint);
    }
    return no_such_text(lint, name);
}

int lint_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct lint lint = {.out = out, .err = err};
    struct flags flags;
    arena_init(&lint.arena, ARENA_BYTES);
    flags_begin(&flags, "lint", argc, argv);
    const char **args = calloc((size_t)argc + 1, sizeof *args);
    int result;
    if (args == NULL)
        result = no_memory(&lint);
    else if (!take_args(&lint, &flags, args))
        result = usage(err, NULL, flags.fault);
    else
        result = run(&lint);
    free(args);
    arena_dispose(&lint.arena);
    return result;
}
