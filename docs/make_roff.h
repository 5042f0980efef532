/*
 * Writes the source of a manual page, in the macros of man(7): texts escaped, in rows of 72 columns, a
 * sentence beginning a row; for docs/make_manual.c. Whether all was written is asked of the stream at its
 * end.
 */
#ifndef STSWEEP_DOCS_MAKE_ROFF_H
#define STSWEEP_DOCS_MAKE_ROFF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROFF_COLUMNS = 72, ROFF_WORD_BYTES = 512, ROFF_TEXT_BYTES = 8192 };

/* Adds one character of a text, escaped; returns how many bytes of the text it took. */
static inline size_t roff_character(const char *text, FILE *out)
{
    static const struct {
        char of;
        const char *is;
    } escapes[] = {{'\\', "\\e"},  {'-', "\\-"},   {'\'', "\\(aq"}, {'`', "\\(ga"},
                   {'"', "\\(dq"}, {'~', "\\(ti"}, {'^', "\\(ha"}};
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        if (*text == escapes[i].of) {
            (void)fputs(escapes[i].is, out);
            return 1;
        }
    unsigned char first = (unsigned char)*text;
    if (first < 0x80) {
        (void)fputc(*text, out);
        return 1;
    }
    size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    unsigned point = first & (0x3Fu >> more);
    for (size_t i = 1; i <= more; i++)
        point = point << 6 | ((unsigned char)text[i] & 0x3Fu);
    (void)fprintf(out, "\\[u%04X]", point);
    return more + 1;
}

/* Writes a text as it stands. */
static inline void roff_plain(const char *text, FILE *out)
{
    for (const char *at = text; *at != 0;)
        at += roff_character(at, out);
}

/* Where in a paragraph the pen is. */
struct roff_fill {
    FILE *out;
    size_t column;
    bool ends; /* the last word ended a sentence */
};

/* Writes a word, which is escaped already. */
static inline void roff_word(struct roff_fill *fill, const char *word, bool ends)
{
    size_t len = strlen(word);
    bool breaks = fill->column > 0 && (fill->ends || fill->column + 1 + len > ROFF_COLUMNS);
    if (fill->column > 0)
        (void)fputc(breaks ? '\n' : ' ', fill->out);
    if (breaks)
        fill->column = 0;
    if (fill->column == 0 && (word[0] == '.' || word[0] == '\''))
        (void)fputs("\\&", fill->out);
    (void)fputs(word, fill->out);
    fill->column += len + 1;
    fill->ends = ends;
}

/* Does [text](where) begin here? */
static inline bool roff_links(const char *at)
{
    return *at == '[' && strncmp(at + strcspn(at, "]"), "](", 2) == 0;
}

/* Writes a paragraph. Of marks `code` becomes bold, and [text](where) the text. */
static inline void roff_text(const char *text, FILE *out)
{
    struct roff_fill fill = {.out = out};
    bool bold = false, linked = false;
    for (const char *at = text + strspn(text, " \n"); *at != 0; at += strspn(at, " \n")) {
        char word[ROFF_WORD_BYTES];
        FILE *written = fmemopen(word, sizeof word, "w");
        if (written == NULL)
            exit(1);
        const char *begin = at;
        if (bold)
            (void)fputs("\\fB", written); /* goes on from the row before */
        while (*at != 0 && *at != ' ' && *at != '\n') {
            const char *close = *at == ']' && at[1] == '(' ? strchr(at, ')') : NULL;
            if (*at == '`') {
                bold = !bold;
                (void)fputs(bold ? "\\fB" : "\\fR", written);
                at++;
            } else if (roff_links(at)) {
                linked = true;
                at++;
            } else if (linked && close != NULL) {
                linked = false;
                at = close + 1;
            } else {
                at += roff_character(at, written);
            }
        }
        if (bold)
            (void)fputs("\\fR", written);
        if (fclose(written) != 0)
            exit(1);
        bool ends = at > begin && strchr(".?!", at[-1]) != NULL;
        roff_word(&fill, word, ends);
    }
    (void)fputc('\n', out);
}

static inline void roff_textf(FILE *out, const char *format, ...)
{
    char text[ROFF_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof text)
        exit(1);
    roff_text(text, out);
}

/* Writes rows that are not to be filled. */
static inline void roff_rows(const char *text, FILE *out)
{
    (void)fputs(".nf\n", out);
    if (*text == '.' || *text == '\'')
        (void)fputs("\\&", out);
    for (const char *at = text; *at != 0;) {
        bool begins = *at == '\n' && (at[1] == '.' || at[1] == '\'');
        at += roff_character(at, out);
        if (begins)
            (void)fputs("\\&", out);
    }
    (void)fputs("\n.fi\n", out);
}

/* Begins an item of a list: its name in bold, then what is in italics; NULL: nothing. */
static inline void roff_item(const char *name, const char *value, FILE *out)
{
    (void)fputs(".TP\n\\fB", out);
    roff_plain(name, out);
    (void)fputs("\\fR", out);
    if (value != NULL && *value != 0) {
        (void)fputs(" \\fI", out);
        roff_plain(value, out);
        (void)fputs("\\fR", out);
    }
    (void)fputc('\n', out);
}

#endif
