/* One line a field. */
#include "output/readback/facts_looks.h"

READ_ENUM(fetch_step, enum fetch_step, fetch_step_name, FETCH_STEP_COUNT)
READ_ENUM(smtp_step, enum smtp_step, smtp_step_name, SMTP_STEP_COUNT)
READ_ENUM(code, enum failure_code, failure_name, FAIL_COUNT)

static struct look read_look(struct read_fields *read, const struct json_node *node)
{
    struct look look = {.host = read_name(read, node, "host", true)};
    look.policy = read_bool(read, node, "policy");
    look.ip = read_ip(read, node, "ip");
    look.time = read_time(read, node, "time");
    look.step =
        look.policy ? (unsigned)fetch_step(read, node, "step") : (unsigned)smtp_step(read, node, "step");
    look.code = code(read, node, "code");
    look.dane = read_bool(read, node, "dane");
    return look;
}

void read_looks(struct read_fields *read, const struct json_node *root, struct domain_facts *facts)
{
    const struct json_node *list = read_list(read, root, "looks");
    facts->one_look = read_bool(read, root, "one_look");
    if (list != NULL && list->count > LOOKS_MOST) {
        read_fault(read, "looks", "are more than there can be");
        return;
    }
    facts->looks = list == NULL ? NULL : read_array(read, list->count, sizeof *facts->looks);
    for (const struct json_node *node = facts->looks == NULL ? NULL : list->first;
         node != NULL && !read->failed; node = node->next)
        facts->looks[facts->look_count++] = read_look(read, node);
    if (read->failed)
        facts->look_count = 0;
}
