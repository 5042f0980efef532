/*
 * A list of domains, any bytes at all, through unpacking, lines, forms and names. The first byte chooses the
 * form and how the bytes are cut into pieces; what comes out may not depend on the pieces.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input/compressed.h"
#include "input/reader.h"
#include "scanner/facts/hostname.h"
#include "scanner/facts/suffix.h"
#include "scanner/machine/suffixes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUTPUT_MAX_BYTES = 1 << 20 };

struct run {
    struct reader reader;
    uint64_t digest;  /* of everything that the sink was told */
    uint64_t ordinal; /* the last */
    size_t unpacked;
};

static void digest(struct run *run, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++)
        run->digest = (run->digest ^ bytes[i]) * UINT64_C(0x100000001b3);
}

static void require(bool condition)
{
    if (!condition)
        abort();
}

static enum error on_name(void *arg, const struct input_name *name)
{
    struct run *run = arg;
    char again[HOSTNAME_BYTES], unicode[1024];
    bool is_suffix;
    require(name->ordinal == ++run->ordinal);
    require(hostname_normalize(bytes_of(name->domain), again) == FAIL_NONE &&
            strcmp(again, name->domain) == 0);
    require(name->label == NULL || (name->label[0] != '\0' && strlen(name->label) <= 255));
    (void)hostname_unicode(name->domain, unicode, sizeof unicode);
    suffixes_load();
    (void)suffix_of(name->domain, &is_suffix);
    digest(run, name->domain, strlen(name->domain) + 1);
    digest(run, &name->rank, sizeof name->rank);
    if (name->label != NULL)
        digest(run, name->label, strlen(name->label));
    return ERR_OK;
}

static enum error on_reject(void *arg, const struct input_reject *reject)
{
    struct run *run = arg;
    require(reject->ordinal == ++run->ordinal);
    require(reject->reason != FAIL_NONE && reject->text.len <= 1024);
    digest(run, &reject->line, sizeof reject->line);
    digest(run, &reject->reason, sizeof reject->reason);
    digest(run, reject->text.data, reject->text.len);
    return ERR_OK;
}

static enum error on_data(void *arg, struct bytes data)
{
    struct run *run = arg;
    run->unpacked += data.len;
    return run->unpacked > OUTPUT_MAX_BYTES ? ERR_LIMIT : reader_feed(&run->reader, data);
}

/* What a list comes to; IS_ENDLESS if it unpacks to too much. From IS_READ on it is a digest. */
enum { IS_ENDLESS, IS_DAMAGED, IS_REFUSED, IS_READ };

/* Returns what a list comes to, fed in pieces. */
static uint64_t read_in_pieces(struct bytes data, const struct input_asked *asked, struct input_form *form,
                               size_t piece)
{
    struct run *run = calloc(1, sizeof *run);
    require(run != NULL);
    const struct input_sink sink = {.name = on_name, .reject = on_reject, .arg = run};
    struct compressed compressed;
    enum error error = ERR_OK;
    reader_init(&run->reader, "fuzz", asked, form, &sink, 0);
    compressed_init(&compressed, on_data, run);
    for (size_t at = 0; error == ERR_OK && at < data.len; at += piece)
        error = compressed_feed(&compressed,
                                bytes_make(data.data + at, data.len - at < piece ? data.len - at : piece));
    if (error == ERR_OK)
        error = compressed_end(&compressed);
    require(error == ERR_OK || error == ERR_LIST || error == ERR_LIMIT || error == ERR_CONFIG);
    require(error == ERR_LIMIT || (error == ERR_LIST) == (compressed.reason != NULL));
    if (error != ERR_CONFIG) {
        enum error end = reader_end(&run->reader, error == ERR_OK);
        require(end == ERR_OK || end == ERR_CONFIG);
        error = end == ERR_CONFIG ? end : error;
    }
    /* What is refused is refused before anything of it is taken, with a reason; of a zone file, perhaps
     * later. */
    require((error == ERR_CONFIG) == run->reader.is_refused);
    require(error != ERR_CONFIG || run->reader.refused.text[0] != '\0');
    require(error != ERR_CONFIG || run->ordinal == 0 || run->reader.form.format == INPUT_ZONE);
    require(run->reader.inputs == run->ordinal && run->reader.ordinal == run->ordinal);
    /* How much of a damaged frame zstd gives out does depend on the pieces; that it is damaged does not. */
    uint64_t result = error == ERR_LIMIT    ? IS_ENDLESS
                      : error == ERR_LIST   ? IS_DAMAGED
                      : error == ERR_CONFIG ? IS_REFUSED
                                            : run->digest + run->ordinal + IS_READ;
    *form = run->reader.form;
    reader_dispose(&run->reader);
    compressed_dispose(&compressed);
    free(run);
    return result;
}

/* Says whether nothing of a list was taken. A damaged list that its first lines would have refused is the one
 * or the other, as these come out of the frame before or behind the damage. */
static bool is_turned_away(uint64_t result)
{
    return result == IS_DAMAGED || result == IS_REFUSED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct input_asked asked[] = {
        {.columns = ""},
        {.format = INPUT_PLAIN, .columns = ""},
        {.format = INPUT_CSV, .columns = ""},
        {.lenient = true, .columns = ""},
        {.format = INPUT_NAMES, .lenient = true, .columns = ""},
        {.header = INPUT_HEADER_YES, .columns = "-,domain,label"},
    };
    if (size == 0)
        return 0;
    const struct input_asked *one = &asked[data[0] % (sizeof asked / sizeof asked[0])];
    size_t piece = (size_t)data[0] / 3 + 1;
    struct input_form form = {.format = INPUT_AUTO}, other = form;
    struct bytes list = bytes_make(data + 1, size - 1);
    uint64_t whole = read_in_pieces(list, one, &form, size);
    uint64_t pieces = read_in_pieces(list, one, &other, piece);
    require(whole == pieces || whole == IS_ENDLESS || pieces == IS_ENDLESS ||
            (is_turned_away(whole) && is_turned_away(pieces)));
    /* A resume reads by the form that was told. */
    if (whole >= IS_READ)
        require(read_in_pieces(list, one, &form, piece) == whole);
    return 0;
}
