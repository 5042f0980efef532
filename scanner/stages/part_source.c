/* Reads contacts, checks them, and hands them out. */
#include "scanner/stages/part_source.h"

#include <stdlib.h>

#include "output/readback/facts_read.h"
#include "output/readback/refused.h"
#include "output/store/ordinals.h"
#include "scanner/base/shown.h"
#include "scanner/facts/part.h"
#include "scanner/reach/contact.h"
#include "scanner/reach/domain.h"
#include "scanner/stages/contacts.h"
#include "scanner/stages/part_lines.h"
#include "scanner/stages/sha256.h"

enum { WHY_BYTES = 4096, LINES_A_LOOK = 1024, CONTACT_FIRST_BYTES = 1024 };

/* In a pass all are gone through twice: without those that share, then those alone. */
enum part_sweep { SWEEP_PROBED, SWEEP_OVER, SWEEPS };

struct part_source {
    struct part_options options;
    struct part part;
    char name[PLAN_FILE_BYTES];
    struct part_lines lines;
    bool is_open;
    enum part_sweep sweep;
    struct ordinals over;
    bool first; /* the first pass is handed out; in a later one only those of `now` are */
    struct ordinals now, again;
    struct buf why;
};

/* ---- a line -------------------------------------------------------------------------------------------- */

/* Returns the address that decides whose the contact is. */
static const struct ip_addr *address_of(const struct domain_facts *facts)
{
    return contact_label_of(facts->label) == CONTACT_POLICY ? &facts->policy.address.ips[0]
                                                            : &facts->hosts[0].facts->probes[0].ip;
}

/* Do the fields of a contact without a fault say what its text says at a glance, by which it was counted and
 * put in order? In a plan of ours they do. */
static bool is_as_it_looks(struct bytes line, const struct domain_facts *facts)
{
    const struct contact_glance glance = contact_glance(line);
    enum contact_label label = contact_label_of(facts->label);
    return glance.policy == (label == CONTACT_POLICY) && glance.over == (label == CONTACT_OVER) &&
           glance.opted_out == contact_is_opted_out(facts) && glance.family == address_of(facts)->family;
}

enum error contact_read(struct bytes line, uint64_t ordinal, struct arena *arena, struct domain_facts *facts,
                        struct buf *why)
{
    if (line.len > CONTACT_LINE_BYTES) {
        buf_text(why, "it is longer than a contact is");
        return ERR_CORRUPT;
    }
    arena_reset(arena);
    enum error error = facts_read_domain(line, arena, facts, why);
    if (refused_is_of_record(error) || (error == ERR_MEMORY && arena->full)) {
        if (why->len == 0)
            buf_text(why, "it holds more than a contact does");
        return ERR_CORRUPT;
    }
    if (error != ERR_OK)
        return error;
    const char *fault = contact_fault(facts);
    if (fault == NULL && facts->ordinal != ordinal)
        fault = "its ordinal is not its place in the part";
    if (fault == NULL && !is_as_it_looks(line, facts))
        fault = "what it is stands in another place of its text than in a plan";
    if (fault != NULL)
        buf_text(why, fault);
    return fault == NULL ? ERR_OK : ERR_CORRUPT;
}

/* ---- birth and end ------------------------------------------------------------------------------------- */

struct part_source *part_source_create(const struct part_options *options)
{
    struct part_source *source = calloc(1, sizeof *source);
    if (source == NULL)
        return NULL;
    source->options = *options;
    source->part = (struct part){options->part, options->plan->part_count, options->plan->seed};
    source->first = true;
    (void)plandir_part_name(options->plan->round, options->part, source->name);
    buf_init(&source->why, WHY_BYTES);
    return source;
}

static void close_lines(struct part_source *source)
{
    if (source->is_open)
        part_lines_close(&source->lines);
    source->is_open = false;
}

void part_source_destroy(struct part_source *source)
{
    if (source == NULL)
        return;
    close_lines(source);
    ordinals_dispose(&source->over);
    ordinals_dispose(&source->now);
    ordinals_dispose(&source->again);
    buf_dispose(&source->why);
    free(source);
}

const char *part_source_reason(struct part_source *source)
{
    return buf_string(&source->why);
}

static const struct plan_part *planned_of(const struct part_source *source)
{
    return &source->options.plan->parts[source->options.part - 1];
}

static enum error open_lines(struct part_source *source)
{
    close_lines(source);
    enum error error = part_lines_open(&source->lines, source->options.dir_fd, source->name, &source->why);
    source->is_open = true;
    if (error != ERR_NOT_FOUND)
        return error;
    if (planned_of(source)->contacts > 0)
        return ERR_CORRUPT;
    buf_reset(&source->why); /* a part without contacts need not have a file */
    return ERR_OK;
}

/* ---- checking ------------------------------------------------------------------------------------------ */

static bool is_stopped(const struct part_source *source)
{
    return source->options.stopped != NULL && source->options.stopped(source->options.stopped_arg);
}

static void tell_read(const struct part_source *source)
{
    const struct part_lines *lines = &source->lines;
    if (source->options.read != NULL)
        source->options.read(source->options.read_arg, lines->bytes, lines->size, lines->line);
}

static enum error take_needs(struct part_source *source, struct bytes line, struct part_needs *needs)
{
    const struct contact_glance glance = contact_glance(line);
    needs->contacts++;
    needs->bytes += line.len + 1;
    if (glance.opted_out) {
        needs->opted_out++;
    } else if (glance.over) {
        needs->over++;
        return ordinals_add(&source->over, source->lines.line);
    } else {
        (glance.policy ? needs->https : needs->smtp)[glance.family == 6]++;
    }
    return ERR_OK;
}

static enum error check_line(struct part_source *source, struct bytes line, struct sha256 *sum,
                             struct part_needs *needs)
{
    static const uint8_t newline = '\n';
    enum error error = take_needs(source, line, needs);
    if (source->lines.line % LINES_A_LOOK == 0)
        tell_read(source);
    if (error == ERR_OK && !(sha256_add(sum, line) && sha256_add(sum, bytes_make(&newline, 1))))
        error = ERR_LIBRARY;
    return error == ERR_OK && is_stopped(source) ? ERR_STOPPED : error;
}

/* Holds all of them against what the plan says of the part. */
static enum error check_whole(struct part_source *source, struct sha256 *sum, const struct part_needs *needs)
{
    const struct plan_part *planned = planned_of(source);
    char hex[SHA256_HEX_BYTES];
    if (!sha256_end(sum, hex))
        return ERR_LIBRARY;
    if (needs->contacts == planned->contacts && strcmp(hex, planned->sha256) == 0)
        return ERR_OK;
    buf_printf(&source->why, "%s: its %llu contacts are not the %llu that the plan was made with",
               source->name, (unsigned long long)needs->contacts, (unsigned long long)planned->contacts);
    return ERR_CORRUPT;
}

enum error part_source_check(struct part_source *source, struct part_needs *needs)
{
    struct bytes line;
    struct sha256 *sum = sha256_begin();
    *needs = (struct part_needs){0};
    enum error error = sum == NULL ? ERR_LIBRARY : open_lines(source);
    while (error == ERR_OK && (error = part_lines_next(&source->lines, &line, &source->why)) == ERR_OK)
        error = check_line(source, line, sum, needs);
    if (error == ERR_NOT_FOUND) {
        tell_read(source);
        error = check_whole(source, sum, needs);
    }
    sha256_free(sum);
    return error == ERR_OK ? open_lines(source) : error;
}

/* ---- handing out --------------------------------------------------------------------------------------- */

static bool is_due(const struct part_source *source)
{
    uint64_t ordinal = source->lines.line;
    bool is_over = ordinals_has(&source->over, ordinal);
    if (is_over != (source->sweep == SWEEP_OVER))
        return false;
    return source->first ? !store_is_done(source->options.store, ordinal)
                         : ordinals_has(&source->now, ordinal);
}

/* Finds the next line of this pass that is due. */
static enum error next_line(struct part_source *source, struct bytes *line)
{
    for (;;) {
        enum error error = part_lines_next(&source->lines, line, &source->why);
        if (error == ERR_OK && is_due(source))
            return ERR_OK;
        if (error == ERR_NOT_FOUND) {
            bool is_last = source->sweep + 1 == SWEEPS || source->over.count == 0;
            if (is_last)
                return ERR_NOT_FOUND;
            source->sweep++;
            error = open_lines(source);
        }
        if (error != ERR_OK)
            return error;
    }
}

static void destroy_made(void *object)
{
    struct contact_made *made = object;
    arena_dispose(&made->arena);
    free(made);
}

/* Reads the line at hand, and lets nothing pass that is not a contact of this part, whoever made the plan. */
static enum error read_contact(struct part_source *source, struct bytes line, struct contact_made *made)
{
    struct buf reason;
    buf_init(&reason, WHY_BYTES / 2);
    enum error error = contact_read(line, source->lines.line, &made->arena, &made->facts, &reason);
    if (error == ERR_OK && !part_owns(&source->part, address_of(&made->facts))) {
        buf_text(&reason, "its address is another part's");
        error = ERR_CORRUPT;
    }
    if (error != ERR_OK)
        buf_printf(&source->why, "%s: contact %llu: %s", source->lines.file_name,
                   (unsigned long long)source->lines.line,
                   reason.len > 0 ? shown(buf_string(&reason)) : error_text(error));
    buf_dispose(&reason);
    return error;
}

static enum error next(void *arg, struct input_name *name)
{
    struct part_source *source = arg;
    struct bytes line;
    enum error error = next_line(source, &line);
    if (error != ERR_OK)
        return error;
    struct contact_made *made = malloc(sizeof *made);
    if (made == NULL)
        return ERR_MEMORY;
    arena_init_small(&made->arena, DOMAIN_ARENA_BYTES, CONTACT_FIRST_BYTES);
    error = read_contact(source, line, made);
    if (error != ERR_OK) {
        destroy_made(made);
        return error;
    }
    *name = (struct input_name){.ordinal = made->facts.ordinal,
                                .domain = made->facts.domain,
                                .label = made->facts.label,
                                .made = {made, destroy_made}};
    return ERR_OK;
}

static enum error put_off(void *arg, const struct input_name *name)
{
    struct part_source *source = arg;
    return ordinals_add(&source->again, name->ordinal);
}

static enum error end(void *arg)
{
    struct part_source *source = arg;
    ordinals_dispose(&source->now);
    source->now = source->again;
    source->again = (struct ordinals){0};
    source->first = false;
    source->sweep = SWEEP_PROBED;
    return open_lines(source);
}

struct source part_source_of(struct part_source *source)
{
    return (struct source){.arg = source, .next = next, .put_off = put_off, .end = end};
}
