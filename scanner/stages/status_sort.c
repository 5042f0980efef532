/* Finds what most agree on, and holds the rest to it. */
#include "scanner/stages/status_sort.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_BYTES = 160, ID_SHOWN = 12 };

static enum error count_out(struct status_dir *dir, const char *reason)
{
    dir->is_counted_out = true;
    free(dir->reason);
    dir->reason = strdup(reason);
    return dir->reason == NULL ? ERR_MEMORY : ERR_OK;
}

/* ---- names --------------------------------------------------------------------------------------------- */

static bool is_of_one_scan(const struct status_dir *one, const struct status_dir *other)
{
    return one->shards == other->shards && one->seed == other->seed &&
           (one->list == 0 || other->list == 0 || one->list == other->list);
}

/* Finds one of the names that most others are of one scan with: of the first few, as there are hardly ever
 * two kinds. */
static const struct status_dir *usual_names(const struct status *status)
{
    enum { TRIED_MOST = 16 };
    const struct status_dir *best = NULL;
    size_t best_count = 0, tried = 0;
    for (size_t i = 0; i < status->count && tried < TRIED_MOST; i++) {
        size_t count = 0;
        const struct status_dir *one = &status->dirs[i];
        /* What has not read its lists yet says little. */
        if (one->kind != STATUS_NAMES || (best != NULL && best->list != 0 && one->list == 0))
            continue;
        for (size_t k = 0; k < status->count; k++)
            count += status->dirs[k].kind == STATUS_NAMES && is_of_one_scan(one, &status->dirs[k]);
        if (best == NULL || count > best_count || (best->list == 0 && one->list != 0)) {
            best = one;
            best_count = count;
        }
        tried++;
    }
    return best;
}

/* Says why a directory of names is none of this scan; NULL if it is one. */
static const char *why_not_names(const struct status_dir *dir, const struct status_dir *usual,
                                 const struct plan *plan)
{
    if (plan != NULL && (dir->shards != plan->shards || dir->seed != plan->seed))
        return "it is of other names than the plan";
    if (plan != NULL && dir->state == STATE_WHOLE &&
        strcmp(dir->sha256, plan->names[dir->number - 1].sha256) != 0)
        return "it was made, or gone on with, after the plan, or is of another list";
    if (plan == NULL && !is_of_one_scan(dir, usual))
        return "it is of another list, seed or number of shards than most";
    return NULL;
}

static enum error sort_names(struct status *status, const struct plan *plan)
{
    const struct status_dir *usual = usual_names(status);
    uint64_t records = 0, whole = 0;
    /* If none are given of a plan that is whole, they are not asked for: they were whole before. */
    status->shards = usual == NULL ? 0 : plan != NULL ? plan->shards : usual->shards;
    if (!numbers_init(&status->names_whole, status->shards) ||
        !numbers_init(&status->names_running, status->shards))
        return ERR_MEMORY;
    for (size_t i = 0; i < status->count; i++) {
        struct status_dir *dir = &status->dirs[i];
        if (dir->kind != STATUS_NAMES)
            continue;
        const char *reason = why_not_names(dir, usual, plan);
        if (reason == NULL && dir->state == STATE_WHOLE && numbers_have(&status->names_whole, dir->number))
            reason = "its shard stands twice: give one of them";
        if (reason != NULL && count_out(dir, reason) != ERR_OK)
            return ERR_MEMORY;
        if (reason != NULL)
            continue;
        if (dir->state == STATE_RUNNING)
            numbers_add(&status->names_running, dir->number);
        if (dir->state != STATE_WHOLE)
            continue;
        numbers_add(&status->names_whole, dir->number);
        records += dir->records;
        whole++;
    }
    status->names_records = whole == 0 ? 0 : (records + whole - 1) / whole;
    return ERR_OK;
}

/* ---- rounds -------------------------------------------------------------------------------------------- */

static enum error make_rounds(struct status *status, uint32_t count)
{
    status->round_count = count;
    status->rounds = calloc((size_t)count + 1, sizeof *status->rounds);
    return status->rounds == NULL ? ERR_MEMORY : ERR_OK;
}

static void know_round(struct status *status, uint32_t round, const char *id, uint32_t parts)
{
    struct status_round *known = &status->rounds[round - 1];
    (void)snprintf(known->id, sizeof known->id, "%s", id);
    known->parts = parts;
}

/* Finds the id that most probes of a round have. */
static const struct meta_plan *usual_plan(const struct status *status, uint32_t round)
{
    const struct meta_plan *best = NULL;
    size_t votes = 0;
    /* Of equal runs the first that keeps its lead counts (Boyer and Moore's vote). */
    for (size_t i = 0; i < status->count; i++) {
        const struct meta_plan *plan = &status->dirs[i].plan;
        if (status->dirs[i].kind != STATUS_PROBE || plan->round != round)
            continue;
        if (votes == 0)
            best = plan;
        votes = strcmp(best->id, plan->id) == 0 ? votes + 1 : votes - 1;
    }
    return best;
}

/* Finds a probe of this id. */
static const struct meta_plan *plan_with(const struct status *status, uint32_t round, const char *id)
{
    for (size_t i = 0; i < status->count; i++) {
        const struct meta_plan *plan = &status->dirs[i].plan;
        if (status->dirs[i].kind == STATUS_PROBE && plan->round == round && strcmp(plan->id, id) == 0)
            return plan;
    }
    return NULL;
}

/* Without the plan, what was probed says of which plan it is, from the newest round back. */
static enum error guess_rounds(struct status *status)
{
    uint32_t newest = 0;
    for (size_t i = 0; i < status->count; i++) {
        const struct status_dir *dir = &status->dirs[i];
        if (dir->kind == STATUS_PROBE && dir->plan.round > newest && dir->plan.round <= PLAN_ROUNDS_MOST)
            newest = dir->plan.round;
    }
    if (make_rounds(status, newest) != ERR_OK)
        return ERR_MEMORY;
    for (uint32_t round = newest; round > 0; round--) {
        const char *id = status->rounds[round - 1].id;
        const struct meta_plan *plan = id[0] == 0 ? usual_plan(status, round) : plan_with(status, round, id);
        if (plan == NULL)
            continue;
        know_round(status, round, plan->id, plan->parts);
        if (round > 1)
            know_round(status, round - 1, plan->before, 0);
    }
    return ERR_OK;
}

static enum error take_rounds(struct status *status, const struct status_planned *planned)
{
    if (planned->rounds == NULL)
        return guess_rounds(status);
    if (make_rounds(status, planned->count) != ERR_OK)
        return ERR_MEMORY;
    for (uint32_t round = 1; round <= planned->count; round++) {
        const struct plan *plan = &planned->rounds[round - 1];
        know_round(status, round, plan->id, plan->part_count);
        status->rounds[round - 1].contacts = plan->parts;
    }
    return ERR_OK;
}

static const char *why_not_probe(const struct status *status, const struct status_dir *dir)
{
    if (dir->plan.round > status->round_count)
        return "it is of a round that the plan does not have";
    const struct status_round *round = &status->rounds[dir->plan.round - 1];
    return strcmp(dir->plan.id, round->id) != 0 || dir->plan.part > round->parts ? "it is of another plan"
                                                                                 : NULL;
}

static enum error sort_probes(struct status *status)
{
    for (uint32_t i = 0; i < status->round_count; i++) {
        struct status_round *round = &status->rounds[i];
        if (round->parts > PLAN_PARTS_MOST)
            round->parts = PLAN_PARTS_MOST;
        if (!numbers_init(&round->whole, round->parts) || !numbers_init(&round->running, round->parts))
            return ERR_MEMORY;
    }
    for (size_t i = 0; i < status->count; i++) {
        struct status_dir *dir = &status->dirs[i];
        if (dir->kind != STATUS_PROBE)
            continue;
        const char *reason = why_not_probe(status, dir);
        if (reason != NULL && count_out(dir, reason) != ERR_OK)
            return ERR_MEMORY;
        if (reason != NULL)
            continue;
        struct status_round *round = &status->rounds[dir->plan.round - 1];
        if (dir->state == STATE_WHOLE)
            numbers_add(&round->whole, dir->number);
        if (dir->state == STATE_RUNNING)
            numbers_add(&round->running, dir->number);
    }
    return ERR_OK;
}

/* ---- what is missing ----------------------------------------------------------------------------------- */

static bool is_all(const struct numbers *whole)
{
    return numbers_count(whole) == whole->most;
}

static enum error list_missing(struct status *status, const struct numbers *whole,
                               const struct numbers *running)
{
    if (!numbers_init(&status->missing, whole->most))
        return ERR_MEMORY;
    for (uint32_t number = 1; number <= whole->most; number++)
        if (!numbers_have(whole, number) && !numbers_have(running, number))
            numbers_add(&status->missing, number);
    return ERR_OK;
}

/* Nothing but names of directories tells how many there are to be: those that are not there yet. */
static enum error list_unmade(struct status *status)
{
    uint32_t most = 0;
    for (size_t i = 0; i < status->count; i++)
        if (status->dirs[i].kind == STATUS_EMPTY && status->dirs[i].number > most)
            most = status->dirs[i].number;
    if (!numbers_init(&status->missing, most))
        return ERR_MEMORY;
    for (size_t i = 0; i < status->count; i++)
        if (status->dirs[i].kind == STATUS_EMPTY && status->dirs[i].state != STATE_RUNNING)
            numbers_add(&status->missing, status->dirs[i].number);
    return ERR_OK;
}

static bool any_of(const struct status *status, enum status_kind kind)
{
    for (size_t i = 0; i < status->count; i++)
        if (status->dirs[i].kind == kind)
            return true;
    return false;
}

static enum error find_next(struct status *status)
{
    const struct status_round *newest =
        status->round_count == 0 ? NULL : &status->rounds[status->round_count - 1];
    status->is_lacking = true;
    if (status->shards == 0 && newest == NULL) {
        status->next = NEXT_NAMES;
        return list_unmade(status);
    }
    if (status->shards > 0 && !is_all(&status->names_whole)) {
        status->next = NEXT_NAMES;
        return list_missing(status, &status->names_whole, &status->names_running);
    }
    if (newest == NULL) {
        status->next = NEXT_PLAN;
        status->is_lacking = status->plan != NULL || any_of(status, STATUS_EMPTY);
        return numbers_init(&status->missing, 0) ? ERR_OK : ERR_MEMORY;
    }
    status->is_lacking = false;
    for (uint32_t i = 0; i < status->round_count; i++)
        status->is_lacking =
            status->is_lacking || status->rounds[i].parts == 0 || !is_all(&status->rounds[i].whole);
    status->next = is_all(&newest->whole) ? NEXT_FURTHER : NEXT_PROBE;
    return list_missing(status, &newest->whole, &newest->running);
}

enum error status_sort(struct status_dir *dirs, size_t count, const struct status_planned *planned,
                       struct status *status)
{
    *status = (struct status){.dirs = dirs, .count = count};
    for (size_t i = 0; i < count; i++) {
        status->is_unreadable = status->is_unreadable || dirs[i].kind == STATUS_UNREADABLE;
        if (dirs[i].kind == STATUS_PLAN && status->plan == NULL)
            status->plan = &dirs[i];
        else if (dirs[i].kind == STATUS_PLAN && count_out(&dirs[i], "it is a second plan") != ERR_OK)
            return ERR_MEMORY;
    }
    enum error error = sort_names(status, planned->rounds);
    if (error == ERR_OK)
        error = take_rounds(status, planned);
    if (error == ERR_OK)
        error = sort_probes(status);
    return error == ERR_OK ? find_next(status) : error;
}

void status_dispose(struct status *status)
{
    for (uint32_t i = 0; status->rounds != NULL && i < status->round_count; i++) {
        numbers_dispose(&status->rounds[i].whole);
        numbers_dispose(&status->rounds[i].running);
    }
    free(status->rounds);
    numbers_dispose(&status->names_whole);
    numbers_dispose(&status->names_running);
    numbers_dispose(&status->missing);
    status->rounds = NULL;
}
