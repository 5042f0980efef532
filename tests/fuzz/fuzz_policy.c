/* The policy file. A valid one must stay valid under CRLF line ends, and in a small arena be whole or
 * invalid. */
#include "scanner/base/buf.h"
#include "scanner/sts/policy.h"
#include "tests/fuzz/target.h"

enum { SMALL_BYTES = 256 };

static void check_small_arena(struct bytes body, const struct sts_policy *whole)
{
    struct sts_policy policy;
    struct arena arena;
    arena_init(&arena, SMALL_BYTES);
    sts_policy_parse(body, &arena, &policy);
    expect(policy_broken(&policy));
    expect(policy.code != FAIL_NONE || policy.mx_count == whole->mx_count ? NULL : "silently short");
    expect(whole->code == FAIL_NONE || policy.code == whole->code ? NULL : "the arena changes the verdict");
    arena_dispose(&arena);
}

static void check_crlf(struct bytes body, const struct sts_policy *lf)
{
    struct sts_policy policy;
    struct arena arena;
    struct buf buf;
    arena_init(&arena, TARGET_ARENA_BYTES);
    buf_init(&buf, 2 * body.len + 1);
    for (size_t i = 0; i < body.len; i++) {
        bool is_bare = body.data[i] == '\n' && (i == 0 || body.data[i - 1] != '\r');
        expect((!is_bare || buf_byte(&buf, '\r')) && buf_byte(&buf, body.data[i]) ? NULL : "no memory");
    }
    sts_policy_parse(buf_bytes(&buf), &arena, &policy);
    expect(policy.code == FAIL_NONE && policy.mode == lf->mode && policy.mx_count == lf->mx_count
               ? NULL
               : "CRLF changes a valid policy");
    buf_dispose(&buf);
    arena_dispose(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_make(data, size);
    struct sts_policy policy;
    struct arena arena;
    arena_init(&arena, TARGET_ARENA_BYTES);
    sts_policy_parse(body, &arena, &policy);
    expect(policy_broken(&policy));
    expect(findings_broken(&policy.findings, size + 1, size));
    check_small_arena(body, &policy);
    if (policy.code == FAIL_NONE)
        check_crlf(body, &policy);
    arena_dispose(&arena);
    return 0;
}
