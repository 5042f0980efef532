/* Writes the two forms of lint's answer. */
#include "scanner/commands/lint_print.h"

#include <stdarg.h>

#include "output/json/json_facts.h"
#include "scanner/base/put_bytes.h"

enum { TEXT_BYTES = 16 << 20 };

/* ---- for a person -------------------------------------------------------------------------------------- */

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
    if (print->as_json)
        return;
    va_list args;
    va_start(args, format);
    print->failed = vfprintf(print->out, format, args) < 0 || print->failed;
    va_end(args);
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

void lint_print_string(struct lint_print *print, const char *key, const char *text)
{
    if (print->as_json)
        json_put_string(&print->json, key, text);
}

void lint_print_number(struct lint_print *print, const char *key, bool is_set, uint32_t number)
{
    if (print->as_json && is_set)
        json_put_unsigned(&print->json, key, number);
    else if (print->as_json)
        json_put_null(&print->json, key);
}

void lint_print_bool(struct lint_print *print, const char *key, bool value)
{
    if (print->as_json)
        json_put_bool(&print->json, key, value);
}

void lint_print_strings(struct lint_print *print, const char *key, const char *const *texts, size_t count)
{
    if (!print->as_json)
        return;
    json_open_array(&print->json, key);
    for (size_t i = 0; i < count; i++)
        json_put_string(&print->json, NULL, texts[i]);
    json_close_array(&print->json);
}

/* Writes the list of findings though there are none. */
static void put_findings(struct json *json, const struct findings *findings)
{
    if (findings->count > 0) {
        json_findings(json, findings);
        return;
    }
    json_open_array(json, "findings");
    json_close_array(json);
}

static void write_json(struct lint_print *print)
{
    json_close(&print->json);
    if (!json_finish(&print->json) || !put_bytes(print->out, buf_bytes(&print->text)))
        print->failed = true;
    buf_dispose(&print->text);
}

/* ---- both ---------------------------------------------------------------------------------------------- */

void lint_print_begin(struct lint_print *print, FILE *out, bool json, enum failure_code code,
                      const struct findings *findings)
{
    *print = (struct lint_print){.out = out, .as_json = json};
    if (!json) {
        tell_all(print, code, findings);
        return;
    }
    buf_init(&print->text, TEXT_BYTES);
    json_start(&print->json, &print->text);
    json_open(&print->json, NULL);
    json_put_bool(&print->json, "valid", code == FAIL_NONE);
    json_put_string(&print->json, "code", failure_name(code));
    put_findings(&print->json, findings);
}

bool lint_print_end(struct lint_print *print)
{
    if (print->as_json)
        write_json(print);
    return fflush(print->out) == 0 && !print->failed;
}
