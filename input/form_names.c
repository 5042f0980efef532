/* Tells whether several names stand on each line of a list, and takes them apart. No I/O, no allocation. */
#include "input/form_parts.h"

#include "input/plain.h"
#include "input/words.h"
#include "scanner/base/trim.h"

static bool is_between(uint8_t byte)
{
    return is_space(byte) || byte == ',' || byte == ';';
}

struct bytes form_next_word(struct bytes *rest)
{
    while (rest->len > 0 && is_between(rest->data[0]))
        *rest = bytes_make(rest->data + 1, rest->len - 1);
    if (rest->len == 0) /* of a cell that is not there, there is no address */
        return *rest;
    size_t len = 0;
    while (len < rest->len && !is_between(rest->data[len]))
        len++;
    struct bytes word = bytes_make(rest->data, len);
    *rest = bytes_make(rest->data + len, rest->len - len);
    while (word.len > 0 && (word.data[0] == '"' || word.data[0] == '\''))
        word = bytes_make(word.data + 1, word.len - 1);
    while (word.len > 0 && (word.data[word.len - 1] == '"' || word.data[word.len - 1] == '\''))
        word.len--;
    return word;
}

/* Returns how many bytes of the text are of a word, as a key is. */
static size_t key_len(struct bytes text)
{
    size_t len = 0;
    for (; len < text.len; len++) {
        uint8_t byte = text.data[len], folded = byte | 0x20;
        if (byte != '_' && (folded < 'a' || folded > 'z') && (byte < '0' || byte > '9'))
            break;
    }
    return len;
}

struct bytes form_behind_key(struct bytes line)
{
    line = trim(line);
    size_t len = key_len(line), at = len;
    while (at < line.len && is_space(line.data[at]))
        at++;
    if (len == 0 || at == line.len || line.data[at] != '=')
        return line;
    return trim(bytes_make(line.data + at + 1, line.len - at - 1));
}

/* What the lines are if several words on one are names. */
struct names_look {
    size_t several; /* lines of two words or more, all of them names */
    size_t mixed;   /* of two or more, some of them no names */
    size_t single;
    size_t keys;      /* lines as in "mydestination = …" */
    size_t key_names; /* names behind those, or in the lines that go on with them */
    size_t width;     /* of the first line of several */
    bool is_uniform;  /* so wide are all of them */
    bool has_marks;   /* commas, semicolons or tabs in one of them */
    const char *mark;
};

/* Is the word what Postfix has among names: a variable, a table, this host? */
static bool is_of_postfix(struct bytes word)
{
    static const char host[] = "localhost";
    return word.len > 0 && (bytes_have(word, '$') || bytes_have(word, '/') || bytes_have(word, ':') ||
                            (word.len == sizeof host - 1 && memcmp(word.data, host, word.len) == 0));
}

static void look_at_names(struct names_look *look, struct bytes text, bool *in_key)
{
    bool goes_on = *in_key && text.len > 0 && is_space(text.data[0]);
    struct bytes rest = form_behind_key(text);
    bool has_key = rest.data != trim(text).data;
    size_t words = 0, names = 0;
    struct bytes all = rest;
    for (struct bytes word = form_next_word(&rest); word.len > 0; word = form_next_word(&rest)) {
        bool is_name = words_weight(word) != NOT_NAMED;
        *in_key = has_key || goes_on;
        words++;
        names += is_name;
        look->key_names += *in_key && is_name;
        if (!is_name && *in_key && is_of_postfix(word))
            names++;
    }
    *in_key = has_key || goes_on;
    look->keys += has_key;
    look->single += words == 1 && !*in_key;
    look->mixed += names < words && (words > 1 || *in_key);
    if (words < 2 || names < words || *in_key)
        return;
    look->is_uniform = look->several == 0 || (look->is_uniform && words == look->width);
    look->width = words;
    look->several++;
    look->has_marks =
        look->has_marks || bytes_have(all, ',') || bytes_have(all, ';') || bytes_have(all, '\t');
}

enum names_answer form_are_names(const struct form_sample *sample, size_t from)
{
    struct names_look look = {.is_uniform = true};
    bool in_key = false;
    for (size_t i = from; i < sample->count; i++) {
        struct bytes text = sample->lines[i].text;
        if (!form_holds_data(&sample->lines[i]))
            continue;
        struct bytes named = plain_name(text);
        /* The blanks that begin a line tell that it goes on with the one before. */
        struct bytes whole = bytes_make(text.data, (size_t)(named.data + named.len - text.data));
        look_at_names(&look, whole, &in_key);
    }
    if (look.mixed > 0 || look.several + look.key_names == 0)
        return NOT_NAMES;
    bool may_be_columns =
        look.keys == 0 && look.has_marks && look.several > 1 && look.is_uniform && look.single == 0;
    return may_be_columns ? UNSURE_NAMES : SURE_NAMES;
}
