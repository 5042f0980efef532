/* The MTA-STS record, up to eight RRs; a full arena must not change the verdict. */
#include "scanner/sts/presentation.h"
#include "scanner/sts/record.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rrs[TARGET_RRS];
    size_t count = split_rrs(data, size, rrs);
    struct sts_record record, poor;
    struct arena arena, empty;
    arena_init(&arena, TARGET_ARENA_BYTES);
    arena_init(&empty, 0);
    sts_record_parse(rrs, count, &arena, &record);
    sts_record_parse(rrs, count, &empty, &poor);
    expect(record_broken(&record));
    expect(findings_broken(&record.findings, count, size));
    expect(record.code == poor.code && strcmp(record.id, poor.id) == 0 ? NULL
                                                                       : "the arena changes the verdict");
    expect(sts_record_wants_policy(rrs, count) == (record.candidates > 0) ? NULL
                                                                          : "the policy is wanted wrongly");
    struct bytes rr;
    if (presentation_read(bytes_make(data, size), &arena, &rr))
        expect(rr.len < size ? NULL : "strings are longer than what they were written as");
    arena_dispose(&arena);
    return 0;
}
