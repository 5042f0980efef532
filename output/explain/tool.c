/* Weighs codes, makes texts plain, and calls the form that was asked for. */
#include "output/explain/tool.h"

#include <string.h>

#include "output/explain/explain.h"
#include "output/explain/explain_parts.h"
#include "output/explain/tool_parts.h"

enum { FOUND_BYTES = 1 << 20 };

static const char *const names[TOOL_FORMS] = {
    [TOOL_NONE] = "", [TOOL_JUNIT] = "junit", [TOOL_GITHUB] = "github", [TOOL_MARKDOWN] = "markdown"};

const char *tool_form_name(enum tool_form form)
{
    return names[form];
}

enum tool_form tool_form_find(const char *name)
{
    enum tool_form form = TOOL_NONE + 1;
    while (form < TOOL_FORMS && strcmp(names[form], name) != 0)
        form++;
    return form == TOOL_FORMS ? TOOL_NONE : form;
}

struct tool_domain tool_of(const char *domain, const struct judgement *judgement, enum tool_verdict verdict)
{
    return (struct tool_domain){.domain = bytes_of(domain),
                                .outcome = judgement->outcome,
                                .verdict = verdict,
                                .codes = &judgement->codes,
                                .policy_read = judgement->policy.parsed,
                                .in_force = explain_in_force(judgement)};
}

/* ---- parts --------------------------------------------------------------------------------------------- */

bool tool_is_due(const struct tool_domain *domain, enum failure_code code)
{
    return explain_is_due_of(domain->codes, domain->outcome, code);
}

/* Is a code that is a warning by itself what makes the outcome one that is not good? */
static bool makes_outcome(enum failure_code code)
{
    enum failure_effect effect = failure_get(code)->effect;
    return effect == EFFECT_NO_POLICY || effect == EFFECT_NO_MAIL;
}

enum tool_weight tool_weight(const struct tool_domain *domain, enum failure_code code)
{
    bool good = domain->verdict == TOOL_GOOD;
    switch (explain_mark_of(domain->in_force, code)) {
    case MARK_FAIL:
        return good ? WEIGHT_WARNING : WEIGHT_FAILURE;
    case MARK_UNKNOWN:
        return good ? WEIGHT_WARNING : WEIGHT_ERROR;
    case MARK_WARNING:
        return domain->verdict == TOOL_BAD && makes_outcome(code) ? WEIGHT_FAILURE : WEIGHT_WARNING;
    case MARK_NOTE:
    case MARK_OK:
    case MARK_COUNT:
        break;
    }
    return WEIGHT_NOTE;
}

const char *tool_word(enum tool_verdict verdict)
{
    static const char *const words[] = {
        [TOOL_GOOD] = "ok", [TOOL_BAD] = "FAIL", [TOOL_OPEN] = "unknown", [TOOL_BY_MACHINE] = "this machine"};
    return words[verdict];
}

void tool_plain(struct buf *out, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte >= 0x20 && byte < 0x7F)
            (void)buf_byte(out, byte);
        else
            (void)buf_printf(out, "\\x%02x", (unsigned)byte);
    }
}

bool tool_found(struct buf *out, const struct tool_domain *domain, enum failure_code code, const char *before)
{
    struct buf text;
    if (domain->found == NULL)
        return false;
    buf_init(&text, FOUND_BYTES);
    domain->found(domain->arg, code, &text);
    size_t blank = text.len > 0 && text.data[0] == ' ';
    bool any = text.len > blank;
    if (any) {
        (void)buf_text(out, before);
        tool_plain(out, bytes_behind(buf_bytes(&text), blank));
    }
    out->failed = out->failed || text.failed;
    buf_dispose(&text);
    return any;
}

/* ---- the forms ----------------------------------------------------------------------------------------- */

void tool_head(struct buf *out, enum tool_form form)
{
    if (form == TOOL_JUNIT)
        junit_head(out);
}

void tool_put(struct buf *out, enum tool_form form, const struct tool_domain *domain)
{
    if (form == TOOL_JUNIT)
        junit_put(out, domain);
    else if (form == TOOL_GITHUB)
        github_put(out, domain);
    else
        markdown_put(out, domain);
}

void tool_put_machine(struct buf *out, enum tool_form form, struct bytes domain, const char *why)
{
    if (form == TOOL_JUNIT)
        junit_put_machine(out, domain, why);
    else if (form == TOOL_GITHUB)
        github_put_machine(out, domain, why);
    else
        markdown_put_machine(out, domain, why);
}

void tool_put_left_out(struct buf *out, enum tool_form form, struct bytes domain, enum failure_code code)
{
    if (form == TOOL_JUNIT)
        junit_put_left_out(out, domain, code);
    else if (form == TOOL_GITHUB)
        github_put_left_out(out, domain, code);
    else
        markdown_put_left_out(out, domain, code);
}

void tool_foot(struct buf *out, enum tool_form form)
{
    if (form == TOOL_JUNIT)
        junit_foot(out);
}
