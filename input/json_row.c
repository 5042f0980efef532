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

/* ---- a row --------------------------------------------------------------------------------------------- */

struct taker {
    const struct input_form *form;
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

static void keep_name(struct taker *taker, struct bytes text)
{
    struct json_row *row = taker->row;
    if (row->count < JSON_ROW_NAMES)
        row->names[row->count++] = keep(taker, trim(text));
    else
        row->more = true;
}

static bool on_value(void *arg, const struct json_value *value)
{
    struct taker *taker = arg;
    struct json_row *row = taker->row;
    char name[INPUT_FIELD_BYTES];
    if (value->kind != FIELD_STRING && value->kind != FIELD_NUMBER)
        return true;
    name_of(value, name);
    if (value->kind == FIELD_STRING && strcmp(name, taker->form->field) == 0)
        keep_name(taker, value->text);
    else if (row->rank.data == NULL && strcmp(name, taker->form->rank_field) == 0)
        row->rank = keep(taker, value->text);
    else if (row->label.data == NULL && strcmp(name, taker->form->label_field) == 0)
        row->label = keep(taker, trim(value->text));
    return true;
}

bool json_row_take(struct bytes line, const struct input_form *form, uint8_t *room, struct json_row *row)
{
    struct taker taker = {.form = form, .row = row, .room = room};
    row->count = 0;
    row->more = false;
    row->rank = row->label = bytes_make(NULL, 0);
    return json_read_row(line, on_value, &taker) == ERR_OK && row->count > 0;
}

/* ---- the form ------------------------------------------------------------------------------------------ */

/* The fields of some objects that are texts or numbers, and how often each was a name, or a number. */
struct fields {
    struct {
        char name[INPUT_FIELD_BYTES];
        size_t names, numbers;
    } list[FIELDS_MOST];
    size_t count;
};

static bool on_field(void *arg, const struct json_value *value)
{
    struct fields *fields = arg;
    char name[INPUT_FIELD_BYTES];
    size_t at = 0;
    bool is_number = value->kind == FIELD_NUMBER || csv_is_number(trim(value->text));
    if ((value->kind != FIELD_STRING && value->kind != FIELD_NUMBER) || value->key[0] == 0)
        return true;
    name_of(value, name);
    while (at < fields->count && strcmp(fields->list[at].name, name) != 0)
        at++;
    if (at == FIELDS_MOST)
        return true;
    if (at == fields->count) {
        memcpy(fields->list[at].name, name, sizeof name);
        fields->list[fields->count].names = fields->list[fields->count].numbers = 0;
        fields->count++;
    }
    fields->list[at].names += value->kind == FIELD_STRING && words_weight(trim(value->text)) != NOT_NAMED;
    fields->list[at].numbers += is_number;
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
                         json_read_row(text, on_field, fields) == ERR_OK;
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

/* Finds the field that is called best as those of that kind are, and may be it; fields->count for none. */
static size_t find_called(const struct fields *fields, enum word_kind kind, size_t but)
{
    struct csv_row row = {.count = fields->count};
    size_t next = 0;
    for (size_t i = 0; i < fields->count; i++)
        row.cells[i] = bytes_of(last_key(fields->list[i].name));
    for (int at = words_find(&row, kind, &next); at >= 0; at = words_find(&row, kind, &next)) {
        size_t names = fields->list[at].names, numbers = fields->list[at].numbers;
        bool may_be = kind == WORD_DOMAIN ? names > 0 : kind == WORD_RANK ? numbers > 0 : true;
        if (may_be && (size_t)at != but)
            return (size_t)at;
    }
    return fields->count;
}

/* Finds the field of the domain by what it holds and how it is called; fields->count if that is not sure. */
static size_t find_field(const struct fields *fields)
{
    size_t only = find_called(fields, WORD_DOMAIN, fields->count), holding = 0;
    if (only < fields->count)
        return only;
    for (size_t i = 0; i < fields->count; i++)
        if (fields->list[i].names > 0) {
            only = i;
            holding++;
        }
    return holding == 1 ? only : fields->count;
}

/* Sets the fields of rank and label, which are told by how they are called. */
static void find_beside(const struct fields *fields, size_t domain, struct input_form *form)
{
    size_t rank = find_called(fields, WORD_RANK, domain), label = find_called(fields, WORD_LABEL, domain);
    form->rank_field[0] = form->label_field[0] = '\0';
    if (rank < fields->count)
        memcpy(form->rank_field, fields->list[rank].name, sizeof form->rank_field);
    if (label < fields->count && label != rank)
        memcpy(form->label_field, fields->list[label].name, sizeof form->label_field);
}

bool form_is_json(const struct form_sample *sample, const struct input_asked *asked, struct input_form *form,
                  struct refused *refused)
{
    struct fields fields;
    size_t at = 0;
    if (!read_fields(sample, &fields))
        return false;
    bool holds_names = false, is_asked = asked->field != NULL && asked->field[0] != '\0';
    for (size_t i = 0; i < fields.count; i++)
        holds_names = holds_names || fields.list[i].names > 0;
    if (!holds_names && !is_asked && asked->format != INPUT_JSON)
        return false; /* an answer of a program that failed, as {"error":"unauthorized"} */
    if (is_asked) {
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
    form->format = INPUT_JSON;
    memcpy(form->field, fields.list[at].name, sizeof form->field);
    find_beside(&fields, at, form);
    form->origins = words_are_origin(bytes_of(last_key(form->field)));
    return true;
}
