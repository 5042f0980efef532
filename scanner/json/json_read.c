/* Reads fields of one line by yajl's callbacks. Never allocates by what the line says, except inside of
 * yajl. */
#include "scanner/json/json_read.h"

#include <limits.h>

#include <yajl/yajl_parse.h>

#include "scanner/json/json_tree.h"

struct reader {
    json_visit visit;
    void *arg;
    unsigned depth; /* 1: inside of the line's own object */
    unsigned most;  /* the deepest that there may be */
    char key[JSON_KEY_BYTES];
    char sub[JSON_KEY_BYTES];
    bool stopped;
};

static int give(struct reader *reader, struct json_value value)
{
    if (reader->depth == 0)
        return 0; /* the line is no object */
    if (reader->depth > 2)
        return 1;
    value.key = reader->key;
    value.sub = reader->depth == 2 ? reader->sub : "";
    reader->stopped = !reader->visit(reader->arg, &value);
    return !reader->stopped;
}

static int on_null(void *arg)
{
    return give(arg, (struct json_value){.kind = FIELD_NULL});
}

static int on_bool(void *arg, int truth)
{
    return give(arg, (struct json_value){.kind = FIELD_BOOL, .truth = truth != 0});
}

static int on_number(void *arg, const char *text, size_t len)
{
    return give(arg, (struct json_value){.kind = FIELD_NUMBER, .text = bytes_make(text, len)});
}

static int on_string(void *arg, const unsigned char *text, size_t len)
{
    return give(arg, (struct json_value){.kind = FIELD_STRING, .text = bytes_make(text, len)});
}

static int on_key(void *arg, const unsigned char *text, size_t len)
{
    struct reader *reader = arg;
    if (reader->depth > 2)
        return 1;
    char *key = reader->depth == 1 ? reader->key : reader->sub;
    size_t kept = len < JSON_KEY_BYTES ? len : 0;
    memcpy(key, text, kept);
    key[kept] = 0;
    return 1;
}

static int on_open(void *arg)
{
    struct reader *reader = arg;
    reader->sub[0] = 0;
    return ++reader->depth <= reader->most;
}

static int on_open_array(void *arg)
{
    struct reader *reader = arg;
    return reader->depth == 0 ? 0 : on_open(arg);
}

static int on_close(void *arg)
{
    struct reader *reader = arg;
    reader->depth--;
    reader->sub[0] = 0;
    return reader->depth == 1 ? give(arg, (struct json_value){.kind = FIELD_END}) : 1;
}

static enum error parse(struct bytes line, const yajl_callbacks *callbacks, void *arg, const bool *stopped,
                        bool any_bytes)
{
    if (line.len == 0)
        return ERR_SYNTAX;
    yajl_handle parser = yajl_alloc(callbacks, NULL, arg);
    if (parser == NULL)
        return ERR_MEMORY;
    yajl_config(parser, yajl_dont_validate_strings, (int)any_bytes);
    yajl_status status = yajl_parse(parser, line.data, line.len);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(parser);
    yajl_free(parser);
    return status == yajl_status_ok || *stopped ? ERR_OK : ERR_SYNTAX;
}

static enum error read_line(struct bytes line, unsigned most, json_visit visit, void *arg)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_bool,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_open,
        .yajl_map_key = on_key,
        .yajl_end_map = on_close,
        .yajl_start_array = on_open_array,
        .yajl_end_array = on_close,
    };
    struct reader reader = {.most = most, .visit = visit, .arg = arg};
    return parse(line, &callbacks, &reader, &reader.stopped, true);
}

enum error json_read_line(struct bytes line, json_visit visit, void *arg)
{
    return read_line(line, JSON_TREE_DEPTH, visit, arg);
}

enum error json_read_row(struct bytes line, json_visit visit, void *arg)
{
    return read_line(line, UINT_MAX, visit, arg);
}

/* ---- a whole line ---------------------------------------------------------------------------------------- */

struct prover {
    const char *key;
    size_t keys;
    unsigned depth;
};

static int prove_simple(void *arg)
{
    const struct prover *prover = arg;
    return prover->depth > 0;
}

static int prove_bool(void *arg, int truth)
{
    (void)truth;
    return prove_simple(arg);
}

static int prove_number(void *arg, const char *text, size_t len)
{
    (void)text, (void)len;
    return prove_simple(arg);
}

static int prove_string(void *arg, const unsigned char *text, size_t len)
{
    (void)text, (void)len;
    return prove_simple(arg);
}

static int prove_key(void *arg, const unsigned char *text, size_t len)
{
    struct prover *prover = arg;
    const void *end = len == 0 ? NULL : memchr(text, 0, len);
    size_t kept = end == NULL ? len : (size_t)((const unsigned char *)end - text);
    prover->keys += bytes_equal(bytes_make(text, kept), bytes_of(prover->key));
    return 1;
}

static int prove_open(void *arg)
{
    struct prover *prover = arg;
    return ++prover->depth <= JSON_TREE_DEPTH;
}

static int prove_array(void *arg)
{
    return prove_simple(arg) && prove_open(arg);
}

static int prove_close(void *arg)
{
    struct prover *prover = arg;
    prover->depth--;
    return 1;
}

enum error json_prove_line(struct bytes line, const char *key, size_t *keys)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = prove_simple,
        .yajl_boolean = prove_bool,
        .yajl_number = prove_number,
        .yajl_string = prove_string,
        .yajl_start_map = prove_open,
        .yajl_map_key = prove_key,
        .yajl_end_map = prove_close,
        .yajl_start_array = prove_array,
        .yajl_end_array = prove_close,
    };
    static const bool never = false;
    struct prover prover = {.key = key};
    enum error error = parse(line, &callbacks, &prover, &never, false);
    *keys = prover.keys;
    return error;
}

/* ---- fields of a table --------------------------------------------------------------------------------- */

struct picker {
    const struct json_want *wants;
    size_t count;
    json_take take;
    void *arg;
    size_t depth; /* 1: inside of the line's own object */
    struct {
        uint8_t under; /* the id that keys are looked for under, or that the array's elements have */
        bool wanted;   /* something here may be wanted */
        bool is_array;
    } open[JSON_PICK_DEPTH + 1];
    uint8_t next; /* the id of the value behind the last key; 0: it is not wanted */
    bool stopped;
};

/* Returns the id of the value that comes now; 0 if it is not wanted. */
static uint8_t id_here(const struct picker *picker)
{
    if (picker->depth == 0 || picker->depth > JSON_PICK_DEPTH)
        return 0;
    return picker->open[picker->depth].is_array ? picker->open[picker->depth].under : picker->next;
}

static int hand_over(struct picker *picker, struct json_pick pick)
{
    if (picker->depth == 0)
        return 0; /* the line is no object */
    if (pick.id == 0)
        return 1;
    picker->stopped = !picker->take(picker->arg, &pick);
    return !picker->stopped;
}

static int pick_null(void *arg)
{
    return hand_over(arg, (struct json_pick){.id = id_here(arg), .kind = FIELD_NULL});
}

static int pick_bool(void *arg, int truth)
{
    return hand_over(arg, (struct json_pick){.id = id_here(arg), .kind = FIELD_BOOL, .truth = truth != 0});
}

static int pick_number(void *arg, const char *text, size_t len)
{
    return hand_over(
        arg, (struct json_pick){.id = id_here(arg), .kind = FIELD_NUMBER, .text = bytes_make(text, len)});
}

static int pick_string(void *arg, const unsigned char *text, size_t len)
{
    return hand_over(
        arg, (struct json_pick){.id = id_here(arg), .kind = FIELD_STRING, .text = bytes_make(text, len)});
}

static int pick_key(void *arg, const unsigned char *text, size_t len)
{
    struct picker *picker = arg;
    picker->next = 0;
    if (picker->depth > JSON_PICK_DEPTH || !picker->open[picker->depth].wanted)
        return 1;
    for (size_t i = 0; i < picker->count; i++) {
        const struct json_want *want = &picker->wants[i];
        if (want->parent == picker->open[picker->depth].under && want->key[0] == (char)text[0] &&
            strlen(want->key) == len && memcmp(want->key, text, len) == 0)
            picker->next = want->id;
    }
    return 1;
}

static int pick_open(struct picker *picker, uint8_t id, bool is_array)
{
    bool outermost = picker->depth == 0;
    picker->depth++;
    if (picker->depth > JSON_PICK_DEPTH)
        return picker->depth <= JSON_TREE_DEPTH;
    picker->open[picker->depth].under = id;
    picker->open[picker->depth].wanted = outermost || id != 0;
    picker->open[picker->depth].is_array = is_array;
    return 1;
}

static int pick_object(void *arg)
{
    struct picker *picker = arg;
    uint8_t id = id_here(picker);
    if (picker->depth > 0 && !hand_over(picker, (struct json_pick){.id = id, .kind = FIELD_BEGIN}))
        return 0;
    return pick_open(picker, id, false);
}

static int pick_array(void *arg)
{
    struct picker *picker = arg;
    if (picker->depth == 0)
        return 0;
    return pick_open(picker, id_here(picker), true);
}

static int pick_close(void *arg)
{
    struct picker *picker = arg;
    bool kept = picker->depth <= JSON_PICK_DEPTH && !picker->open[picker->depth].is_array;
    uint8_t id = kept ? picker->open[picker->depth].under : 0;
    picker->depth--;
    return picker->depth == 0 ? 1 : hand_over(picker, (struct json_pick){.id = id, .kind = FIELD_END});
}

enum error json_pick_line(struct bytes line, const struct json_want *wants, size_t count, json_take take,
                          void *arg)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = pick_null,
        .yajl_boolean = pick_bool,
        .yajl_number = pick_number,
        .yajl_string = pick_string,
        .yajl_start_map = pick_object,
        .yajl_map_key = pick_key,
        .yajl_end_map = pick_close,
        .yajl_start_array = pick_array,
        .yajl_end_array = pick_close,
    };
    struct picker picker = {.wants = wants, .count = count, .take = take, .arg = arg};
    return parse(line, &callbacks, &picker, &picker.stopped, true);
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
