/* Searches the table of tls_group.def. */
#include "scanner/facts/tls_group.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct tls_group rows[] = {
#define TLS_GROUP(id, name, iana, share, release) {id, name, iana, share, release},
#include "scanner/facts/tls_group.def"
#undef TLS_GROUP
};

enum { ROWS = sizeof rows / sizeof *rows };

size_t tls_group_rows(const struct tls_group **list)
{
    *list = rows;
    return ROWS;
}

static bool is_name(struct bytes text, const char *name)
{
    return text.len == strlen(name) && strncasecmp((const char *)text.data, name, text.len) == 0;
}

const struct tls_group *tls_group_find(struct bytes name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (is_name(name, rows[i].name) || is_name(name, rows[i].iana))
            return &rows[i];
    return NULL;
}

const char *tls_group_name(uint16_t id, char text[TLS_GROUP_TEXT_BYTES])
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].id == id)
            return rows[i].name;
    (void)snprintf(text, TLS_GROUP_TEXT_BYTES, "0x%04x", (unsigned)id);
    return text;
}
