/*
 * Any bytes as plan-R.json: refused with a reason that may be shown, or what was read of it is written as the
 * same bytes, and holds what a plan holds. As nobody meets an id by chance, the bytes are also read with the
 * id that they would have, and by the rules of this program.
 */
#include "scanner/facts/record.h"
#include "scanner/stages/plandir.h"
#include "scanner/stages/sha256.h"
#include "tests/fuzz/file.h"

enum { WHY_BYTES = 1 << 12, ARENA_BYTES = 64 << 20, TEXT_BYTES = 1 << 24 };

static void check_plan(const struct plan *plan)
{
    expect(plan->round > 0 && plan->round <= PLAN_ROUNDS_MOST ? NULL : "a round that none is");
    expect((plan->round == 1) == (plan->before[0] == 0) ? NULL : "the first round follows one");
    expect(plan->shards > 0 && plan->shards <= PLAN_SHARDS_MOST ? NULL : "so many shards");
    expect(plan->part_count > 0 && plan->part_count <= PLAN_PARTS_MOST ? NULL : "so many parts");
    for (uint32_t i = 0; i < plan->shards; i++) {
        expect(plan->names[i].shard == i + 1 ? NULL : "shards out of order");
        expect(sha256_is_hex(plan->names[i].sha256) ? NULL : "a sum that is none");
    }
    for (uint32_t i = 0; i < plan->part_count; i++) {
        expect(plan->parts[i].policies <= plan->parts[i].contacts ? NULL : "more policies than contacts");
        expect(sha256_is_hex(plan->parts[i].sha256) ? NULL : "a sum that is none");
    }
}

static void check(struct bytes text)
{
    struct arena arena;
    struct buf why, again;
    struct plan plan;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&why, WHY_BYTES);
    buf_init(&again, TEXT_BYTES);
    enum error error = plandir_parse(text, &arena, &plan, &why);
    expect(error == ERR_OK || error == ERR_MEMORY || why.len > 0 ? NULL : "refused without a reason");
    for (size_t i = 0; i < why.len; i++)
        expect(why.data[i] >= 0x20 && why.data[i] < 0x7F ? NULL : "a reason that may not be shown");
    if (error == ERR_OK) {
        check_plan(&plan);
        expect(plandir_text(&plan, &again) ? NULL : "it cannot be written");
        expect(bytes_equal(buf_bytes(&again), text) ? NULL : "it is written otherwise");
    }
    arena_dispose(&arena);
    buf_dispose(&why);
    buf_dispose(&again);
}

/* Puts this program's rules in the place of others, so that seeds outlive them. */
static void set_rules(const uint8_t *data, size_t size, struct buf *text)
{
    static const char key[] = "\"rules\": ";
    const uint8_t *at = size == 0 ? NULL : memmem(data, size, key, sizeof key - 1);
    size_t head = at == NULL ? size : (size_t)(at - data) + sizeof key - 1, digits = 0;
    while (head + digits < size && data[head + digits] >= '0' && data[head + digits] <= '9')
        digits++;
    bool fits = buf_append(text, data, head) && (digits == 0 || buf_printf(text, "%d", RECORD_RULES)) &&
                buf_append(text, data + head + digits, size - head - digits);
    expect(fits ? NULL : "no memory");
}

/* Puts into *text the id of all that it says but the line of the id. false: it has no such line. */
static bool sign(struct buf *text)
{
    static const char begin[] = "  \"id\": \"", end[] = "\",\n";
    enum { BEGIN = sizeof begin - 1, DIGITS = SHA256_HEX_BYTES - 1, LINE = BEGIN + DIGITS + sizeof end - 1 };
    char sum[SHA256_HEX_BYTES];
    struct buf unnamed;
    uint8_t *at = text->len < LINE ? NULL : memmem(text->data, text->len, begin, BEGIN);
    size_t left = at == NULL ? 0 : text->len - (size_t)(at - text->data);
    if (left < LINE || memcmp(at + BEGIN + DIGITS, end, sizeof end - 1) != 0)
        return false;
    buf_init(&unnamed, TEXT_BYTES);
    bool summed = buf_append(&unnamed, text->data, text->len - left) &&
                  buf_append(&unnamed, at + LINE, left - LINE) && sha256_of(buf_bytes(&unnamed), sum);
    buf_dispose(&unnamed);
    expect(summed ? NULL : "no memory");
    memcpy(at + BEGIN, sum, DIGITS);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text;
    check(bytes_make(data, size));
    buf_init(&text, TEXT_BYTES);
    set_rules(data, size, &text);
    if (sign(&text))
        check(buf_bytes(&text));
    buf_dispose(&text);
    return 0;
}
