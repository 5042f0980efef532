/* Makes of a record's cells what the forms tell of. */
#include "scanner/commands/show_tool.h"

#include <string.h>

#include "scanner/base/error.h"
#include "scanner/base/put_bytes.h"
#include "scanner/commands/check.h"

/* A code is told in some hundred bytes, and a record has each once. */
enum { TEXT_BYTES = 4 << 20 };

/* Reads a cell of codes; one that this program does not know is left out. */
static struct code_set read_codes(struct bytes cell)
{
    struct code_set set = {{0}};
    for (size_t at = 0, end; at < cell.len; at = end + 1) {
        const uint8_t *blank = memchr(cell.data + at, ' ', cell.len - at);
        end = blank == NULL ? cell.len : (size_t)(blank - cell.data);
        enum failure_code code = failure_find((const char *)cell.data + at, end - at);
        if (code != FAIL_COUNT)
            code_set_add(&set, code);
    }
    return set;
}

/* Tells whether a policy is in force, as the record has it: it was read, its mode is not none, and no code
 * says that it cannot be used. */
static bool is_in_force(struct bytes mode, const struct code_set *codes)
{
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (code_set_has(codes, code) && failure_get(code)->effect == EFFECT_NO_POLICY)
            return false;
    return mode.len > 0 && !(mode.len == 4 && memcmp(mode.data, "none", 4) == 0);
}

static enum tool_verdict verdict_of(enum outcome outcome, const struct code_set *codes, uint32_t fail_on)
{
    if (check_is_no(outcome, codes, fail_on))
        return TOOL_BAD;
    if (outcome != OUTCOME_UNKNOWN)
        return TOOL_GOOD;
    bool blocked =
        code_set_has(codes, FAIL_SMTP_TCP_PORT_BLOCKED) || code_set_has(codes, FAIL_POLICY_TCP_PORT_BLOCKED);
    return blocked ? TOOL_BY_MACHINE : TOOL_OPEN;
}

static void print(FILE *out, struct buf *text)
{
    if (text->failed)
        out_of_memory("what is told of a record");
    (void)put_bytes(out, buf_bytes(text));
    buf_dispose(text);
}

void show_tool_head(FILE *out, const struct show_request *request)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    tool_head(&text, request->tool);
    print(out, &text);
}

void show_tool_record(FILE *out, const struct show_request *request, const struct show_cells *cells)
{
    struct buf text;
    struct bytes mode = show_cell(cells, "mode");
    const struct code_set codes = read_codes(show_cell(cells, "codes"));
    enum outcome outcome = (enum outcome)show_cells_outcome(cells);
    const struct tool_domain domain = {.domain = show_cell(cells, "domain"),
                                       .outcome = outcome,
                                       .verdict = verdict_of(outcome, &codes, request->fail_on),
                                       .codes = &codes,
                                       .policy_read = mode.len > 0,
                                       .in_force = is_in_force(mode, &codes)};
    buf_init(&text, TEXT_BYTES);
    tool_put(&text, request->tool, &domain);
    print(out, &text);
}

void show_tool_foot(FILE *out, const struct show_request *request)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    tool_foot(&text, request->tool);
    print(out, &text);
}
