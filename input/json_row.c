/* Picks fields of a line of JSON by their keys. No I/O. */
#include "input/json_row.h"

#include <stdio.h>
#include <string.h>

#include "input/form_parts.h"
#include "input/words.h"
#include "scanner/base/trim.h"
#include "scanner/base/utf8.h"
#include "scanner/json/json_read.h"

enum { FIELDS_MOST = 24, KEYS_SAID_BYTES = 160 };

/* Writes the name of the field that a value stands in. */
static void name_of(const struct json_value *value, char name[INPUT_FIELD_BYTES])
{
    (void)snprintf(name, INPUT_FIELD_BYTES, "%s%s%s", value->key, value->sub[0] == 0 ? "" : ".", value->sub);
}

static bool is_called(const char *key, enum word_kind kind)
{
    struct csv_row row = {.count = 1};
    size_t next = 0;
    row.cells[0] = bytes_of(key);
    return words_find(&row, kind, &next) >= 0;
}

/* ---- a row --------------------------------------------------------------------------------------------- */

struct taker {
    const char *field;
    struct json_row *row;
    uint8_t *room;
};

static struct bytes keep(struct taker *taker, struct bytes text)
{
    struct bytes kept = bytes_make(taker->room, text.len);
    if (text.len > 0)
        memcpy(taker->room, text.data, text.len);
    taker->room += text.len;
    return kept;
}

static bool on_value(void *arg, const struct json_value *value)
{
    struct taker *taker = arg;
    struct json_row *row = taker->row;
    char name[INPUT_FIELD_BYTES];
    bool is_text = value->kind == FIELD_STRING, is_number = value->kind == FIELD_NUMBER;
    if (!is_text && !is_number)
        return true;
    name_of(value, name);
    if (is_text && strcmp(name, taker->field) == 0) {
        if (row->count < JSON_ROW_NAMES)
            row->names[row->count++] = keep(taker, trim(value->text));
        else
            row->more = true;
    } else if (value->sub[0] == 0 && row->rank.data == NULL && is_called(value->key, WORD_RANK)) {
        row->rank = keep(taker, value->text);
    } else if (value->sub[0] == 0 && row->label.data == NULL && is_called(value->key, WORD_LABEL)) {
        row->label = keep(taker, trim(value->text));
    }
    return true;
}

bool json_row_take(struct bytes line, const char *field, uint8_t *room, struct json_row *row)
{
    struct taker taker = {.field = field, .row = row, .room = room};
    row->count = 0;
    row->more = false;
    row->rank = row->label = bytes_make(NULL, 0);
    return json_read_line(line, on_value, &taker) == ERR_OK && row->count > 0;
}

/* ---- the form ------------------------------------------------------------------------------------------ */

/* The fields of some objects that are texts, and how often a text of each was a name. */
struct fields {
    struct {
        char name[INPUT_FIELD_BYTES];
        size_t names;
    } list[FIELDS_MOST];
    size_t count;
};

static bool on_field(void *arg, const struct json_value *value)
{
    struct fields *fields = arg;
    char name[INPUT_FIELD_BYTES];
    size_t at = 0;
    if (value->kind != FIELD_STRING || value->key[0] == 0)
        return true;
    name_of(value, name);
    while (at < fields->count && strcmp(fields->list[at].name, name) != 0)
        at++;
    if (at == FIELDS_MOST)
        return true;
    if (at == fields->count) {
        memcpy(fields->list[at].name, name, sizeof name);
        fields->list[fields->count++].names = 0;
    }
    fields->list[at].names += words_weight(trim(value->text)) != NOT_NAMED;
    return true;
}

/* Reads the fields of the lines; false if the first of them is no object, or most are none. */
static bool read_fields(const struct form_sample *sample, struct fields *fields)
{
    size_t objects = 0, lines = 0;
    fields->count = 0;
    for (size_t i = 0; i < sample->count; i++) {
        struct bytes text = trim(sample->lines[i].text);
        if (text.len == 0)
            continue;
        bool is_object = !sample->lines[i].too_long && text.data[0] == '{' &&
                         json_read_line(text, on_field, fields) == ERR_OK;
        objects += is_object;
        if (lines++ == 0 && !is_object)
            return false;
    }
    return objects * 2 > lines && fields->count > 0;
}

static const char *last_key(const char *field)
{
    const char *dot = strrchr(field, '.');
    return dot == NULL ? field : dot + 1;
}

/* Says which fields hold names, or are there at all. */
static void say_fields(const struct fields *fields, bool names_only, const char *what,
                       struct refused *refused)
{
    char said[KEYS_SAID_BYTES] = "", shown[INPUT_FIELD_BYTES];
    size_t len = 0, first = fields->count;
    for (size_t i = 0; i < fields->count; i++) {
        if (names_only && fields->list[i].names == 0)
            continue;
        first = i < first ? i : first;
        utf8_show(bytes_of(fields->list[i].name), '?', shown);
        if (len + strlen(shown) + 4 < sizeof said)
            len += (size_t)snprintf(said + len, sizeof said - len, "%s%s", len == 0 ? "" : ", ", shown);
    }
    refused_say(refused, "", "%s (%s): --field NAME says which", what, len == 0 ? "there is none" : said);
}

/* Finds the field by what it holds and how it is called; fields->count if that is not sure. */
static size_t find_field(const struct fields *fields)
{
    size_t only = fields->count, holding = 0;
    for (size_t i = 0; i < fields->count; i++)
        if (fields->list[i].names > 0 && is_called(last_key(fields->list[i].name), WORD_DOMAIN))
            return i;
    for (size_t i = 0; i < fields->count; i++)
        if (fields->list[i].names > 0) {
            only = i;
            holding++;
        }
    return holding == 1 ? only : fields->count;
}

bool form_is_json(const struct form_sample *sample, const struct input_asked *asked, struct input_form *form,
                  struct refused *refused)
{
    struct fields fields;
    size_t at = 0;
    if (!read_fields(sample, &fields))
        return false;
    form->format = INPUT_JSON;
    if (asked->field != NULL && asked->field[0] != '\0') {
        while (at < fields.count && strcmp(fields.list[at].name, asked->field) != 0)
            at++;
        if (at == fields.count)
            say_fields(&fields, false,
                       "its lines are JSON, and no text of its beginning stands in that field", refused);
    } else {
        at = find_field(&fields);
        if (at == fields.count)
            say_fields(&fields, true, "its lines are JSON, and it is not sure which field holds the domain",
                       refused);
    }
    if (at == fields.count)
        return false;
    memcpy(form->field, fields.list[at].name, sizeof form->field);
    form->origins = words_are_origin(bytes_of(last_key(form->field)));
    return true;
}
