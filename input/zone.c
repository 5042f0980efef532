/* Makes records of the words of a zone file. No I/O, no allocation. */
#include "input/zone_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "scanner/base/trim.h"

void zone_init(struct zone *zone, const struct zone_sink *sink)
{
    *zone = (struct zone){.sink = *sink};
}

enum error zone_refuse(struct zone *zone, uint64_t line, const char *format, ...)
{
    char text[REFUSED_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    refused_say(&zone->refused, "", "%s", text);
    zone->refused.line = line;
    return ERR_CONFIG;
}

enum error zone_reject(struct zone *zone, enum failure_code reason)
{
    zone->faults++;
    return zone->sink.reject(zone->sink.arg, zone->line, reason);
}

void zone_fault(struct zone *zone)
{
    if (zone->record.fault == FAIL_NONE)
        zone->record.fault = FAIL_INPUT_BAD_RECORD;
}

/* ---- directives ---------------------------------------------------------------------------------------- */

static bool is_directive(struct bytes word, const char *name)
{
    return word.len == strlen(name) && strncasecmp((const char *)word.data, name, word.len) == 0;
}

static enum error take_directive(struct zone *zone, struct bytes word)
{
    static const char whole[] = "; `named-compilezone -o WHOLE ZONE FILE` of bind9-utils writes them out";
    bool is_passed_over = is_directive(word, "$TTL") || is_directive(word, "$DATE");
    uint64_t line = zone->line->number;
    if (is_directive(word, "$INCLUDE"))
        return zone_refuse(zone, line, "$INCLUDE takes names from another file, which is not read%s", whole);
    if (is_directive(word, "$GENERATE"))
        return zone_refuse(zone, line, "$GENERATE makes names that are not in the file%s", whole);
    if (!is_passed_over && !is_directive(word, "$ORIGIN"))
        return zone_refuse(zone, line,
                           "%.*s is not known, so names may be missing: zone files have $ORIGIN and $TTL",
                           word.len > 32 ? 32 : (int)word.len, (const char *)word.data);
    zone->directives++;
    zone->record.directive = is_passed_over ? ZONE_TTL_DIRECTIVE : ZONE_ORIGIN;
    zone->record.want = WANT_ARGUMENT;
    return ERR_OK;
}

static enum error take_argument(struct zone *zone, struct bytes word)
{
    zone->record.words++;
    if (zone->record.directive != ZONE_ORIGIN || zone->record.words > 1)
        return ERR_OK;
    return zone_take_origin(zone, word);
}

/* ---- words --------------------------------------------------------------------------------------------- */

/* Takes a TTL, a class or the type. */
static void take_head(struct zone *zone, struct bytes word)
{
    struct zone_record *record = &zone->record;
    struct zone_word_found found = zone_word_find(word);
    switch (found.word) {
    case ZONE_TTL:
        if (record->has_ttl)
            zone_fault(zone);
        record->has_ttl = true;
        break;
    case ZONE_CLASS:
        if (record->has_class)
            zone_fault(zone);
        record->has_class = true;
        record->is_internet = found.is_internet;
        break;
    case ZONE_TYPE:
        record->type = found.type;
        record->has_type = true;
        record->want = WANT_DATA;
        if (zone->owner.state == ZONE_OWNER_NONE)
            zone_fault(zone);
        break;
    case ZONE_NO_WORD:
        zone_fault(zone);
        record->want = WANT_DATA; /* the rest is not looked at */
        break;
    }
}

enum error zone_take_word(struct zone *zone, struct bytes word)
{
    struct zone_record *record = &zone->record;
    record->is_begun = true;
    switch (record->want) {
    case WANT_OWNER:
        if (word.data[0] == '$')
            return take_directive(zone, word);
        record->want = WANT_HEAD;
        record->names_owner = true;
        zone_take_owner(zone, word);
        return ERR_OK;
    case WANT_HEAD:
        take_head(zone, word);
        return ERR_OK;
    case WANT_DATA:
        record->is_generic = record->is_generic || (record->words == 0 && word.len == 2 &&
                                                    word.data[0] == '\\' && word.data[1] == '#');
        record->words++;
        return ERR_OK;
    default:
        return take_argument(zone, word);
    }
}

/* ---- records ------------------------------------------------------------------------------------------- */

void zone_begin_record(struct zone *zone, struct bytes text)
{
    bool is_blank = text.len > 0 && is_space(text.data[0]);
    zone->record = (struct zone_record){.want = is_blank ? WANT_HEAD : WANT_OWNER, .is_internet = true};
}

static enum error end_directive(struct zone *zone)
{
    if (zone->record.directive == ZONE_ORIGIN && (zone->record.words != 1 || zone->record.fault != FAIL_NONE))
        return zone_refuse(zone, zone->line->number,
                           "$ORIGIN is to have one name, so it is not known what the names below it mean");
    return ERR_OK;
}

/* Rejects what is no record. Whose the next ones are is not known if it named their owner. */
static enum error end_fault(struct zone *zone)
{
    if (zone->record.names_owner && !zone->record.has_type) {
        zone->owner.state = ZONE_OWNER_BAD;
        zone->owner.is_stale = true;
    }
    return zone_reject(zone, zone->record.fault);
}

static enum error count_record(struct zone *zone)
{
    const struct zone_record *record = &zone->record;
    const struct zone_owner *owner = &zone->owner;
    bool is_absolute = record->names_owner && owner->text_len > 0 && owner->text[owner->text_len - 1] == '.';
    zone->counts.records++;
    zone->name_servers += record->type == ZONE_NS || record->type == ZONE_SOA;
    zone->marked_records += record->has_ttl || record->has_class || is_absolute;
    if (!record->is_internet) {
        zone->counts.other_classes++;
        return ERR_OK;
    }
    switch (record->type) {
    case ZONE_NS:
        return zone_take_ns(zone);
    case ZONE_SOA:
        return zone_take_soa(zone);
    case ZONE_ADDRESS:
        zone->counts.addresses++;
        return ERR_OK;
    case ZONE_DNSSEC:
        zone->counts.dnssec++;
        return ERR_OK;
    default:
        zone->counts.others++;
        return ERR_OK;
    }
}

enum error zone_end_record(struct zone *zone)
{
    struct zone_record *record = &zone->record;
    if (!record->is_begun)
        return ERR_OK;
    if (record->directive != ZONE_NO_DIRECTIVE)
        return end_directive(zone);
    bool is_one_name = record->words == 1 || record->is_generic;
    if (!record->has_type || record->words == 0 || (record->type == ZONE_NS && !is_one_name))
        zone_fault(zone);
    return record->fault == FAIL_NONE ? count_record(zone) : end_fault(zone);
}
