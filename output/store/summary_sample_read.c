/* Reads the member "sample" of a stored summary.json. Pure. */
#include "output/store/summary_sample.h"

#include <string.h>

#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"

static const char *text_at(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    return node == NULL || node->kind != JSON_STRING ? NULL : (const char *)node->text.data;
}

static enum error take_population(const struct json_node *object, const char *stratum,
                                  struct summary_sample *sample)
{
    const struct json_node *node = json_tree_at(object, "population");
    uint64_t population;
    if (stratum == NULL || node == NULL || node->kind != JSON_NUMBER ||
        !json_read_number(node->text, &population))
        return ERR_CORRUPT;
    enum error error = summary_sample_population(sample, stratum, population);
    return error == ERR_OK || error == ERR_MEMORY ? error : ERR_CORRUPT;
}

static enum error take_strata(const struct json_node *strata, struct summary_sample *sample)
{
    enum error error = strata == NULL || strata->kind != JSON_ARRAY ? ERR_CORRUPT : ERR_OK;
    for (const struct json_node *node = error == ERR_OK ? strata->first : NULL;
         node != NULL && error == ERR_OK; node = node->next)
        error =
            node->kind != JSON_OBJECT ? ERR_CORRUPT : take_population(node, text_at(node, "stratum"), sample);
    return error;
}

enum error summary_sample_read(const struct json_node *summary, struct summary_sample **sample)
{
    const struct json_node *node = json_tree_at(summary, "sample");
    struct draw_size size;
    enum strata_kind kind;
    *sample = NULL;
    if (node == NULL)
        return ERR_OK;
    if (node->kind != JSON_OBJECT)
        return ERR_CORRUPT;
    const char *take = text_at(node, "take"), *key = text_at(node, "key"), *by = text_at(node, "by");
    if (take == NULL || key == NULL || by == NULL || take[0] == '\0' || !draw_size_parse(take, &size) ||
        !strata_kind_find(by, &kind))
        return ERR_CORRUPT;
    struct summary_sample *made = summary_sample_create(take, key, kind);
    if (made == NULL)
        return ERR_MEMORY;
    enum error error = kind == STRATA_NONE ? take_population(node, "", made)
                                           : take_strata(json_tree_at(node, "strata"), made);
    if (error == ERR_OK)
        *sample = made;
    else
        summary_sample_destroy(made);
    return error;
}
