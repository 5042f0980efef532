/*
 * Any bytes as JSON: the tree and the quick reader agree on what stands there, and a meta.json is read,
 * refused with its reason, or written again with another state as itself.
 */
#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"
#include "output/store/meta.h"
#include "output/store/summary.h"
#include "tests/fuzz/target.h"

enum { ARENA_BYTES = 64 << 20, OUT_BYTES = 64 << 20, WHY_BYTES = 1024 };

/* ---- the tree and the quick reader -------------------------------------------------------------------- */

static bool is_container(const struct json_node *node)
{
    return node->kind == JSON_OBJECT || node->kind == JSON_ARRAY;
}

static void check_node(const struct json_node *node, bool has_key, unsigned depth)
{
    size_t count = 0;
    bool is_text = node->kind == JSON_STRING || node->kind == JSON_NUMBER;
    expect((node->key != NULL) == has_key ? NULL : "a key where none belongs, or none");
    expect(depth <= JSON_TREE_DEPTH ? NULL : "deeper than it may be");
    expect(!is_text || node->text.data[node->text.len] == 0 ? NULL : "text without a NUL behind it");
    expect(is_container(node) || node->first == NULL ? NULL : "children of a value");
    for (const struct json_node *child = node->first; child != NULL; child = child->next) {
        check_node(child, node->kind == JSON_OBJECT, depth + 1);
        expect(child->next != NULL || node->last == child ? NULL : "the last is another");
        count++;
    }
    expect(count == node->count ? NULL : "another count");
}

/* What the quick reader tells of a tree: the values of two levels, and an end for each object or array of the
 * first. */
static size_t told_of(const struct json_node *root)
{
    size_t count = 0;
    for (const struct json_node *node = root->first; node != NULL; node = node->next) {
        count++;
        for (const struct json_node *child = node->first; child != NULL; child = child->next)
            count += !is_container(child);
    }
    return count;
}

static bool on_value(void *arg, const struct json_value *value)
{
    size_t *count = arg;
    ++*count;
    expect(value->kind != FIELD_NUMBER || value->text.len > 0 ? NULL : "a number without digits");
    expect(strlen(value->key) < JSON_KEY_BYTES && strlen(value->sub) < JSON_KEY_BYTES ? NULL : "a long key");
    return true;
}

static bool on_first(void *arg, const struct json_value *value)
{
    (void)value;
    ++*(size_t *)arg;
    return false;
}

static size_t count_keys(const struct json_node *node, const char *key)
{
    size_t count = node->key != NULL && strcmp(node->key, key) == 0;
    for (const struct json_node *child = node->first; child != NULL; child = child->next)
        count += count_keys(child, key);
    return count;
}

/* What is proved is what the tree takes, but for the room that it needs. */
static void check_proof(struct bytes text, enum error tree, const struct json_node *root)
{
    const char *key = root == NULL || root->first == NULL ? "label" : root->first->key;
    size_t keys;
    enum error proved = json_prove_line(text, key, &keys);
    expect(tree != ERR_OK || proved == ERR_OK ? NULL : "a tree of what is not proved");
    expect(proved != ERR_OK || tree != ERR_SYNTAX ? NULL : "no tree of what is proved");
    expect(tree != ERR_OK || keys == count_keys(root, key) ? NULL : "another count of a key");
}

static void check_text(struct bytes text)
{
    struct arena arena;
    const struct json_node *root;
    size_t count = 0, first = 0;
    arena_init(&arena, ARENA_BYTES);
    enum error tree = json_tree_parse(text, &arena, &root);
    enum error quick = json_read_line(text, on_value, &count);
    (void)json_read_line(text, on_first, &first);
    expect(first <= 1 ? NULL : "told after it had enough");
    expect((tree == ERR_OK) == (root != NULL) ? NULL : "an error with a tree, or a tree without");
    check_proof(text, tree, root);
    if (tree == ERR_OK) {
        check_node(root, false, 1);
        expect(root->kind == JSON_OBJECT ? NULL : "the root is no object");
        expect(quick == ERR_OK && count == told_of(root) ? NULL : "the two readers differ");
    }
    arena_dispose(&arena);
}

/* ---- meta.json ---------------------------------------------------------------------------------------- */

static void check_again(struct bytes text)
{
    struct buf once, twice;
    buf_init(&once, OUT_BYTES);
    buf_init(&twice, OUT_BYTES);
    if (meta_with_state(text, "stopped", &once)) {
        bool made = meta_with_state(buf_bytes(&once), "stopped", &twice);
        expect(made && bytes_equal(buf_bytes(&once), buf_bytes(&twice)) ? NULL : "not the same again");
    } else {
        expect(once.len == 0 ? NULL : "a failure that left something");
    }
    buf_dispose(&once);
    buf_dispose(&twice);
}

static void check_meta(struct bytes text)
{
    static const struct meta_input input = {
        .path = "names.csv", .bytes = 10, .lines = 1, .inputs = 1, .sha256 = "00"};
    static const struct meta_option option = {"dns.timeout", "3s", "3s", false, false};
    static const struct meta_previous previous = {.dir = "old", .started_ms = 1, .seed = 1};
    const struct meta_asked asked = {.inputs = &input,
                                     .input_count = 1,
                                     .options = &option,
                                     .option_count = 1,
                                     .previous = text.len % 2 == 0 ? NULL : &previous};
    struct meta_stored stored;
    struct buf why;
    buf_init(&why, WHY_BYTES);
    enum error error = meta_read(text, &stored, &why);
    expect(error == ERR_OK || why.len > 0 ? NULL : "an error without its reason");
    expect(error != ERR_OK || (stored.runs > 0 && stored.version[0] != 0) ? NULL : "a scan without runs");
    buf_reset(&why);
    error = meta_may_go_on(text, &why);
    expect(error == ERR_OK || why.len > 0 ? NULL : "a refusal without its reason");
    buf_reset(&why);
    error = meta_compare(text, &asked, &stored, &why);
    expect(error == ERR_OK || why.len > 0 ? NULL : "a difference without its reason");
    buf_dispose(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_make(data, size);
    struct tally tally;
    check_text(text);
    check_meta(text);
    check_again(text);
    (void)summary_read_line(text, &tally);
    return 0;
}
