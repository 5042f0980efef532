/* Turns lines into names and rejects. No I/O. */
#include "input/reader.h"

#include "input/cell.h"
#include "input/form_text.h"
#include "input/json_row.h"
#include "input/plain.h"
#include "input/words.h"
#include "scanner/base/trim.h"
#include "scanner/base/utf8.h"

enum {
    REJECT_TEXT_BYTES = 1024,
    TOLD_BYTES = 4096,
    STOP_EVERY_LINES = 256, /* of a zone file, which has many */
};

static enum error on_line(void *arg, const struct line *line);
static enum error on_zone_name(void *arg, const char *domain);
static enum error on_zone_reject(void *arg, const struct line *line, enum failure_code reason);

void reader_init(struct reader *reader, const char *file, const struct input_asked *asked,
                 const struct input_form *form, const struct input_sink *sink, uint64_t ordinal)
{
    *reader = (struct reader){.file = file, .asked = asked, .sink = sink, .ordinal = ordinal};
    if (form != NULL)
        reader->form = *form;
    /* There is nothing to tell of names a line, if that is what somebody says. */
    if (asked->format == INPUT_PLAIN && asked->header != INPUT_HEADER_YES)
        reader->form.format = INPUT_PLAIN;
    if (asked->format == INPUT_ZONE)
        reader->form.format = INPUT_ZONE;
    reader->sampling = reader->form.format == INPUT_AUTO;
    lines_init(&reader->lines, on_line, reader);
    zone_init(&reader->zone, &(struct zone_sink){on_zone_name, on_zone_reject, reader});
    buf_init(&reader->held.text, (size_t)HELD_LINES * (LINE_BYTES + 1));
}

void reader_dispose(struct reader *reader)
{
    buf_dispose(&reader->held.text);
}

/* ---- what is told -------------------------------------------------------------------------------------- */

/* Says once what the list was taken for, when its first names are known. */
static void tell(struct reader *reader, bool at_end)
{
    const char *names[INPUT_FIRST_NAMES];
    struct buf text;
    bool is_due = at_end || reader->first_count == INPUT_FIRST_NAMES;
    if (reader->told || !is_due || reader->form.format == INPUT_AUTO || reader->sink->told == NULL)
        return;
    reader->told = true;
    for (size_t i = 0; i < reader->first_count; i++)
        names[i] = reader->first[i];
    buf_init(&text, TOLD_BYTES + strlen(reader->file));
    form_describe(reader->file, &reader->form, names, reader->first_count, &text);
    if (reader->asked->field != NULL && reader->asked->field[0] != '\0' && reader->form.format != INPUT_JSON)
        buf_text(&text, "; input.field is of JSON lines, and does not count here");
    reader->sink->told(reader->sink->arg, buf_string(&text));
    buf_dispose(&text);
}

/* Says what a zone file held. */
static void tell_zone(const struct reader *reader)
{
    struct buf text;
    uint64_t rejects = 0;
    if (reader->form.format != INPUT_ZONE || reader->sink->told == NULL)
        return;
    for (size_t code = 0; code < FAIL_COUNT; code++)
        rejects += reader->rejected[code];
    buf_init(&text, TOLD_BYTES + strlen(reader->file));
    form_describe_zone(reader->file, &reader->zone.counts, reader->inputs - rejects, &text);
    reader->sink->told(reader->sink->arg, buf_string(&text));
    buf_dispose(&text);
}

static void keep_first(struct reader *reader, const char *domain)
{
    if (reader->first_count == INPUT_FIRST_NAMES)
        return;
    memcpy(reader->first[reader->first_count++], domain, strlen(domain) + 1);
}

/* ---- names and rejects --------------------------------------------------------------------------------- */

static enum error reject(struct reader *reader, const struct line *line, struct bytes text,
                         enum failure_code reason)
{
    struct input_reject rejected = {.ordinal = ++reader->ordinal,
                                    .file = reader->file,
                                    .line = line->number,
                                    .text = text,
                                    .reason = reason};
    if (rejected.text.len > REJECT_TEXT_BYTES)
        rejected.text.len = REJECT_TEXT_BYTES;
    reader->inputs++;
    reader->rejected[reason]++;
    return reader->sink->reject(reader->sink->arg, &rejected);
}

/* What stands beside a name. */
struct beside {
    struct bytes rank, label;
};

/* Takes text as one name. shown is what a reject shows of the line. */
static enum error take_name(struct reader *reader, const struct line *line, struct bytes text,
                            const struct beside *beside, struct bytes shown)
{
    char domain[HOSTNAME_BYTES], label_text[CELL_LABEL_BYTES + 1];
    bool lenient = reader->asked->lenient || (reader->form.origins && cell_is_origin(text));
    enum failure_code code = hostname_read(text, lenient, domain);
    if (code == FAIL_NONE && words_are_no_value(domain))
        code = FAIL_INPUT_BAD_NAME;
    if (code != FAIL_NONE)
        return reject(reader, line, shown, code);
    struct input_name name = {.ordinal = ++reader->ordinal,
                              .domain = domain,
                              .rank = cell_rank(beside->rank),
                              .label = cell_label(beside->label, label_text),
                              .source = reader->source};
    reader->inputs++;
    keep_first(reader, domain);
    enum error error = reader->sink->name(reader->sink->arg, &name);
    tell(reader, false);
    return error;
}

/* Takes every word of the text. */
static enum error take_words(struct reader *reader, const struct line *line, struct bytes text,
                             const struct beside *beside)
{
    enum error error = ERR_OK;
    for (struct bytes word = form_next_word(&text); word.len > 0 && error == ERR_OK;
         word = form_next_word(&text)) {
        char name[HOSTNAME_BYTES];
        /* A word without a dot, among names, is something else. */
        bool is_word = words_weight(word) == NOT_NAMED && hostname_normalize(word, name) == FAIL_NONE;
        error = is_word ? reject(reader, line, word, FAIL_INPUT_BAD_NAME)
                        : take_name(reader, line, word, beside, word);
    }
    return error;
}

/* Are there several names in the cell, and nothing else? */
static bool holds_several(struct bytes cell)
{
    size_t words = 0;
    for (struct bytes word = form_next_word(&cell); word.len > 0; word = form_next_word(&cell), words++)
        if (words_weight(word) == NOT_NAMED)
            return false;
    return words > 1;
}

/* ---- lines --------------------------------------------------------------------------------------------- */

static enum error take_row(struct reader *reader, const struct line *line, const struct csv_row *row)
{
    if (reader->skipped < reader->form.skip) {
        reader->skipped++;
        return ERR_OK;
    }
    if (line->too_long)
        return reject(reader, line, line->text, FAIL_INPUT_TOO_LONG);
    const struct input_columns *columns = &reader->form.columns;
    /* A row of one cell is a name, wherever the others have theirs. */
    bool alone = row->count == 1;
    struct beside beside = {.rank = csv_cell(row, alone ? -1 : columns->rank),
                            .label = csv_cell(row, alone ? -1 : columns->label)};
    struct bytes cell = csv_cell(row, alone ? 0 : columns->domain);
    if (row->malformed || bytes_have(line->text, '\0') || bytes_have(beside.label, '\0'))
        return reject(reader, line, line->text, FAIL_INPUT_BAD_NAME);
    return holds_several(cell) ? take_words(reader, line, cell, &beside)
                               : take_name(reader, line, cell, &beside, line->text);
}

static bool is_data(const struct line *line)
{
    /* A line of 4,096 blanks that goes on is too long; a comment may be. */
    return plain_has_data(line->text) || (line->too_long && trim(line->text).len == 0);
}

/* Takes a line of a list that is no CSV. */
static enum error take_line(struct reader *reader, const struct line *line)
{
    static const struct beside nothing = {{NULL, 0}, {NULL, 0}};
    if (!is_data(line))
        return ERR_OK;
    if (reader->skipped < reader->form.skip) {
        reader->skipped++;
        return ERR_OK;
    }
    if (line->too_long)
        return reject(reader, line, line->text, FAIL_INPUT_TOO_LONG);
    if (bytes_have(line->text, '\0'))
        return reject(reader, line, line->text, FAIL_INPUT_BAD_NAME);
    struct bytes text = plain_name(line->text);
    if (reader->form.format == INPUT_NAMES)
        return take_words(reader, line, form_behind_key(text), &nothing);
    return take_name(reader, line, text, &nothing, line->text);
}

/* Takes a line of a list of JSON lines. */
static enum error take_json_line(struct reader *reader, const struct line *line)
{
    struct json_row row;
    enum error error = ERR_OK;
    if (trim(line->text).len == 0 && !line->too_long)
        return ERR_OK;
    if (line->too_long)
        return reject(reader, line, line->text, FAIL_INPUT_TOO_LONG);
    if (!json_row_take(line->text, &reader->form, reader->rows.scratch, &row) || bytes_have(row.label, '\0'))
        return reject(reader, line, line->text, FAIL_INPUT_BAD_NAME);
    struct beside beside = {.rank = row.rank, .label = row.label};
    for (size_t i = 0; i < row.count && error == ERR_OK; i++)
        error = take_name(reader, line, row.names[i], &beside, line->text);
    return error == ERR_OK && row.more ? reject(reader, line, line->text, FAIL_INPUT_TOO_LONG) : error;
}

/* ---- zone files ---------------------------------------------------------------------------------------- */

static enum error on_zone_name(void *arg, const char *domain)
{
    struct reader *reader = arg;
    struct input_name name = {.ordinal = ++reader->ordinal, .domain = domain, .source = reader->source};
    reader->inputs++;
    keep_first(reader, domain);
    enum error error = reader->sink->name(reader->sink->arg, &name);
    tell(reader, false);
    return error;
}

static enum error on_zone_reject(void *arg, const struct line *line, enum failure_code reason)
{
    return reject(arg, line, line->text, reason);
}

/* Takes over why the zone file is not to be read. */
static enum error zone_error(struct reader *reader, enum error error)
{
    reader->is_refused = reader->is_refused || error == ERR_CONFIG;
    if (error == ERR_CONFIG)
        reader->refused = reader->zone.refused;
    return error;
}

static enum error take_zone_line(struct reader *reader, const struct line *line)
{
    /* Lines with # are none of a zone, but people write them. */
    bool is_led = line->text.len > 0 && !is_space(line->text.data[0]) && line->text.data[0] != '#';
    if (!line->goes_on && !is_led && !plain_has_data(line->text) && !line->too_long)
        return ERR_OK;
    return zone_error(reader, zone_take(&reader->zone, line));
}

/* ---- lines that wait ----------------------------------------------------------------------------------- */

static enum error hold(struct held *held, const struct line *line)
{
    held->at[held->count] = held->text.len;
    held->lines[held->count++] = *line;
    held->data += is_data(line);
    return buf_append(&held->text, line->text.data, line->text.len) ? ERR_OK : ERR_MEMORY;
}

/* Sets where the bytes of the lines are: the buffer may have moved. */
static void settle(struct held *held)
{
    for (size_t i = 0; i < held->count; i++)
        held->lines[i].text.data = held->lines[i].text.len == 0 ? NULL : held->text.data + held->at[i];
}

static void drop_all(struct held *held)
{
    held->count = held->data = 0;
    buf_reset(&held->text);
}

static enum error take_held_zone(struct reader *reader)
{
    enum error error = ERR_OK;
    for (size_t i = 0; i < reader->held.count && error == ERR_OK; i++) {
        const struct line *line = &reader->held.lines[i];
        error = take_zone_line(reader, line);
        if (error != ERR_OK || !line->too_long || i + 1 == reader->held.count)
            continue;
        refused_say(
            &reader->refused, "",
            "the line is too long to tell what the list is; --input.format=zone reads zone files with it");
        reader->refused.line = line->number;
        reader->is_refused = true;
        error = ERR_CONFIG;
    }
    drop_all(&reader->held);
    return error;
}

/* Keeps the lines from number `from` on. */
static void drop(struct held *held, size_t from)
{
    if (from == held->count) {
        drop_all(held);
        return;
    }
    size_t bytes = held->at[from];
    buf_consume(&held->text, bytes);
    held->count -= from;
    memmove(held->lines, held->lines + from, held->count * sizeof *held->lines);
    for (size_t i = 0; i < held->count; i++)
        held->at[i] = held->at[i + from] - bytes;
}

/* Takes the rows of the lines that wait, up to one that may go on in lines to come. */
static enum error take_held_rows(struct reader *reader, bool last)
{
    struct held *held = &reader->held;
    size_t done = 0;
    enum error error = ERR_OK;
    settle(held);
    while (done < held->count && error == ERR_OK) {
        struct csv_row row;
        if (!is_data(&held->lines[done])) {
            done++;
            continue;
        }
        size_t taken = rows_take(&reader->rows, held->lines + done, held->count - done, last,
                                 reader->form.separator, &row);
        if (taken == 0)
            break;
        error = take_row(reader, &held->lines[done], &row);
        done += taken;
    }
    drop(held, done);
    return error;
}

static enum error take_csv_line(struct reader *reader, const struct line *line)
{
    struct csv_row row;
    if (reader->held.count == 0) {
        if (!is_data(line))
            return ERR_OK;
        if (rows_take(&reader->rows, line, 1, false, reader->form.separator, &row) == 1)
            return take_row(reader, line, &row);
    }
    enum error error = hold(&reader->held, line);
    return error == ERR_OK ? take_held_rows(reader, false) : error;
}

/* Takes a line of a list of which each line stands alone. */
static enum error take_any_line(struct reader *reader, const struct line *line)
{
    return reader->form.format == INPUT_JSON ? take_json_line(reader, line) : take_line(reader, line);
}

/* ---- the first lines ----------------------------------------------------------------------------------- */

/* Tells the form, and takes the lines that were held back. */
static enum error end_sample(struct reader *reader, bool last)
{
    struct held *held = &reader->held;
    struct form_sample sample = {.lines = held->lines, .count = held->count, .rows = &reader->rows};
    enum error error = ERR_OK;
    settle(held);
    reader->sampling = false;
    reader->is_refused = !form_decide(reader->asked, &sample, &reader->form, &reader->refused);
    if (reader->is_refused) {
        reader->form.format = INPUT_AUTO;
        return ERR_CONFIG;
    }
    if (reader->only_look)
        return ERR_STOPPED;
    if (reader->form.format == INPUT_CSV)
        return take_held_rows(reader, last);
    if (reader->form.format == INPUT_ZONE)
        return take_held_zone(reader);
    for (size_t i = 0; i < held->count && error == ERR_OK; i++)
        error = take_any_line(reader, &held->lines[i]);
    drop_all(held);
    return error;
}

/* Tells whether the lines held back are of a zone file. */
static bool looks_like_zone(struct reader *reader)
{
    struct form_sample sample = {.lines = reader->held.lines, .count = reader->held.count};
    struct refused unused;
    settle(&reader->held);
    return reader->asked->format == INPUT_AUTO && form_is_zone(&sample, &unused);
}

/* Holds a line back. What holds no data is held if it may stand in a quoted cell: behind any quote, as only
 * the form will tell which of them open a cell. */
static enum error sample_line(struct reader *reader, const struct line *line)
{
    if (line->goes_on || (!is_data(line) && !reader->quote_seen))
        return ERR_OK;
    reader->quote_seen = reader->quote_seen || bytes_have(line->text, '"');
    enum error error = hold(&reader->held, line);
    bool is_full = reader->held.data == SAMPLE_LINES || reader->held.count == HELD_LINES ||
                   (line->too_long && looks_like_zone(reader));
    return error == ERR_OK && is_full ? end_sample(reader, false) : error;
}

static enum error on_line(void *arg, const struct line *line)
{
    struct reader *reader = arg;
    bool is_zone = reader->form.format == INPUT_ZONE;
    bool is_due = !is_zone || line->number % STOP_EVERY_LINES == 0;
    if (is_due && reader->stop != NULL && reader->stop(reader->stop_arg))
        return ERR_STOPPED;
    if (reader->sampling)
        return sample_line(reader, line);
    if (reader->only_look)
        return ERR_STOPPED;
    if (is_zone)
        return take_zone_line(reader, line);
    if (line->goes_on)
        return ERR_OK;
    return reader->form.format == INPUT_CSV ? take_csv_line(reader, line) : take_any_line(reader, line);
}

enum error reader_feed(struct reader *reader, struct bytes data)
{
    return lines_feed(&reader->lines, data);
}

enum error reader_end(struct reader *reader, bool whole)
{
    enum error error = whole ? lines_end(&reader->lines) : ERR_OK;
    if (error == ERR_OK && reader->sampling)
        error = end_sample(reader, true);
    else if (error == ERR_OK && reader->held.count > 0)
        error = take_held_rows(reader, true);
    if (error == ERR_OK && reader->form.format == INPUT_ZONE)
        error = zone_error(reader, zone_end(&reader->zone, whole));
    if (error == ERR_OK)
        tell(reader, true);
    if (error == ERR_OK)
        tell_zone(reader);
    return error;
}
