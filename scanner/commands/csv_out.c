/* Gathers a row, so that it is written whole. */
#include "scanner/commands/csv_out.h"

#include <inttypes.h>
#include <string.h>

#include "output/json/json_write.h"
#include "scanner/base/csv.h"
#include "scanner/base/error.h"
#include "scanner/base/put_bytes.h"
#include "scanner/facts/failure.h"

/* A row of cells of 64 KiB each, all of them quotes, takes a tenth of it. */
enum { ROW_BYTES = 32 << 20 };

/* ---- the flags ----------------------------------------------------------------------------------------- */

static const struct {
    const char *word, *itself;
    char separator;
} separators[] = {{"comma", ",", ','}, {"semicolon", ";", ';'}, {"tab", "\t", '\t'}};

enum { SEPARATORS = sizeof separators / sizeof *separators };

const char *csv_style_word(size_t index)
{
    return index < SEPARATORS ? separators[index].word : NULL;
}

bool csv_style_take(struct csv_style *style, enum flag flag, struct flags *flags)
{
    if (flag == FLAG_BOM)
        style->bom = true;
    if (flag != FLAG_SEPARATOR)
        return true;
    for (size_t i = 0; i < SEPARATORS; i++)
        if (strcmp(flags->value, separators[i].word) == 0 ||
            strcmp(flags->value, separators[i].itself) == 0) {
            style->separator = separators[i].separator;
            return true;
        }
    (void)flags_refuse(flags, "--separator knows `,`, `;` and tab, or comma and semicolon in words, not ",
                       flags->value, "");
    return false;
}

bool csv_style_fits(const struct csv_style *style, bool is_csv, struct flags *flags)
{
    if (is_csv || (style->separator == 0 && !style->bom))
        return true;
    (void)flags_refuse(flags, "--separator and --bom are for CSV: they need --csv", "", "");
    return false;
}

/* ---- a table ------------------------------------------------------------------------------------------- */

void csv_out_begin(struct csv_out *csv, FILE *out, const struct csv_style *style)
{
    *csv = (struct csv_out){.out = out, .separator = style->separator == 0 ? ',' : style->separator};
    buf_init(&csv->row, ROW_BYTES);
    if (style->bom)
        (void)fputs("\xEF\xBB\xBF", out);
}

void csv_out_dispose(struct csv_out *csv)
{
    buf_dispose(&csv->row);
}

static void begin_cell(struct csv_out *csv)
{
    if (csv->follows)
        (void)buf_byte(&csv->row, (uint8_t)csv->separator);
    csv->follows = true;
}

void csv_out_cell(struct csv_out *csv, struct bytes cell)
{
    struct buf text;
    struct json json;
    begin_cell(csv);
    if (json_is_text(cell)) {
        (void)csv_put(&csv->row, cell);
        return;
    }
    buf_init(&text, 2 * cell.len + 8);
    json_start(&json, &text);
    json_put_base64(&json, NULL, cell);
    if (!json_finish(&json))
        out_of_memory("a cell of CSV");
    (void)csv_put(&csv->row, bytes_make(text.data + 1, text.len - 3)); /* "…" and the end of a line */
    buf_dispose(&text);
}

void csv_out_text(struct csv_out *csv, const char *text)
{
    csv_out_cell(csv, bytes_of(text));
}

void csv_out_number(struct csv_out *csv, uint64_t number)
{
    begin_cell(csv);
    (void)buf_printf(&csv->row, "%" PRIu64, number);
}

void csv_out_end_row(struct csv_out *csv)
{
    if (!buf_text(&csv->row, "\r\n"))
        out_of_memory("a row of CSV");
    (void)put_bytes(csv->out, buf_bytes(&csv->row));
    buf_reset(&csv->row);
    csv->follows = false;
}

/* ---- codes in words ------------------------------------------------------------------------------------ */

static const char *why_of(const struct failure *failure)
{
    return failure->why;
}

static const char *who_of(const struct failure *failure)
{
    return failure_who_name(failure->who);
}

static const char *mend_of(const struct failure *failure)
{
    return failure->mend;
}

static const struct {
    const char *name;
    const char *(*of)(const struct failure *failure);
} words[] = {{"why", why_of}, {"who", who_of}, {"mend", mend_of}};

void csv_out_words_head(struct csv_out *csv)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        csv_out_text(csv, words[i].name);
}

static void put_words(struct csv_out *csv, struct bytes codes,
                      const char *(*of)(const struct failure *failure))
{
    struct buf text;
    buf_init(&text, ROW_BYTES);
    for (size_t at = 0, end; at < codes.len; at = end + 1) {
        const uint8_t *blank = memchr(codes.data + at, ' ', codes.len - at);
        end = blank == NULL ? codes.len : (size_t)(blank - codes.data);
        enum failure_code code = failure_find((const char *)codes.data + at, end - at);
        (void)buf_text(&text, at == 0 ? "" : CSV_OUT_BETWEEN);
        (void)buf_text(&text, code == FAIL_NONE || code == FAIL_COUNT ? "" : of(failure_get(code)));
    }
    if (text.failed)
        out_of_memory("the words of codes");
    csv_out_cell(csv, buf_bytes(&text));
    buf_dispose(&text);
}

void csv_out_words(struct csv_out *csv, struct bytes codes)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        put_words(csv, codes, words[i].of);
}
