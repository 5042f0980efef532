/* Takes a line of the opt-out list apart: the entry, since when it stands there, and a comment. Pure. */
#include <stdio.h>

#include "input/cell.h"
#include "input/optout_list.h"
#include "input/plain.h"
#include "scanner/base/trim.h"
#include "scanner/base/utf8.h"

enum { DATE_LEN = OPTOUT_SINCE_BYTES - 1, YEAR_LEAST = 1990, MONTHS = 12 };

/* Tells whether the text begins with what is meant as a date: 0000-00-00, and no digit behind. */
static bool has_date(struct bytes text)
{
    static const char form[] = "dddd-dd-dd";
    if (text.len < DATE_LEN ||
        (text.len > DATE_LEN && text.data[DATE_LEN] >= '0' && text.data[DATE_LEN] <= '9'))
        return false;
    for (size_t i = 0; i < DATE_LEN; i++)
        if (form[i] == '-' ? text.data[i] != '-' : text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

static unsigned number_at(struct bytes text, size_t from, size_t len)
{
    unsigned sum = 0;
    for (size_t i = from; i < from + len; i++)
        sum = sum * 10 + (unsigned)(text.data[i] - '0');
    return sum;
}

/* Is there such a day? */
static bool is_day(struct bytes date)
{
    static const unsigned days[MONTHS] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = number_at(date, 0, 4), month = number_at(date, 5, 2), day = number_at(date, 8, 2);
    bool leaps = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return year >= YEAR_LEAST && month >= 1 && month <= MONTHS && day >= 1 &&
           day <= days[month - 1] + (month == 2 && leaps);
}

static bool is_between(uint8_t byte)
{
    return is_space(byte) || byte == ',' || byte == ';' || byte == ':';
}

static struct bytes skip_between(struct bytes text)
{
    while (text.len > 0 && is_between(text.data[0]))
        text = bytes_make(text.data + 1, text.len - 1);
    return trim(text);
}

/* Takes the date that the text begins with, if there is such a day, and the rest as the comment. */
static void take_note(struct bytes text, struct optout_note *note)
{
    text = skip_between(text);
    if (has_date(text) && is_day(text)) {
        (void)snprintf(note->since, sizeof note->since, "%.*s", DATE_LEN, (const char *)text.data);
        text = skip_between(bytes_make(text.data + DATE_LEN, text.len - DATE_LEN));
    }
    (void)cell_label(text, note->comment);
}

/* Returns where the columns behind the entry begin, if the first of them is a date; else the text's end. */
static size_t columns_from(struct bytes text)
{
    size_t end = 0;
    while (end < text.len && !is_space(text.data[end]) && text.data[end] != ',' && text.data[end] != ';')
        end++;
    return has_date(skip_between(bytes_make(text.data + end, text.len - end))) ? end : text.len;
}

const char *optout_note_parse(struct bytes line, struct optout_note *note)
{
    struct bytes text = plain_name(line), whole = trim(line);
    *note = (struct optout_note){.entry = text};
    size_t end = columns_from(text);
    if (end < text.len) {
        struct bytes columns = skip_between(bytes_make(text.data + end, text.len - end));
        if (!is_day(columns))
            return "there is no such day: a date is written 2026-11-30";
        note->entry = bytes_make(text.data, end);
        text = bytes_make(columns.data, whole.len - (size_t)(columns.data - whole.data));
        take_note(text, note);
        return NULL;
    }
    if (whole.len > text.len) {
        struct bytes comment = trim(bytes_make(whole.data + text.len, whole.len - text.len));
        take_note(bytes_make(comment.data + 1, comment.len - 1), note); /* behind the # */
    }
    return NULL;
}
