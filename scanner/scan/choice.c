/* Asks filter, limit and draw in turn, and counts. */
#include "scanner/scan/choice.h"

#include <stdio.h>
#include <stdlib.h>

#include "input/first.h"
#include "input/spool.h"
#include "scanner/facts/strata.h"

enum { REASON_BYTES = 256 };

struct choice {
    struct filter *filter; /* NULL: all names */
    struct first *first;   /* NULL: no limit */
    struct draw *draw;     /* NULL: no sample */
    struct strata *strata;
    bool whole;
    uint32_t shard_index, shard_count;
    uint64_t *ours; /* owned: of each stratum, the lines (of a share) or names in the shard */
    size_t room;    /* of these */
    struct choice_counts counts;
    char reason[REASON_BYTES];
};

static enum error make_draw(struct choice *choice, const struct config *config)
{
    struct draw_size size;
    /* Its form has been checked with the configuration. */
    if (!draw_size_parse(config->sample_take, &size))
        return ERR_CONFIG;
    if (size.names == 0 && size.share == 0)
        return ERR_OK;
    choice->whole = size.names > 0;
    choice->strata = strata_create((enum strata_kind)config->sample_strata);
    choice->draw = draw_create(&size, config->sample_key);
    return choice->strata == NULL ? ERR_MEMORY : choice->draw == NULL ? ERR_LIBRARY : ERR_OK;
}

static enum error make(struct choice *choice, const struct config *config,
                       char except_sha256[FILTER_SHA256_BYTES], struct buf *why)
{
    (void)config_shard(config, &choice->shard_index, &choice->shard_count);
    enum error error = ERR_OK;
    if (config->input_only[0] != '\0' || config->input_except[0] != '\0')
        error = filter_create(config->input_only, config->input_except, &choice->filter, except_sha256, why);
    if (error == ERR_OK && config->input_limit > 0) {
        choice->first = first_create((uint64_t)config->input_limit);
        error = choice->first == NULL ? ERR_MEMORY : ERR_OK;
    }
    return error == ERR_OK ? make_draw(choice, config) : error;
}

enum error choice_create(const struct config *config, struct choice **choice,
                         char except_sha256[FILTER_SHA256_BYTES], struct buf *why)
{
    *choice = NULL;
    except_sha256[0] = '\0';
    struct choice *made = calloc(1, sizeof *made);
    if (made == NULL)
        return ERR_MEMORY;
    enum error error = make(made, config, except_sha256, why);
    if (error == ERR_OK)
        *choice = made;
    else
        choice_destroy(made);
    return error;
}

void choice_destroy(struct choice *choice)
{
    if (choice == NULL)
        return;
    filter_destroy(choice->filter);
    first_destroy(choice->first);
    draw_destroy(choice->draw);
    strata_destroy(choice->strata);
    free(choice->ours);
    free(choice);
}

bool choice_is_whole(const struct choice *choice)
{
    return choice->whole;
}

/* ---- strata -------------------------------------------------------------------------------------------- */

static bool make_room(struct choice *choice, size_t stratum)
{
    size_t room = choice->room == 0 ? 16 : choice->room;
    if (stratum < choice->room)
        return true;
    while (room <= stratum)
        room *= 2;
    uint64_t *larger = realloc(choice->ours, room * sizeof *larger);
    if (larger == NULL)
        return false;
    memset(larger + choice->room, 0, (room - choice->room) * sizeof *larger);
    choice->ours = larger;
    choice->room = room;
    return true;
}

/* Finds the stratum of a name, in which counts[stratum] may then be counted. */
static enum error stratum_of(struct choice *choice, const struct input_name *name, size_t *stratum)
{
    enum error error = strata_of(choice->strata, name->domain, name->rank, stratum);
    if (error == ERR_LIMIT) {
        (void)snprintf(choice->reason, sizeof choice->reason,
                       "sample.strata=tld: the names end in more than %d different labels, which are not all "
                       "top-level domains; name those that count with input.only, or take another strata",
                       STRATA_MOST);
        return ERR_CONFIG;
    }
    return error == ERR_OK && !make_room(choice, *stratum) ? ERR_MEMORY : error;
}

/* ---- lines --------------------------------------------------------------------------------------------- */

bool choice_is_ours(const struct choice *choice, const char *domain)
{
    return choice->shard_count == 1 || spool_shard_has(choice->shard_index, choice->shard_count, domain);
}

/* Counts a line that is left out, of our shard or of another. */
static void leave_out(struct choice *choice, bool is_ours, uint64_t *ours, uint64_t *of_all)
{
    *(is_ours ? ours : &choice->counts.not_in_shard) += 1;
    *of_all += 1;
}

/* Asks filter and limit, to which the names of all shards count. */
static enum error read_list(struct choice *choice, const struct input_name *name, bool is_ours, bool *taken)
{
    struct choice_counts *counts = &choice->counts;
    *taken = choice->filter == NULL || filter_passes(choice->filter, name->domain);
    if (!*taken)
        leave_out(choice, is_ours, &counts->filtered, &counts->filtered_of_all);
    if (!*taken || choice->first == NULL)
        return ERR_OK;
    enum error error = first_take(choice->first, name->domain, taken);
    if (!*taken)
        leave_out(choice, is_ours, &counts->over_limit, &counts->over_limit_of_all);
    return error;
}

/* Decides about a line by a share. */
static enum error read_share(struct choice *choice, const struct input_name *name, bool is_ours, bool *taken)
{
    size_t stratum;
    enum error error = stratum_of(choice, name, &stratum);
    if (error != ERR_OK || !is_ours)
        return error;
    choice->ours[stratum]++;
    *taken = draw_takes(choice->draw, name->domain);
    if (draw_failed(choice->draw))
        return ERR_LIBRARY;
    choice->counts.not_sampled += !*taken;
    return ERR_OK;
}

enum error choice_read(struct choice *choice, const struct input_name *name, bool *taken)
{
    const bool is_ours = choice_is_ours(choice, name->domain);
    enum error error = read_list(choice, name, is_ours, taken);
    if (error != ERR_OK || !*taken || choice->whole)
        return error;
    choice->counts.not_in_shard += !is_ours;
    *taken = is_ours;
    return choice->draw == NULL ? ERR_OK : read_share(choice, name, is_ours, taken);
}

bool choice_read_reject(struct choice *choice, uint64_t ordinal)
{
    const bool is_ours = spool_shard_has_reject(choice->shard_index, choice->shard_count, ordinal);
    choice->counts.not_in_shard += !is_ours;
    return is_ours;
}

/* ---- names --------------------------------------------------------------------------------------------- */

enum error choice_survey(struct choice *choice, const struct input_name *name, bool in_shard)
{
    size_t stratum;
    enum error error = stratum_of(choice, name, &stratum);
    if (error != ERR_OK)
        return error;
    choice->ours[stratum] += in_shard;
    error = draw_offer(choice->draw, stratum, name->domain, in_shard);
    if (error == ERR_LIMIT) {
        (void)snprintf(choice->reason, sizeof choice->reason,
                       "sample.take: the strata together have more than %d names; take fewer of each",
                       DRAW_NAMES_MOST);
        return ERR_CONFIG;
    }
    return error;
}

enum error choice_has(struct choice *choice, const struct input_name *name, bool *has)
{
    size_t stratum = 0;
    *has = false;
    enum error error = stratum_of(choice, name, &stratum);
    if (error != ERR_OK)
        return error;
    *has = draw_has(choice->draw, stratum, name->domain);
    return draw_failed(choice->draw) ? ERR_LIBRARY : ERR_OK;
}

enum error choice_hand_out(struct choice *choice, const struct optout *optout, const struct input_name *name,
                           bool *taken)
{
    enum error error = choice_has(choice, name, taken);
    if (error != ERR_OK)
        return error;
    choice->counts.not_sampled += !*taken;
    if (*taken && optout != NULL && optout_has_domain(optout, name->domain)) {
        choice->counts.opted_out++;
        *taken = false;
    }
    return ERR_OK;
}

uint64_t choice_total(const struct choice *choice)
{
    uint64_t total = 0;
    for (size_t i = 0; i < strata_count(choice->strata); i++) {
        size_t ours;
        (void)draw_count(choice->draw, i, &ours);
        total += ours;
    }
    return total;
}

const char *choice_reason(const struct choice *choice)
{
    return choice->reason;
}

struct choice_counts choice_counts_of(const struct choice *choice)
{
    return choice->counts;
}

/* Of a share the lines are known, and of what is in the sample how often a line names it again. */
static uint64_t names_of_lines(uint64_t lines, uint64_t sampled, uint64_t repeats)
{
    if (sampled == 0 || repeats == 0)
        return lines;
    return (uint64_t)((double)lines * (double)sampled / (double)(sampled + repeats) + 0.5);
}

enum error choice_tell(const struct choice *choice, uint64_t sampled, uint64_t repeats,
                       struct summary_sample *sample)
{
    enum error error = ERR_OK;
    for (size_t i = 0; i < strata_count(choice->strata) && error == ERR_OK; i++) {
        uint64_t ours = i < choice->room ? choice->ours[i] : 0;
        error = summary_sample_population(sample, strata_name(choice->strata, i),
                                          choice->whole ? ours : names_of_lines(ours, sampled, repeats));
    }
    return error;
}
