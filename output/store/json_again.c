/* Walks a tree of JSON, and writes each value. */
#include "output/store/json_again.h"

#include "scanner/json/json_read.h"

bool json_key_is_plain(const char *key)
{
    for (; key != NULL && *key != 0; key++)
        if (*key < 0x20 || *key > 0x7E || *key == '"' || *key == '\\')
            return false;
    return true;
}

static bool is_whole_number(struct bytes text)
{
    uint64_t number;
    int64_t negative;
    return json_read_number(text, &number) || json_read_signed(text, &negative);
}

bool json_can_again(const struct json_node *node)
{
    bool can = json_key_is_plain(node->key) && (node->kind != JSON_NUMBER || is_whole_number(node->text));
    for (const struct json_node *child = node->first; can && child != NULL; child = child->next)
        can = json_can_again(child);
    return can;
}

static void put_simple(struct json *json, const struct json_node *node)
{
    uint64_t number;
    int64_t negative;
    if (node->kind == JSON_NULL)
        json_put_null(json, node->key);
    else if (node->kind == JSON_BOOL)
        json_put_bool(json, node->key, node->truth);
    else if (node->kind == JSON_STRING)
        json_put_text(json, node->key, node->text);
    else if (json_read_number(node->text, &number))
        json_put_unsigned(json, node->key, number);
    else if (json_read_signed(node->text, &negative))
        json_put_signed(json, node->key, negative);
    else
        json->failed = true;
}

void json_put_again(struct json *json, const struct json_node *node)
{
    json->failed = json->failed || !json_key_is_plain(node->key);
    if (node->kind == JSON_OBJECT)
        json_open(json, node->key);
    else if (node->kind == JSON_ARRAY)
        json_open_array(json, node->key);
    else
        put_simple(json, node);
    for (const struct json_node *child = node->first; child != NULL; child = child->next)
        json_put_again(json, child);
    if (node->kind == JSON_OBJECT)
        json_close(json);
    else if (node->kind == JSON_ARRAY)
        json_close_array(json);
}
