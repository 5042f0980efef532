/*
 * Writes JSON that was read again, as it was: what a meta.json keeps of earlier runs, and what of it is
 * published. Pure.
 */
#ifndef STSWEEP_STORE_JSON_AGAIN_H
#define STSWEEP_STORE_JSON_AGAIN_H

#include "output/json/json_write.h"
#include "scanner/json/json_tree.h"

/* Tells whether a key can be written as it stands. NULL, of an element of an array, can. */
bool json_key_is_plain(const char *key);

/* Tells whether json_put_again can write a value with all that is in it. */
bool json_can_again(const struct json_node *node);

/* Writes a value with all that is in it, under its own key. One that meta_json never writes (a number that is
 * not whole, a key that wants escaping) fails the whole. */
void json_put_again(struct json *json, const struct json_node *node);

#endif
