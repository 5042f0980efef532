/*
 * Reads the opt-out list of safety.optout. A line that cannot be understood fails the whole reading: whoever
 * stands there asked to be left alone.
 */
#include "input/optout_list.h"

#include <stdio.h>

#include "input/as_prefixes.h"
#include "input/lines.h"
#include "input/plain.h"
#include "input/stored.h"
#include "input/words.h"
#include "scanner/base/shown.h"
#include "scanner/base/trim.h"
#include "scanner/facts/hostname.h"

enum { ENTRY_TEXT_BYTES = 63, REASON_BYTES = 192 };

/* The reading of one list. */
struct reading {
    struct optout *optout;
    struct lines lines;
    const char *as_prefixes;
    bool has_as;
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

/* Tells whether the text is an AS number, and no name: AS64500, AS1.10. */
static bool is_as(struct bytes text)
{
    if (text.len < 3 || (text.data[0] | 0x20) != 'a' || (text.data[1] | 0x20) != 's')
        return false;
    for (size_t i = 2; i < text.len; i++)
        if (text.data[i] != '.' && (text.data[i] < '0' || text.data[i] > '9'))
            return false;
    return true;
}

static enum error take_as(struct reading *reading, struct bytes text)
{
    uint32_t asn;
    if (!as_number_parse(text, &asn))
        return bad_line(reading, "an AS number is one from AS1 to AS4294967295");
    if (reading->as_prefixes == NULL)
        return bad_line(reading, "AS numbers belong in safety.optout: names of a list have no address yet");
    if (reading->as_prefixes[0] == '\0')
        return bad_line(reading, "an AS number needs a file that says which prefixes it announces: "
                                 "safety.as_prefixes=FILE, or --as-prefixes FILE with --except");
    reading->has_as = true;
    return optout_add_as(reading->optout, asn);
}

static enum error take_entry(struct reading *reading, struct bytes text)
{
    struct ip_prefix prefix;
    if (is_as(text))
        return take_as(reading, text);
    return parse_prefix(text, &prefix) ? optout_add_prefix(reading->optout, &prefix)
                                       : take_name(reading, text);
}

static enum error take_line(void *arg, const struct line *line)
{
    struct reading *reading = arg;
    struct optout_note note;
    if (line->too_long)
        return bad_line(reading, "the line is too long");
    if (!plain_has_data(line->text))
        return ERR_OK;
    const char *fault = optout_note_parse(line->text, &note);
    enum error error = fault == NULL ? take_entry(reading, note.entry) : bad_line(reading, fault);
    return error == ERR_OK ? optout_describe(reading->optout, line->number, note.since, note.comment) : error;
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
        buf_printf(why, "%s:%llu: %s", shown(stored->path), (unsigned long long)reading->lines.number,
                   reason);
    else
        buf_printf(why, "%s: %s", shown(stored->path), reason);
}

static enum error read_list(const char *path, const char *as_prefixes, struct optout *optout, struct buf *why)
{
    struct reading reading = {.optout = optout, .as_prefixes = as_prefixes};
    lines_init(&reading.lines, take_line, &reading);
    struct stored stored = {.path = path, .sink = take_data, .arg = &reading};
    enum error error = stored_read(&stored);
    if (error == ERR_OK)
        error = lines_end(&reading.lines);
    if (error != ERR_OK) {
        explain(why, &reading, &stored, error);
        return error;
    }
    return reading.has_as ? as_prefixes_read(as_prefixes, optout, why) : ERR_OK;
}

enum error optout_read(const char *path, const char *as_prefixes, struct optout **optout, struct buf *why)
{
    *optout = NULL;
    struct optout *made = optout_create();
    if (made == NULL) {
        buf_text(why, error_text(ERR_MEMORY));
        return ERR_MEMORY;
    }
    enum error error = path[0] == '\0' ? ERR_OK : read_list(path, as_prefixes, made, why);
    if (error != ERR_OK) {
        optout_destroy(made);
        return error;
    }
    optout_finish(made);
    *optout = made;
    return ERR_OK;
}

void optout_say(const struct optout *optout, const char *path, const char *as_prefixes, FILE *out)
{
    for (size_t i = 0; i < optout_count(optout); i++) {
        const struct optout_entry *entry = optout_entry(optout, i);
        if (entry->kind == OPTOUT_AS && entry->prefixes == 0)
            (void)fprintf(
                out,
                "stsweep: WARNING: %s:%llu: %s has no prefix in %s, so that it keeps nobody out: is the "
                "file up to date, and of all address families?\n",
                shown(path), (unsigned long long)entry->line, entry->text, shown(as_prefixes));
    }
}

static void say_count(const char *what, size_t prefixes, FILE *out)
{
    (void)fprintf(out, "%s: %zu prefix%s", what, prefixes, prefixes == 1 ? "" : "es");
}

void optout_say_announced(const struct optout *optout, FILE *out)
{
    size_t numbers = 0, prefixes_of_others = 0;
    for (size_t i = 0; i < optout_count(optout); i++) {
        const struct optout_entry *entry = optout_entry(optout, i);
        if (entry->kind != OPTOUT_AS)
            continue;
        if (++numbers > OPTOUT_AS_SAID_MOST) {
            prefixes_of_others += entry->prefixes;
            continue;
        }
        (void)fputs(numbers == 1 ? "stsweep: safety.optout: " : ", ", out);
        say_count(entry->text, entry->prefixes, out);
    }
    if (numbers > OPTOUT_AS_SAID_MOST) {
        (void)fprintf(out, ", and %zu more", numbers - OPTOUT_AS_SAID_MOST);
        say_count("", prefixes_of_others, out);
    }
    if (numbers > 0)
        (void)fputc('\n', out);
}
