/* Has a temporary file for each gravity. */
#include "scanner/commands/diff_sorted.h"

#include "scanner/base/put_bytes.h"
#include "scanner/base/utf8.h"

enum { LABEL_SHOWN_BYTES = 120 };

void diff_sorted_dispose(struct diff_sorted *sorted)
{
    for (size_t gravity = 0; gravity < GRAVITY_COUNT; gravity++)
        spill_destroy(sorted->spills[gravity]);
    *sorted = (struct diff_sorted){{NULL}};
}

enum error diff_sorted_add(struct diff_sorted *sorted, enum gravity gravity, struct bytes line,
                           struct buf *why)
{
    uint64_t place;
    struct spill **spill = &sorted->spills[gravity];
    enum error error = *spill == NULL ? spill_create(spill, why) : ERR_OK;
    return error == ERR_OK ? spill_add(*spill, line, &place, why) : error;
}

static enum error print_lines(void *arg, struct bytes lines)
{
    return put_bytes(arg, lines) ? ERR_OK : ERR_STOPPED;
}

enum error diff_sorted_print(struct diff_sorted *sorted, FILE *out, struct buf *why)
{
    enum error error = ERR_OK;
    for (size_t gravity = 0; error == ERR_OK && gravity < GRAVITY_COUNT; gravity++) {
        if (sorted->spills[gravity] == NULL)
            continue;
        error = spill_flush(sorted->spills[gravity], why);
        if (error == ERR_OK)
            error = spill_walk(sorted->spills[gravity], print_lines, out);
    }
    diff_sorted_dispose(sorted);
    return error;
}

void diff_sorted_end_line(struct buf *line, const struct causes *causes, struct bytes label)
{
    char shown[LABEL_SHOWN_BYTES + 1];
    if (causes->count > 0)
        buf_text(line, "; ");
    causes_put(line, causes);
    if (label.len == 0)
        return;
    utf8_show(bytes_make(label.data, utf8_cut(label, LABEL_SHOWN_BYTES)), '?', shown);
    buf_printf(line, " [%s]", shown);
}
