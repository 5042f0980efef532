/* Reads fields of one line, mark by mark. Allocates nothing but room for a string with escapes, of the line's
 * length at most. */
#include "scanner/json/json_read.h"

#include "scanner/json/json_scan.h"

/* The line at hand. */
struct source {
    struct json_scan scan;
    struct buf unescaped;
};

static void source_init(struct source *source, struct bytes line)
{
    json_scan_init(&source->scan, line);
    buf_init(&source->unescaped, line.len);
}

/* The line has to be an object. */
static enum error source_begin(struct source *source)
{
    return json_scan_next(&source->scan) == MARK_OBJECT ? ERR_OK : ERR_SYNTAX;
}

/* Ends the reading, which went well if somebody stopped it. */
static enum error source_end(struct source *source, enum error error)
{
    buf_dispose(&source->unescaped);
    return error == ERR_STOPPED ? ERR_OK : error;
}

/* Returns the text of the mark at hand, which lives until the next; no bytes (its data is NULL) without
 * memory. */
static struct bytes text_of(struct source *source)
{
    if (!source->scan.escaped)
        return source->scan.text;
    buf_reset(&source->unescaped);
    bool whole = json_unescape(source->scan.text, &source->unescaped);
    return whole ? buf_bytes(&source->unescaped) : bytes_make(NULL, 0);
}

/* ---- the first two levels ------------------------------------------------------------------------------ */

struct reader {
    struct source source;
    json_visit visit;
    void *arg;
    char key[JSON_KEY_BYTES];
    char sub[JSON_KEY_BYTES];
};

static const struct bytes no_text = {NULL, 0};

static enum error read_key(struct reader *reader)
{
    if (reader->source.scan.depth > 2)
        return ERR_OK;
    struct bytes text = text_of(&reader->source);
    if (text.data == NULL)
        return ERR_MEMORY;
    char *key = reader->source.scan.depth == 1 ? reader->key : reader->sub;
    size_t kept = text.len < JSON_KEY_BYTES ? text.len : 0;
    memcpy(key, text.data, kept);
    key[kept] = 0;
    return ERR_OK;
}

static bool give(struct reader *reader, enum field_kind kind, struct bytes text, bool truth)
{
    const struct json_value value = {
        .key = reader->key,
        .sub = reader->source.scan.depth == 2 ? reader->sub : "",
        .kind = kind,
        .text = text,
        .truth = truth,
    };
    return reader->visit(reader->arg, &value);
}

/* Gives a value of the first two levels; those below are passed over. */
static enum error read_value(struct reader *reader, enum json_mark mark)
{
    bool more = true;
    if (reader->source.scan.depth > 2)
        return ERR_OK;
    if (mark == MARK_STRING) {
        struct bytes text = text_of(&reader->source);
        if (text.data == NULL)
            return ERR_MEMORY;
        more = give(reader, FIELD_STRING, text, false);
    } else if (mark == MARK_NUMBER) {
        more = give(reader, FIELD_NUMBER, reader->source.scan.text, false);
    } else if (mark == MARK_NULL) {
        more = give(reader, FIELD_NULL, no_text, false);
    } else {
        more = give(reader, FIELD_BOOL, no_text, mark == MARK_TRUE);
    }
    return more ? ERR_OK : ERR_STOPPED;
}

/* Reads the next mark. ERR_STOPPED: at the line's end, or enough is known. */
static enum error read_mark(struct reader *reader)
{
    enum json_mark mark = json_scan_next(&reader->source.scan);
    switch (mark) {
    case MARK_BAD:
        return ERR_SYNTAX;
    case MARK_DONE:
        return ERR_STOPPED;
    case MARK_KEY:
        return read_key(reader);
    case MARK_OBJECT:
    case MARK_ARRAY:
        reader->sub[0] = 0;
        return ERR_OK;
    case MARK_CLOSE:
        reader->sub[0] = 0;
        if (reader->source.scan.depth != 1 || give(reader, FIELD_END, no_text, false))
            return ERR_OK;
        return ERR_STOPPED;
    default:
        return read_value(reader, mark);
    }
}

enum error json_read_line(struct bytes line, json_visit visit, void *arg)
{
    struct reader reader = {.visit = visit, .arg = arg};
    source_init(&reader.source, line);
    enum error error = source_begin(&reader.source);
    while (error == ERR_OK)
        error = read_mark(&reader);
    return source_end(&reader.source, error);
}

/* ---- fields of a table --------------------------------------------------------------------------------- */

struct level {
    const struct json_want *row;   /* the level's own; NULL: of the line's object, or of what is not wanted */
    const struct json_want *first; /* the rows of the keys that are wanted here */
    const struct json_want *behind;
    bool is_array;
};

struct picker {
    struct source source;
    const struct json_want *wants;
    const struct json_want *last; /* behind the last of them */
    json_take take;
    void *arg;
    struct level open[JSON_PICK_DEPTH + 1]; /* by depth; 1: the line's own object */
    const struct json_want *next; /* the row of the value behind the last key; NULL: it is not wanted */
};

/* Returns the row of a value that comes at this depth; NULL if it is not wanted. */
static const struct json_want *row_at(const struct picker *picker, size_t depth)
{
    if (depth > JSON_PICK_DEPTH)
        return NULL;
    return picker->open[depth].is_array ? picker->open[depth].row : picker->next;
}

static enum error hand_over(struct picker *picker, const struct json_pick *pick)
{
    return picker->take(picker->arg, pick) ? ERR_OK : ERR_STOPPED;
}

static enum error pick_key(struct picker *picker)
{
    size_t depth = picker->source.scan.depth;
    picker->next = NULL;
    if (depth > JSON_PICK_DEPTH || picker->open[depth].first == picker->open[depth].behind)
        return ERR_OK;
    struct bytes text = text_of(&picker->source);
    if (text.data == NULL)
        return ERR_MEMORY;
    for (const struct json_want *want = picker->open[depth].first; want < picker->open[depth].behind; want++)
        if (text.len > 0 && want->key[0] == (char)text.data[0] && bytes_equal(bytes_of(want->key), text))
            picker->next = want;
    return ERR_OK;
}

/* Enters the object or array that has begun; row: its own. */
static void enter(struct picker *picker, const struct json_want *row, bool is_array)
{
    size_t depth = picker->source.scan.depth;
    if (depth > JSON_PICK_DEPTH)
        return;
    struct level *level = &picker->open[depth];
    *level = (struct level){.row = row, .is_array = is_array};
    if (is_array || (row == NULL && depth > 1))
        return;
    uint8_t id = row == NULL ? 0 : row->id;
    level->first = row == NULL ? picker->wants : row + 1;
    while (level->first < picker->last && level->first->parent != id)
        level->first++;
    level->behind = level->first;
    while (level->behind < picker->last && level->behind->parent == id)
        level->behind++;
}

static enum error pick_open(struct picker *picker, bool is_array)
{
    const struct json_want *row = row_at(picker, picker->source.scan.depth - 1);
    enter(picker, row, is_array);
    if (is_array || row == NULL)
        return ERR_OK;
    return hand_over(picker, &(struct json_pick){.id = row->id, .kind = FIELD_BEGIN});
}

static enum error pick_close(struct picker *picker)
{
    size_t depth = picker->source.scan.depth + 1; /* of what closes */
    const struct json_want *row = depth > JSON_PICK_DEPTH ? NULL : picker->open[depth].row;
    if (row == NULL || picker->open[depth].is_array)
        return ERR_OK;
    return hand_over(picker, &(struct json_pick){.id = row->id, .kind = FIELD_END});
}

static enum error pick_value(struct picker *picker, enum json_mark mark)
{
    const struct json_want *row = row_at(picker, picker->source.scan.depth);
    if (row == NULL)
        return ERR_OK;
    struct json_pick pick = {.id = row->id};
    if (mark == MARK_STRING) {
        pick.kind = FIELD_STRING;
        pick.text = text_of(&picker->source);
        if (pick.text.data == NULL)
            return ERR_MEMORY;
    } else if (mark == MARK_NUMBER) {
        pick.kind = FIELD_NUMBER;
        pick.text = picker->source.scan.text;
    } else {
        pick.kind = mark == MARK_NULL ? FIELD_NULL : FIELD_BOOL;
        pick.truth = mark == MARK_TRUE;
    }
    return hand_over(picker, &pick);
}

/* Picks what the next mark has. ERR_STOPPED: at the line's end, or enough is known. */
static enum error pick_mark(struct picker *picker)
{
    enum json_mark mark = json_scan_next(&picker->source.scan);
    switch (mark) {
    case MARK_BAD:
        return ERR_SYNTAX;
    case MARK_DONE:
        return ERR_STOPPED;
    case MARK_KEY:
        return pick_key(picker);
    case MARK_OBJECT:
    case MARK_ARRAY:
        return pick_open(picker, mark == MARK_ARRAY);
    case MARK_CLOSE:
        return pick_close(picker);
    default:
        return pick_value(picker, mark);
    }
}

enum error json_pick_line(struct bytes line, const struct json_want *wants, size_t count, json_take take,
                          void *arg)
{
    struct picker picker = {.wants = wants, .last = wants + count, .take = take, .arg = arg};
    source_init(&picker.source, line);
    enum error error = source_begin(&picker.source);
    if (error == ERR_OK)
        enter(&picker, NULL, false);
    while (error == ERR_OK)
        error = pick_mark(&picker);
    return source_end(&picker.source, error);
}

bool json_read_number(struct bytes text, uint64_t *number)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.data[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value))
            return false;
    }
    *number = value;
    return text.len > 0;
}

bool json_read_signed(struct bytes text, int64_t *number)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    uint64_t value;
    if (!json_read_number(bytes_behind(text, negative), &value) || value > INT64_MAX)
        return false;
    *number = negative ? -(int64_t)value : (int64_t)value;
    return true;
}
