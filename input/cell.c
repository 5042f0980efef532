/* Reads the cells beside a name, and tells origins. No I/O, no allocation. */
#include "input/cell.h"

#include "input/csv.h"
#include "scanner/base/trim.h"
#include "scanner/base/utf8.h"

/* Copies a label that is no UTF-8: it is the text of an older spreadsheet, ISO 8859-1 as a rule. */
static const char *copy_latin(struct bytes label, char out[CELL_LABEL_BYTES + 1])
{
    size_t len = 0;
    for (size_t i = 0; i < label.len && len + 2 <= CELL_LABEL_BYTES; i++) {
        uint8_t byte = label.data[i];
        if (byte >= 0x80)
            out[len++] = (char)(0xc0 | byte >> 6);
        out[len++] = byte == '\n' || byte == '\r' ? ' ' : (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3f));
    }
    out[len] = '\0';
    return out;
}

/* Copies the label, cut at a code point's start; a line's end in it becomes a blank. */
const char *cell_label(struct bytes label, char out[CELL_LABEL_BYTES + 1])
{
    if (label.len == 0)
        return NULL;
    if (utf8_find_fault(label) < label.len)
        return copy_latin(label, out);
    size_t len = label.len < CELL_LABEL_BYTES ? label.len : CELL_LABEL_BYTES;
    if (len < label.len)
        while (len > CELL_LABEL_BYTES - 3 && (label.data[len] & 0xc0) == 0x80)
            len--;
    for (size_t i = 0; i < len; i++)
        out[i] = label.data[i] == '\n' || label.data[i] == '\r' ? ' ' : (char)label.data[i];
    out[len] = '\0';
    return out;
}

/* Returns the rank, or 0 if the cell is none: that is no reason to lose the name. */
uint32_t cell_rank(struct bytes cell)
{
    uint64_t rank = 0;
    if (!csv_is_number(cell))
        return 0;
    for (size_t i = 0; i < cell.len; i++) {
        rank = rank * 10 + (cell.data[i] - '0');
        if (rank > UINT32_MAX)
            return 0;
    }
    return (uint32_t)rank;
}

/* Is it a web origin (RFC 6454 section 6.2): a scheme and a host, and nothing behind the host but its port?
 */
bool cell_is_origin(struct bytes text)
{
    static const char before[] = "://";
    text = trim(text);
    const uint8_t *at = text.len == 0 ? NULL : memmem(text.data, text.len, before, sizeof before - 1);
    if (at == NULL)
        return false;
    at += sizeof before - 1;
    struct bytes host = bytes_make(at, (size_t)(text.data + text.len - at));
    return !bytes_have(host, '/') && !bytes_have(host, '?') && !bytes_have(host, '#') &&
           !bytes_have(host, '@');
}
