/* Turns lines into names and rejects. No I/O. */
#include "input/reader.h"

#include "input/plain.h"
#include "scanner/base/trim.h"
#include "scanner/facts/hostname.h"

enum {
    SAMPLE_LINES = 32,
    REJECT_TEXT_BYTES = 1024,
    LABEL_BYTES = 255,
};

/* It stands before the bytes of each line that is held back. */
struct sampled {
    struct line line; /* text.data is set anew when it is taken out */
};

static enum error on_line(void *arg, const struct line *line);

void reader_init(struct reader *reader, const char *file, enum input_format format,
                 const struct input_sink *sink, uint64_t ordinal)
{
    *reader = (struct reader){.file = file,
                              .format = format,
                              .sink = sink,
                              .ordinal = ordinal,
                              .sampling = format != INPUT_PLAIN,
                              .separator = ',',
                              .columns = {.domain = 0, .rank = -1, .label = -1}};
    lines_init(&reader->lines, on_line, reader);
    buf_init(&reader->sample, SAMPLE_LINES * (sizeof(struct sampled) + LINE_BYTES));
}

void reader_dispose(struct reader *reader)
{
    buf_dispose(&reader->sample);
}

static enum error reject(struct reader *reader, const struct line *line, enum failure_code reason)
{
    struct input_reject rejected = {.ordinal = ++reader->ordinal,
                                    .file = reader->file,
                                    .line = line->number,
                                    .text = line->text,
                                    .reason = reason};
    if (rejected.text.len > REJECT_TEXT_BYTES)
        rejected.text.len = REJECT_TEXT_BYTES;
    reader->inputs++;
    reader->rejected[reason]++;
    return reader->sink->reject(reader->sink->arg, &rejected);
}

/* Copies the label, cut at a code point's start. */
static const char *copy_label(struct bytes label, char out[LABEL_BYTES + 1])
{
    if (label.len == 0)
        return NULL;
    size_t len = label.len < LABEL_BYTES ? label.len : LABEL_BYTES;
    if (len < label.len)
        while (len > LABEL_BYTES - 3 && (label.data[len] & 0xc0) == 0x80)
            len--;
    memcpy(out, label.data, len);
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

static enum error take_name(struct reader *reader, const struct line *line, struct bytes text,
                            struct bytes rank, struct bytes label)
{
    char domain[HOSTNAME_BYTES], label_text[LABEL_BYTES + 1];
    enum failure_code code = hostname_normalize(text, domain);
    if (code != FAIL_NONE)
        return reject(reader, line, code);
    struct input_name name = {.ordinal = ++reader->ordinal,
                              .domain = domain,
                              .rank = rank_of(rank),
                              .label = copy_label(label, label_text)};
    reader->inputs++;
    return reader->sink->name(reader->sink->arg, &name);
}

static enum error take_row(struct reader *reader, const struct line *line)
{
    struct csv_row row;
    csv_split(line->text, reader->separator, reader->scratch, &row);
    if (row.malformed)
        return reject(reader, line, FAIL_INPUT_BAD_NAME);
    const struct csv_columns *columns = &reader->columns;
    /* A row of one cell is a name, wherever the others have theirs. */
    int domain = row.count == 1 ? 0 : columns->domain;
    struct bytes none = bytes_make(NULL, 0);
    return take_name(reader, line, csv_cell(&row, domain),
                     row.count == 1 ? none : csv_cell(&row, columns->rank),
                     row.count == 1 ? none : csv_cell(&row, columns->label));
}

/* Takes a line that holds data, once the form is known. */
static enum error take_line(struct reader *reader, const struct line *line)
{
    if (line->too_long)
        return reject(reader, line, FAIL_INPUT_TOO_LONG);
    if (bytes_have(line->text, '\0'))
        return reject(reader, line, FAIL_INPUT_BAD_NAME);
    if (reader->format == INPUT_CSV)
        return take_row(reader, line);
    struct bytes none = bytes_make(NULL, 0);
    return take_name(reader, line, plain_name(line->text), none, none);
}

/* Returns the held line at *at, and moves *at behind it. */
static struct line sampled_line(const struct reader *reader, size_t *at)
{
    struct sampled head;
    memcpy(&head, reader->sample.data + *at, sizeof head);
    *at += sizeof head;
    head.line.text.data = reader->sample.data + *at;
    *at += head.line.text.len;
    return head.line;
}

/* Counts the held lines that are rows of cells with this between them, with a name or a header's word among
 * the cells. */
static size_t count_rows(struct reader *reader, uint8_t separator)
{
    size_t rows = 0;
    for (size_t at = 0; at < reader->sample.len;) {
        bool first = at == 0;
        struct line line = sampled_line(reader, &at);
        struct csv_census census = {0};
        struct csv_columns named;
        struct csv_row row;
        if (line.too_long)
            continue;
        csv_split(plain_name(line.text), separator, reader->scratch, &row);
        rows +=
            row.count > 1 && (csv_census_add(&census, &row, false) || (first && csv_header(&row, &named)));
    }
    return rows;
}

static uint8_t decide_separator(struct reader *reader)
{
    static const uint8_t separators[] = {',', ';', '\t'};
    uint8_t best = separators[0];
    size_t most = count_rows(reader, best);
    for (size_t i = 1; i < sizeof separators; i++) {
        size_t rows = count_rows(reader, separators[i]);
        if (rows > most) {
            most = rows;
            best = separators[i];
        }
    }
    return best;
}

/* Decides form and columns; true if the first line is a header. */
static bool decide(struct reader *reader)
{
    struct csv_census census = {0};
    struct csv_columns named = {-1, -1, -1};
    bool is_csv = reader->format == INPUT_CSV, has_header = false;
    reader->separator = decide_separator(reader);
    for (size_t at = 0; at < reader->sample.len;) {
        bool first = at == 0;
        struct line line = sampled_line(reader, &at);
        struct csv_row row;
        if (line.too_long)
            continue;
        /* In a plain list a comma may stand in a comment behind the name. */
        struct bytes text = is_csv ? trim(line.text) : plain_name(line.text);
        csv_split(text, reader->separator, reader->scratch, &row);
        if (first && csv_header(&row, &named)) {
            has_header = true;
            is_csv = is_csv || row.count > 1;
        } else {
            is_csv = csv_census_add(&census, &row, text.data[0] == '"') || is_csv;
        }
    }
    reader->format = is_csv ? INPUT_CSV : INPUT_PLAIN;
    reader->columns = named.domain >= 0 ? named : csv_census_decide(&census);
    return has_header;
}

/* Tells the form, and takes the lines that were held back. */
static enum error end_sample(struct reader *reader)
{
    bool skip = decide(reader);
    enum error error = ERR_OK;
    for (size_t at = 0; at < reader->sample.len && error == ERR_OK; skip = false) {
        struct line line = sampled_line(reader, &at);
        if (!skip)
            error = take_line(reader, &line);
    }
    reader->sampling = false;
    buf_dispose(&reader->sample);
    return error;
}

static enum error sample(struct reader *reader, const struct line *line)
{
    struct sampled head = {.line = *line};
    if (!buf_append(&reader->sample, &head, sizeof head) ||
        !buf_append(&reader->sample, line->text.data, line->text.len))
        return ERR_MEMORY;
    return ++reader->sampled < SAMPLE_LINES ? ERR_OK : end_sample(reader);
}

static enum error on_line(void *arg, const struct line *line)
{
    struct reader *reader = arg;
    if (reader->stop != NULL && reader->stop(reader->stop_arg))
        return ERR_STOPPED;
    /* A line of 4,096 blanks that goes on is too long; a comment may be. */
    struct bytes text = trim(line->text);
    bool is_data = plain_has_data(line->text) || (line->too_long && text.len == 0);
    if (!is_data)
        return ERR_OK;
    return reader->sampling ? sample(reader, line) : take_line(reader, line);
}

enum error reader_feed(struct reader *reader, struct bytes data)
{
    return lines_feed(&reader->lines, data);
}

enum error reader_end(struct reader *reader, bool whole)
{
    enum error error = whole ? lines_end(&reader->lines) : ERR_OK;
    if (error == ERR_OK && reader->sampling)
        error = end_sample(reader);
    return error;
}
