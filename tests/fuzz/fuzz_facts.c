/*
 * Any bytes as a record of each kind: facts or an error with its reason, in bounded memory. What is read is
 * judged and written, and that record comes back as itself. Its groups have names, each once, and of each
 * kind one at most gains by being mended alone; and they are those of the facts.
 */
#include "output/json/json.h"
#include "output/readback/cached_read.h"
#include "output/readback/facts_read.h"
#include "output/readback/groups.h"
#include "output/store/groups_pack.h"
#include "scanner/verdict/provider.h"
#include "scanner/verdict/verdict.h"
#include "tests/fuzz/target.h"

enum { OUT_BYTES = 16 << 20, WHY_BYTES = 512 };

/* A day after the fetches of the seeds. */
#define SOME_TIME INT64_C(1796104800000)

struct fuzz {
    struct arena arena;
    struct buf first, second, why;
};

static void told(const struct fuzz *fuzz, enum error error)
{
    expect(error == ERR_OK || fuzz->why.len > 0 ? NULL : "an error without its reason");
}

static bool write_judged(struct fuzz *fuzz, struct buf *out, const struct domain_facts *facts)
{
    struct judgement judgement;
    verdict_judge(facts, facts->time, &fuzz->arena, &judgement);
    return json_domain(out, facts, &judgement);
}

/* What is packed of facts is what is packed of the record that was written of them. */
static void check_packed(struct fuzz *fuzz, const struct domain_facts *facts, struct bytes line)
{
    struct judgement judgement;
    struct group_record record;
    struct buf of_facts, of_line;
    buf_init(&of_facts, GROUPS_PACK_BYTES);
    buf_init(&of_line, GROUPS_PACK_BYTES);
    verdict_judge(facts, facts->time, &fuzz->arena, &judgement);
    if (groups_pack_facts(facts, &judgement, provider_of_mx, &fuzz->arena, &of_facts) == ERR_OK &&
        group_record_read(line, &fuzz->arena, &record) == ERR_OK &&
        groups_pack_domain(&record, provider_of_mx, &fuzz->arena, &of_line) == ERR_OK)
        expect(bytes_equal(buf_bytes(&of_facts), buf_bytes(&of_line)) ? NULL
                                                                      : "other groups than the facts'");
    buf_dispose(&of_facts);
    buf_dispose(&of_line);
}

static void check_domain(struct fuzz *fuzz, struct bytes line)
{
    struct domain_facts facts;
    enum error error = facts_read_domain(line, &fuzz->arena, &facts, &fuzz->why);
    told(fuzz, error);
    if (error != ERR_OK || !write_judged(fuzz, &fuzz->first, &facts))
        return;
    struct bytes written = bytes_make(fuzz->first.data, fuzz->first.len - 1);
    check_packed(fuzz, &facts, written);
    error = facts_read_domain(written, &fuzz->arena, &facts, &fuzz->why);
    if (error == ERR_LIMIT)
        return;
    expect(error == ERR_OK ? NULL : "what was written is not read");
    if (facts.policy.fetch.body_bytes == 0 && write_judged(fuzz, &fuzz->second, &facts))
        expect(bytes_equal(buf_bytes(&fuzz->first), buf_bytes(&fuzz->second)) ? NULL : "not the same again");
}

/* A policy of a record that may be anybody's has all that the verdict reads of it, or there is none. */
static void check_cached(struct fuzz *fuzz, struct bytes line)
{
    struct cached_read found;
    buf_reset(&fuzz->why);
    enum error error = cached_read_record(line, SOME_TIME, &fuzz->arena, &found, &fuzz->why);
    if (error == ERR_OK && found.policy != NULL)
        expect(found.domain != NULL && found.policy->id != NULL && found.policy->mx_count > 0 &&
                       found.policy->mx_count <= CACHED_MX_MOST
                   ? NULL
                   : "half a policy");
    buf_reset(&fuzz->why);
    (void)cached_read_kept(line, &fuzz->arena, &found, &fuzz->why);
}

/* A host's and a certificate's record come back as themselves as a domain's does. */
static void begin_again(struct fuzz *fuzz)
{
    buf_reset(&fuzz->why);
    buf_reset(&fuzz->first);
    buf_reset(&fuzz->second);
}

static void expect_again(struct fuzz *fuzz, enum error error)
{
    expect(error == ERR_OK ? NULL : "what was written is not read");
    expect(bytes_equal(buf_bytes(&fuzz->first), buf_bytes(&fuzz->second)) ? NULL : "not the same again");
}

static void check_host(struct fuzz *fuzz, struct bytes line)
{
    struct probe_facts probe;
    begin_again(fuzz);
    enum error error = facts_read_host(line, &fuzz->arena, &probe, &fuzz->why);
    told(fuzz, error);
    if (error != ERR_OK || !json_host(&fuzz->first, &probe, FAIL_NONE))
        return;
    error =
        facts_read_host(bytes_make(fuzz->first.data, fuzz->first.len - 1), &fuzz->arena, &probe, &fuzz->why);
    if (error != ERR_LIMIT && (error != ERR_OK || json_host(&fuzz->second, &probe, FAIL_NONE)))
        expect_again(fuzz, error);
}

static void check_cert(struct fuzz *fuzz, struct bytes line)
{
    struct cert_facts cert;
    begin_again(fuzz);
    enum error error = facts_read_cert(line, &fuzz->arena, &cert, &fuzz->why);
    told(fuzz, error);
    expect(error != ERR_OK || cert.der.len < line.len ? NULL : "a certificate longer than its record");
    if (error != ERR_OK || !json_cert(&fuzz->first, &cert))
        return;
    error =
        facts_read_cert(bytes_make(fuzz->first.data, fuzz->first.len - 1), &fuzz->arena, &cert, &fuzz->why);
    if (error != ERR_LIMIT && (error != ERR_OK || json_cert(&fuzz->second, &cert)))
        expect_again(fuzz, error);
}

static void check_groups(struct fuzz *fuzz, struct bytes line)
{
    struct group_record record;
    struct troubles troubles;
    struct group_members members;
    if (group_record_read(line, &fuzz->arena, &record) != ERR_OK ||
        !troubles_find(&record, &fuzz->arena, &troubles))
        return;
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++) {
        size_t gains = 0;
        if (!groups_of(&record, &troubles, kind, provider_of_mx, &fuzz->arena, &members))
            return;
        for (size_t i = 0; i < members.count; i++) {
            gains += members.list[i].gains;
            expect(members.list[i].name.len > 0 ? NULL : "a group without a name");
            expect(i == 0 || !bytes_equal(members.list[i].name, members.list[i - 1].name) ? NULL
                                                                                          : "a group twice");
        }
        expect(gains <= 1 ? NULL : "two groups gain what each of them mends alone");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz;
    arena_init(&fuzz.arena, READ_ARENA_BYTES);
    buf_init(&fuzz.first, OUT_BYTES);
    buf_init(&fuzz.second, OUT_BYTES);
    buf_init(&fuzz.why, WHY_BYTES);
    check_domain(&fuzz, bytes_make(data, size));
    check_host(&fuzz, bytes_make(data, size));
    check_cert(&fuzz, bytes_make(data, size));
    check_cached(&fuzz, bytes_make(data, size));
    check_groups(&fuzz, bytes_make(data, size));
    buf_dispose(&fuzz.first);
    buf_dispose(&fuzz.second);
    buf_dispose(&fuzz.why);
    arena_dispose(&fuzz.arena);
    return 0;
}
