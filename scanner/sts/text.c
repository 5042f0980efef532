/* Helps the parsers. Nothing here judges a TXT record or a policy as a whole. */
#include "scanner/sts/text.h"

struct bytes text_trim_end(struct bytes text)
{
    while (text.len > 0 && text_is_wsp(text.data[text.len - 1]))
        text.len--;
    return text;
}

void text_fold_start(struct bytes text, char folded[TEXT_FOLDED_BYTES + 1])
{
    size_t len = 0;
    for (size_t i = 0; i < text.len && len < TEXT_FOLDED_BYTES; i++) {
        uint8_t byte = text.data[i];
        if (byte > ' ' && byte < 0x7F && strchr("\"'`\\", byte) == NULL)
            folded[len++] = (char)text_fold(byte);
    }
    folded[len] = '\0';
}

/* ---- display ------------------------------------------------------------------------------------------- */

/* Writes one escaped byte: at most 4 bytes of output. */
static size_t escape_byte(uint8_t byte, char *out)
{
    if (byte >= ' ' && byte <= '~' && byte != '\\') {
        out[0] = (char)byte;
        return 1;
    }
    out[0] = '\\';
    if (byte == '\\') {
        out[1] = '\\';
        return 2;
    }
    out[1] = (char)('0' + byte / 100);
    out[2] = (char)('0' + byte / 10 % 10);
    out[3] = (char)('0' + byte % 10);
    return 4;
}

static size_t escaped_len(struct bytes text)
{
    char scratch[4];
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        len += escape_byte(text.data[i], scratch);
    return len;
}

static char *escape_with_tail(struct arena *arena, struct bytes text, const char *tail)
{
    size_t len = escaped_len(text);
    char *out = arena_alloc(arena, len + strlen(tail) + 1);
    if (out == NULL)
        return NULL;
    char *at = out;
    for (size_t i = 0; i < text.len; i++)
        at += escape_byte(text.data[i], at);
    memcpy(at, tail, strlen(tail));
    return out;
}

char *text_escape(struct arena *arena, struct bytes text)
{
    if (text.len <= TEXT_DETAIL_BYTES)
        return escape_with_tail(arena, text, "");
    return escape_with_tail(arena, text_slice(text, 0, TEXT_DETAIL_BYTES), "...");
}

char *text_escape_whole(struct arena *arena, struct bytes text)
{
    return escape_with_tail(arena, text, "");
}

char *findings_text(const struct findings *findings, struct arena *arena, struct bytes text)
{
    return findings->count == FINDINGS_KEPT ? NULL : text_escape(arena, text);
}

static uint32_t place(size_t number)
{
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

void findings_add(struct findings *findings, enum failure_code code, size_t line, size_t column,
                  const char *detail)
{
    if (findings->count == FINDINGS_KEPT) {
        findings->overflow = true;
        return;
    }
    findings->list[findings->count++] = (struct finding){code, place(line), place(column), detail};
}

/* ---- the fields of a TXT record ------------------------------------------------------------------------ */

size_t text_name_len(struct bytes text)
{
    size_t len = 0;
    while (len < text.len && len < TEXT_NAME_BYTES) {
        uint8_t byte = text.data[len];
        bool mark = len > 0 && (byte == '_' || byte == '-' || byte == '.');
        if (!text_is_alnum(byte) && !mark)
            break;
        len++;
    }
    return len;
}

struct text_fields text_fields_start(struct bytes rr, size_t semicolon)
{
    return (struct text_fields){rr, text_skip_wsp(rr, semicolon + 1)};
}

static void split_field(struct text_field *field)
{
    const uint8_t *equals = field->whole.len == 0 ? NULL : memchr(field->whole.data, '=', field->whole.len);
    field->has_value = equals != NULL;
    size_t name_len = field->has_value ? (size_t)(equals - field->whole.data) : field->whole.len;
    size_t value_at = field->has_value ? name_len + 1 : name_len;
    field->name = text_slice(field->whole, 0, name_len);
    field->value = text_slice(field->whole, value_at, field->whole.len);
    field->value_offset = field->offset + value_at;
}

bool text_fields_next(struct text_fields *fields, struct text_field *field)
{
    struct bytes rr = fields->rr;
    if (fields->at >= rr.len)
        return false;
    size_t end = fields->at;
    while (end < rr.len && rr.data[end] != ';')
        end++;
    struct bytes raw = text_slice(rr, fields->at, end);
    *field = (struct text_field){.whole = text_trim_end(raw), .offset = fields->at};
    field->end_offset = field->offset + field->whole.len;
    field->dangling = end == rr.len && field->end_offset < end;
    split_field(field);
    fields->at = end == rr.len ? end : text_skip_wsp(rr, end + 1);
    return true;
}

static bool is_extension_value(uint8_t byte)
{
    return byte > ' ' && byte < 0x7F && byte != '=' && byte != ';';
}

bool text_field_is_extension(const struct text_field *field, size_t *fault)
{
    size_t name_len = text_name_len(field->whole);
    *fault = field->offset + name_len;
    if (name_len == 0 || !field->has_value || name_len != field->name.len)
        return false;
    *fault = field->value_offset;
    for (size_t i = 0; i < field->value.len; i++, ++*fault)
        if (!is_extension_value(field->value.data[i]))
            return false;
    return field->value.len > 0;
}

bool text_field_lacks_delimiter(const struct text_field *field, size_t *fault)
{
    struct bytes value = field->value;
    size_t word = 0;
    while (word < value.len && !text_is_wsp(value.data[word]))
        word++;
    size_t next = text_skip_wsp(value, word);
    size_t name_len = text_name_len(text_slice(value, next, value.len));
    *fault = field->value_offset + word;
    return word > 0 && name_len > 0 && next + name_len < value.len && value.data[next + name_len] == '=';
}
