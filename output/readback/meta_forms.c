/* Reads from a meta.json how the inputs were read. */
#include "output/readback/meta_read.h"

#include "output/readback/meta_tree.h"

static const char *text_at(const struct json_node *object, const char *key, struct arena *arena)
{
    const char *text = json_tree_text(object, key);
    return text == NULL ? "" : arena_string(arena, text);
}

/* Reads a count that may not stand there: 0. */
static bool small_at(const struct json_node *object, const char *key, uint64_t *value)
{
    int64_t number;
    bool is_number = meta_integer(object, key, &number);
    *value = (uint64_t)number;
    return json_tree_at(object, key) == NULL || (is_number && number >= 0 && number <= INT16_MAX);
}

static bool read_form(const struct json_node *input, struct meta_form *form, struct arena *arena)
{
    const struct json_node *node = json_tree_at(input, "form");
    *form = (struct meta_form){
        .format = "", .separator = "", .header = "", .field = "", .rank_field = "", .label_field = ""};
    if (node == NULL)
        return true;
    if (node->kind != JSON_OBJECT)
        return false;
    form->format = text_at(node, "format", arena);
    form->separator = text_at(node, "separator", arena);
    form->header = text_at(node, "header", arena);
    form->field = text_at(node, "field", arena);
    form->rank_field = text_at(node, "rank_field", arena);
    form->label_field = text_at(node, "label_field", arena);
    const struct json_node *origins = json_tree_at(node, "origins");
    form->origins = origins != NULL && origins->kind == JSON_BOOL && origins->truth;
    return small_at(node, "skip", &form->skip) && small_at(node, "domain", &form->domain) &&
           small_at(node, "rank", &form->rank) && small_at(node, "label", &form->label) &&
           form->format != NULL && form->separator != NULL && form->header != NULL && form->field != NULL &&
           form->rank_field != NULL && form->label_field != NULL;
}

enum error meta_forms(struct bytes stored, struct meta_form *forms, size_t count, struct arena *arena,
                      struct buf *why)
{
    struct arena tree;
    const struct json_node *root = meta_parse(stored, &tree, why);
    const struct json_node *input = NULL;
    if (root != NULL && meta_count(root, "inputs") > 0)
        input = json_tree_at(root, "inputs")->first;
    enum error error = root == NULL ? ERR_CORRUPT : ERR_OK;
    for (size_t i = 0; i < count; i++, input = input == NULL ? NULL : input->next) {
        forms[i] = (struct meta_form){
            .format = "", .separator = "", .header = "", .field = "", .rank_field = "", .label_field = ""};
        if (input == NULL || error != ERR_OK || read_form(input, &forms[i], arena))
            continue;
        buf_text(why, "meta.json: the form of an input is malformed");
        error = ERR_CORRUPT;
    }
    arena_dispose(&tree);
    return error;
}
