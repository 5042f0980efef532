/* Puts names, texts and what stands around them together. */
#include "scanner/commands/check_tool.h"

#include "output/explain/explain.h"
#include "scanner/base/error.h"
#include "scanner/base/put_bytes.h"
#include "scanner/facts/hostname.h"

enum { TEXT_BYTES = 16 << 20 };

struct looked_at {
    const struct domain_facts *facts;
    const struct judgement *judgement;
};

static void found(void *arg, enum failure_code code, struct buf *text)
{
    const struct looked_at *looked_at = arg;
    explain_found(text, looked_at->facts, looked_at->judgement, code);
}

bool check_tool_put(struct buf *text, enum tool_form form, const struct domain_facts *facts,
                    const struct judgement *judgement, enum tool_verdict verdict)
{
    struct looked_at looked_at = {facts, judgement};
    struct tool_domain domain = tool_of(facts->domain, judgement, verdict);
    domain.found = found;
    domain.arg = &looked_at;
    tool_put(text, form, &domain);
    return !text->failed;
}

/* Returns a name as it is looked at, which it can be: the command line was read. */
static struct bytes name_of(const struct check_told *told, size_t index, char name[HOSTNAME_BYTES])
{
    bool is_name = hostname_read(bytes_of(told->names[index]), told->lenient, name) == FAIL_NONE;
    return bytes_of(is_name ? name : told->names[index]);
}

static void print_all(const struct check_told *told, const struct buf *texts, const char *why, FILE *out)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    tool_head(&text, told->form);
    for (size_t i = 0; i < told->count; i++) {
        char name[HOSTNAME_BYTES];
        if (texts == NULL)
            tool_put_machine(&text, told->form, name_of(told, i, name), why);
        else if (texts[i].failed)
            tool_put_machine(&text, told->form, name_of(told, i, name),
                             "what is to be said of it is too much");
        else if (texts[i].len == 0)
            tool_put_left_out(&text, told->form, name_of(told, i, name), FAIL_INPUT_OPTED_OUT);
        else
            (void)buf_append(&text, texts[i].data, texts[i].len);
        if (text.failed)
            out_of_memory("what is told of domains");
        (void)put_bytes(out, buf_bytes(&text));
        buf_reset(&text);
    }
    tool_foot(&text, told->form);
    (void)put_bytes(out, buf_bytes(&text));
    buf_dispose(&text);
}

void check_tool_print(const struct check_told *told, const struct buf *texts, FILE *out)
{
    print_all(told, texts, NULL, out);
}

void check_tool_print_machine(const struct check_told *told, const char *why, FILE *out)
{
    print_all(told, NULL, why, out);
}
