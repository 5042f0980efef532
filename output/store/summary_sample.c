/* Counts records by stratum. Pure. */
#include "output/store/summary_sample.h"

#include <stdlib.h>
#include <string.h>

#include "output/store/summary.h"

enum { FIRST_PARTS = 16 };

struct summary_sample *summary_sample_create(const char *take, const char *key, enum strata_kind kind)
{
    struct summary_sample *sample = calloc(1, sizeof *sample);
    if (sample == NULL)
        return NULL;
    sample->take = strdup(take);
    sample->key = strdup(key);
    sample->strata = strata_create(kind);
    (void)draw_size_parse(take, &sample->size);
    if (sample->take != NULL && sample->key != NULL && sample->strata != NULL)
        return sample;
    summary_sample_destroy(sample);
    return NULL;
}

void summary_sample_destroy(struct summary_sample *sample)
{
    if (sample == NULL)
        return;
    for (size_t i = 0; i < sample->room; i++)
        free(sample->parts[i]);
    free(sample->parts);
    strata_destroy(sample->strata);
    free(sample->take);
    free(sample->key);
    free(sample);
}

static bool make_room(struct summary_sample *sample, size_t stratum)
{
    size_t room = sample->room == 0 ? FIRST_PARTS : sample->room;
    if (stratum < sample->room)
        return true;
    while (room <= stratum)
        room *= 2;
    struct sample_part **larger = realloc(sample->parts, room * sizeof *larger);
    if (larger == NULL)
        return false;
    memset(larger + sample->room, 0, (room - sample->room) * sizeof *larger);
    sample->parts = larger;
    sample->room = room;
    return true;
}

/* Finds a stratum's part, or makes it; NULL: out of memory. */
static struct sample_part *part_of(struct summary_sample *sample, size_t stratum)
{
    if (!make_room(sample, stratum))
        return NULL;
    if (sample->parts[stratum] == NULL)
        sample->parts[stratum] = calloc(1, sizeof **sample->parts);
    return sample->parts[stratum];
}

static void count(struct sample_part *part, const struct tally *tally)
{
    part->records++;
    part->counts[SUMMARY_OUTCOMES + tally->outcome]++;
    if (tally->would_be != OUTCOME_NONE)
        part->counts[SUMMARY_WOULD_BE + tally->would_be]++;
    part->counts[SUMMARY_DANE + tally->dane]++;
    part->counts[SUMMARY_TLS + tally->tls]++;
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        part->counts[SUMMARY_CODES + code] += code_set_has(&tally->codes, code);
}

void summary_sample_add(struct summary_sample *sample, const struct tally *tally)
{
    size_t stratum;
    enum error error = strata_of(sample->strata, tally->tld, tally->rank, &stratum);
    struct sample_part *part = error == ERR_OK ? part_of(sample, stratum) : NULL;
    if (part == NULL)
        sample->failed = error == ERR_OK ? ERR_MEMORY : error;
    else
        count(part, tally);
}

enum error summary_sample_population(struct summary_sample *sample, const char *stratum, uint64_t population)
{
    size_t index = 0;
    enum strata_kind kind = strata_kind_of(sample->strata);
    /* Those of a kind that grows are added by their name, which is a last label. */
    enum error error = kind == STRATA_TLD ? strata_of(sample->strata, stratum, 0, &index)
                                          : strata_find(sample->strata, stratum, &index);
    struct sample_part *part = error == ERR_OK ? part_of(sample, index) : NULL;
    if (part == NULL)
        return error == ERR_OK ? ERR_MEMORY : error;
    sample->population += population - part->population;
    part->population = population;
    return ERR_OK;
}

static const struct sample_part *part_at(const struct summary_sample *sample, size_t index)
{
    static const struct sample_part nothing;
    bool known = index < sample->room && sample->parts[index] != NULL;
    return known ? sample->parts[index] : &nothing;
}

/* A share is the same in all strata: then it is one sample of the whole. */
static struct interval interval_of_share(const struct summary_sample *sample, size_t which)
{
    struct interval_part whole = {.population = sample->population};
    for (size_t i = 0; i < sample->room; i++) {
        whole.count += part_at(sample, i)->counts[which];
        whole.sampled += part_at(sample, i)->records;
    }
    return interval_of(&whole, 1);
}

struct interval summary_sample_interval(const struct summary_sample *sample, size_t which)
{
    size_t count = strata_count(sample->strata);
    if (sample->size.share > 0)
        return interval_of_share(sample, which);
    struct interval_part *parts = calloc(count, sizeof *parts);
    if (parts == NULL)
        return (struct interval){0, 0, 1};
    for (size_t i = 0; i < count; i++) {
        const struct sample_part *part = part_at(sample, i);
        parts[i] = (struct interval_part){part->counts[which], part->records, part->population};
    }
    struct interval interval = interval_of(parts, count);
    free(parts);
    return interval;
}

const char *summary_sample_method(const struct summary_sample *sample)
{
    return sample->size.share > 0 || strata_kind_of(sample->strata) == STRATA_NONE
               ? "Wilson score interval, 95 %, with finite population correction"
               : "stratified estimate; Wilson score intervals of the strata, 95 %, with finite population "
                 "correction, joined by the recovery of their variances (MOVER)";
}
