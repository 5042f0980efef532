/* The two forms of lint's answer. */
#include "scanner/commands/lint_print.h"

#include <stdarg.h>
#include <yajl/yajl_gen.h>

/* ---- for a person ------------------------------------------------------------------------------------- */

static void tell(struct lint_print *print, const struct finding *finding)
{
    const struct failure *failure = failure_get(finding->code);
    if (finding->line > 0)
        lint_print_line(print, "line %u, column %u: ", finding->line, finding->column);
    lint_print_line(print, "%s: %s\n", failure->code, failure->why);
    if (finding->detail != NULL)
        lint_print_line(print, "    here: %s\n", finding->detail);
    lint_print_line(print, "    mend: %s\n", failure->mend);
}

static bool has_finding(const struct findings *findings, enum failure_code code)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->list[i].code == code)
            return true;
    return false;
}

static void tell_all(struct lint_print *print, enum failure_code code, const struct findings *findings)
{
    if (code == FAIL_NONE)
        lint_print_line(print, "valid\n");
    else
        lint_print_line(print, "invalid: %s\n", failure_name(code));
    if (code != FAIL_NONE && !has_finding(findings, code))
        tell(print, &(struct finding){.code = code});
    for (size_t i = 0; i < findings->count; i++)
        tell(print, &findings->list[i]);
    if (findings->overflow)
        lint_print_line(print, "There are more findings.\n");
}

void lint_print_line(struct lint_print *print, const char *format, ...)
{
    if (print->json != NULL)
        return;
    va_list args;
    va_start(args, format);
    print->failed = vfprintf(print->out, format, args) < 0 || print->failed;
    va_end(args);
}

/* ---- JSON --------------------------------------------------------------------------------------------- */

static void check(struct lint_print *print, yajl_gen_status status)
{
    print->failed = print->failed || status != yajl_gen_status_ok;
}

static void put_text(struct lint_print *print, const char *text)
{
    if (text == NULL)
        check(print, yajl_gen_null(print->json));
    else
        check(print, yajl_gen_string(print->json, (const unsigned char *)text, strlen(text)));
}

/* False: there is no JSON to write. */
static bool put_key(struct lint_print *print, const char *key)
{
    if (print->json == NULL)
        return false;
    put_text(print, key);
    return true;
}

void lint_print_string(struct lint_print *print, const char *key, const char *text)
{
    if (put_key(print, key))
        put_text(print, text);
}

void lint_print_number(struct lint_print *print, const char *key, bool is_set, uint32_t number)
{
    if (!put_key(print, key))
        return;
    check(print, is_set ? yajl_gen_integer(print->json, number) : yajl_gen_null(print->json));
}

void lint_print_bool(struct lint_print *print, const char *key, bool value)
{
    if (put_key(print, key))
        check(print, yajl_gen_bool(print->json, value));
}

void lint_print_strings(struct lint_print *print, const char *key, const char *const *texts, size_t count)
{
    if (!put_key(print, key))
        return;
    check(print, yajl_gen_array_open(print->json));
    for (size_t i = 0; i < count; i++)
        put_text(print, texts[i]);
    check(print, yajl_gen_array_close(print->json));
}

static void put_findings(struct lint_print *print, const struct findings *findings)
{
    (void)put_key(print, "findings");
    check(print, yajl_gen_array_open(print->json));
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        check(print, yajl_gen_map_open(print->json));
        lint_print_string(print, "code", failure_name(finding->code));
        lint_print_number(print, "line", true, finding->line);
        lint_print_number(print, "column", true, finding->column);
        if (finding->detail != NULL)
            lint_print_string(print, "detail", finding->detail);
        check(print, yajl_gen_map_close(print->json));
    }
    check(print, yajl_gen_array_close(print->json));
    if (findings->overflow)
        lint_print_bool(print, "findings_more", true);
}

static void write_json(struct lint_print *print)
{
    const unsigned char *text;
    size_t len;
    check(print, yajl_gen_map_close(print->json));
    check(print, yajl_gen_get_buf(print->json, &text, &len));
    if (!print->failed)
        print->failed = fwrite(text, 1, len, print->out) != len || fputc('\n', print->out) == EOF;
    yajl_gen_free(print->json);
    print->json = NULL;
}

/* ---- both --------------------------------------------------------------------------------------------- */

bool lint_print_begin(struct lint_print *print, FILE *out, bool json, enum failure_code code,
                      const struct findings *findings)
{
    *print = (struct lint_print){.out = out};
    if (!json) {
        tell_all(print, code, findings);
        return true;
    }
    print->json = yajl_gen_alloc(NULL);
    if (print->json == NULL)
        return false;
    check(print, yajl_gen_map_open(print->json));
    lint_print_bool(print, "valid", code == FAIL_NONE);
    lint_print_string(print, "code", failure_name(code));
    put_findings(print, findings);
    return true;
}

bool lint_print_end(struct lint_print *print)
{
    if (print->json != NULL)
        write_json(print);
    return fflush(print->out) == 0 && !print->failed;
}
