/* Reads lines of replies as Postfix does. */
#include "scanner/wire/loose.h"

#include <strings.h>

static bool is_separator(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '=';
}

struct bytes smtp_without_crs(struct bytes line)
{
    while (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

bool smtp_is_starttls(struct bytes line)
{
    static const char keyword[] = "STARTTLS";
    const size_t len = sizeof keyword - 1;
    line = smtp_without_crs(line);
    while (line.len > 0 && is_separator(line.data[0]))
        line = bytes_behind(line, 1);
    if (line.len < len || strncasecmp((const char *)line.data, keyword, len) != 0)
        return false;
    return line.len == len || is_separator(line.data[len]);
}

static bool ends_in_cr(struct bytes line)
{
    return line.len > 0 && line.data[line.len - 1] == '\r';
}

static bool is_loose(struct bytes line)
{
    static const char keyword[] = "STARTTLS=";
    bool joined = line.len >= sizeof keyword - 1 &&
                  strncasecmp((const char *)line.data, keyword, sizeof keyword - 1) == 0;
    return ends_in_cr(line) || joined || (line.len > 0 && is_separator(line.data[0]));
}

bool smtp_is_loose(const struct probe_facts *facts)
{
    bool loose = ends_in_cr(facts->greeting);
    for (size_t i = 0; i < facts->ehlo_count; i++)
        loose = loose || is_loose(facts->ehlo[i]);
    return loose;
}
