/*
 * Reads an INI file into struct config. libinih splits lines into section, key and value; the reader that
 * feeds it numbers the lines and finds the faults that libinih passes over or reports only once: overlong
 * lines (it would split them silently), lines that are neither a section nor key = value, and unknown
 * sections. Each line stands for itself: there are no continuation lines.
 */
#include "scanner/config/config.h"

#include <errno.h>
#include <ini.h>
#include <pthread.h>
#include <string.h>

#include "scanner/base/errno_said.h"
#include "scanner/base/shown.h"
#include "scanner/config/config_table.h"

enum { LINE_BYTES = CONFIG_TEXT_BYTES + 512, ORIGIN_BYTES = 4128, KEY_NAME_BYTES = 256 };

struct reader {
    FILE *file;
    const char *path;
    struct config *config;
    struct buf *why;
    size_t line;         /* number of the line that was read last */
    bool awaiting_key;   /* it should be key = value, and libinih has not yet said so */
    bool section_is_bad; /* its keys are passed over: the fault was said once */
    size_t faults;       /* so far */
    size_t bytes;        /* read so far */
    enum error error;
};

static void origin_of(const struct reader *reader, char origin[ORIGIN_BYTES])
{
    (void)snprintf(origin, ORIGIN_BYTES, "%s:%zu", shown(reader->path), reader->line);
}

/* Counts a fault; true: it is one of the first, which are said. */
static bool is_said(struct reader *reader)
{
    reader->error = ERR_CONFIG;
    return reader->faults++ < CONFIG_FAULTS_SAID;
}

static void fault(struct reader *reader, const char *reason)
{
    char origin[ORIGIN_BYTES];
    if (!is_said(reader))
        return;
    origin_of(reader, origin);
    buf_printf(reader->why, "%s: %s\n", origin, reason);
}

static void unknown_section(struct reader *reader, const char *section)
{
    char origin[ORIGIN_BYTES], rest[NEAREST_TEXT_BYTES];
    if (!is_said(reader))
        return;
    origin_of(reader, origin);
    config_fault(reader->why, origin, "unknown section", section, config_nearest_section(section, rest));
}

/* Tells whether it is a byte that does not belong in a line of text. */
static bool is_control(int c)
{
    return (c < 0x20 && c != '\t' && c != '\r') || c == 0x7f;
}

/* Reads a byte; what has more than a configuration may have ends there. */
static int next_byte(struct reader *reader)
{
    if (reader->bytes > CONFIG_FILE_BYTES)
        return EOF;
    reader->bytes++;
    return getc(reader->file);
}

/* Reads one line without its end and its indentation. Reports at most one fault, and the line is then
 * empty. */
static bool read_line(struct reader *reader, char *line, size_t size)
{
    size_t len = 0;
    bool overlong = false, control = false;
    int c;
    while ((c = next_byte(reader)) != EOF && c != '\n') {
        control = control || is_control(c);
        if (len + 1 >= size)
            overlong = true;
        else if (len > 0 || (c != ' ' && c != '\t'))
            line[len++] = (char)c;
    }
    line[overlong || control ? 0 : len] = '\0';
    if (c == EOF && len == 0)
        return false;
    reader->line++;
    if (control)
        fault(reader, "the line holds control characters");
    else if (overlong)
        fault(reader, "the line is too long");
    return true;
}

static void skip_byte_order_mark(struct reader *reader, char *line)
{
    static const char mark[] = "\xEF\xBB\xBF";
    if (reader->line == 1 && strncmp(line, mark, 3) == 0)
        memmove(line, line + 3, strlen(line) - 2);
}

/* Checks that the line is "[name]" with nothing behind it but a comment, and that there is such a section. */
static void check_section(struct reader *reader, const char *line)
{
    char name[CONFIG_NAME_BYTES];
    size_t len = strcspn(line + 1, "]");
    const char *end = line + 1 + len;
    reader->section_is_bad = true;
    if (*end == '\0') {
        fault(reader, "a section begins with [ and must end with ]");
        return;
    }
    end += 1 + strspn(end + 1, " \t\r");
    if (*end != '\0' && *end != ';' && *end != '#') {
        fault(reader, "there is something behind the ] of the section");
        return;
    }
    (void)snprintf(name, sizeof name, "%.*s", len > sizeof name ? (int)sizeof name : (int)len, line + 1);
    reader->section_is_bad = !config_has_section(name);
    if (reader->section_is_bad)
        unknown_section(reader, name);
}

/* Looks at a line before libinih does. */
static void classify(struct reader *reader, char *line)
{
    skip_byte_order_mark(reader, line);
    if (line[0] == '[')
        check_section(reader, line);
    else
        reader->awaiting_key = line[strspn(line, "\r")] != '\0' && line[0] != ';' && line[0] != '#';
}

static void judge_last_line(struct reader *reader)
{
    if (reader->awaiting_key)
        fault(reader, "expected [section] or key = value");
    reader->awaiting_key = false;
}

/* Gives libinih the next line (its ini_reader). */
static char *next_line(char *line, int size, void *stream)
{
    struct reader *reader = stream;
    judge_last_line(reader);
    const size_t room = (size_t)size < LINE_BYTES ? (size_t)size : LINE_BYTES;
    if (!read_line(reader, line, room))
        return NULL;
    classify(reader, line);
    return line;
}

/* Takes a key from libinih (its ini_handler); faults are kept in the reader, so libinih is never told of
 * one. */
static int take_key(void *user, const char *section, const char *key, const char *value)
{
    struct reader *reader = user;
    reader->awaiting_key = false;
    if (reader->section_is_bad)
        return 1;
    if (section[0] == '\0') {
        fault(reader, "the key stands before the first [section]");
        return 1;
    }
    char name[KEY_NAME_BYTES], origin[ORIGIN_BYTES];
    (void)snprintf(name, sizeof name, "%s.%s", section, key);
    origin_of(reader, origin);
    const size_t before = reader->why->len;
    enum error error = config_set(reader->config, name, value, origin, reader->why);
    if (error != ERR_OK && !is_said(reader))
        reader->why->len = before;
    if (error != ERR_OK)
        reader->error = error;
    return 1;
}

/* Sets libinih's limits, which are variables of the process; once, before its first use here. It has room for
 * a byte more than a line has: from release 58 on it takes one that fills its room for an overlong one, and
 * passes over what comes next. */
static void set_library_limits(void)
{
    ini_use_stack = false;
    ini_max_line = LINE_BYTES + 1;
    ini_initial_alloc = LINE_BYTES + 1;
    ini_allow_realloc = false;
}

static enum error say_errno(const char *path, int number, struct buf *why)
{
    buf_printf(why, "%s: %s\n", shown(path), errno_said(number));
    return ERR_IO;
}

/* Says what the faults themselves do not. */
static void end_faults(struct reader *reader)
{
    if (reader->faults > CONFIG_FAULTS_SAID)
        buf_printf(reader->why, "%s: and %zu faults more: is it a configuration?\n", shown(reader->path),
                   reader->faults - CONFIG_FAULTS_SAID);
    if (reader->bytes <= CONFIG_FILE_BYTES)
        return;
    buf_printf(reader->why, "%s: it is larger than %d MiB, and no configuration\n", shown(reader->path),
               CONFIG_FILE_BYTES >> 20);
    reader->error = ERR_CONFIG;
}

enum error config_read_file(struct config *config, const char *path, struct buf *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (pthread_once(&once, set_library_limits) != 0)
        return ERR_LIBRARY;
    struct reader reader = {.path = path, .config = config, .why = why};
    reader.file = fopen(path, "re");
    if (reader.file == NULL)
        return say_errno(path, errno, why);
    errno = 0;
    int result = ini_parse_stream(next_line, &reader, take_key, &reader);
    if (ferror(reader.file))
        reader.error = say_errno(path, errno == 0 ? EIO : errno, why);
    else if (result == -2)
        reader.error = ERR_MEMORY;
    else if (result != 0 && reader.error == ERR_OK)
        fault(&reader, "the file cannot be parsed");
    (void)fclose(reader.file);
    end_faults(&reader);
    return reader.error;
}
