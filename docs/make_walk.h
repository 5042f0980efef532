/* Visits the fields of a group; for the programs that print what is made of the table of fields. */
#ifndef STSWEEP_DOCS_MAKE_WALK_H
#define STSWEEP_DOCS_MAKE_WALK_H

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

#endif
