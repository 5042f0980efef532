/* What is asked of the metrics' server. Where a request ends does not hang on the pieces it comes in, and
 * what it asks for is what a second reading says, which takes its first line apart word by word. */
#include <string.h>

#include "scanner/base/bytes.h"
#include "scanner/scan/scrape.h"
#include "tests/fuzz/target.h"

enum { PIECES = 512 };

/* Takes what stands before the separator from *rest, with it; false: there is none. */
static bool take(struct bytes *rest, char separator, struct bytes *word)
{
    for (size_t i = 0; i < rest->len; i++)
        if (rest->data[i] == (uint8_t)separator) {
            *word = bytes_make(rest->data, i);
            *rest = bytes_make(rest->data + i + 1, rest->len - i - 1);
            return true;
        }
    return false;
}

static bool is(struct bytes word, const char *text)
{
    return bytes_equal(word, bytes_of(text));
}

static enum scrape_answer read_again(struct bytes request)
{
    struct bytes line, method, target, path;
    if (!take(&request, '\n', &line))
        return SCRAPE_BAD_REQUEST;
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    if (!take(&line, ' ', &method) || !take(&line, ' ', &target) || method.len == 0 || target.len == 0 ||
        line.len != 8 || !is(bytes_make(line.data, 7), "HTTP/1."))
        return SCRAPE_BAD_REQUEST;
    if (!is(method, "GET") && !is(method, "HEAD"))
        return SCRAPE_NOT_ALLOWED;
    if (!take(&target, '?', &path))
        path = target;
    if (!is(path, "/metrics"))
        return SCRAPE_NOT_FOUND;
    return is(method, "GET") ? SCRAPE_PAGE : SCRAPE_HEAD;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes received = bytes_make(data, size < SCRAPE_REQUEST_BYTES ? size : SCRAPE_REQUEST_BYTES);
    const size_t len = scrape_request_len(received);
    expect(len <= received.len ? NULL : "a request is longer than what was received");
    for (size_t i = 0; i < received.len && i < PIECES; i++) {
        const size_t wanted = len > 0 && i >= len ? len : 0;
        expect(scrape_request_len(bytes_make(data, i)) == wanted ? NULL : "the pieces matter");
    }
    expect(len == 0 || data[len - 1] == '\n' ? NULL : "a request does not end with a line");
    const struct bytes request = len > 0 ? bytes_make(data, len) : received;
    expect(scrape_read(request) == read_again(request) ? NULL : "a second reading asks for something else");
    return 0;
}
