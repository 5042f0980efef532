/*
 * Reads the opt-out list of safety.optout. A line that cannot be understood fails the whole reading: whoever
 * stands there asked to be left alone.
 */
#include "input/optout_list.h"

#include <stdio.h>

#include "input/lines.h"
#include "input/plain.h"
#include "input/stored.h"
#include "input/words.h"
#include "scanner/base/trim.h"
#include "scanner/facts/hostname.h"

enum { ENTRY_TEXT_BYTES = 63, REASON_BYTES = 96 };

/* The reading of one list. */
struct reading {
    struct optout *optout;
    struct lines lines;
    char reason[REASON_BYTES]; /* what is wrong with the line, or "" */
};

static enum error bad_line(struct reading *reading, const char *reason)
{
    (void)snprintf(reading->reason, sizeof reading->reason, "%s", reason);
    return ERR_SYNTAX;
}

/* Reads an address or a prefix. false: the text is neither. */
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
        text = bytes_behind(text, 1);
    enum failure_code code = hostname_normalize(text, name);
    if (code == FAIL_INPUT_IS_ADDRESS)
        return bad_line(reading, "not a prefix: its host bits are to be zero and its length in range");
    if (code != FAIL_NONE)
        return bad_line(reading, failure_get(code)->why);
    if (words_are_no_value(name))
        return bad_line(reading, "it is no value, as an export that failed leaves it");
    return is_suffix ? optout_add_suffix(reading->optout, name) : optout_add_domain(reading->optout, name);
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
    return parse_prefix(text, &prefix) ? optout_add_prefix(reading->optout, &prefix)
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
        buf_printf(why, "%s:%llu: %s", stored->path, (unsigned long long)reading->lines.number, reason);
    else
        buf_printf(why, "%s: %s", stored->path, reason);
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
    struct optout *made = optout_create();
    if (made == NULL) {
        buf_text(why, error_text(ERR_MEMORY));
        return ERR_MEMORY;
    }
    enum error error = path[0] == '\0' ? ERR_OK : read_list(path, made, why);
    if (error != ERR_OK) {
        optout_destroy(made);
        return error;
    }
    optout_finish(made);
    *optout = made;
    return ERR_OK;
}
