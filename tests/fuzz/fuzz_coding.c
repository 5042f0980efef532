/* A coded policy: the first byte chooses the codings, the rest is the body. What comes out never passes the
 * ceiling, and a larger ceiling changes nothing of what fits the smaller one. */
#include "scanner/base/buf.h"
#include "scanner/coding/coding.h"
#include "tests/fuzz/target.h"

enum { SMALL_BYTES = 4096, LARGE_BYTES = 65536 };

static const char *const lists[] = {
    "gzip",     "deflate",    "br",       "zstd",          "gzip, gzip",
    "br, gzip", "zstd, gzip", "gzip, br", "gzip, deflate", "br, br, zstd, deflate, gzip"};

static enum coding_end undo(const char *list, struct bytes coded, struct buf *out, size_t ceiling)
{
    buf_init(out, ceiling);
    enum coding_end end = coding_undo(list, coded, out);
    expect(out->len <= ceiling ? NULL : "past the ceiling");
    expect(end != CODING_NONE && end != CODING_UNKNOWN ? NULL : "a list that is known");
    return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf small, large;
    if (size == 0)
        return 0;
    const char *list = lists[data[0] % (sizeof lists / sizeof *lists)];
    struct bytes coded = bytes_make(data + 1, size - 1);
    enum coding_end cut = undo(list, coded, &small, SMALL_BYTES);
    enum coding_end end = undo(list, coded, &large, LARGE_BYTES);
    expect(end != CODING_LIMIT || cut == CODING_LIMIT ? NULL : "the ceiling changes a limit");
    if (cut != CODING_TOO_LARGE)
        expect(cut == end && bytes_equal(buf_bytes(&small), buf_bytes(&large)) ? NULL
                                                                               : "the ceiling changes it");
    buf_dispose(&small);
    buf_dispose(&large);
    return 0;
}
