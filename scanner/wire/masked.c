/* Finds the marks of a device that masks. */
#include "scanner/wire/masked.h"

#include "scanner/wire/loose.h"

enum { STARS_LEAST = 5, KEYWORD_LEAST = 4 };

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Says whether the greeting has asterisks, and perhaps the digits that such a device leaves, but no word. */
static bool is_starred(struct bytes greeting)
{
    size_t stars = 0;
    for (size_t i = 0; i < greeting.len; i++) {
        if (is_letter(greeting.data[i]))
            return false;
        stars += greeting.data[i] == '*';
    }
    return stars >= STARS_LEAST;
}

/* Says whether a keyword is X alone but for its last letter. */
static bool is_crossed_out(struct bytes keyword)
{
    struct bytes line = smtp_without_crs(keyword);
    size_t len = 0;
    while (len < line.len && line.data[len] == 'X')
        len++;
    bool one_more = len < line.len && is_letter(line.data[len]);
    size_t end = len + one_more;
    return len >= KEYWORD_LEAST && (end == line.len || line.data[end] == ' ');
}

bool smtp_is_masked(const struct probe_facts *facts)
{
    if (is_starred(facts->greeting))
        return true;
    for (size_t i = 0; i < facts->ehlo_count; i++)
        if (is_crossed_out(facts->ehlo[i]))
            return true;
    return false;
}
