/*
 * Writes workflow commands of GitHub Actions, one a line: an annotation for the outcome, then one for each
 * code that is more than a note, the worst first, as GitHub shows but the first few of each kind.
 */
#include <stdio.h>

#include "output/explain/explain.h"
#include "output/explain/tool_parts.h"

/* Appends plain text as data of a command, or as one of its properties, which ends at a colon or a comma. */
static void put_escaped(struct buf *out, const char *text, bool property)
{
    for (; *text != 0; text++) {
        bool ends = property && (*text == ':' || *text == ',');
        if (ends || *text == '%' || *text == '\r' || *text == '\n')
            (void)buf_printf(out, "%%%02X", (unsigned)*text);
        else
            (void)buf_byte(out, (uint8_t)*text);
    }
}

/* Writes a command whose title is the domain and a text behind it. */
static void put_command(struct buf *out, const char *command, struct bytes domain, const char *title,
                        struct buf *message)
{
    struct buf text;
    buf_init(&text, out->ceiling_bytes);
    tool_plain(&text, domain);
    (void)buf_printf(&text, ": %s", title);
    (void)buf_printf(out, "::%s title=", command);
    put_escaped(out, buf_string(&text), true);
    (void)buf_text(out, "::");
    put_escaped(out, buf_string(message), false);
    (void)buf_byte(out, '\n');
    out->failed = out->failed || text.failed || message->failed;
    buf_dispose(&text);
}

static void put_code(struct buf *out, const struct tool_domain *domain, enum failure_code code,
                     const char *command)
{
    const struct failure *failure = failure_get(code);
    struct buf message;
    buf_init(&message, out->ceiling_bytes);
    (void)buf_printf(&message, "%s\n", failure->why);
    if (tool_found(&message, domain, code, ""))
        (void)buf_byte(&message, '\n');
    (void)buf_printf(&message, "Who mends it: %s\nWhat mends it: %s", failure_who_name(failure->who),
                     failure->mend);
    put_command(out, command, domain->domain, failure->code, &message);
    buf_dispose(&message);
}

void github_put(struct buf *out, const struct tool_domain *domain)
{
    static const char *const commands[WEIGHT_NOTE] = {
        [WEIGHT_FAILURE] = "error", [WEIGHT_ERROR] = "error", [WEIGHT_WARNING] = "warning"};
    struct buf message;
    char title[128];
    bool good = domain->verdict == TOOL_GOOD, machine = domain->verdict == TOOL_BY_MACHINE;
    buf_init(&message, out->ceiling_bytes);
    (void)snprintf(title, sizeof title, "%s%s - %s", machine ? "this machine: " : "",
                   outcome_name(domain->outcome), explain_headline(domain->outcome));
    (void)buf_text(&message, explain_outcome(domain->outcome));
    put_command(out, good ? "notice" : "error", domain->domain, title, &message);
    buf_dispose(&message);
    for (enum tool_weight weight = 0; weight < WEIGHT_NOTE; weight++)
        for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
            if (tool_is_due(domain, code) && tool_weight(domain, code) == weight)
                put_code(out, domain, code, commands[weight]);
}

void github_put_machine(struct buf *out, struct bytes domain, const char *why)
{
    struct buf message;
    buf_init(&message, out->ceiling_bytes);
    tool_plain(&message, bytes_of(why));
    put_command(out, "error", domain, "this machine", &message);
    buf_dispose(&message);
}

void github_put_left_out(struct buf *out, struct bytes domain, enum failure_code code)
{
    struct buf message;
    buf_init(&message, out->ceiling_bytes);
    (void)buf_text(&message, failure_get(code)->why);
    put_command(out, "notice", domain, failure_get(code)->code, &message);
    buf_dispose(&message);
}
