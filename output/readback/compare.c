/* Says what changed between two records of a domain. */
#include "output/readback/compare.h"

#include <xxhash.h>

#include "output/readback/facts_fields.h"

static const char *outcome_text(unsigned value)
{
    return outcome_name((enum outcome)value);
}

const char *change_name(enum change change)
{
    static const char *const names[CHANGE_COUNT] = {
        [CHANGE_NONE] = "none",     [CHANGE_GAINED] = "gained",   [CHANGE_LOST] = "lost",
        [CHANGE_BROKE] = "broke",   [CHANGE_MENDED] = "mended",   [CHANGE_OUTCOME] = "outcome",
        [CHANGE_POLICY] = "policy", [CHANGE_UNCLEAR] = "unclear", [CHANGE_APPEARED] = "appeared",
        [CHANGE_GONE] = "gone",
    };
    return names[change];
}

/* Tells by its code whether a policy came with status 200 over a connection that counts; its text may be
 * wrong. */
static bool is_served(const char *code)
{
    static const char syntax[] = "policy.syntax.";
    return code != NULL && (strcmp(code, "ok") == 0 || strncmp(code, syntax, sizeof syntax - 1) == 0);
}

enum error stand_read(struct bytes line, struct arena *arena, struct stand *stand)
{
    const struct json_node *root;
    struct buf why;
    enum error error = json_tree_parse(line, arena, &root);
    if (error != ERR_OK)
        return error;
    buf_init(&why, 1024);
    struct read_fields read = {.arena = arena, .why = &why};
    const struct json_node *policy = read_object(&read, root, "policy");
    const struct json_node *txt = read_object(&read, root, "txt");
    *stand = (struct stand){.domain = read_name(&read, root, "domain", true), .id = ""};
    stand->outcome =
        (enum outcome)read_choice(&read, root, "outcome", outcome_text, OUTCOME_COUNT, OUTCOME_NONE);
    stand->would_be =
        (enum outcome)read_choice(&read, root, "would_be", outcome_text, OUTCOME_COUNT, OUTCOME_NONE);
    const char *id = txt == NULL ? NULL : read_name(&read, txt, "id", false);
    if (id != NULL)
        stand->id = id;
    if (policy != NULL && is_served(read_name(&read, policy, "code", false))) {
        struct bytes body = read_text(&read, policy, "body");
        uint64_t hash = XXH3_64bits(body.data, body.len);
        stand->body = hash == 0 ? 1 : hash;
    }
    buf_dispose(&why);
    if (read.failed)
        return read.no_room ? ERR_MEMORY : ERR_SYNTAX;
    return stand->outcome == OUTCOME_NONE ? ERR_SYNTAX : ERR_OK;
}

enum standing { STANDS_OPEN, STANDS_NOT, STANDS_WELL, STANDS_IN_PART, STANDS_BADLY };

/* Returns how a domain stands with an outcome. From STANDS_WELL on, the order is that of harm. */
static enum standing standing_of(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_NONE:
    case OUTCOME_UNKNOWN:
    case OUTCOME_COUNT:
        return STANDS_OPEN;
    case OUTCOME_NO_MAIL:
    case OUTCOME_ABSENT:
        return STANDS_NOT;
    case OUTCOME_OFF:
    case OUTCOME_TESTING:
    case OUTCOME_PROTECTED:
        return STANDS_WELL;
    case OUTCOME_PARTIAL:
        return STANDS_IN_PART;
    case OUTCOME_BROKEN:
    case OUTCOME_REFUSED:
        break;
    }
    return STANDS_BADLY;
}

enum change stand_compare(const struct stand *before, const struct stand *after)
{
    if (before == NULL || after == NULL)
        return before == NULL ? CHANGE_APPEARED : CHANGE_GONE;
    enum standing was = standing_of(before->outcome);
    enum standing is = standing_of(after->outcome);
    if (was == STANDS_OPEN || is == STANDS_OPEN)
        return was == is ? CHANGE_NONE : CHANGE_UNCLEAR;
    if (was != is && (was == STANDS_NOT || is == STANDS_NOT))
        return was == STANDS_NOT ? CHANGE_GAINED : CHANGE_LOST;
    if (was != is)
        return is > was ? CHANGE_BROKE : CHANGE_MENDED;
    if (before->outcome != after->outcome || before->would_be != after->would_be)
        return CHANGE_OUTCOME;
    bool same = before->body == after->body && strcmp(before->id, after->id) == 0;
    return same ? CHANGE_NONE : CHANGE_POLICY;
}

bool stand_keeps_id(const struct stand *before, const struct stand *after)
{
    return before != NULL && after != NULL && before->body != 0 && after->body != 0 &&
           before->body != after->body && before->id[0] != 0 && strcmp(before->id, after->id) == 0;
}
