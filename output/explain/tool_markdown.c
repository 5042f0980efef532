/*
 * Writes Markdown for a ticket: a heading a domain, and a table of its codes. What a stranger sent stands
 * within code, where neither HTML, links, emphasis nor @mentions are anything; what ends code or a cell
 * leaves as \xNN.
 */
#include <string.h>
#include <strings.h>

#include "output/explain/explain.h"
#include "output/explain/tool_parts.h"

/* Appends plain text within code. */
static void put_code_span(struct buf *out, const char *text)
{
    if (*text == 0)
        return;
    (void)buf_byte(out, '`');
    for (; *text != 0; text++)
        if (*text == '`' || *text == '|')
            (void)buf_printf(out, "\\x%02x", (unsigned)*text);
        else
            (void)buf_byte(out, (uint8_t)*text);
    (void)buf_byte(out, '`');
}

/* Does a link begin with this sign that has no brackets around it: www., http:// or a mail address? */
static bool links(const char *text, size_t at)
{
    if (text[at] == '.')
        return at >= 3 && strncasecmp(text + at - 3, "www", 3) == 0;
    return text[at] == '@' || (text[at] == ':' && strncmp(text + at, "://", 3) == 0);
}

/* Appends a sentence of ours, in which no sign is markup. */
static void put_sentence(struct buf *out, const char *sentence)
{
    for (size_t at = 0; sentence[at] != 0; at++) {
        const char *text = sentence + at;
        if (strchr("\\`*_{}[]<>#|~!", *text) != NULL || links(sentence, at))
            (void)buf_byte(out, '\\');
        (void)buf_byte(out, (uint8_t)*text);
    }
}

static void put_heading(struct buf *out, struct bytes domain)
{
    struct buf plain;
    buf_init(&plain, out->ceiling_bytes);
    tool_plain(&plain, domain);
    (void)buf_text(out, "### ");
    put_code_span(out, buf_string(&plain));
    out->failed = out->failed || plain.failed;
    buf_dispose(&plain);
}

static void put_row(struct buf *out, const struct tool_domain *domain, enum failure_code code)
{
    static const char *const words[WEIGHT_NOTE] = {
        [WEIGHT_FAILURE] = "**FAIL**", [WEIGHT_ERROR] = "**unknown**", [WEIGHT_WARNING] = "warning"};
    const struct failure *failure = failure_get(code);
    struct buf found;
    buf_init(&found, out->ceiling_bytes);
    (void)tool_found(&found, domain, code, "");
    (void)buf_printf(out, "| %s | ", words[tool_weight(domain, code)]);
    put_code_span(out, failure->code);
    (void)buf_text(out, " | ");
    put_sentence(out, failure->why);
    (void)buf_text(out, " | ");
    put_code_span(out, buf_string(&found));
    (void)buf_printf(out, " | %s | ", failure_who_name(failure->who));
    put_sentence(out, failure->mend);
    (void)buf_text(out, " |\n");
    out->failed = out->failed || found.failed;
    buf_dispose(&found);
}

void markdown_put(struct buf *out, const struct tool_domain *domain)
{
    bool begun = false;
    put_heading(out, domain->domain);
    (void)buf_printf(out, ": %s (%s)\n\n", outcome_name(domain->outcome), tool_word(domain->verdict));
    put_sentence(out, explain_outcome(domain->outcome));
    (void)buf_text(out, "\n\n");
    for (enum tool_weight weight = 0; weight < WEIGHT_NOTE; weight++)
        for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++) {
            if (!tool_is_due(domain, code) || tool_weight(domain, code) != weight)
                continue;
            if (!begun)
                (void)buf_text(out, "| | code | why | found | who mends it | what mends it |\n"
                                    "|---|---|---|---|---|---|\n");
            begun = true;
            put_row(out, domain, code);
        }
    (void)buf_text(out, begun ? "\n" : "");
}

void markdown_put_machine(struct buf *out, struct bytes domain, const char *why)
{
    struct buf plain;
    buf_init(&plain, out->ceiling_bytes);
    tool_plain(&plain, bytes_of(why));
    put_heading(out, domain);
    (void)buf_text(out, ": not looked at (this machine)\n\n");
    put_code_span(out, buf_string(&plain));
    (void)buf_text(out, "\n\n");
    out->failed = out->failed || plain.failed;
    buf_dispose(&plain);
}

void markdown_put_left_out(struct buf *out, struct bytes domain, enum failure_code code)
{
    put_heading(out, domain);
    (void)buf_text(out, ": not looked at\n\n");
    put_sentence(out, failure_get(code)->why);
    (void)buf_text(out, "\n\n");
}
