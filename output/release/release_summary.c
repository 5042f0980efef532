/* Counts what is published. */
#include "output/release/release_summary.h"

#include <inttypes.h>

enum error release_summary_end(struct summary *summary, uint64_t records, uint64_t left_out, struct buf *why)
{
    if (summary->records + left_out != records) {
        buf_printf(why, "summary.json counts %" PRIu64 " records, and the files have %" PRIu64, records,
                   summary->records + left_out);
        return ERR_CORRUPT;
    }
    summary->opted_out += left_out;
    summary->left_out[FAIL_INPUT_OPTED_OUT] = summary->opted_out;
    return summary_balanced(summary, why) ? ERR_OK : ERR_CORRUPT;
}
