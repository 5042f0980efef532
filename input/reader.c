/* Turns lines into names and rejects. No I/O. */
#include "input/reader.h"

#include "input/form_text.h"
#include "input/plain.h"
#include "input/words.h"
#include "scanner/base/trim.h"
#include "scanner/base/utf8.h"

enum {
    REJECT_TEXT_BYTES = 1024,
    LABEL_BYTES = 255,
    TOLD_BYTES = 4096,
};

static enum error on_line(void *arg, const struct line *line);

void reader_init(struct reader *reader, const char *file, const struct input_asked *asked,
                 const struct input_form *form, const struct input_sink *sink, uint64_t ordinal)
{
    *reader = (struct reader){.file = file, .asked = asked, .sink = sink, .ordinal = ordinal};
    if (form != NULL)
        reader->form = *form;
    /* There is nothing to tell of names a line, if that is what somebody says. */
    if (asked->format == INPUT_PLAIN && asked->header != INPUT_HEADER_YES)
        reader->form.format = INPUT_PLAIN;
    reader->sampling = reader->form.format == INPUT_AUTO;
    lines_init(&reader->lines, on_line, reader);
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

/* Copies a label that is no UTF-8: it is the text of an older spreadsheet, ISO 8859-1 as a rule. */
static const char *copy_latin(struct bytes label, char out[LABEL_BYTES + 1])
{
    size_t len = 0;
    for (size_t i = 0; i < label.len && len + 2 <= LABEL_BYTES; i++) {
        uint8_t byte = label.data[i];
        if (byte >= 0x80)
            out[len++] = (char)(0xc0 | byte >> 6);
        out[len++] = byte == '\n' || byte == '\r' ? ' ' : (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3f));
    }
    out[len] = '\0';
    return out;
}

/* Copies the label, cut at a code point's start; a line's end in it becomes a blank. */
static const char *copy_label(struct bytes label, char out[LABEL_BYTES + 1])
{
    if (label.len == 0)
        return NULL;
    if (utf8_find_fault(label) < label.len)
        return copy_latin(label, out);
    size_t len = label.len < LABEL_BYTES ? label.len : LABEL_BYTES;
    if (len < label.len)
        while (len > LABEL_BYTES - 3 && (label.data[len] & 0xc0) == 0x80)
            len--;
    for (size_t i = 0; i < len; i++)
        out[i] = label.data[i] == '\n' || label.data[i] == '\r' ? ' ' : (char)label.data[i];
    out[len] = '\0';
    return out;
}

/* Returns the rank, or 0 if the cell is none: that is no reason to lose the name. */
static uint32_t rank_of(struct bytes cell)
{
    uint64_t rank = 0;
    if (!csv_is_number(cell))
        return 0;
    for (size_t i = 0; i < cell.len; i++) {
        rank = rank * 10 + (cell.data[i] - '0');
        if (rank > UINT32_MAX)
            return 0;
    }
    return (uint32_t)rank;
}

/* What stands beside a name. */
struct beside {
    struct bytes rank, label;
};

/* Takes text as one name. shown is what a reject shows of the line. */
static enum error take_name(struct reader *reader, const struct line *line, struct bytes text,
                            const struct beside *beside, struct bytes shown)
{
    char domain[HOSTNAME_BYTES], label_text[LABEL_BYTES + 1];
    enum failure_code code = hostname_read(text, reader->asked->lenient, domain);
    if (code == FAIL_NONE && words_are_no_value(domain))
        code = FAIL_INPUT_BAD_NAME;
    if (code != FAIL_NONE)
        return reject(reader, line, shown, code);
    struct input_name name = {.ordinal = ++reader->ordinal,
                              .domain = domain,
                              .rank = rank_of(beside->rank),
                              .label = copy_label(beside->label, label_text)};
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
    if (reader->form.format == INPUT_CSV)
        return take_held_rows(reader, last);
    for (size_t i = 0; i < held->count && error == ERR_OK; i++)
        error = take_line(reader, &held->lines[i]);
    drop_all(held);
    return error;
}

/* Holds a line back. What holds no data is held if it may stand in a quoted cell: behind any quote, as only
 * the form will tell which of them open a cell. */
static enum error sample_line(struct reader *reader, const struct line *line)
{
    if (!is_data(line) && !reader->quote_seen)
        return ERR_OK;
    reader->quote_seen = reader->quote_seen || bytes_have(line->text, '"');
    enum error error = hold(&reader->held, line);
    bool is_full = reader->held.data == SAMPLE_LINES || reader->held.count == HELD_LINES;
    return error == ERR_OK && is_full ? end_sample(reader, false) : error;
}

static enum error on_line(void *arg, const struct line *line)
{
    struct reader *reader = arg;
    if (reader->stop != NULL && reader->stop(reader->stop_arg))
        return ERR_STOPPED;
    if (reader->sampling)
        return sample_line(reader, line);
    return reader->form.format == INPUT_CSV ? take_csv_line(reader, line) : take_line(reader, line);
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
    if (error == ERR_OK)
        tell(reader, true);
    return error;
}
