/* Visits the fields of a group; for the programs that print what is made of the table of fields. */
#ifndef STSWEEP_DOCS_MAKE_WALK_H
#define STSWEEP_DOCS_MAKE_WALK_H

#include <string.h>

#include "scanner/facts/fields.h"

typedef void field_visit(const struct field *field, bool required, void *arg);

/* Visits each field of a group, those of spread groups too. required: all around it is. */
static inline void walk(const struct field_group *group, bool required, field_visit *visit, void *arg)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct field *field = &group->fields[i];
        if (field->type == AS_SPREAD)
            walk(field->group, required && field->left == LEFT_NEVER, visit, arg);
        else if (field->key != NULL)
            visit(field, required, arg);
    }
}

static const struct field_group *const field_records[] = {&fields_domain, &fields_host, &fields_cert,
                                                          &fields_reject};

/* Is it a group with a section of its own, behind those of the records: not spread in others? */
static inline bool field_is_object(const struct field_group *group)
{
    for (size_t i = 0; i < sizeof field_records / sizeof *field_records; i++)
        if (field_records[i] == group)
            return false;
    return group != &fields_lookup && group != &fields_address && group != &fields_host_facts;
}

/* Says when the field is left out. required: all around it is. */
static inline const char *field_left_text(const struct field *field, bool required)
{
    static const char *const left[] = {[LEFT_NEVER] = "never",
                                       [LEFT_EMPTY] = "when empty",
                                       [LEFT_WHEN] = "see meaning",
                                       [LEFT_OLD] = "in old records"};
    return left[required ? field->left : LEFT_WHEN];
}

/* Says what its value is, in a word or two. */
static inline const char *field_type_text(const struct field *field)
{
    static const char *const texts[AS_TYPE_COUNT] = {
        [AS_BOOL] = "true or false",
        [AS_UNSIGNED] = "number",
        [AS_SIGNED] = "number",
        [AS_TIME] = "time",
        [AS_SECONDS] = "time",
        [AS_ENUM] = "word",
        [AS_CODE] = "code",
        [AS_NAME] = "name",
        [AS_ASCII] = "text",
        [AS_STRING] = "free text",
        [AS_TEXT] = "free text",
        [AS_HEX] = "hexadecimal",
        [AS_BASE64] = "base64",
        [AS_HASH] = "hexadecimal",
        [AS_IP] = "address",
        [AS_STRINGS] = "list of free texts",
        [AS_TEXTS] = "list of free texts",
        [AS_IPS] = "list of addresses",
        [AS_WORDS] = "list of words",
        [AS_CODES] = "list of codes",
        [AS_LIST] = "list",
    };
    if (field->sql != NULL)
        return strcmp(field->sql, "VARCHAR") == 0 ? "text" : "list";
    return field->type == AS_BOOL && field->left == LEFT_EMPTY ? "true" : texts[field->type];
}

#endif
