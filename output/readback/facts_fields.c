/* Reads fields and proves their types. Keeps the first fault and goes on with zeros. */
#include "output/readback/facts_fields.h"

#include <stdlib.h>
#include <time.h>

#include <openssl/evp.h>

#include "scanner/base/time_text.h"
#include "scanner/json/json_read.h"

void read_fault(struct read_fields *read, const char *key, const char *what)
{
    if (!read->failed)
        (void)buf_printf(read->why, "%s: %s", key, what);
    read->failed = true;
}

static void no_room(struct read_fields *read, const char *key)
{
    if (!read->failed)
        read->no_room = true;
    read_fault(read, key, error_text(ERR_LIMIT));
}

void *read_array(struct read_fields *read, size_t count, size_t size)
{
    void *array = count == 0 || read->failed ? NULL : arena_array(read->arena, count, size);
    if (array == NULL && count > 0)
        no_room(read, "list");
    return array;
}

/* Returns the value of a kind; NULL if there is none. Another kind is a fault. */
static const struct json_node *find(struct read_fields *read, const struct json_node *object, const char *key,
                                    enum json_kind kind)
{
    const struct json_node *node = json_tree_at(object, key);
    if (node == NULL || node->kind == JSON_NULL)
        return NULL;
    if (node->kind == kind)
        return node;
    read_fault(read, key, "is of another kind than it must be");
    return NULL;
}

const struct json_node *read_object(struct read_fields *read, const struct json_node *object, const char *key)
{
    return find(read, object, key, JSON_OBJECT);
}

const struct json_node *read_list(struct read_fields *read, const struct json_node *object, const char *key,
                                  size_t most)
{
    const struct json_node *list = find(read, object, key, JSON_ARRAY);
    if (list == NULL || list->count <= most)
        return list;
    read_fault(read, key, "are more than there can be");
    return NULL;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

uint64_t read_unsigned(struct read_fields *read, const struct json_node *object, const char *key,
                       uint64_t most)
{
    const struct json_node *node = find(read, object, key, JSON_NUMBER);
    uint64_t number = 0;
    if (node != NULL && (!json_read_number(node->text, &number) || number > most)) {
        read_fault(read, key, "is no whole number that fits");
        return 0;
    }
    return number;
}

int read_int_node(struct read_fields *read, const struct json_node *node, const char *key)
{
    int64_t number = 0;
    if (node->kind != JSON_NUMBER || !json_read_signed(node->text, &number) || number > INT32_MAX ||
        number < -INT32_MAX) {
        read_fault(read, key, "is no whole number that fits");
        return 0;
    }
    return (int)number;
}

int read_int(struct read_fields *read, const struct json_node *object, const char *key, int missing)
{
    const struct json_node *node = find(read, object, key, JSON_NUMBER);
    return node == NULL ? missing : read_int_node(read, node, key);
}

bool read_bool(struct read_fields *read, const struct json_node *object, const char *key)
{
    const struct json_node *node = find(read, object, key, JSON_BOOL);
    return node != NULL && node->truth;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

static struct bytes decode_base64(struct read_fields *read, struct bytes text, const char *key)
{
    const struct bytes none = {NULL, 0};
    unsigned char *bytes = arena_alloc(read->arena, text.len / 4 * 3 + 1);
    if (bytes == NULL) {
        no_room(read, key);
        return none;
    }
    int len = text.len == 0 ? 0 : EVP_DecodeBlock(bytes, text.data, (int)text.len);
    if (text.len % 4 != 0 || len < 0) {
        read_fault(read, key, "is no base64");
        return none;
    }
    size_t padding =
        text.len == 0 ? 0
                      : (size_t)(text.data[text.len - 1] == '=') + (size_t)(text.data[text.len - 2] == '=');
    return bytes_make(bytes, (size_t)len - padding);
}

struct bytes read_base64(struct read_fields *read, const struct json_node *object, const char *key)
{
    const struct json_node *node = find(read, object, key, JSON_STRING);
    return node == NULL ? (struct bytes){NULL, 0} : decode_base64(read, node->text, key);
}

struct bytes read_text_node(struct read_fields *read, const struct json_node *node, const char *key)
{
    if (node->kind == JSON_STRING)
        return node->text;
    if (node->kind != JSON_OBJECT || json_tree_at(node, "base64") == NULL)
        read_fault(read, key, "is no text");
    return read_base64(read, node, "base64");
}

struct bytes read_text(struct read_fields *read, const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    return node == NULL ? (struct bytes){NULL, 0} : read_text_node(read, node, key);
}

/* Makes a C string: text from the tree has a NUL behind it, decoded base64 does not. */
static const char *string_of(struct read_fields *read, const struct json_node *node, const char *key)
{
    struct bytes text = read_text_node(read, node, key);
    if (text.len > 0 && memchr(text.data, 0, text.len) != NULL) {
        read_fault(read, key, "holds a NUL");
        return NULL;
    }
    if (node->kind == JSON_STRING || read->failed)
        return (const char *)text.data;
    const char *copy = arena_copy(read->arena, text.data, text.len);
    if (copy == NULL)
        no_room(read, key);
    return copy;
}

const char *read_string(struct read_fields *read, const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    return node == NULL || node->kind == JSON_NULL ? NULL : string_of(read, node, key);
}

static bool is_name(struct bytes text)
{
    if (text.len == 0 || text.len > NAME_CEILING_BYTES)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7F)
            return false;
    return true;
}

const char *read_name(struct read_fields *read, const struct json_node *object, const char *key, bool needed)
{
    const struct json_node *node = find(read, object, key, JSON_STRING);
    if (node != NULL && is_name(node->text))
        return (const char *)node->text.data;
    if (node != NULL)
        read_fault(read, key, "is no name");
    else if (needed)
        read_fault(read, key, "is missing");
    return NULL;
}

/* All lists of texts are names, addresses and URIs, which the writer leaves printable, as are the names of
 * providers. Another one would be a line of its own in a zone file, or in one that is kept meanwhile. */
static const char *printable_of(struct read_fields *read, const struct json_node *node, const char *key)
{
    const char *text = string_of(read, node, key);
    for (const char *at = text; at != NULL && *at != 0; at++)
        if (*at < 0x20 || *at > 0x7E) {
            read_fault(read, key, "is not printable");
            return NULL;
        }
    return text;
}

const char *read_printable(struct read_fields *read, const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    return node == NULL || node->kind == JSON_NULL ? NULL : printable_of(read, node, key);
}

const char **read_strings(struct read_fields *read, const struct json_node *object, const char *key,
                          size_t most, size_t *count)
{
    const struct json_node *list = read_list(read, object, key, most);
    const char **strings = list == NULL ? NULL : read_array(read, list->count, sizeof *strings);
    *count = 0;
    if (strings == NULL)
        return NULL;
    for (const struct json_node *node = list->first; node != NULL && !read->failed; node = node->next)
        strings[(*count)++] = printable_of(read, node, key);
    if (read->failed)
        *count = 0;
    return strings;
}

struct bytes *read_texts(struct read_fields *read, const struct json_node *object, const char *key,
                         size_t most, size_t *count)
{
    const struct json_node *list = read_list(read, object, key, most);
    struct bytes *texts = list == NULL ? NULL : read_array(read, list->count, sizeof *texts);
    *count = 0;
    if (texts == NULL)
        return NULL;
    for (const struct json_node *node = list->first; node != NULL; node = node->next)
        texts[(*count)++] = read_text_node(read, node, key);
    return texts;
}

/* ---- bytes, times, addresses, names -------------------------------------------------------------------- */

static int hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Decodes text, which holds two digits a byte. */
static bool decode_hex(struct bytes text, uint8_t *bytes)
{
    for (size_t i = 0; i + 1 < text.len; i += 2) {
        int high = hex_value(text.data[i]), low = hex_value(text.data[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    return text.len % 2 == 0;
}

void read_hash(struct read_fields *read, const struct json_node *node, const char *key, uint8_t *bytes,
               size_t len)
{
    if (node == NULL || node->kind != JSON_STRING || node->text.len != len * 2 ||
        !decode_hex(node->text, bytes))
        read_fault(read, key, "is no hash");
}

struct bytes read_hex(struct read_fields *read, const struct json_node *object, const char *key)
{
    const struct json_node *node = find(read, object, key, JSON_STRING);
    if (node == NULL)
        return (struct bytes){NULL, 0};
    uint8_t *bytes = arena_alloc(read->arena, node->text.len / 2 + 1);
    if (bytes == NULL) {
        no_room(read, key);
        return (struct bytes){NULL, 0};
    }
    if (!decode_hex(node->text, bytes))
        read_fault(read, key, "is not in hexadecimal");
    return bytes_make(bytes, node->text.len / 2);
}

/* Reads 2026-01-31T12:00:00.000Z, by the columns of its digits. */
bool read_time_text(struct bytes bytes, int64_t *wall_ms)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    char text[sizeof form];
    if (bytes.len != sizeof form - 1)
        return false;
    memcpy(text, bytes.data, bytes.len);
    text[bytes.len] = 0;
    for (size_t i = 0; i < bytes.len; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    struct tm parts = {.tm_year = atoi(text) - 1900,
                       .tm_mon = atoi(text + 5) - 1,
                       .tm_mday = atoi(text + 8),
                       .tm_hour = atoi(text + 11),
                       .tm_min = atoi(text + 14),
                       .tm_sec = atoi(text + 17)};
    *wall_ms = (int64_t)timegm(&parts) * 1000 + atoi(text + 20);
    return time_is_one(*wall_ms); /* none else is written */
}

int64_t read_time(struct read_fields *read, const struct json_node *object, const char *key)
{
    const struct json_node *node = find(read, object, key, JSON_STRING);
    int64_t wall_ms = 0;
    if (node == NULL || !read_time_text(node->text, &wall_ms))
        read_fault(read, key, "is no time");
    return wall_ms;
}

int64_t read_optional_time(struct read_fields *read, const struct json_node *object, const char *key)
{
    return json_tree_at(object, key) == NULL ? 0 : read_time(read, object, key);
}

struct ip_addr read_ip_node(struct read_fields *read, const struct json_node *node, const char *key)
{
    struct ip_addr ip = {.family = 0};
    if (node->kind != JSON_STRING || strlen((const char *)node->text.data) != node->text.len ||
        !ip_parse((const char *)node->text.data, &ip))
        read_fault(read, key, "is no address");
    return ip;
}

struct ip_addr read_ip(struct read_fields *read, const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    return node == NULL ? (struct ip_addr){.family = 0} : read_ip_node(read, node, key);
}

unsigned read_choice(struct read_fields *read, const struct json_node *object, const char *key,
                     const char *(*name)(unsigned value), unsigned count, unsigned missing)
{
    const struct json_node *node = find(read, object, key, JSON_STRING);
    if (node == NULL)
        return missing;
    for (unsigned value = 0; value < count; value++)
        if (bytes_equal(node->text, bytes_of(name(value))))
            return value;
    read_fault(read, key, "is none of the words that it may be");
    return missing;
}
