/* Escapes, and writes tables and charts. */
#include "output/report/html.h"

#include <string.h>

#include "scanner/base/utf8.h"

static const char *entity(uint8_t byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_text(FILE *out, struct bytes text)
{
    while (text.len > 0) {
        size_t len = utf8_shown_len(text);
        const char *name = len == 1 ? entity(text.data[0]) : NULL;
        if (name != NULL)
            (void)fputs(name, out);
        else if (len > 0)
            (void)fwrite(text.data, 1, len, out);
        else
            (void)fprintf(out, "\\x%02X", text.data[0]);
        len += len == 0;
        text = bytes_behind(text, len);
    }
}

void html_string(FILE *out, const char *text)
{
    html_text(out, bytes_of(text));
}

void html_count(FILE *out, uint64_t count)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            (void)fputc(',', out);
        (void)fputc(digits[i], out);
    }
}

void html_share(FILE *out, uint64_t part, uint64_t whole)
{
    if (whole == 0) {
        (void)fputc('-', out);
        return;
    }
    double share = 100.0 * (double)part / (double)whole;
    if (part > 0 && share < 0.05)
        (void)fputs("under 0.1 %", out);
    else if (part < whole && share >= 99.95)
        (void)fputs("over 99.9 %", out);
    else
        (void)fprintf(out, "%.1f %%", share);
}

/* Writes a word so that a shell takes it as it is. */
static void shell_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=+,:@%";
    if (word[0] != 0 && strspn(word, plain) == strlen(word)) {
        html_string(out, word);
        return;
    }
    html_string(out, "'");
    for (size_t len = strcspn(word, "'"); word[len] != 0; word += len + 1, len = strcspn(word, "'")) {
        html_text(out, bytes_make(word, len));
        html_string(out, "'\\''");
    }
    html_string(out, word);
    html_string(out, "'");
}

static void put_flags(FILE *out, const struct html_flag *flags, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (flags[i].value == NULL)
            continue;
        (void)fprintf(out, " %s ", flags[i].name);
        shell_word(out, flags[i].value);
    }
}

void html_command(FILE *out, const char *dir, const char *rest, const struct html_flag *flags, size_t count)
{
    (void)fputs("<code>stsweep show ", out);
    shell_word(out, dir);
    (void)fputc(' ', out);
    html_string(out, rest);
    put_flags(out, flags, count);
    (void)fputs("</code>", out);
}

void html_diff_command(FILE *out, const char *old, const char *new, const struct html_flag *flags,
                       size_t count, const char *filter)
{
    (void)fputs("<code>stsweep diff ", out);
    shell_word(out, old);
    (void)fputc(' ', out);
    shell_word(out, new);
    (void)fputs(" --json", out);
    put_flags(out, flags, count);
    (void)fputs(" | ", out);
    html_string(out, filter);
    (void)fputs("</code>", out);
}

/* ---- tables -------------------------------------------------------------------------------------------- */

void html_table_begin(FILE *out, const char *caption, const struct html_column *columns, size_t count,
                      bool can_filter)
{
    (void)fprintf(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    html_string(out, caption);
    (void)fprintf(out, "\"><table%s>\n<caption>", can_filter ? " class=\"filtered\"" : "");
    html_string(out, caption);
    (void)fputs("</caption>\n<thead><tr>", out);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "<th scope=\"col\"%s>", columns[i].is_number ? " class=\"n\"" : "");
        html_string(out, columns[i].head);
        (void)fputs("</th>", out);
    }
    (void)fputs("</tr></thead>\n<tbody>\n", out);
}

void html_table_end(FILE *out)
{
    (void)fputs("</tbody></table></div>\n", out);
}

void html_row_begin(FILE *out)
{
    (void)fputs("<tr>", out);
}

void html_row_end(FILE *out)
{
    (void)fputs("</tr>\n", out);
}

void html_cell(FILE *out, struct bytes text)
{
    (void)fputs("<td>", out);
    html_text(out, text);
    (void)fputs("</td>", out);
}

void html_cell_string(FILE *out, const char *text)
{
    html_cell(out, bytes_of(text));
}

void html_cell_count(FILE *out, uint64_t count)
{
    (void)fputs("<td class=\"n\">", out);
    html_count(out, count);
    (void)fputs("</td>", out);
}

void html_cell_share(FILE *out, uint64_t part, uint64_t whole)
{
    (void)fputs("<td class=\"n\">", out);
    html_share(out, part, whole);
    (void)fputs("</td>", out);
}

/* ---- charts -------------------------------------------------------------------------------------------- */

enum { CHART_WIDTH = 720, BAR_LEFT = 150, BAR_MOST = 400, ROW_HEIGHT = 26, BAR_HEIGHT = 16 };

static void bar(FILE *out, const struct html_bar *row, size_t at, uint64_t most, uint64_t whole)
{
    size_t top = at * ROW_HEIGHT;
    double width = most == 0 ? 0 : (double)row->count * (double)BAR_MOST / (double)most;
    if (row->count > 0 && width < 1)
        width = 1;
    (void)fprintf(out, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">", BAR_LEFT - 8, top + 14);
    html_string(out, row->name);
    (void)fprintf(out, "</text><rect class=\"%s\" x=\"%d\" y=\"%zu\" width=\"%.1f\" height=\"%d\"/>",
                  row->kind, BAR_LEFT, top + 2, width, BAR_HEIGHT);
    (void)fprintf(out, "<text x=\"%.1f\" y=\"%zu\">", (double)BAR_LEFT + width + 8, top + 14);
    html_count(out, row->count);
    (void)fputs(" (", out);
    html_share(out, row->count, whole);
    (void)fputs(")</text>\n", out);
}

void html_bars(FILE *out, const char *title, const struct html_bar *bars, size_t count, uint64_t whole)
{
    uint64_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = bars[i].count > most ? bars[i].count : most;
    (void)fprintf(out,
                  "<figure><svg viewBox=\"0 0 %d %zu\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">"
                  "<title>",
                  CHART_WIDTH, count * ROW_HEIGHT);
    html_string(out, title);
    (void)fputs("</title>\n", out);
    for (size_t i = 0; i < count; i++)
        bar(out, &bars[i], i, most, whole);
    (void)fputs("</svg></figure>\n", out);
}
