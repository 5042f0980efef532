/* Reads the tree of a meta.json: what the files behind meta_read.h share. Pure. */
#ifndef STSWEEP_READBACK_META_TREE_H
#define STSWEEP_READBACK_META_TREE_H

#include "output/readback/meta_read.h"
#include "scanner/json/json_tree.h"

/* Parses the text. NULL: *why says why. The tree lives in arena, which the caller disposes of. */
const struct json_node *meta_parse(struct bytes stored, struct arena *arena, struct buf *why);

/* Reads a whole number; 0 and false if none stands there. */
bool meta_integer(const struct json_node *object, const char *key, int64_t *number);

/* Returns how many elements the array under key has; 0 without one. */
size_t meta_count(const struct json_node *object, const char *key);

/* Copies what fits of a text, made fit for messages: whoever made the directory may have written anything
 * there. */
void meta_copy(const char *text, char *to, size_t room);

bool meta_seed(const struct json_node *root, uint64_t *seed);

/* Reads the rules; scans made before there were any have none: 0. */
bool meta_rules(const struct json_node *root, uint32_t *rules);
void meta_version(const struct json_node *root, char version[META_VERSION_BYTES]);

/* Reads which part of a plan the directory is about; false if that stands there malformed. */
bool meta_plan_of(const struct json_node *root, struct meta_plan *plan);

/* Reads the fields that a resume needs; ERR_CORRUPT if one of them is not as this program writes it. */
enum error meta_stored_of(const struct json_node *root, struct meta_stored *found, struct buf *why);

/* ERR_MISMATCH with *why naming the options that may not change and have. */
enum error meta_compare_options(const struct json_node *root, const struct meta_asked *now, struct buf *why);

/* ERR_RULES with *why if schema or rules are not this program's; ERR_CORRUPT. */
enum error meta_check_rules(const struct json_node *root, struct buf *why);

#endif
