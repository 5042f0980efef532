/* Looks at the first lines for what is no list. No I/O, no allocation. */
#include "input/refused.h"

#include <stdarg.h>
#include <stdio.h>

#include "input/form.h"
#include "input/plain.h"
#include "input/words.h"
#include "scanner/base/ip.h"
#include "scanner/base/shown.h"
#include "scanner/base/trim.h"
#include "scanner/base/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { WORDS_MOST = 16, ADDRESS_BYTES = 64, KEY_BYTES = 40, HEAD_BYTES = 512, QUOTED_MOST = 400 };

void refused_say(struct refused *refused, const char *command, const char *format, ...)
{
    char text[sizeof refused->text];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    utf8_show(bytes_of(text), '?', refused->text);
    refused->line = 0;
    (void)snprintf(refused->command, sizeof refused->command, "%s", command);
}

/* Says what the list is instead of one. */
static bool refuse(struct refused *refused, const char *what, const char *command)
{
    refused_say(refused, command, "it is %s, not a list of names", what);
    return true;
}

/* ---- by bytes that no list has ------------------------------------------------------------------------- */

/* The shared strings hold the cells of a spreadsheet, or its sheets do. */
#define CELLS " | sed 's/<[^>]*>/\\n/g' | grep '[A-Za-z][.][A-Za-z]'"

static const struct magic {
    const char *bytes;
    size_t len;
    const char *what;
    const char *command;
} magics[] = {
#define MAGIC(bytes, what, command)                                                                          \
    {                                                                                                        \
        bytes, sizeof bytes - 1, what, command                                                               \
    }
    MAGIC("PK\x03\x04", "a ZIP archive", "unzip -p %f"),
    MAGIC("PK\x05\x06", "an empty ZIP archive", ""),
    MAGIC("BZh", "packed with bzip2", "bzcat %s"),
    MAGIC("\xfd"
          "7zXZ",
          "packed with xz", "xzcat %s"),
    MAGIC("\x04\x22\x4d\x18", "packed with lz4", "lz4cat %s"),
    MAGIC("7z\xbc\xaf\x27\x1c", "a 7z archive", "7z e -so %f"),
    MAGIC("Rar!\x1a\x07", "a RAR archive", "unrar p -inul %f"),
    MAGIC("PAR1", "a Parquet file",
          "duckdb -noheader -list -c \"SELECT domain FROM read_parquet('/dev/stdin')\" <%f"),
    MAGIC("SQLite format 3", "a SQLite database", "sqlite3 %f 'SELECT domain FROM domains'"),
    MAGIC("%PDF-", "a PDF document", "pdftotext %f - | grep '[A-Za-z][.][A-Za-z]'"),
    MAGIC("\xd0\xcf\x11\xe0", "a spreadsheet of the old form (XLS); export it as CSV", ""),
    MAGIC("Obj\x01", "an Avro file", ""),
    MAGIC("ARROW1", "an Arrow file", ""),
    MAGIC("{\\rtf", "an RTF document", ""),
#undef MAGIC
};

static bool begins(struct bytes text, const char *with, size_t len)
{
    return text.len >= len && memcmp(text.data, with, len) == 0;
}

static bool lines_have(const struct line *lines, size_t count, const char *part)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_hold(lines[i].text, part))
            return true;
    return false;
}

static bool refuse_zip(const struct line *lines, size_t count, struct refused *refused)
{
    if (lines_have(lines, count, "opendocument.spreadsheet"))
        return refuse(refused, "a spreadsheet (ODS)", "unzip -p %f content.xml" CELLS);
    if (lines_have(lines, count, "[Content_Types].xml") || lines_have(lines, count, "xl/"))
        return refuse(refused, "a spreadsheet (XLSX)",
                      "unzip -p %f xl/sharedStrings.xml 'xl/worksheets/*.xml'" CELLS);
    return refuse(refused, "a ZIP archive", "unzip -p %f");
}

static bool look_at_bytes(const struct line *lines, size_t count, struct refused *refused)
{
    size_t with_nul = 0;
    for (size_t i = 0; i < COUNT(magics); i++)
        if (begins(lines[0].text, magics[i].bytes, magics[i].len))
            return i == 0 ? refuse_zip(lines, count, refused)
                          : refuse(refused, magics[i].what, magics[i].command);
    if (lines[0].text.len > 262 && memcmp(lines[0].text.data + 257, "ustar", 5) == 0)
        return refuse(refused, "a tar archive", "tar -xOf %f");
    for (size_t i = 0; i < count; i++) {
        with_nul += bytes_have(lines[i].text, '\0');
        if (bytes_have(lines[i].text, '\r') && count == 1)
            return refuse(refused, "a text with the line ends of old Macs", "tr '\\r' '\\n' <%s");
    }
    if (with_nul * 2 > count && with_nul > 1)
        return refuse(refused, "no text, or text in UTF-32", "iconv -f UTF-32 -t UTF-8 %s");
    return false;
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

/* Takes the next string in quotes, without looking at escapes; false at the end. */
static bool next_string(struct bytes *rest, struct bytes *string)
{
    const uint8_t *open = bytes_have(*rest, '"') ? memchr(rest->data, '"', rest->len) : NULL;
    if (open == NULL)
        return false;
    size_t left = (size_t)(rest->data + rest->len - open - 1);
    const uint8_t *close = left == 0 ? NULL : memchr(open + 1, '"', left);
    if (close == NULL)
        return false;
    *string = bytes_make(open + 1, (size_t)(close - open - 1));
    *rest = bytes_make(close + 1, (size_t)(rest->data + rest->len - close - 1));
    return true;
}

static bool is_key(struct bytes rest)
{
    rest = trim(rest);
    return rest.len > 0 && rest.data[0] == ':';
}

/* Finds the key under which the first name stands; empty if it stands under none. */
static void find_key(const struct line *lines, size_t count, char key[KEY_BYTES])
{
    struct bytes last = bytes_make(NULL, 0), string;
    key[0] = '\0';
    for (size_t i = 0, seen = 0; i < count && seen < QUOTED_MOST; i++) {
        struct bytes rest = lines[i].text;
        for (; next_string(&rest, &string) && seen < QUOTED_MOST; seen++) {
            if (is_key(rest))
                last = string;
            else if (words_weight(string) != NOT_NAMED) {
                if (last.len > 0 && last.len < KEY_BYTES)
                    (void)snprintf(key, KEY_BYTES, "%.*s", (int)last.len, (const char *)last.data);
                return;
            }
        }
    }
}

static bool is_word(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (*at != '_' && !(*at >= '0' && *at <= '9') && !((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z'))
            return false;
    return text[0] != '\0' && (text[0] < '0' || text[0] > '9');
}

static bool look_at_json(const struct line *lines, size_t count, struct refused *refused)
{
    struct bytes text = trim(lines[0].text);
    char key[KEY_BYTES], command[REFUSED_COMMAND_BYTES];
    bool is_array = text.data[0] == '[';
    struct bytes next = trim(bytes_behind(text, 1));
    if (text.data[0] != '{' && !is_array)
        return false;
    if (next.len > 0 && strchr(is_array ? "\"{[]" : "\"}", next.data[0]) == NULL)
        return false;
    find_key(lines, count, key);
    if (is_word(key))
        (void)snprintf(command, sizeof command, "jq -r '.. | objects | .%s // empty | .. | strings' %%s",
                       key);
    else
        (void)snprintf(command, sizeof command, "jq -r '.. | strings | select(contains(\".\"))' %%s");
    return refuse(refused, "JSON", command);
}

/* ---- text by lines ------------------------------------------------------------------------------------- */

/* What most lines of a file begin with. */
static const struct prefix {
    const char *text;
    const char *what;
    const char *command;
} prefixes[] = {
    {"||", "a filter list of an ad blocker", "sed -n 's/^||\\([^/^$]*\\).*/\\1/p' %s"},
    {"address=/", "a configuration of dnsmasq", "awk -F/ '{ print $2 }' %s"},
    {"server=/", "a configuration of dnsmasq", "awk -F/ '{ print $2 }' %s"},
    {"local=/", "a configuration of dnsmasq", "awk -F/ '{ print $2 }' %s"},
    {"zone \"", "a configuration of BIND", "awk -F'\"' '/^zone/ { print $2 }' %s"},
    {"local-zone:", "a configuration of Unbound", "awk -F'\"' '/local-zone:/ { print $2 }' %s"},
    {"INSERT INTO", "SQL", ""},
};

/* What the blanks of the lines part. */
struct columns_look {
    size_t lines;   /* that hold data */
    size_t several; /* of two words or more */
    size_t counted; /* of these, a number and a name */
    size_t hosts;   /* of these, an address and more */
    size_t names[WORDS_MOST];
    size_t begun[COUNT(prefixes)];
};

static bool is_address(struct bytes word)
{
    char text[ADDRESS_BYTES];
    struct ip_addr ip;
    if (word.len >= sizeof text || bytes_have(word, '\0'))
        return false;
    memcpy(text, word.data, word.len);
    text[word.len] = '\0';
    text[strcspn(text, "%")] = '\0';
    return ip_parse(text, &ip);
}

static struct bytes next_blank_word(struct bytes *rest)
{
    *rest = trim(*rest);
    size_t len = 0;
    while (len < rest->len && !is_space(rest->data[len]))
        len++;
    struct bytes word = bytes_make(rest->data, len);
    *rest = bytes_behind(*rest, len);
    return word;
}

static void look_at_line(struct columns_look *look, struct bytes text)
{
    struct bytes words[WORDS_MOST], rest = text;
    size_t count = 0;
    for (size_t i = 0; i < COUNT(prefixes); i++)
        look->begun[i] += begins(text, prefixes[i].text, strlen(prefixes[i].text));
    look->lines++;
    while (count < WORDS_MOST && (words[count] = next_blank_word(&rest)).len > 0)
        count++;
    if (count < 2)
        return;
    look->several++;
    look->hosts += is_address(words[0]);
    look->counted += count == 2 && csv_is_number(words[0]) && words_weight(words[1]) != NOT_NAMED;
    for (size_t i = 0; i < count; i++)
        look->names[i] += words_weight(words[i]) == NAMED;
}

/* Refuses lines of several words, of which one is a name: whatever else stands there is not for the reader to
 * guess. */
static bool refuse_columns(const struct columns_look *look, struct refused *refused)
{
    char what[96], command[64];
    size_t best = 0;
    for (size_t i = 1; i < WORDS_MOST; i++)
        if (look->names[i] > look->names[best])
            best = i;
    if (look->counted * 2 > look->lines)
        return refuse(refused, "counts and names, as uniq -c writes them", "awk '{ print $2 }' %s");
    if (look->several * 2 <= look->lines || look->names[best] * 2 <= look->lines)
        return false;
    (void)snprintf(what, sizeof what, "columns between blanks, with names in column %zu", best + 1);
    (void)snprintf(command, sizeof command, "awk '{ print $%zu }' %%s", best + 1);
    return refuse(refused, what, command);
}

static bool look_at_text(const struct line *lines, size_t count, struct refused *refused)
{
    struct columns_look look = {0};
    bool has_separators = false;
    size_t all_names = 0;
    struct bytes first = trim(lines[0].text);
    if (begins(first, "<", 1))
        return refuse(refused, "an HTML or XML page, as a download that failed may leave it", "");
    if (look_at_json(lines, count, refused))
        return true;
    for (size_t i = 0; i < count; i++) {
        struct bytes text = plain_name(lines[i].text);
        if (lines[i].too_long || !plain_has_data(lines[i].text))
            continue;
        look_at_line(&look, text);
        has_separators = has_separators || bytes_have(text, ',') || bytes_have(text, ';') ||
                         bytes_have(text, '\t') || bytes_have(text, '|') ||
                         form_behind_key(text).len < text.len;
        struct bytes rest = text, word;
        bool named = true;
        while ((word = next_blank_word(&rest)).len > 0)
            named = named && words_weight(word) != NOT_NAMED && !is_address(word);
        all_names += named;
    }
    for (size_t i = 0; i < COUNT(prefixes); i++)
        if (look.begun[i] * 2 > look.lines)
            return refuse(refused, prefixes[i].what, prefixes[i].command);
    if (look.hosts * 2 > look.lines)
        return refuse(refused, "a hosts file (addresses and names)",
                      "awk '{ sub(/#.*/, \"\"); for (i = 2; i <= NF; i++) print $i }' %s");
    /* Names alone are several names a line, and what has separators is CSV. */
    if (has_separators || all_names == look.lines)
        return false;
    return refuse_columns(&look, refused);
}

bool refused_look(const struct line *lines, size_t count, bool text_too, struct refused *refused)
{
    size_t first = 0;
    while (first < count && trim(lines[first].text).len == 0)
        first++;
    if (first == count)
        return false;
    if (look_at_bytes(lines + first, count - first, refused))
        return true;
    return text_too && look_at_text(lines + first, count - first, refused);
}

/* ---- the message --------------------------------------------------------------------------------------- */

/* Writes a path as a shell takes it. */
static void write_path(const char *path, struct buf *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+,:@%-";
    if (path[0] != '-' && path[strspn(path, plain)] == '\0') {
        buf_text(out, path);
        return;
    }
    buf_byte(out, '\'');
    for (struct bytes left = bytes_of(path); left.len > 0;) {
        size_t len = utf8_shown_len(left);
        if (left.data[0] == '\'')
            buf_text(out, "'\\''");
        else
            buf_append(out, len == 0 ? (const void *)"?" : left.data, len == 0 ? 1 : len);
        len += len == 0;
        left = bytes_behind(left, len);
    }
    buf_byte(out, '\'');
}

/* Writes the command: %f is the file, and %s is it too, but is left out if the names come by a pipe. */
static void write_command(const struct refused *refused, const char *path, const char *unpacker,
                          struct buf *why)
{
    const char *place = strchr(refused->command, '%');
    bool is_file = strcmp(path, "-") != 0;
    bool is_piped = place[1] == 's' && (!is_file || unpacker[0] != '\0');
    size_t len = (size_t)(place - refused->command);
    while (is_piped && len > 0 && (refused->command[len - 1] == ' ' || refused->command[len - 1] == '<'))
        len--;
    if (is_piped && is_file) {
        buf_printf(why, "%s ", unpacker);
        write_path(path, why);
        buf_text(why, " | ");
    }
    buf_append(why, refused->command, len);
    if (!is_piped)
        write_path(is_file ? path : "FILE", why);
    buf_text(why, place + 2);
    buf_text(why, " >names.txt");
}

void refused_write(const struct refused *refused, const char *path, const char *unpacker, struct buf *why)
{
    buf_text(why, shown(path));
    if (refused->line > 0)
        buf_printf(why, ":%llu", (unsigned long long)refused->line);
    buf_printf(why, ": %s", refused->text);
    if (refused->command[0] == '\0')
        return;
    buf_text(why, "; this makes one of it:\n  ");
    write_command(refused, path, unpacker, why);
}
