/*
 * Any bytes as JSON: the tree and the quick reader agree on what stands there, and a meta.json is read,
 * refused with its reason, or written again with another state as itself.
 */
#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"
#include "output/store/meta.h"
#include "output/store/summary.h"
#include "scanner/base/utf8.h"
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

/* What a reader has told: how many values, and a hash of their kinds and texts in order. */
struct told {
    size_t count;
    uint64_t hash;
};

static void tell(struct told *told, enum field_kind kind, bool truth, struct bytes text)
{
    told->count++;
    told->hash = (told->hash ^ (unsigned)kind ^ (unsigned)truth << 8) * 0x100000001b3;
    for (size_t i = 0; i < text.len; i++)
        told->hash = (told->hash ^ text.data[i]) * 0x100000001b3;
}

static void tell_node(struct told *told, const struct json_node *node)
{
    static const enum field_kind kinds[] = {
        [JSON_NULL] = FIELD_NULL,     [JSON_BOOL] = FIELD_BOOL, [JSON_NUMBER] = FIELD_NUMBER,
        [JSON_STRING] = FIELD_STRING, [JSON_ARRAY] = FIELD_END, [JSON_OBJECT] = FIELD_END,
    };
    bool is_text = node->kind == JSON_STRING || node->kind == JSON_NUMBER;
    tell(told, kinds[node->kind], node->kind == JSON_BOOL && node->truth,
         is_text ? node->text : bytes_make(NULL, 0));
}

/* What the quick reader has to tell of a tree: the values of two levels, and an end for each object or array
 * of the first. */
static struct told told_of(const struct json_node *root)
{
    struct told told = {0};
    for (const struct json_node *node = root->first; node != NULL; node = node->next) {
        for (const struct json_node *child = node->first; child != NULL; child = child->next)
            if (!is_container(child))
                tell_node(&told, child);
        tell_node(&told, node);
    }
    return told;
}

/* Says whether there may be half a surrogate pair, of which yajl makes other text than the quick reader. */
static bool may_have_surrogates(struct bytes text)
{
    return memmem(text.data, text.len, "\\ud", 3) != NULL || memmem(text.data, text.len, "\\uD", 3) != NULL;
}

static bool on_value(void *arg, const struct json_value *value)
{
    tell(arg, value->kind, value->truth, value->text);
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

static void check_text(struct bytes text)
{
    struct arena arena;
    const struct json_node *root;
    struct told told = {0};
    size_t first = 0;
    arena_init(&arena, ARENA_BYTES);
    enum error tree = json_tree_parse(text, &arena, &root);
    enum error quick = json_read_line(text, on_value, &told);
    (void)json_read_line(text, on_first, &first);
    expect(first <= 1 ? NULL : "told after it had enough");
    expect((tree == ERR_OK) == (root != NULL) ? NULL : "an error with a tree, or a tree without");
    if (tree == ERR_OK) {
        check_node(root, false, 1);
        expect(root->kind == JSON_OBJECT ? NULL : "the root is no object");
        struct told of_tree = told_of(root);
        expect(quick == ERR_OK && told.count == of_tree.count ? NULL : "the two readers differ");
        expect(may_have_surrogates(text) || told.hash == of_tree.hash ? NULL : "the two read other text");
    }
    expect(quick != ERR_OK || tree != ERR_SYNTAX || utf8_find_fault(text) < text.len ? NULL
                                                                                     : "only one reads it");
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
    const struct meta_asked asked = {&input, 1, &option, 1, text.len % 2 == 0 ? NULL : &previous};
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
