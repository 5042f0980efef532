/*
 * Any bytes as a host's or a domain's record, of which a resume wants to know who did not answer: an address
 * at most, or a refusal. What the reader of whole records takes is no syntax error here.
 */
#include "output/store/unanswered.h"

#include "output/readback/facts_read.h"
#include "tests/fuzz/target.h"

enum { WHY_BYTES = 512 };

static void check_host(struct bytes line, struct arena *arena, struct buf *why)
{
    struct unanswered list = {0};
    struct probe_facts probe;
    enum error error = unanswered_host(&list, line);
    expect(error == ERR_OK || error == ERR_SYNTAX ? NULL : "another error");
    expect(list.count <= 1 && (error == ERR_OK || list.count == 0) ? NULL : "more addresses than one");
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
