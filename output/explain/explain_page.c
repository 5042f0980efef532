/* Folds, escapes and marks the text that a person reads. */
#include "output/explain/explain_page.h"

#include <time.h>

enum { MARK_MARGIN = 2, MARK_WIDTH = 9, STEP_INDENT = 26, ESCAPED = 4, DATE_BYTES = 48 };

static const struct {
    const char *word;
    const char *colour;
} marks[MARK_COUNT] = {
    [MARK_NOTE] = {"-", ""},
    [MARK_OK] = {"ok", "\x1b[32m"},
    [MARK_WARNING] = {"warning", "\x1b[33m"},
    [MARK_FAIL] = {"FAIL", "\x1b[1;31m"},
    [MARK_UNKNOWN] = {"unknown", "\x1b[36m"},
};

void page_begin(struct page *page, struct buf *out, bool colour)
{
    *page = (struct page){.out = out, .colour = colour};
    buf_init(&page->line, out->ceiling_bytes);
}

bool page_end(struct page *page)
{
    bool made = !page->out->failed && !page->line.failed;
    buf_dispose(&page->line);
    return made;
}

const char *mark_word(enum mark mark)
{
    return marks[mark].word;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

/* The writing position: the row so far, and where further rows begin. */
struct place {
    struct buf *out;
    size_t column;
    size_t indent;
};

static size_t width_of(char letter)
{
    return letter >= 0x20 && letter < 0x7f ? 1 : ESCAPED;
}

static void new_row(struct place *place)
{
    buf_printf(place->out, "\n%*s", (int)place->indent, "");
    place->column = place->indent;
}

static void put_letter(struct place *place, char letter)
{
    size_t width = width_of(letter);
    if (place->column + width > PAGE_COLUMNS)
        new_row(place);
    if (width == 1)
        buf_byte(place->out, (uint8_t)letter);
    else
        buf_printf(place->out, "\\x%02x", (unsigned)(uint8_t)letter);
    place->column += width;
}

/* Writes a word, on the next row if it does not fit; one longer than a row is cut. */
static void put_word(struct place *place, const char *word, size_t len)
{
    size_t width = 0;
    for (size_t i = 0; i < len; i++)
        width += width_of(word[i]);
    if (place->column > place->indent && place->column + 1 + width > PAGE_COLUMNS)
        new_row(place);
    else if (place->column > place->indent)
        put_letter(place, ' ');
    for (size_t i = 0; i < len; i++)
        put_letter(place, word[i]);
}

static void put_words(struct place *place, struct buf *line)
{
    const char *text = buf_string(line);
    for (text += strspn(text, " "); *text != 0; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        put_word(place, text, len);
        text += len;
    }
    buf_byte(place->out, '\n');
    buf_reset(line);
}

/* Writes head at the margin; one that reaches into the text's columns gets a row of its own. */
static struct place begin_row(struct page *page, size_t margin, size_t indent, const char *head)
{
    struct place place = {.out = page->out, .column = margin, .indent = margin};
    buf_printf(page->out, "%*s", (int)margin, "");
    for (; *head != 0; head++)
        put_letter(&place, *head);
    place.indent = indent;
    if (place.column > indent)
        new_row(&place);
    for (; place.column < indent; place.column++)
        buf_byte(page->out, ' ');
    return place;
}

void page_fold(struct page *page, size_t margin, size_t indent, const char *head)
{
    struct place place = begin_row(page, margin, indent, head);
    put_words(&place, &page->line);
}

void page_raw(struct page *page, size_t margin, size_t indent, const char *head)
{
    struct place place = begin_row(page, margin, indent, head);
    for (size_t i = 0; i < page->line.len; i++)
        put_letter(&place, (char)page->line.data[i]);
    buf_byte(page->out, '\n');
    buf_reset(&page->line);
}

static void put_mark(struct page *page, enum mark mark)
{
    bool colour = page->colour && marks[mark].colour[0] != 0;
    buf_printf(page->out, "%*s%s%s%s%*s", MARK_MARGIN, "", colour ? marks[mark].colour : "", marks[mark].word,
               colour ? "\x1b[0m" : "", MARK_WIDTH - (int)strlen(marks[mark].word), "");
}

void page_step(struct page *page, enum mark mark, const char *head)
{
    put_mark(page, mark);
    struct place place = {.out = page->out, .column = MARK_MARGIN + MARK_WIDTH, .indent = STEP_INDENT};
    for (; *head != 0; head++)
        put_letter(&place, *head);
    if (place.column > STEP_INDENT - 1)
        new_row(&place);
    for (; place.column < STEP_INDENT; place.column++)
        buf_byte(page->out, ' ');
    put_words(&place, &page->line);
}

void page_finding(struct page *page, enum mark mark)
{
    put_mark(page, mark);
    struct place place = {page->out, MARK_MARGIN + MARK_WIDTH, MARK_MARGIN + MARK_WIDTH};
    put_words(&place, &page->line);
}

/* ---- pieces of a line
 * --------------------------------------------------------------------------------------
 */

static void add_ede(struct page *page, const struct dns_ede *ede)
{
    const char *name = dns_ede_name(ede->code);
    if (name != NULL)
        buf_text(&page->line, name);
    else
        buf_printf(&page->line, "error %u", (unsigned)ede->code);
    if (ede->text.len == 0)
        return;
    buf_text(&page->line, ", \"");
    page_quote(page, ede->text, DNS_EDE_TEXT_BYTES);
    buf_byte(&page->line, '"');
}

void page_edes(struct page *page, const struct lookup_facts *lookup)
{
    for (size_t i = 0; i < lookup->ede_count; i++) {
        buf_text(&page->line, i == 0 ? " (the resolver says: " : "; ");
        add_ede(page, &lookup->edes[i]);
    }
    if (lookup->ede_count > 0)
        buf_byte(&page->line, ')');
}

void page_quote(struct page *page, struct bytes text, size_t most)
{
    for (size_t i = 0; i < text.len && i < most; i++) {
        uint8_t byte = text.data[i];
        if (byte >= 0x20 && byte < 0x7f && byte != '\\')
            buf_byte(&page->line, byte);
        else
            buf_printf(&page->line, "\\x%02x", byte);
    }
    if (text.len > most)
        buf_text(&page->line, " ...");
}

static void put_date(struct page *page, int64_t seconds, const char *format)
{
    char text[DATE_BYTES];
    struct tm parts;
    time_t when = (time_t)seconds;
    bool fits = gmtime_r(&when, &parts) != NULL && strftime(text, sizeof text, format, &parts) > 0;
    buf_text(&page->line, fits ? text : "a date beyond all calendars");
}

void page_day(struct page *page, int64_t seconds)
{
    put_date(page, seconds, "%Y-%m-%d");
}

void page_time(struct page *page, int64_t seconds)
{
    put_date(page, seconds, "%Y-%m-%d %H:%M UTC");
}
