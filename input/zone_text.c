/* Makes words of the lines of a zone file. No I/O, no allocation. */
#include "input/zone_parts.h"

#include "scanner/base/trim.h"

/* What a byte is outside of quotes. */
enum { IN_WORD, BLANK, OPENS, CLOSES, QUOTE, COMMENT, ESCAPE };

static const uint8_t kinds[256] = {
    [' '] = BLANK, ['\t'] = BLANK, ['\r'] = BLANK, ['\v'] = BLANK,  ['\f'] = BLANK,
    ['('] = OPENS, [')'] = CLOSES, ['"'] = QUOTE,  [';'] = COMMENT, ['\\'] = ESCAPE,
};

/* ---- bytes --------------------------------------------------------------------------------------------- */

/* Returns a byte in all of eight. */
static uint64_t eight(uint8_t byte)
{
    return byte * UINT64_C(0x0101010101010101);
}

/* Tells whether one of eight bytes is less than the limit, which is at most 0x80. It may also say so if one
 * is not. */
static bool any_less(uint64_t bytes, uint8_t limit)
{
    return ((bytes - eight(limit)) & ~bytes & eight(0x80)) != 0;
}

/* Skips letters, digits, hyphens and dots, eight at a time: all that ends a word or escapes is below '*', or
 * a semicolon or backslash. */
static size_t skip_letters(struct bytes text, size_t at)
{
    for (uint64_t bytes; text.len - at >= sizeof bytes; at += sizeof bytes) {
        memcpy(&bytes, text.data + at, sizeof bytes);
        if (any_less(bytes, '*') || any_less(bytes ^ eight(';'), 1) || any_less(bytes ^ eight('\\'), 1))
            break;
    }
    return at;
}

/* Returns where the word ends that goes on at `at`. */
static size_t word_end(struct zone *zone, struct bytes text, size_t at)
{
    if (zone->is_escaped && at < text.len)
        at++;
    zone->is_escaped = false;
    for (;;) {
        at = skip_letters(text, at);
        while (at < text.len && kinds[text.data[at]] == IN_WORD)
            at++;
        if (at == text.len || kinds[text.data[at]] != ESCAPE)
            return at;
        zone->is_escaped = at + 1 == text.len; /* by the next piece */
        at += zone->is_escaped ? 1 : 2;
    }
}

/* Returns what stands behind the quote's end, or the end of the text. */
static size_t quote_end(struct zone *zone, struct bytes text, size_t at)
{
    for (; at < text.len; at++) {
        uint8_t byte = text.data[at];
        if (zone->is_escaped)
            zone->is_escaped = false;
        else if (byte == '\\')
            zone->is_escaped = true;
        else if (byte == '"') {
            zone->in_quote = false;
            return at + 1;
        }
    }
    return at;
}

/* ---- heads that were read before ----------------------------------------------------------------------- */

/* Keeps what stands before `end`, where the data begin, unless it is more than words and blanks. */
static void keep_head(struct zone *zone, struct bytes text, size_t end)
{
    const struct zone_record *record = &zone->record;
    struct zone_head *head = &zone->head;
    size_t begin = record->head_at;
    if (zone->depth > 0 || record->fault != FAIL_NONE || end - begin > sizeof head->text || end == text.len ||
        kinds[text.data[end]] != BLANK)
        return;
    for (size_t at = begin; at < end; at++)
        if (kinds[text.data[at]] != BLANK && kinds[text.data[at]] != IN_WORD)
            return;
    head->len = end - begin;
    memcpy(head->text, text.data + begin, head->len);
    head->has_ttl = record->has_ttl;
    head->has_class = record->has_class;
    head->is_internet = record->is_internet;
    head->type = record->type;
}

/* Takes the head that begins at `at` if it is the one that was read before. Returns where it ends, or `at`.
 */
static size_t take_known_head(struct zone *zone, struct bytes text, size_t at)
{
    struct zone_record *record = &zone->record;
    const struct zone_head *head = &zone->head;
    record->head_at = at;
    if (head->len == 0 || zone->depth > 0 || record->fault != FAIL_NONE ||
        zone->owner.state == ZONE_OWNER_NONE || text.len - at <= head->len ||
        kinds[text.data[at + head->len]] != BLANK || memcmp(text.data + at, head->text, head->len) != 0)
        return at;
    record->is_begun = true;
    record->has_ttl = head->has_ttl;
    record->has_class = head->has_class;
    record->is_internet = head->is_internet;
    record->type = head->type;
    record->has_type = true;
    record->want = WANT_DATA;
    return at + head->len;
}

/* ---- bytes of a line ----------------------------------------------------------------------------------- */

/* Takes the word at *at. */
static enum error read_word(struct zone *zone, struct bytes text, size_t *at)
{
    struct zone_record *record = &zone->record;
    size_t begin = *at;
    unsigned want = record->want;
    bool is_new = !zone->in_word;
    *at = word_end(zone, text, begin);
    zone->in_word = *at == text.len && zone->line->too_long;
    if (!is_new)
        return ERR_OK;
    /* No word but those of the data may be cut. */
    if (zone->in_word && want != WANT_DATA)
        zone_fault(zone);
    enum error error = zone_take_word(zone, bytes_make(text.data + begin, *at - begin));
    if (want == WANT_OWNER && record->want == WANT_HEAD)
        *at = take_known_head(zone, text, *at);
    else if (want == WANT_HEAD && record->has_type)
        keep_head(zone, text, *at);
    return error;
}

static void open_quote(struct zone *zone)
{
    struct zone_record *record = &zone->record;
    zone->in_quote = true;
    record->is_begun = true;
    record->words++;
    if (record->want == WANT_DATA)
        return;
    zone_fault(zone);
    record->names_owner = record->names_owner || record->want == WANT_OWNER;
    record->want = WANT_DATA; /* the rest is not looked at */
}

static void close_parenthesis(struct zone *zone)
{
    if (zone->depth > 0) {
        zone->depth--;
        return;
    }
    zone->record.is_begun = true;
    zone_fault(zone);
}

static enum error read_byte(struct zone *zone, struct bytes text, size_t *at)
{
    switch (kinds[text.data[*at]]) {
    case BLANK:
        break;
    case OPENS:
        zone->open_line = zone->depth++ == 0 ? zone->line->number : zone->open_line;
        break;
    case CLOSES:
        close_parenthesis(zone);
        break;
    case QUOTE:
        open_quote(zone);
        break;
    case COMMENT:
        zone->in_comment = true;
        if (*at == 0 && zone->depth == 0 && !zone->line->goes_on)
            return zone_take_comment(zone, text);
        break;
    default:
        return read_word(zone, text, at);
    }
    (*at)++;
    return ERR_OK;
}

/* Tells whether nothing from `at` on matters: data that is not looked at, without what opens or closes. */
static bool is_plain_rest(const struct zone *zone, struct bytes text, size_t at)
{
    struct bytes rest = bytes_make(text.data + at, text.len - at);
    bool is_looked_at =
        zone->record.want != WANT_DATA || zone->record.words == 0 || zone->record.type == ZONE_NS;
    return !is_looked_at && !zone->line->too_long && !zone->in_quote && !bytes_have(rest, '(') &&
           !bytes_have(rest, ')') && !bytes_have(rest, '"');
}

/* Takes what is as in the record before: the owner, or the head behind it. Returns where that ends. */
static size_t take_known(struct zone *zone, struct bytes text)
{
    struct zone_record *record = &zone->record;
    const struct zone_owner *owner = &zone->owner;
    size_t len = owner->text_len;
    if (record->want == WANT_HEAD)
        return take_known_head(zone, text, 0);
    if (owner->is_stale || len == 0 || text.len <= len || kinds[text.data[len]] != BLANK ||
        memcmp(text.data, owner->text, len) != 0)
        return 0;
    record->is_begun = record->names_owner = true;
    record->want = WANT_HEAD;
    return take_known_head(zone, text, len);
}

static enum error read_text(struct zone *zone, struct bytes text, bool is_first)
{
    enum error error = ERR_OK;
    bool looked = false;
    size_t at = is_first ? take_known(zone, text) : 0;
    while (at < text.len && error == ERR_OK && !zone->in_comment) {
        if (zone->in_quote) {
            at = quote_end(zone, text, at);
        } else if (zone->in_word) {
            error = read_word(zone, text, &at);
        } else {
            error = read_byte(zone, text, &at);
            if (!looked && zone->record.want == WANT_DATA && zone->record.words > 0) {
                looked = true;
                if (is_plain_rest(zone, text, at))
                    break;
            }
        }
    }
    return error;
}

/* ---- lines --------------------------------------------------------------------------------------------- */

static enum error end_line(struct zone *zone)
{
    zone->in_line = false;
    if (zone->in_quote)
        zone_fault(zone);
    zone->in_quote = zone->in_word = zone->is_escaped = zone->in_comment = false;
    return zone->depth == 0 ? zone_end_record(zone) : ERR_OK;
}

static enum error refuse_open(struct zone *zone)
{
    return zone_refuse(zone, zone->open_line,
                       "the parenthesis that opens here is not closed, so names behind it may be missing");
}

/* Holds a record to its ceiling. */
static enum error count_bytes(struct zone *zone, struct bytes text)
{
    zone->record.bytes += text.len + 1;
    if (zone->record.bytes <= ZONE_RECORD_BYTES || (zone->in_comment && zone->depth == 0))
        return ERR_OK;
    if (zone->depth > 0)
        return refuse_open(zone);
    zone->record.is_begun = true;
    if (zone->record.fault == FAIL_NONE)
        zone->record.fault = FAIL_INPUT_TOO_LONG;
    return ERR_OK;
}

enum error zone_take(struct zone *zone, const struct line *line)
{
    enum error error = ERR_OK;
    if (line->goes_on && !zone->in_line)
        return ERR_OK;
    if (zone->in_line && !line->goes_on) /* its last piece has not come */
        error = end_line(zone);
    zone->line = line;
    bool is_first = !zone->in_line && zone->depth == 0;
    if (is_first)
        zone_begin_record(zone, line->text);
    zone->in_line = true;
    if (error == ERR_OK)
        error = count_bytes(zone, line->text);
    if (error == ERR_OK)
        error = read_text(zone, line->text, is_first);
    if (error == ERR_OK && !line->too_long)
        error = end_line(zone);
    zone->line = NULL;
    return error;
}

enum error zone_end(struct zone *zone, bool whole)
{
    if (!whole)
        return ERR_OK;
    if (zone->depth > 0)
        return refuse_open(zone);
    return zone_end_apex(zone);
}
