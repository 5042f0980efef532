/* Goes from round to round: takes what came of it, judges, and ends or comes again. */
#include "scanner/stages/replay.h"

#include "scanner/reach/looks.h"
#include "scanner/scan/passes.h"
#include "scanner/stages/replay_parts.h"
#include "scanner/verdict/verdict.h"

/* Is the pass not over yet, as something is elsewhere that another round may find? */
static bool waits(const struct replaying *replaying)
{
    if (replaying->rounds >= REPLAY_ROUNDS_A_PASS)
        return false;
    for (size_t i = 0; i < replaying->facts->host_count; i++) {
        const struct replay_host *host = &replaying->hosts[i];
        for (size_t j = 0; host->facts != NULL && j < host->facts->probe_count; j++)
            if (replay_host_waits(host, j))
                return true;
    }
    return replay_policy_waits(replaying);
}

/* Notes the looks that go into the next round if the pass is not over: those that it began with. */
static enum error keep_looks(const struct replaying *replaying, struct replay_end *end)
{
    const struct domain_facts *facts = replaying->facts;
    end->look_count = facts->look_count;
    end->looks = arena_array(replaying->arena, facts->look_count, sizeof *end->looks);
    if (facts->look_count == 0)
        return ERR_OK;
    if (end->looks == NULL)
        return ERR_MEMORY;
    memcpy(end->looks, facts->looks, facts->look_count * sizeof *end->looks);
    return ERR_OK;
}

/* Makes the looks that the next pass begins with, by way of the text in which a scan keeps them. */
static enum error make_looks(const struct replaying *replaying, const struct judgement *judgement,
                             struct replay_end *end)
{
    struct domain_facts next = {.looks = NULL};
    struct buf text;
    buf_init(&text, LOOKS_BYTES);
    (void)looks_write(&text, replaying->facts, judgement);
    looks_read(buf_bytes(&text), replaying->arena, &next);
    buf_dispose(&text);
    end->looks = next.looks;
    end->look_count = next.look_count;
    return replaying->arena->full ? ERR_MEMORY : ERR_OK;
}

static bool is_put_off(const struct replaying *replaying, const struct judgement *judgement)
{
    const struct pass_end end = {.retries = replaying->rules->retry_passes, .pass = replaying->pass};
    return passes_put_off(&end, judgement);
}

/* Judges at the end of a pass, or of the last round that there is. */
static enum error judge(const struct replaying *replaying, struct judgement *judgement,
                        struct replay_end *end)
{
    struct domain_facts *facts = replaying->facts;
    const bool waiting = waits(replaying);
    end->pass = replaying->pass;
    enum error error = waiting ? keep_looks(replaying, end) : ERR_OK;
    if (error != ERR_OK)
        return error;
    replay_policy_drop_looks(facts);
    verdict_judge(facts, BY_OWN_TIME, replaying->arena, judgement);
    looks_prune(facts, judgement);
    if (waiting) {
        error = replay_list_waiting(replaying, end);
    } else if (is_put_off(replaying, judgement)) {
        error = make_looks(replaying, judgement, end);
        if (error == ERR_OK)
            error = replay_list_again(replaying, judgement, end);
    }
    end->open = end->contact_count > 0;
    return replaying->arena->full ? ERR_MEMORY : error;
}

static enum error take_round(struct replaying *replaying)
{
    enum error error = replay_hosts_take(replaying);
    return error == ERR_OK ? replay_policy_take(replaying) : error;
}

/* Leads into the next round what is open: on in the same pass, or in a new one with the looks of this. */
static void go_on(struct replaying *replaying, const struct replay_end *end, bool same_pass)
{
    replaying->round++;
    replaying->rounds = same_pass ? replaying->rounds + 1 : 1;
    replaying->pass += !same_pass;
    if (same_pass)
        return;
    replaying->facts->looks = end->looks;
    replaying->facts->look_count = end->look_count;
}

static enum error run(struct replaying *replaying, struct judgement *judgement, struct replay_end *end)
{
    const uint32_t rounds = replaying->rules->rounds;
    while (replaying->round <= rounds) {
        enum error error = take_round(replaying);
        if (error != ERR_OK)
            return error;
        bool same_pass = waits(replaying);
        if (!same_pass || replaying->round == rounds) {
            *end = (struct replay_end){.open = false};
            error = judge(replaying, judgement, end);
        }
        if (error != ERR_OK || replaying->round == rounds || (!same_pass && !end->open))
            return error;
        go_on(replaying, end, same_pass);
    }
    return judge(replaying, judgement, end);
}

enum error replay(struct domain_facts *facts, const struct replay_rules *rules,
                  const struct replay_source *source, struct arena *arena, struct judgement *judgement,
                  struct replay_end *end)
{
    struct replaying replaying = {
        .facts = facts, .rules = rules, .source = source, .arena = arena, .round = 1, .pass = 1, .rounds = 1};
    *end = (struct replay_end){.open = false};
    facts->one_look = true;
    enum error error = replay_hosts_begin(&replaying);
    replay_policy_begin(&replaying);
    return error == ERR_OK ? run(&replaying, judgement, end) : error;
}
