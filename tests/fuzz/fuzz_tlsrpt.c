/* The TLSRPT record, up to eight RRs; a full arena must not change the verdict. */
#include "scanner/sts/tlsrpt.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rrs[TARGET_RRS];
    size_t count = split_rrs(data, size, rrs);
    struct tlsrpt_record record, poor;
    struct arena arena, empty;
    arena_init(&arena, TARGET_ARENA_BYTES);
    arena_init(&empty, 0);
    tlsrpt_parse(rrs, count, &arena, &record);
    tlsrpt_parse(rrs, count, &empty, &poor);
    expect(tlsrpt_broken(&record));
    expect(findings_broken(&record.findings, count, size));
    expect(record.code == poor.code ? NULL : "the arena changes the verdict");
    arena_dispose(&arena);
    return 0;
}
