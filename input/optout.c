/*
 * The opt-out list: sorted names and merged address ranges, so that asking costs a few comparisons however
 * long the list is. A line that cannot be understood fails the whole reading: whoever stands there asked to
 * be left alone.
 */
#include "input/optout.h"

#include <stdio.h>
#include <stdlib.h>

#include "input/hostname.h"
#include "input/lines.h"
#include "input/optout_ranges.h"
#include "input/plain.h"
#include "input/stored.h"
#include "input/trim.h"

enum { ENTRY_TEXT_BYTES = 63, REASON_BYTES = 96 };

/* Names, owned each, sorted once all are read. */
struct names {
    char **list;
    size_t count;
    size_t capacity;
};

struct optout {
    struct names domains;
    struct names suffixes; /* without the leading dot */
    struct optout_ranges ranges;
};

/* The reading of one list. */
struct reading {
    struct optout *optout;
    struct lines lines;
    char reason[REASON_BYTES]; /* what is wrong with the line, or "" */
};

static void names_dispose(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
}

static enum error names_add(struct names *names, const char *name)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity == 0 ? 16 : names->capacity * 2;
        char **larger = realloc(names->list, capacity * sizeof *larger);
        if (larger == NULL)
            return ERR_MEMORY;
        names->list = larger;
        names->capacity = capacity;
    }
    names->list[names->count] = strdup(name);
    if (names->list[names->count] == NULL)
        return ERR_MEMORY;
    names->count++;
    return ERR_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_sort(struct names *names)
{
    if (names->count > 0)
        qsort(names->list, names->count, sizeof names->list[0], compare_names);
}

static bool names_have(const struct names *names, const char *name)
{
    return names->count > 0 &&
           bsearch(&name, names->list, names->count, sizeof names->list[0], compare_names) != NULL;
}

static enum error bad_line(struct reading *reading, const char *reason)
{
    (void)snprintf(reading->reason, sizeof reading->reason, "%s", reason);
    return ERR_SYNTAX;
}

/* false: the text is no address or prefix. */
static bool parse_prefix(struct bytes text, struct ip_prefix *prefix)
{
    char copy[ENTRY_TEXT_BYTES + 1];
    if (text.len > ENTRY_TEXT_BYTES || bytes_have(text, '\0'))
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return ip_prefix_parse(copy, prefix);
}

static enum error take_name(struct reading *reading, struct bytes text)
{
    char name[HOSTNAME_BYTES];
    bool is_suffix = text.data[0] == '.';
    if (is_suffix)
        text = bytes_make(text.data + 1, text.len - 1);
    enum failure_code code = hostname_normalize(text, name);
    if (code == FAIL_INPUT_IS_ADDRESS)
        return bad_line(reading, "not a prefix: its host bits are to be zero and its length in range");
    if (code != FAIL_NONE)
        return bad_line(reading, failure_get(code)->why);
    return names_add(is_suffix ? &reading->optout->suffixes : &reading->optout->domains, name);
}

static enum error take_line(void *arg, const struct line *line)
{
    struct reading *reading = arg;
    if (line->too_long)
        return bad_line(reading, "the line is too long");
    if (!plain_has_data(line->text))
        return ERR_OK;
    struct bytes text = plain_name(line->text);
    struct ip_prefix prefix;
    return parse_prefix(text, &prefix) ? optout_ranges_add(&reading->optout->ranges, &prefix)
                                       : take_name(reading, text);
}

static enum error take_data(void *arg, struct bytes data)
{
    struct reading *reading = arg;
    return lines_feed(&reading->lines, data);
}

static void explain(struct buf *why, const struct reading *reading, const struct stored *stored,
                    enum error error)
{
    const char *reason = reading->reason[0] != '\0'  ? reading->reason
                         : stored->reason[0] != '\0' ? stored->reason
                                                     : error_text(error);
    if (reading->lines.number > 0)
        (void)buf_printf(why, "%s:%llu: %s", stored->path, (unsigned long long)reading->lines.number, reason);
    else
        (void)buf_printf(why, "%s: %s", stored->path, reason);
}

static enum error read_list(const char *path, struct optout *optout, struct buf *why)
{
    struct reading reading = {.optout = optout};
    lines_init(&reading.lines, take_line, &reading);
    struct stored stored = {.path = path, .sink = take_data, .arg = &reading};
    enum error error = stored_read(&stored);
    if (error == ERR_OK)
        error = lines_end(&reading.lines);
    if (error != ERR_OK)
        explain(why, &reading, &stored, error);
    return error;
}

enum error optout_read(const char *path, struct optout **optout, struct buf *why)
{
    *optout = NULL;
    struct optout *made = calloc(1, sizeof *made);
    if (made == NULL) {
        (void)buf_text(why, error_text(ERR_MEMORY));
        return ERR_MEMORY;
    }
    enum error error = path[0] == '\0' ? ERR_OK : read_list(path, made, why);
    if (error != ERR_OK) {
        optout_destroy(made);
        return error;
    }
    names_sort(&made->domains);
    names_sort(&made->suffixes);
    optout_ranges_finish(&made->ranges);
    *optout = made;
    return ERR_OK;
}

void optout_destroy(struct optout *optout)
{
    if (optout == NULL)
        return;
    names_dispose(&optout->domains);
    names_dispose(&optout->suffixes);
    optout_ranges_dispose(&optout->ranges);
    free(optout);
}

bool optout_has_domain(const struct optout *optout, const char *domain)
{
    if (names_have(&optout->domains, domain))
        return true;
    for (const char *name = domain; name != NULL; name = strchr(name, '.')) {
        name += *name == '.';
        if (names_have(&optout->suffixes, name))
            return true;
    }
    return false;
}

bool optout_has_ip(const struct optout *optout, const struct ip_addr *ip)
{
    return optout_ranges_have(&optout->ranges, ip);
}
