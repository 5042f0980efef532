/*
 * Finds the MTA-STS record among TXT RRs (TXT-2, TXT-3) and its faults (TXT-4 to TXT-6). It looks nothing up.
 */
#include "scanner/sts/record.h"

#include "scanner/sts/text.h"

static const char version_text[] = "v=STSv1";

enum { VERSION_BYTES = sizeof version_text - 1, ID_BYTES = 32 };

/* How an RR begins. */
enum opening {
    OPENING_OTHER,
    OPENING_SPACED, /* "v=STSv1 ;", which the grammar allows and the text does not (erratum 6285) */
    OPENING_EXACT
};

/* Tells how the RR begins. *semicolon gets the offset of the first one if the RR may be a record. */
static enum opening opening_of(struct bytes rr, size_t *semicolon)
{
    if (!text_begins(rr, bytes_of(version_text)))
        return OPENING_OTHER;
    *semicolon = text_skip_wsp(rr, VERSION_BYTES);
    if (*semicolon == rr.len || rr.data[*semicolon] != ';')
        return OPENING_OTHER;
    return *semicolon == VERSION_BYTES ? OPENING_EXACT : OPENING_SPACED;
}

bool sts_record_is_candidate(struct bytes rr)
{
    size_t semicolon;
    return opening_of(rr, &semicolon) == OPENING_EXACT;
}

bool sts_record_lacks_semicolon(struct bytes rr)
{
    size_t semicolon;
    return text_begins(rr, bytes_of(version_text)) && opening_of(rr, &semicolon) == OPENING_OTHER;
}

bool sts_record_wants_policy(const struct bytes *rrs, size_t rr_count)
{
    size_t semicolon;
    for (size_t i = 0; i < rr_count; i++)
        if (opening_of(rrs[i], &semicolon) != OPENING_OTHER)
            return true;
    return false;
}

static size_t count_opening(const struct bytes *rrs, size_t rr_count, enum opening opening)
{
    size_t count = 0, semicolon;
    for (size_t i = 0; i < rr_count; i++)
        count += opening_of(rrs[i], &semicolon) == opening;
    return count;
}

/* ---- one record's fields ------------------------------------------------------------------------------- */

struct parser {
    struct arena *arena;
    struct sts_record *record;
    size_t line;
    bool id_seen;
};

static void warn(struct parser *parser, enum failure_code code, size_t offset, struct bytes what)
{
    const char *detail = what.len == 0 ? NULL : findings_text(&parser->record->findings, parser->arena, what);
    findings_add(&parser->record->findings, code, parser->line, offset + 1, detail);
}

static void fault(struct parser *parser, enum failure_code code, size_t offset, struct bytes what)
{
    warn(parser, code, offset, what);
    if (parser->record->code == FAIL_NONE)
        parser->record->code = code;
}

/* Returns how many bytes at the start could be an id. */
static size_t id_len(struct bytes value)
{
    size_t len = 0;
    while (len < value.len && len < ID_BYTES && text_is_alnum(value.data[len]))
        len++;
    return len;
}

/* Takes an id: the first counts, good or bad (TXT-4). */
static void take_id(struct parser *parser, const struct text_field *field)
{
    if (parser->id_seen) {
        warn(parser, FAIL_TXT_ID_REPEATED, field->offset, field->whole);
        return;
    }
    parser->id_seen = true;
    size_t len = id_len(field->value), place;
    if (len > 0 && len == field->value.len)
        memcpy(parser->record->id, field->value.data, len);
    else if (text_field_lacks_delimiter(field, &place) && place == field->value_offset + len)
        fault(parser, FAIL_TXT_SYNTAX, place, field->whole);
    else
        fault(parser, FAIL_TXT_ID_BAD, field->value_offset + len, field->whole);
}

static void take_field(struct parser *parser, const struct text_field *field)
{
    size_t place;
    if (field->has_value && bytes_equal(field->name, bytes_of("id")))
        take_id(parser, field);
    else if (!text_field_is_extension(field, &place))
        fault(parser, FAIL_TXT_SYNTAX, place, field->whole);
    if (field->dangling)
        fault(parser, FAIL_TXT_SYNTAX, field->end_offset, bytes_of(NULL));
}

static void parse_record(struct parser *parser, struct bytes rr, size_t semicolon)
{
    struct text_fields fields = text_fields_start(rr, semicolon);
    struct text_field field;
    while (text_fields_next(&fields, &field))
        take_field(parser, &field);
    if (!parser->id_seen)
        fault(parser, FAIL_TXT_ID_MISSING, rr.len, bytes_of(NULL));
}

/* ---- the set of RRs ------------------------------------------------------------------------------------ */

bool sts_record_is_near_miss(struct bytes rr)
{
    char folded[TEXT_FOLDED_BYTES + 1];
    text_fold_start(rr, folded);
    return strstr(folded, "v=sts") != NULL || strstr(folded, "stsv1") != NULL;
}

static void find_near_misses(struct parser *parser, const struct bytes *rrs, size_t rr_count)
{
    for (size_t i = 0; i < rr_count; i++) {
        parser->line = i + 1;
        if (sts_record_is_near_miss(rrs[i]))
            warn(parser, FAIL_TXT_NEAR_MISS, 0, rrs[i]);
    }
}

/* Adds a finding for each record from the second on. */
static void find_multiple(struct parser *parser, const struct bytes *rrs, size_t rr_count,
                          enum opening opening)
{
    size_t semicolon, seen = 0;
    for (size_t i = 0; i < rr_count; i++) {
        parser->line = i + 1;
        if (opening_of(rrs[i], &semicolon) == opening && seen++ > 0)
            fault(parser, FAIL_TXT_MULTIPLE, 0, rrs[i]);
    }
}

static void parse_only(struct parser *parser, const struct bytes *rrs, enum opening opening)
{
    size_t i = 0, semicolon;
    while (opening_of(rrs[i], &semicolon) != opening)
        i++;
    parser->line = i + 1;
    if (opening == OPENING_SPACED)
        warn(parser, FAIL_TXT_SPACE_BEFORE_SEMICOLON, VERSION_BYTES, text_slice(rrs[i], 0, semicolon + 1));
    parse_record(parser, rrs[i], semicolon);
}

void sts_record_parse(const struct bytes *rrs, size_t rr_count, struct arena *arena,
                      struct sts_record *record)
{
    *record = (struct sts_record){.code = FAIL_NONE};
    struct parser parser = {.arena = arena, .record = record};
    enum opening opening = OPENING_EXACT;
    record->candidates = count_opening(rrs, rr_count, opening);
    if (record->candidates == 0) {
        opening = OPENING_SPACED;
        record->candidates = count_opening(rrs, rr_count, opening);
    }
    if (record->candidates == 0) {
        find_near_misses(&parser, rrs, rr_count);
        record->code = FAIL_TXT_ABSENT;
    } else if (record->candidates > 1) {
        find_multiple(&parser, rrs, rr_count, opening);
    } else {
        parse_only(&parser, rrs, opening);
    }
}
