/*
 * Any bytes as what a release is made of: a meta.json is published without what is private and described, or
 * refused; a summary.json is read or refused; a record loses its label and stays a record, or is refused.
 */
#include "output/release/release_card.h"
#include "output/store/summary_stored.h"
#include "output/release/release_line.h"
#include "output/release/release_meta.h"
#include "output/release/release_summary.h"
#include "scanner/json/json_tree.h"
#include "tests/fuzz/target.h"

enum { ARENA_BYTES = 64 << 20, OUT_BYTES = 64 << 20 };

/* Is there a < that is not escaped? The card itself has none. */
static bool has_markup(const struct buf *text)
{
    for (size_t i = 1; i < text->len; i++)
        if (text->data[i] == '<' && text->data[i - 1] != '\\')
            return true;
    return false;
}

static void check_meta(struct bytes input)
{
    static const struct summary summary;
    struct arena arena;
    struct buf meta, card;
    const struct json_node *root;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&meta, OUT_BYTES);
    buf_init(&card, OUT_BYTES);
    if (release_meta(input, &meta) == ERR_OK) {
        expect(json_tree_parse(buf_bytes(&meta), &arena, &root) == ERR_OK ? NULL
                                                                          : "what is published is no JSON");
        const struct json_node *command = json_tree_at(root, "command");
        expect(command == NULL || command->text.len == 0 ? NULL : "a command line is published");
        expect(json_tree_at(root, "notes") == NULL ? NULL : "what no version writes is published");
        struct card asked = {.meta = buf_bytes(&meta), .summary = &summary};
        enum error error = release_card(&asked, &card);
        expect(error == ERR_OK || error == ERR_LIMIT ? NULL : "what is published is not described");
        expect(!has_markup(&card) ? NULL : "markup from outside");
    }
    arena_dispose(&arena);
    buf_dispose(&meta);
    buf_dispose(&card);
}

/* Does a reader of the tree find a label, however deep? */
static bool has_label(const struct json_node *node)
{
    bool found = node->key != NULL && strcmp(node->key, "label") == 0;
    for (const struct json_node *child = node->first; child != NULL && !found; child = child->next)
        found = has_label(child);
    return found;
}

/* The line may be longer than there is room for its tree. */
static void check_published(struct bytes line, const struct json_node *stored, enum release_label label)
{
    struct arena arena;
    const struct json_node *root;
    arena_init(&arena, ARENA_BYTES);
    enum error error = json_tree_parse(line, &arena, &root);
    expect(error == ERR_OK || error == ERR_LIMIT ? NULL : "what is published is no record");
    if (error == ERR_OK && label != RELEASE_LABEL_KEPT)
        expect(!has_label(root) ? NULL : "a label is published");
    if (error == ERR_OK && stored != NULL)
        expect(root->count + (label == RELEASE_LABEL_CUT) == stored->count ? NULL
                                                                           : "more than the label is gone");
    arena_dispose(&arena);
}

static void check_record(struct bytes input, bool labels)
{
    struct arena arena;
    struct buf line;
    const struct json_node *stored = NULL;
    enum release_label label;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&line, OUT_BYTES);
    bool is_record = json_tree_parse(input, &arena, &stored) == ERR_OK;
    enum error error = release_line(input, labels, &line, &label);
    expect(error == ERR_OK ? NULL : "a record without a word of it");
    if (label == RELEASE_NO_LABEL || label == RELEASE_LABEL_KEPT)
        expect(bytes_equal(input, buf_bytes(&line)) ? NULL : "changed without a label");
    expect(!is_record || label != RELEASE_NO_RECORD ? NULL : "no record without its label");
    if (label <= RELEASE_LABEL_KEPT)
        check_published(buf_bytes(&line), stored, label);
    arena_dispose(&arena);
    buf_dispose(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_make(data, size);
    struct summary summary;
    uint64_t records;
    enum error error = summary_denominators(input, &summary, &records);
    expect(error == ERR_OK || error == ERR_CORRUPT ? NULL : "another error");
    summary_sample_destroy(summary.sample);
    check_meta(input);
    check_record(input, false);
    check_record(input, true);
    return 0;
}
