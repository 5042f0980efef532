/*
 * Any bytes as a host's or a domain's record, of which a resume wants to know who did not answer: an address
 * at most, or a refusal. What the reader of whole records takes is no syntax error here; and by the tree of
 * it, an address is remembered if and only if the record has one and says that it did not answer.
 */
#include "output/store/unanswered.h"

#include "output/readback/facts_read.h"
#include "scanner/json/json_tree.h"
#include "tests/fuzz/target.h"

enum { WHY_BYTES = 512 };

/* The only member of this name; NULL if there is none, or *several. */
static const struct json_node *only(const struct json_node *object, const char *key, bool *several)
{
    const struct json_node *found = NULL;
    for (const struct json_node *node = object->first; node != NULL; node = node->next)
        if (strcmp(node->key, key) == 0) {
            *several = *several || found != NULL;
            found = node;
        }
    return found;
}

/* object: the name of the object within the record, or NULL for the record itself. */
static void check_by_tree(struct bytes line, const char *object, const char *silence, size_t count,
                          struct arena *arena)
{
    const struct json_node *node;
    struct ip_addr ip;
    bool several = false;
    if (json_tree_parse(line, arena, &node) != ERR_OK)
        return;
    if (object != NULL)
        node = only(node, object, &several);
    if (several || node == NULL || node->kind != JSON_OBJECT)
        return;
    const struct json_node *code = only(node, "code", &several), *address = only(node, "ip", &several);
    bool is_silent = code != NULL && code->kind == JSON_STRING && bytes_equal(code->text, bytes_of(silence));
    bool has_ip = address != NULL && address->kind == JSON_STRING && ip_parse_bytes(address->text, &ip);
    expect(several || count == (is_silent && has_ip) ? NULL
                                                     : "another number of addresses than the tree tells");
}

static void check_host(struct bytes line, struct arena *arena, struct buf *why)
{
    struct unanswered list = {0};
    struct probe_facts probe;
    enum error error = unanswered_host(&list, line);
    expect(error == ERR_OK || error == ERR_SYNTAX ? NULL : "another error");
    expect(list.count <= 1 && (error == ERR_OK || list.count == 0) ? NULL : "more addresses than one");
    if (error == ERR_OK)
        check_by_tree(line, NULL, "smtp.tcp.timeout", list.count, arena);
    if (facts_read_host(line, arena, &probe, why) == ERR_OK) {
        expect(error == ERR_OK ? NULL : "one reader takes the record, the other does not");
        expect(list.count == 0 || ip_equal(&list.ips[0], &probe.ip) ? NULL : "another address");
    }
    unanswered_dispose(&list);
}

static void check_policy(struct bytes line, struct arena *arena, struct buf *why)
{
    struct unanswered list = {0};
    struct domain_facts facts;
    enum error error = unanswered_policy(&list, line);
    expect(error == ERR_OK || error == ERR_SYNTAX ? NULL : "another error");
    expect(list.count <= 1 && (error == ERR_OK || list.count == 0) ? NULL : "more addresses than one");
    if (error == ERR_OK)
        check_by_tree(line, "policy", "policy.tcp.timeout", list.count, arena);
    if (facts_read_domain(line, arena, &facts, why) == ERR_OK)
        expect(error == ERR_OK ? NULL : "one reader takes the record, the other does not");
    unanswered_dispose(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct buf why;
    arena_init(&arena, READ_ARENA_BYTES);
    buf_init(&why, WHY_BYTES);
    check_host(bytes_make(data, size), &arena, &why);
    check_policy(bytes_make(data, size), &arena, &why);
    buf_dispose(&why);
    arena_dispose(&arena);
    return 0;
}
