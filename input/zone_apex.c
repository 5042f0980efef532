/* Says which owners of a zone file are delegated. No I/O, no allocation. */
#include "input/zone_parts.h"

#include <stdio.h>
#include <strings.h>

#include "scanner/base/trim.h"

/* ---- owners -------------------------------------------------------------------------------------------- */

void zone_take_owner(struct zone *zone, struct bytes text)
{
    struct zone_owner *owner = &zone->owner;
    if (!owner->is_stale && owner->state != ZONE_OWNER_NONE &&
        bytes_equal(text, bytes_make(owner->text, owner->text_len)))
        return;
    /* What is longer is no name either if it is cut. */
    owner->text_len = text.len < sizeof owner->text ? text.len : sizeof owner->text;
    memcpy(owner->text, text.data, owner->text_len);
    owner->state = ZONE_OWNER_WRITTEN;
    owner->is_stale = false;
    owner->judged = NULL;
}

static enum error refuse_relative(struct zone *zone, struct bytes text)
{
    return zone_refuse(
        zone, zone->line->number,
        "%.*s is a relative name, and no $ORIGIN says to what: put \"$ORIGIN .\" before the first line if "
        "the names are whole, else $ORIGIN and the name of the zone",
        text.len > 64 ? 64 : (int)text.len, (const char *)text.data);
}

/* Reads the owner's name, if that has not been done. */
static enum error read_owner(struct zone *zone)
{
    struct zone_owner *owner = &zone->owner;
    struct bytes text = bytes_make(owner->text, owner->text_len);
    bool is_relative;
    if (owner->state != ZONE_OWNER_WRITTEN)
        return ERR_OK;
    enum failure_code code =
        zone_name_read(text, zone->origin.len == 0 ? NULL : &zone->origin, &owner->name, &is_relative);
    owner->state = code == FAIL_NONE ? ZONE_OWNER_READ : ZONE_OWNER_BAD;
    if (is_relative)
        return refuse_relative(zone, text);
    return code == FAIL_NONE ? ERR_OK : zone_reject(zone, code);
}

/* Reads the owner before the origin changes, without a word if it is none: it may not be asked for. */
static void settle_owner(struct zone *zone)
{
    struct zone_owner *owner = &zone->owner;
    struct zone_name name;
    bool is_relative;
    if (owner->state == ZONE_OWNER_WRITTEN &&
        zone_name_read(bytes_make(owner->text, owner->text_len), zone->origin.len == 0 ? NULL : &zone->origin,
                       &name, &is_relative) == FAIL_NONE) {
        owner->name = name;
        owner->state = ZONE_OWNER_READ;
    }
    owner->is_stale = true;
}

enum error zone_take_origin(struct zone *zone, struct bytes text)
{
    struct zone_name name;
    bool is_relative;
    settle_owner(zone);
    if (zone_name_read(text, zone->origin.len == 0 ? NULL : &zone->origin, &name, &is_relative) != FAIL_NONE)
        return is_relative
                   ? refuse_relative(zone, text)
                   : zone_refuse(zone, zone->line->number,
                                 "$ORIGIN has no name, so it is not known what the names below it mean");
    zone->origin = name;
    if (zone->apex.state == ZONE_APEX_OPEN && zone->apex.first_origin.len == 0 && name.len > 1)
        zone->apex.first_origin = name;
    return ERR_OK;
}

/* ---- delegations --------------------------------------------------------------------------------------- */

/* Gives a name, unless it is the one that was given last. */
static enum error give(struct zone *zone, const struct zone_name *name, const struct line *line)
{
    char domain[HOSTNAME_BYTES];
    if (zone_name_equal(name, &zone->given))
        return ERR_OK;
    zone->given.len = name->len;
    memcpy(zone->given.wire, name->wire, name->len);
    enum failure_code code = zone_name_write(name, domain);
    return code == FAIL_NONE ? zone->sink.name(zone->sink.arg, domain)
                             : zone->sink.reject(zone->sink.arg, line, code);
}

/* Judges an owner of NS records. Returns what its records count as. */
static uint64_t *judge(struct zone *zone, const struct zone_name *name)
{
    const struct zone_apex *apex = &zone->apex;
    bool is_known = apex->state != ZONE_APEX_NONE;
    if (is_known && zone_name_equal(name, &apex->name))
        return &zone->counts.apex;
    return is_known && !zone_name_is_below(name, &apex->name) ? &zone->counts.outside
                                                              : &zone->counts.delegating;
}

/* Judges the owner that waited. The line that it stood in is gone. */
static enum error judge_held(struct zone *zone)
{
    struct zone_apex *apex = &zone->apex;
    struct line line = {.text = {NULL, 0}, .number = apex->held_line};
    uint64_t *counter = judge(zone, &apex->held);
    *counter += apex->held_records;
    return counter == &zone->counts.delegating ? give(zone, &apex->held, &line) : ERR_OK;
}

static bool is_within(const struct zone_name *name, const struct zone_name *apex)
{
    return zone_name_equal(name, apex) || zone_name_is_below(name, apex);
}

/* Tells the apex without a SOA. second may be NULL: there is one owner only. */
static void guess_apex(struct zone_apex *apex, const struct zone_name *second)
{
    const struct zone_name *origin = &apex->first_origin;
    apex->state = ZONE_APEX_GUESSED;
    if (origin->len > 0 && is_within(&apex->held, origin) && (second == NULL || is_within(second, origin)))
        apex->name = *origin;
    else if (second != NULL && zone_name_is_below(second, &apex->held))
        apex->name = apex->held;
    else
        apex->state = ZONE_APEX_NONE;
}

/* Keeps the name of the first zone, as it is said. */
static void keep_apex(struct zone *zone)
{
    if (zone->apex.state != ZONE_APEX_NONE && zone->counts.zones++ == 0)
        (void)zone_name_write(&zone->apex.name, zone->counts.apex_name);
}

static void hold(struct zone *zone, const struct zone_name *name)
{
    struct zone_apex *apex = &zone->apex;
    if (apex->state == ZONE_APEX_OPEN) {
        apex->state = ZONE_APEX_HELD;
        apex->held = *name;
        apex->held_line = zone->line->number;
    }
    apex->held_records++;
}

enum error zone_take_ns(struct zone *zone)
{
    struct zone_apex *apex = &zone->apex;
    struct zone_owner *owner = &zone->owner;
    const struct zone_name *name = &owner->name;
    if (owner->judged != NULL) {
        ++*owner->judged;
        return ERR_OK;
    }
    enum error error = read_owner(zone);
    if (error != ERR_OK)
        return error;
    if (zone->owner.state == ZONE_OWNER_BAD) {
        zone->counts.delegating++;
        return ERR_OK;
    }
    bool is_held = apex->state == ZONE_APEX_HELD;
    if (apex->state == ZONE_APEX_OPEN || (is_held && zone_name_equal(name, &apex->held))) {
        hold(zone, name);
        return ERR_OK;
    }
    if (is_held) {
        guess_apex(apex, name);
        keep_apex(zone);
        error = judge_held(zone);
    }
    if (error != ERR_OK)
        return error;
    owner->judged = judge(zone, name);
    ++*owner->judged;
    return owner->judged == &zone->counts.delegating ? give(zone, name, zone->line) : ERR_OK;
}

enum error zone_end_apex(struct zone *zone)
{
    if (zone->is_transfer && zone->apex.soas < 2)
        return zone_refuse(zone, 0,
                           "dig's transfer is cut off: it does not end with the SOA that it began with; "
                           "transfer the zone again");
    if (zone->apex.state != ZONE_APEX_HELD)
        return ERR_OK;
    guess_apex(&zone->apex, NULL);
    keep_apex(zone);
    return judge_held(zone);
}

/* ---- the apex ------------------------------------------------------------------------------------------ */

/* Begins a zone with its SOA. */
static enum error begin_zone(struct zone *zone)
{
    struct zone_apex *apex = &zone->apex;
    bool is_held = apex->state == ZONE_APEX_HELD;
    if (zone->is_transfer && apex->soas == 1)
        return zone_refuse(zone, zone->line->number,
                           "dig's transfer of the zone before is cut off: transfer it again");
    zone->owner.judged = NULL;
    apex->state = ZONE_APEX_SOA;
    apex->name = zone->owner.name;
    apex->soas = 1;
    zone->counts.others++;
    keep_apex(zone);
    return is_held ? judge_held(zone) : ERR_OK;
}

enum error zone_take_soa(struct zone *zone)
{
    struct zone_apex *apex = &zone->apex;
    enum error error = read_owner(zone);
    if (error != ERR_OK)
        return error;
    if (zone->owner.state == ZONE_OWNER_BAD) {
        zone->counts.others++;
        return ERR_OK;
    }
    const struct zone_name *name = &zone->owner.name;
    bool is_guessed = apex->state == ZONE_APEX_GUESSED;
    if (apex->state == ZONE_APEX_NONE || (is_guessed && !zone_name_equal(name, &apex->name)))
        return zone_refuse(zone, zone->line->number,
                           "the SOA stands behind names that it may be meant for: put it first, and two "
                           "zones into two files");
    if (apex->state == ZONE_APEX_SOA && is_within(name, &apex->name)) {
        apex->soas += zone_name_equal(name, &apex->name);
        zone->counts.others++;
        return ERR_OK;
    }
    return begin_zone(zone);
}

/* ---- what dig says ------------------------------------------------------------------------------------- */

static bool has_word(struct bytes text, const char *word, bool is_beginning)
{
    size_t len = strlen(word);
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && !is_space(text.data[end]))
            end++;
        if ((end - at == len || (is_beginning && end - at > len)) &&
            strncasecmp((const char *)text.data + at, word, len) == 0)
            return true;
        at = end + 1;
    }
    return false;
}

enum error zone_take_comment(struct zone *zone, struct bytes text)
{
    static const char failed[] = "; Transfer failed.", banner[] = "; <<>> DiG ";
    uint64_t line = zone->line->number;
    if (text.len >= sizeof failed - 1 && memcmp(text.data, failed, sizeof failed - 1) == 0)
        return zone_refuse(zone, line, "dig says that the transfer failed; transfer the zone again");
    if (text.len < sizeof banner - 1 || memcmp(text.data, banner, sizeof banner - 1) != 0)
        return ERR_OK;
    zone->directives++;
    if (has_word(text, "ixfr", true))
        return zone_refuse(
            zone, line,
            "it is an incremental transfer (IXFR), which tells changes, not a zone; dig axfr gives the zone");
    zone->is_transfer = zone->is_transfer || has_word(text, "axfr", false);
    return ERR_OK;
}
