/* Finds the TLSRPT record among RRs and reads its fields and the addresses of rua (RPT-1). It sends no
 * report.
 */
#include "scanner/sts/tlsrpt.h"

#include "scanner/sts/text.h"
#include "scanner/sts/uri.h"

static const char opening_text[] = "v=TLSRPTv1;";

struct parser {
    struct arena *arena;
    struct tlsrpt_record *record;
    size_t line;
    bool rua_seen;
};

static void fault(struct parser *parser, enum failure_code code, size_t offset, struct bytes what)
{
    const char *detail = what.len == 0 ? NULL : findings_text(&parser->record->findings, parser->arena, what);
    findings_add(&parser->record->findings, code, parser->line, offset + 1, detail);
    if (parser->record->code == FAIL_NONE)
        parser->record->code = code;
}

static void keep_address(struct parser *parser, struct bytes uri)
{
    struct tlsrpt_record *record = parser->record;
    if (record->rua == NULL)
        record->rua = arena_array(parser->arena, TLSRPT_RUA_KEPT, sizeof *record->rua);
    if (record->rua == NULL || record->rua_count == TLSRPT_RUA_KEPT)
        return;
    char *text = text_escape_whole(parser->arena, uri);
    if (text != NULL)
        record->rua[record->rua_count++] = text;
}

/* Takes one address of rua. offset: that of uri in the RR. */
static void take_address(struct parser *parser, struct bytes uri, size_t offset)
{
    size_t place;
    if (!uri_is_report_address(uri, &place))
        fault(parser, FAIL_TLSRPT_RUA_BAD, offset + place, uri);
    else
        keep_address(parser, uri);
}

/* Takes the addresses: tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri), with white space only around commas. */
static void take_addresses(struct parser *parser, const struct text_field *field)
{
    struct bytes value = field->value;
    size_t at = 0;
    for (;;) {
        size_t end = at;
        while (end < value.len && value.data[end] != ',')
            end++;
        struct bytes uri = text_trim_end(text_slice(value, at, end));
        take_address(parser, uri, field->value_offset + at);
        if (end == value.len)
            return;
        at = text_skip_wsp(value, end + 1);
    }
}

static void take_rua(struct parser *parser, const struct text_field *field)
{
    size_t place;
    parser->rua_seen = true;
    if (text_field_lacks_delimiter(field, &place))
        fault(parser, FAIL_TLSRPT_SYNTAX, place, field->whole);
    else
        take_addresses(parser, field);
}

static void take_field(struct parser *parser, const struct text_field *field)
{
    size_t place;
    if (field->has_value && bytes_equal(field->name, bytes_of("rua")))
        take_rua(parser, field);
    else if (!text_field_is_extension(field, &place))
        fault(parser, FAIL_TLSRPT_SYNTAX, place, field->whole);
    if (field->dangling)
        fault(parser, FAIL_TLSRPT_SYNTAX, field->end_offset, bytes_of(NULL));
}

static void parse_record(struct parser *parser, struct bytes rr)
{
    struct text_fields fields = text_fields_start(rr, sizeof opening_text - 2);
    struct text_field field;
    while (text_fields_next(&fields, &field))
        take_field(parser, &field);
    if (!parser->rua_seen)
        fault(parser, FAIL_TLSRPT_RUA_MISSING, rr.len, bytes_of(NULL));
}

bool tlsrpt_is_candidate(struct bytes rr)
{
    return text_begins(rr, bytes_of(opening_text));
}

bool tlsrpt_is_near_miss(struct bytes rr)
{
    char folded[TEXT_FOLDED_BYTES + 1];
    text_fold_start(rr, folded);
    return strstr(folded, "v=tlsrpt") != NULL || strstr(folded, "tlsrptv1") != NULL;
}

static void find_near_misses(struct parser *parser, const struct bytes *rrs, size_t rr_count)
{
    struct findings *findings = &parser->record->findings;
    for (size_t i = 0; i < rr_count; i++)
        if (tlsrpt_is_near_miss(rrs[i]))
            findings_add(findings, FAIL_TLSRPT_NEAR_MISS, i + 1, 1,
                         findings_text(findings, parser->arena, rrs[i]));
}

void tlsrpt_parse(const struct bytes *rrs, size_t rr_count, struct arena *arena, struct tlsrpt_record *record)
{
    *record = (struct tlsrpt_record){.code = FAIL_NONE};
    struct parser parser = {.arena = arena, .record = record};
    size_t only = 0;
    for (size_t i = 0; i < rr_count; i++) {
        if (!tlsrpt_is_candidate(rrs[i]))
            continue;
        only = i;
        parser.line = i + 1;
        if (record->candidates++ > 0)
            fault(&parser, FAIL_TLSRPT_MULTIPLE, 0, rrs[i]);
    }
    parser.line = only + 1;
    if (record->candidates == 0) {
        find_near_misses(&parser, rrs, rr_count);
        record->code = FAIL_TLSRPT_ABSENT;
    } else if (record->candidates == 1) {
        parse_record(&parser, rrs[only]);
    }
}
