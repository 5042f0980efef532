/* Makes changes of comparisons, and keeps the gravest of each kind in order. */
#include "output/report/report_changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/report/report_words.h"
#include "scanner/base/utf8.h"

enum error report_changes_init(struct report_changes *changes)
{
    *changes = (struct report_changes){.unclear = 0};
    if (worse_groups_init(&changes->worse) != ERR_OK)
        return ERR_MEMORY;
    for (size_t kind = 0; kind < CHANGED_KINDS; kind++) {
        changes->tables[kind].rows = calloc(CHANGES_TOLD, sizeof *changes->tables[kind].rows);
        if (changes->tables[kind].rows == NULL)
            return ERR_MEMORY;
    }
    return ERR_OK;
}

void report_changes_dispose(struct report_changes *changes)
{
    worse_groups_dispose(&changes->worse);
    for (size_t kind = 0; kind < CHANGED_KINDS; kind++)
        free(changes->tables[kind].rows);
    *changes = (struct report_changes){.unclear = 0};
}

/* ---- a change ------------------------------------------------------------------------------------------ */

static uint8_t kinds_of(const struct stand_change *told)
{
    const struct change_courses *courses = &told->courses;
    const bool is_of[CHANGED_KINDS] = {
        [CHANGED_VICTIM] = stand_change_victim(told) != NULL,
        [CHANGED_DELIVERY] = courses->delivery == COURSE_WORSE,
        [CHANGED_PROTECTION] = courses->protection == COURSE_WORSE,
        [CHANGED_SAME_ID] = told->keeps_id,
        [CHANGED_BETTER] = courses->delivery == COURSE_BETTER || courses->protection == COURSE_BETTER,
        [CHANGED_NEW] = told->before == NULL,
        [CHANGED_GONE] = told->after == NULL,
    };
    uint8_t kinds = 0;
    for (size_t kind = 0; kind < CHANGED_KINDS; kind++)
        kinds |= (uint8_t)(is_of[kind] << kind);
    return kinds;
}

/* Copies a text, cut where a character ends. */
static void copy(char *to, size_t size, struct bytes text)
{
    size_t len = utf8_cut(text, size - 1);
    if (len > 0)
        memcpy(to, text.data, len);
    to[len] = 0;
}

static void put_states(uint8_t states[ASPECT_COUNT], const struct stand *stand)
{
    for (size_t aspect = 0; stand != NULL && aspect < ASPECT_COUNT; aspect++)
        states[aspect] = (uint8_t)stand->states[aspect];
}

/* Keeps the first of the causes. A record's name says no more than its code does. */
static void put_cause(struct report_change *change, const struct stand_change *told)
{
    struct causes causes = stand_change_causes(told);
    if (causes.count == 0)
        return;
    const struct cause *first = &causes.list[0];
    change->cause = first->code;
    change->more_causes = (uint16_t)(causes.count - 1);
    if (first->prefix[0] != '_')
        (void)snprintf(change->host, sizeof change->host, "%s%s", first->prefix, first->host);
}

struct report_change report_change_of(const struct stand_change *told)
{
    const struct stand *one = told->one;
    struct report_change change = {.kinds = kinds_of(told),
                                   .gravity = report_gravity(one->outcome),
                                   .was_there = told->before != NULL,
                                   .is_there = told->after != NULL};
    copy(change.domain, sizeof change.domain, bytes_of(one->domain));
    change.label_len = (uint8_t)utf8_cut(one->label, sizeof change.label);
    if (change.label_len > 0)
        memcpy(change.label, one->label.data, change.label_len);
    copy(change.provider, sizeof change.provider, bytes_of(one->provider));
    put_states(change.was, told->before);
    put_states(change.is, told->after);
    put_cause(&change, told);
    change.was_cached = told->before == NULL ? FAIL_NONE : told->before->cached.code;
    change.is_cached = told->after == NULL ? FAIL_NONE : told->after->cached.code;
    if (change.is_cached != FAIL_NONE) {
        uint8_t by_cached =
            report_gravity(change.is_cached == FAIL_CACHED_REFUSED ? OUTCOME_REFUSED : OUTCOME_PARTIAL);
        change.gravity = by_cached < change.gravity ? by_cached : change.gravity;
    }
    change.sure_until = told->after == NULL ? 0 : told->after->cached.sure_until;
    return change;
}

/* ---- the tables ---------------------------------------------------------------------------------------- */

static int compare(const struct report_change *a, const struct report_change *b)
{
    if (a->gravity != b->gravity)
        return a->gravity < b->gravity ? -1 : 1;
    return strcmp(a->domain, b->domain);
}

/* Puts it in its place; the last goes if there is no room. */
static void keep(struct report_change_table *table, const struct report_change *change)
{
    size_t at = table->count;
    if (at == CHANGES_TOLD && compare(change, &table->rows[at - 1]) >= 0)
        return;
    if (at < CHANGES_TOLD)
        table->count++;
    else
        at--;
    for (; at > 0 && compare(change, &table->rows[at - 1]) < 0; at--)
        table->rows[at] = table->rows[at - 1];
    table->rows[at] = *change;
}

enum error report_changes_add(struct report_changes *changes, const struct stand_change *told,
                              const struct report_change *change, struct buf *why)
{
    changes->unclear +=
        told->courses.delivery == COURSE_UNCLEAR || told->courses.protection == COURSE_UNCLEAR;
    for (size_t kind = 0; kind < CHANGED_KINDS; kind++)
        if ((change->kinds >> kind & 1) != 0) {
            changes->counts[kind]++;
            keep(&changes->tables[kind], change);
        }
    bool is_worse = told->courses.delivery == COURSE_WORSE || told->courses.protection == COURSE_WORSE;
    return is_worse ? worse_groups_add(&changes->worse, told->one, why) : ERR_OK;
}

enum error report_changes_end(struct report_changes *changes, struct buf *why)
{
    return worse_groups_end(&changes->worse, why);
}
