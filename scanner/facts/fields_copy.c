/* Makes deep copies of facts by the table: nothing in a copy points into its original. */
#include "scanner/facts/fields.h"

static void copy_rows(const struct field_group *group, const char *from, struct arena *arena, unsigned kept,
                      char *to);

static void copy_string(const struct field *field, const char *from, struct arena *arena, unsigned kept,
                        char *to)
{
    const char *text, *copy;
    bool as_sign = (field->keep & KEPT_SIGN) != 0 && (kept & KEPT_ALL) == 0;
    memcpy(&text, from, sizeof text);
    copy = text == NULL ? NULL : as_sign ? "" : arena_string(arena, text);
    memcpy(to, &copy, sizeof copy);
}

static void copy_bytes(const char *from, struct arena *arena, char *to)
{
    struct bytes bytes;
    memcpy(&bytes, from, sizeof bytes);
    bytes = arena_bytes(arena, bytes);
    memcpy(to, &bytes, sizeof bytes);
}

static size_t element_size(const struct field *field)
{
    switch (field->type) {
    case AS_STRINGS:
        return sizeof(const char *);
    case AS_TEXTS:
        return sizeof(struct bytes);
    case AS_IPS:
        return sizeof(struct ip_addr);
    default:
        return field->group->size;
    }
}

static void copy_element(const struct field *field, const char *from, struct arena *arena, unsigned kept,
                         char *to)
{
    if (field->type == AS_STRINGS)
        copy_string(field, from, arena, kept, to);
    else if (field->type == AS_TEXTS)
        copy_bytes(from, arena, to);
    else if (field->type == AS_IPS)
        memcpy(to, from, sizeof(struct ip_addr));
    else
        copy_rows(field->group, from, arena, kept, to);
}

static void copy_list(const struct field *field, const char *from, struct arena *arena, unsigned kept,
                      char *to)
{
    size_t count = field_count(field, from), size = element_size(field);
    const char *source = from + field->offset;
    char *copy = to + field->offset;
    if (field->inside == 0) {
        memcpy(&source, from + field->offset, sizeof source);
        copy = count == 0 ? NULL : arena_array(arena, count, size);
        memcpy(to + field->offset, &copy, sizeof copy);
    }
    if (copy == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        copy_element(field, source + i * size, arena, kept, copy + i * size);
    field_set_count(field, to, count);
}

static void copy_pointer(const struct field *field, const char *from, struct arena *arena, unsigned kept,
                         char *to)
{
    const char *source;
    memcpy(&source, from, sizeof source);
    char *copy = source == NULL ? NULL : arena_alloc(arena, field->group->size);
    memcpy(to, &copy, sizeof copy);
    if (copy != NULL)
        copy_rows(field->group, source, arena, kept | field->keeps_more, copy);
}

static void copy_field(const struct field *field, const char *from, struct arena *arena, unsigned kept,
                       char *to)
{
    const char *member = from + field->offset;
    char *copy = to + field->offset;
    switch (field->type) {
    case AS_NAME:
    case AS_ASCII:
    case AS_STRING:
        copy_string(field, member, arena, kept, copy);
        break;
    case AS_TEXT:
    case AS_HEX:
    case AS_BASE64:
        copy_bytes(member, arena, copy);
        break;
    case AS_STRINGS:
    case AS_TEXTS:
    case AS_IPS:
    case AS_LIST:
        copy_list(field, from, arena, kept, to);
        break;
    case AS_GROUP:
    case AS_SPREAD:
        copy_rows(field->group, member, arena, kept, copy);
        break;
    case AS_PART:
        copy_rows(field->group, from, arena, kept, to);
        break;
    case AS_POINTER:
        copy_pointer(field, member, arena, kept, copy);
        break;
    default: /* a value */
        memcpy(copy, member, field->size);
    }
}

/* What is judged, or made of other fields, is no member of the struct. */
static bool is_copied(const struct field *field, unsigned kept)
{
    bool within = field->type == AS_PART || field->type == AS_GROUP || field->type == AS_SPREAD;
    bool is_fact = within ? !field->by_hand : field->has_member;
    return (field->keep & kept) != 0 || ((kept & KEPT_ALL) != 0 && is_fact);
}

static void copy_rows(const struct field_group *group, const char *from, struct arena *arena, unsigned kept,
                      char *to)
{
    for (size_t i = 0; i < group->count; i++)
        if (is_copied(&group->fields[i], kept))
            copy_field(&group->fields[i], from, arena, kept, to);
}

void fields_copy(const struct field_group *group, const void *from, struct arena *arena, unsigned kept,
                 void *to)
{
    memset(to, 0, group->size);
    copy_rows(group, from, arena, kept, to);
}
