/*
 * An HTTP answer in any pieces: the first byte says how long a piece of the body is, header lines end with a
 * blank one. Whatever comes, what is kept stays below its ceiling and may be printed, and where the body is
 * cut does not matter.
 */
#include "scanner/https/fetch_answer.h"
#include "tests/fuzz/target.h"

enum { BODY_MOST_BYTES = 4096, ARENA_BYTES = 1 << 20, LOCATION_MOST_BYTES = 4 * 2048 };

static size_t take_headers(struct fetch_answer *answer, const uint8_t *data, size_t size, bool *more)
{
    size_t start = 0;
    *more = true;
    for (size_t i = 0; i < size && *more; i++) {
        if (data[i] != '\n')
            continue;
        *more = fetch_answer_header(answer, bytes_make(data + start, i + 1 - start));
        bool is_blank = i == start || (i == start + 1 && data[start] == '\r');
        start = i + 1;
        if (is_blank)
            return start;
    }
    return start;
}

static void check(const struct fetch_answer *answer)
{
    expect(answer->body.len <= BODY_MOST_BYTES ? NULL : "more of the body is kept than may be");
    expect(answer->header_bytes <= HEADERS_BYTES_MAX || answer->headers_too_large
               ? NULL
               : "more headers than may be");
    expect(answer->status == 0 || (answer->status >= 0 && answer->status <= 999) ? NULL : "no such status");
    const char *texts[] = {answer->location, answer->coding, answer->signs};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect(texts[i] == NULL || (is_printable(texts[i]) && strlen(texts[i]) <= LOCATION_MOST_BYTES)
                   ? NULL
                   : "a text that may not be printed");
    expect(!fetch_answer_has_no_length(answer) || !answer->chunked ? NULL : "chunked, and without a length");
}

static void take(struct fetch_answer *answer, struct arena *arena, const uint8_t *data, size_t size,
                 size_t piece)
{
    bool more;
    fetch_answer_init(answer, BODY_MOST_BYTES, arena);
    size_t at = take_headers(answer, data, size, &more);
    for (; more && at < size; at += piece)
        more = fetch_answer_body(answer, bytes_make(data + at, size - at < piece ? size - at : piece));
    (void)fetch_answer_says_no(answer);
    check(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fetch_answer whole, pieces;
    struct arena arena;
    if (size == 0)
        return 0;
    arena_init(&arena, ARENA_BYTES);
    take(&whole, &arena, data + 1, size - 1, size);
    take(&pieces, &arena, data + 1, size - 1, (size_t)data[0] + 1);
    expect(whole.too_large == pieces.too_large ? NULL : "the pieces decide whether it is too large");
    expect(bytes_equal(buf_bytes(&whole.body), buf_bytes(&pieces.body)) ? NULL
                                                                        : "the pieces change the body");
    bool same_end = fetch_answer_is_whole(&whole) == fetch_answer_is_whole(&pieces) &&
                    fetch_answer_is_misframed(&whole) == fetch_answer_is_misframed(&pieces);
    expect(whole.too_large || same_end ? NULL : "the pieces decide where the body ends");
    fetch_answer_dispose(&whole);
    fetch_answer_dispose(&pieces);
    arena_dispose(&arena);
    return 0;
}
