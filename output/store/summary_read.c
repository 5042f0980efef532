/*
 * Reads the tally of a stored domain record. A resumed scan reads up to 100 million of them, so reading stops
 * as soon as no field that counts can follow. Fields may stand in any order, but `cached` stands before the
 * codes.
 */
#include "output/store/summary.h"

#include "scanner/json/json_read.h"
#include "output/store/summary_text.h"

enum {
    SEEN_ORDINAL = 1,
    SEEN_OUTCOME = 2,
    SEEN_DANE = 4,
    SEEN_TLS = 8,
    SEEN_CODES = 16,
    SEEN_NEEDED = 31,
    SEEN_PROVIDER = 32,
    SEEN_BAD = 64
};

struct tally_reader {
    struct tally *tally;
    unsigned seen;
    enum failure_code next; /* codes stand in the table's order: the search goes on behind the last one */
};

static bool is_name(struct bytes text, const char *name)
{
    return strlen(name) == text.len && memcmp(name, text.data, text.len) == 0;
}

static void read_outcome(struct tally_reader *reader, struct bytes text, enum outcome *outcome, unsigned seen)
{
    for (enum outcome i = OUTCOME_NONE + 1; i < OUTCOME_COUNT; i++)
        if (is_name(text, outcome_name(i))) {
            *outcome = i;
            reader->seen |= seen;
            return;
        }
    reader->seen |= SEEN_BAD;
}

static void read_cached(struct tally_reader *reader, struct bytes text)
{
    for (enum cached_found i = CACHED_NONE + 1; i < CACHED_FOUND_COUNT; i++)
        if (is_name(text, cached_found_name(i))) {
            reader->tally->cached = i;
            return;
        }
    reader->seen |= SEEN_BAD;
}

static void read_dane(struct tally_reader *reader, struct bytes text)
{
    for (enum dane_outcome i = 0; i < DANE_OUTCOME_COUNT; i++)
        if (is_name(text, dane_outcome_name(i))) {
            reader->tally->dane = i;
            reader->seen |= SEEN_DANE;
            return;
        }
    reader->seen |= SEEN_BAD;
}

static void read_tls(struct tally_reader *reader, struct bytes text)
{
    for (enum tls_outcome i = 0; i < TLS_OUTCOME_COUNT; i++)
        if (is_name(text, tls_outcome_name(i))) {
            reader->tally->tls = i;
            reader->seen |= SEEN_TLS;
            return;
        }
    reader->seen |= SEEN_BAD;
}

/* Counts a code. One that the table does not have comes from a later version: it cannot be counted, and that
 * is no fault. */
static void read_code(struct tally_reader *reader, struct bytes text)
{
    enum failure_code code = reader->next;
    while (code < FAIL_COUNT && !is_name(text, failure_name(code)))
        code++;
    if (code == FAIL_COUNT)
        code = failure_find((const char *)text.data, text.len);
    if (code == FAIL_COUNT || code == FAIL_NONE)
        return;
    code_set_add(&reader->tally->codes, code);
    reader->next = code + 1;
}

static void read_string(struct tally_reader *reader, const struct json_value *value)
{
    struct tally *tally = reader->tally;
    if (strcmp(value->key, "codes") == 0)
        read_code(reader, value->text);
    else if (strcmp(value->key, "provider") == 0 && strcmp(value->sub, "mx") == 0)
        summary_provider(tally->provider, value->text);
    else if (strcmp(value->key, "cached") == 0 && strcmp(value->sub, "found") == 0)
        read_cached(reader, value->text);
    else if (value->sub[0] != 0)
        return;
    else if (strcmp(value->key, "outcome") == 0)
        read_outcome(reader, value->text, &tally->outcome, SEEN_OUTCOME);
    else if (strcmp(value->key, "would_be") == 0)
        read_outcome(reader, value->text, &tally->would_be, 0);
    else if (strcmp(value->key, "dane") == 0)
        read_dane(reader, value->text);
    else if (strcmp(value->key, "tls") == 0)
        read_tls(reader, value->text);
    else if (strcmp(value->key, "tld") == 0)
        summary_tld(tally->tld, value->text);
}

static void read_number(struct tally_reader *reader, const struct json_value *value)
{
    uint64_t rank;
    if (value->sub[0] == 0 && strcmp(value->key, "ordinal") == 0)
        reader->seen |= json_read_number(value->text, &reader->tally->ordinal) ? SEEN_ORDINAL : SEEN_BAD;
    else if (value->sub[0] == 0 && strcmp(value->key, "rank") == 0 && json_read_number(value->text, &rank))
        reader->tally->rank = rank <= UINT32_MAX ? (uint32_t)rank : 0;
}

static void read_end(struct tally_reader *reader, const struct json_value *value)
{
    if (strcmp(value->key, "codes") == 0)
        reader->seen |= SEEN_CODES;
    else if (strcmp(value->key, "provider") == 0)
        reader->seen |= SEEN_PROVIDER;
}

/* Tells whether no further field can count. would_be comes only with testing, incomplete only with outcomes
 * that a policy decides or a failed fetch: with any other, no optional field can follow. */
static bool is_complete(const struct tally_reader *reader)
{
    enum outcome outcome = reader->tally->outcome;
    bool optional = outcome == OUTCOME_TESTING || outcome == OUTCOME_PROTECTED ||
                    outcome == OUTCOME_PARTIAL || outcome == OUTCOME_REFUSED || outcome == OUTCOME_BROKEN;
    return (reader->seen & SEEN_NEEDED) == SEEN_NEEDED && (reader->seen & SEEN_PROVIDER) != 0 && !optional;
}

static bool on_value(void *arg, const struct json_value *value)
{
    struct tally_reader *reader = arg;
    if (value->kind == FIELD_STRING)
        read_string(reader, value);
    else if (value->kind == FIELD_NUMBER)
        read_number(reader, value);
    else if (value->kind == FIELD_END)
        read_end(reader, value);
    else if (value->kind == FIELD_BOOL && value->sub[0] == 0 && strcmp(value->key, "incomplete") == 0)
        reader->tally->incomplete = value->truth;
    return (reader->seen & SEEN_BAD) == 0 && !is_complete(reader);
}

enum error summary_read_line(struct bytes line, struct tally *tally)
{
    struct tally_reader reader = {.tally = tally, .next = FAIL_NONE + 1};
    *tally = (struct tally){.outcome = OUTCOME_NONE};
    enum error error = json_read_line(line, on_value, &reader);
    if (error != ERR_OK)
        return error;
    bool good = (reader.seen & SEEN_BAD) == 0 && (reader.seen & SEEN_NEEDED) == SEEN_NEEDED &&
                line.data[line.len - 1] == '}';
    return good ? ERR_OK : ERR_SYNTAX;
}
