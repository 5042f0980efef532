/*
 * Any bytes as the opt-out list of a scan directory, up to an empty line, and as domain records behind it:
 * refused with a reason, or counted, and then each thing counts at one entry.
 */
#include "output/readback/optout_counts.h"
#include "output/readback/optout_kept.h"
#include "tests/fuzz/file.h"

enum { WHY_BYTES = 1 << 12 };

static void check_sums(const struct optout_counts *counts, uint64_t records)
{
    uint64_t policies = 0, hosts = 0, mx = 0;
    for (size_t i = 0; i <= optout_count(counts->optout); i++) {
        policies += counts->tallies[i].policies;
        hosts += counts->tallies[i].hosts;
        mx += counts->tallies[i].mx;
    }
    expect(policies <= records ? NULL : "more policies than records");
    expect(hosts <= mx ? NULL : "more hosts than times that one was met");
}

static void count(const struct optout_kept *kept, const uint8_t *data, size_t size)
{
    struct optout_counts counts;
    uint64_t records = 0;
    expect(optout_counts_init(&counts, kept->optout, 7) == ERR_OK ? NULL : "no memory");
    for (size_t start = 0, i = 0; i <= size; i++) {
        if (i < size && data[i] != '\n')
            continue;
        enum error error = optout_counts_add(&counts, bytes_make(data + start, i - start));
        expect(error == ERR_OK || error == ERR_SYNTAX || error == ERR_LIMIT ? NULL : error_text(error));
        records++;
        start = i + 1;
    }
    check_sums(&counts, records);
    optout_counts_dispose(&counts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *gap = size == 0 ? NULL : memmem(data, size, "\n\n", 2);
    size_t len = gap == NULL ? size : (size_t)(gap - data) + 1;
    struct optout_kept kept;
    struct buf why;
    buf_init(&why, WHY_BYTES);
    enum error error = optout_kept_read(bytes_make(data, len), &kept, &why);
    expect(error != ERR_CORRUPT || why.len > 0 ? NULL : "refused without a reason");
    if (error == ERR_OK)
        count(&kept, data + len, size - len);
    optout_kept_dispose(&kept);
    buf_dispose(&why);
    return 0;
}
