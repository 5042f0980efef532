/* Reads the list of codings, and leads the bytes through their decoders, the last coding first. */
#include "scanner/coding/coding.h"

#include <strings.h>

#include "scanner/coding/coding_parts.h"

/* The registered codings (RFC 9110 section 8.4.1, RFC 7932, RFC 8878) but compress, which nobody serves. */
static const struct {
    const char *name;
    coding_decoder decode;
} codings[] = {
    {"gzip", coding_gzip},       {"x-gzip", coding_gzip}, /* RFC 9110 section 8.4.1.3 */
    {"deflate", coding_deflate}, {"br", coding_brotli},   {"zstd", coding_zstd},
};

bool coding_put(struct buf *out, const uint8_t *data, size_t len)
{
    size_t room = out->ceiling_bytes - out->len;
    size_t fits = len < room ? len : room;
    return (fits == 0 || buf_append(out, data, fits)) && fits == len;
}

/* ---- the list ------------------------------------------------------------------------------------------ */

struct list {
    coding_decoder decoders[CODINGS_MOST];
    size_t count;
    enum coding_end end; /* CODING_WHOLE if every name is known */
};

static coding_decoder decoder_of(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
        if (strlen(codings[i].name) == len && strncasecmp(codings[i].name, name, len) == 0)
            return codings[i].decode;
    return NULL;
}

static void add(struct list *list, const char *name, size_t len)
{
    static const char identity[] = "identity"; /* RFC 9110 section 12.5.3: no coding */
    if (len == sizeof identity - 1 && strncasecmp(name, identity, len) == 0)
        return;
    coding_decoder decode = decoder_of(name, len);
    if (decode == NULL)
        list->end = CODING_UNKNOWN;
    else if (list->count == CODINGS_MOST && list->end == CODING_WHOLE)
        list->end = CODING_LIMIT;
    else if (list->count < CODINGS_MOST)
        list->decoders[list->count++] = decode;
}

/* Reads a list between commas; empty elements do not count (RFC 9110 section 5.6.1.2). */
static struct list read_list(const char *text)
{
    struct list list = {.end = CODING_WHOLE};
    while (*text != '\0') {
        text += strspn(text, ", \t");
        size_t len = strcspn(text, ",");
        size_t name = len;
        while (name > 0 && (text[name - 1] == ' ' || text[name - 1] == '\t'))
            name--;
        if (name > 0)
            add(&list, text, name);
        text += len;
    }
    return list;
}

/* ---- the bytes ----------------------------------------------------------------------------------------- */

/* Undoes one coding of several; what comes of it takes the place of `between`. */
static enum coding_end undo_one(coding_decoder decode, struct bytes coded, struct buf *between)
{
    struct buf made;
    buf_init(&made, CODING_BETWEEN_BYTES);
    enum coding_end end = decode(coded, &made);
    buf_dispose(between);
    *between = made;
    return end == CODING_TOO_LARGE ? CODING_LIMIT : end;
}

enum coding_end coding_undo(const char *text, struct bytes coded, struct buf *out)
{
    struct list list = read_list(text);
    struct buf between;
    bool cut = false;
    if (list.end != CODING_WHOLE || list.count == 0)
        return list.end != CODING_WHOLE ? list.end : CODING_NONE;
    if (coded.len == 0) /* an answer without content: servers name the coding all the same */
        return CODING_WHOLE;
    buf_init(&between, 0);
    enum coding_end end = CODING_WHOLE;
    for (size_t i = list.count - 1; i > 0 && end == CODING_WHOLE; i--) {
        end = undo_one(list.decoders[i], coded, &between);
        cut = cut || end == CODING_CUT;
        end = end == CODING_CUT ? CODING_WHOLE : end;
        coded = buf_bytes(&between);
    }
    if (end == CODING_WHOLE)
        end = list.decoders[0](coded, out);
    buf_dispose(&between);
    return end == CODING_WHOLE && cut ? CODING_CUT : end;
}
