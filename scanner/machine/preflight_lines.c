/* Makes the lines of a look at this machine. */
#include "scanner/machine/preflight_lines.h"

#include <stdarg.h>
#include <string.h>

char *preflight_add(struct preflight *preflight, const char *name, bool ok)
{
    char *text = preflight->texts[preflight->count];
    text[0] = '\0';
    preflight->checks[preflight->count++] = (struct machine_line){.name = name, .ok = ok, .text = text};
    return text;
}

void preflight_append(char text[PREFLIGHT_TEXT_BYTES], const char *format, ...)
{
    size_t len = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text + len, PREFLIGHT_TEXT_BYTES - len, format, arguments);
    va_end(arguments);
}

bool preflight_item(const char **list, char item[PREFLIGHT_NAME_BYTES])
{
    *list += strspn(*list, ", \t");
    size_t len = strcspn(*list, ", \t");
    size_t kept = len < PREFLIGHT_NAME_BYTES ? len : PREFLIGHT_NAME_BYTES - 1;
    (void)snprintf(item, PREFLIGHT_NAME_BYTES, "%.*s", (int)kept, *list);
    *list += len;
    return len > 0;
}
