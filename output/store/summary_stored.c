/* Reads summary.json by its keys. */
#include "output/store/summary_stored.h"

#include <string.h>

#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"

enum { TREE_BYTES = 64 << 20 };

static bool number_at(const struct json_node *object, const char *key, uint64_t *number)
{
    const struct json_node *node = json_tree_at(object, key);
    return node != NULL && node->kind == JSON_NUMBER && json_read_number(node->text, number);
}

/* A code that this program does not know cannot be counted. */
static void take_left_out(const struct json_node *codes, struct summary *summary)
{
    bool is_object = codes != NULL && codes->kind == JSON_OBJECT;
    for (const struct json_node *node = is_object ? codes->first : NULL; node != NULL; node = node->next) {
        enum failure_code code = failure_find(node->key, strlen(node->key));
        uint64_t number;
        if (code != FAIL_NONE && code != FAIL_COUNT && node->kind == JSON_NUMBER &&
            json_read_number(node->text, &number))
            summary->left_out[code] = number;
    }
}

enum error summary_denominators(struct bytes stored, struct summary *summary, uint64_t *records)
{
    struct arena arena;
    const struct json_node *root;
    *summary = (struct summary){0};
    arena_init(&arena, TREE_BYTES);
    const struct {
        const char *key;
        uint64_t *number;
    } fields[] = {{"inputs", &summary->inputs},
                  {"rejects", &summary->rejects},
                  {"duplicates", &summary->duplicates},
                  {"opted_out", &summary->opted_out},
                  {"filtered", &summary->filtered},
                  {"not_in_shard", &summary->not_in_shard},
                  {"over_limit", &summary->over_limit},
                  {"not_sampled", &summary->not_sampled},
                  {"records", records}};
    enum error error = json_tree_parse(stored, &arena, &root) == ERR_OK ? ERR_OK : ERR_CORRUPT;
    for (size_t i = 0; error == ERR_OK && i < sizeof fields / sizeof *fields; i++)
        if (!number_at(root, fields[i].key, fields[i].number))
            error = ERR_CORRUPT;
    if (error == ERR_OK)
        error = summary_sample_read(root, &summary->sample);
    if (error == ERR_OK)
        take_left_out(json_tree_at(root, "left_out"), summary);
    arena_dispose(&arena);
    return error;
}
