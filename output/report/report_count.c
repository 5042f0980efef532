/* Counts records for a report. */
#include "output/report/report_count.h"

#include <stdlib.h>

#include "output/readback/facts_fields.h"
#include "output/readback/facts_read.h"
#include "scanner/json/json_read.h"
#include "output/store/summary_text.h"

/* Groups of these kinds are told. Labels have pages of their own. */
static const enum group_kind told[] = {BY_PROVIDER, BY_MX_HOST, BY_MX_OPERATOR, BY_POLICY_HOST,
                                       BY_NETWORK,  BY_TLD,     BY_LABEL,       BY_WHO};

enum error report_count_init(struct report_counts *counts, int64_t now)
{
    *counts = (struct report_counts){.now = now};
    arena_init(&counts->arena, READ_ARENA_BYTES);
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++)
        group_top_init(&counts->tops[kind], REPORT_GROUPS_TOLD);
    static const enum group_kind spread[] = {BY_TLD, BY_PROVIDER, BY_LABEL};
    for (size_t i = 0; i < sizeof spread / sizeof *spread; i++)
        group_top_by_domains(&counts->tops[spread[i]]);
    counts->groups = group_counts_new(REPORT_GROUPS_BYTES, -1);
    return counts->groups == NULL ? ERR_MEMORY : ERR_OK;
}

void report_count_dispose(struct report_counts *counts)
{
    group_counts_free(counts->groups);
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++)
        group_top_dispose(&counts->tops[kind]);
    arena_dispose(&counts->arena);
    counts->groups = NULL;
}

/* ---- domains ------------------------------------------------------------------------------------------- */

const char *report_rank_name(enum report_rank rank)
{
    static const char *const names[RANK_COUNT] = {
        [RANK_1K] = "1 to 1,000",          [RANK_10K] = "1,001 to 10,000",
        [RANK_100K] = "10,001 to 100,000", [RANK_1M] = "100,001 to 1,000,000",
        [RANK_MORE] = "beyond 1,000,000",  [RANK_NONE] = "no rank",
    };
    return names[rank];
}

static enum report_rank rank_of(uint32_t rank)
{
    enum report_rank bucket = RANK_1K;
    if (rank == 0)
        return RANK_NONE;
    for (uint32_t most = 1000; bucket < RANK_MORE && rank > most; most *= 10)
        bucket++;
    return bucket;
}

static enum report_tlsrpt tlsrpt_of(const struct group_record *record)
{
    enum failure_code code = record->tlsrpt_code;
    if (code == FAIL_COUNT)
        return TLSRPT_UNKNOWN;
    if (code == FAIL_NONE)
        return TLSRPT_GOOD;
    if (code == FAIL_TLSRPT_ABSENT)
        return TLSRPT_ABSENT;
    return failure_get(code)->stage == STAGE_TLSRPT ? TLSRPT_BROKEN : TLSRPT_UNKNOWN;
}

static bool is_cached_beside(const struct group_record *record)
{
    return record->outcome != OUTCOME_REFUSED && record->outcome != OUTCOME_PARTIAL &&
           (code_set_has(&record->codes, FAIL_CACHED_REFUSED) ||
            code_set_has(&record->codes, FAIL_CACHED_PARTIAL));
}

static void count_alone(struct report_counts *counts, const struct group_record *record)
{
    struct tally tally = {.outcome = record->outcome,
                          .would_be = record->would_be,
                          .cached = record->cached,
                          .dane = record->dane < DANE_OUTCOME_COUNT ? record->dane : DANE_OUTCOME_UNKNOWN,
                          .tls = record->tls < TLS_OUTCOME_COUNT ? record->tls : TLS_OUTCOME_UNKNOWN,
                          .incomplete = record->incomplete,
                          .rank = record->rank,
                          .codes = record->codes};
    summary_tld(tally.tld, record->tld);
    summary_provider(tally.provider, record->mx_provider);
    summary_add(&counts->summary, &tally);
    counts->ranks[rank_of(record->rank)][record->outcome]++;
    counts->tlsrpt[tlsrpt_of(record)]++;
    counts->cached_beside += is_cached_beside(record);
}

static enum error count_groups(struct report_counts *counts, const struct group_record *record,
                               group_provider provider, struct buf *why)
{
    struct troubles troubles;
    enum error error = troubles_find(record, &counts->arena, &troubles) ? ERR_OK : ERR_MEMORY;
    for (size_t kind = 0; error == ERR_OK && kind < sizeof told / sizeof *told; kind++) {
        struct group_members members;
        if (!groups_of(record, &troubles, told[kind], provider, &counts->arena, &members))
            return ERR_MEMORY;
        for (size_t i = 0; error == ERR_OK && i < members.count; i++)
            error = group_counts_add(counts->groups, told[kind], record->outcome, &members.list[i], why);
    }
    return error;
}

enum error report_count_domain(struct report_counts *counts, struct bytes line, group_provider provider,
                               struct buf *why)
{
    struct group_record *record = &counts->record;
    arena_reset(&counts->arena);
    enum error error = group_record_read(line, &counts->arena, record);
    if (error != ERR_OK)
        return error;
    count_alone(counts, record);
    return count_groups(counts, record, provider, why);
}

static enum error take_row(void *arg, const struct group_row *row)
{
    struct report_counts *counts = arg;
    return group_top_take(&counts->tops[row->kind], row) ? ERR_OK : ERR_MEMORY;
}

static int by_end(const void *left, const void *right)
{
    const struct report_cert *a = left, *b = right;
    if (a->ends != b->ends)
        return a->ends < b->ends ? -1 : 1;
    return strcmp(a->sha256, b->sha256);
}

enum error report_count_end(struct report_counts *counts, struct buf *why)
{
    enum error error = group_counts_end(counts->groups, take_row, counts, why);
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++)
        group_top_sort(&counts->tops[kind]);
    qsort(counts->soon, counts->soon_count, sizeof *counts->soon, by_end);
    return error;
}

/* ---- hosts --------------------------------------------------------------------------------------------- */

static void copy_text(char *out, size_t size, struct bytes text)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;
    if (len < text.len)
        while (len > 0 && (text.data[len] & 0xc0) == 0x80)
            len--;
    memcpy(out, text.data, len);
    out[len] = 0;
}

static void count_word(struct report_words *words, struct bytes text)
{
    char word[REPORT_WORD_BYTES];
    copy_text(word, sizeof word, text);
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->rows[i].word, word) == 0) {
            words->rows[i].count++;
            return;
        }
    if (words->count == REPORT_WORDS) {
        words->others++;
        return;
    }
    memcpy(words->rows[words->count].word, word, sizeof word);
    words->rows[words->count++].count = 1;
}

struct host_reader {
    struct report_counts *counts;
    bool was_tried, has_tls;
};

static bool on_host(void *arg, const struct json_value *value)
{
    struct host_reader *reader = arg;
    bool of_tls = strcmp(value->key, "tls") == 0;
    if (strcmp(value->key, "step") == 0)
        reader->was_tried = true;
    if (value->kind != FIELD_STRING || !of_tls)
        return true;
    if (strcmp(value->sub, "end") == 0)
        reader->has_tls = bytes_equal(value->text, bytes_of(tls_end_name(TLS_DONE)));
    else if (reader->has_tls && strcmp(value->sub, "version") == 0)
        count_word(&reader->counts->versions, value->text);
    else if (reader->has_tls && strcmp(value->sub, "group") == 0)
        count_word(&reader->counts->tls_groups, value->text);
    return true;
}

enum error report_count_host(struct report_counts *counts, struct bytes line)
{
    struct host_reader reader = {.counts = counts};
    enum error error = json_read_line(line, on_host, &reader);
    counts->addresses += reader.was_tried;
    counts->with_tls += reader.has_tls;
    return error;
}

/* ---- certificates -------------------------------------------------------------------------------------- */

struct cert_reader {
    struct report_cert cert;
    bool is_ca, has_dns_name;
};

static bool on_cert(void *arg, const struct json_value *value)
{
    struct cert_reader *reader = arg;
    struct report_cert *cert = &reader->cert;
    if (value->kind == FIELD_BOOL && strcmp(value->key, "ca") == 0)
        reader->is_ca = value->truth;
    if (value->kind != FIELD_STRING)
        return true;
    if (strcmp(value->key, "sha256") == 0)
        copy_text(cert->sha256, sizeof cert->sha256, value->text);
    else if (strcmp(value->key, "not_after") == 0)
        (void)read_time_text(value->text, &cert->ends);
    else if (strcmp(value->key, "subject") == 0 && cert->name[0] == 0)
        copy_text(cert->name, sizeof cert->name, value->text);
    else if (strcmp(value->key, "dns_names") == 0 && !reader->has_dns_name) {
        copy_text(cert->name, sizeof cert->name, value->text);
        reader->has_dns_name = true;
    }
    return true;
}

/* Keeps the certificate if it ends before the last of those kept. */
static void keep_soon(struct report_counts *counts, const struct report_cert *cert)
{
    size_t last = 0;
    if (counts->soon_count < REPORT_CERTS) {
        counts->soon[counts->soon_count++] = *cert;
        return;
    }
    for (size_t i = 1; i < counts->soon_count; i++)
        if (by_end(&counts->soon[last], &counts->soon[i]) < 0)
            last = i;
    if (by_end(cert, &counts->soon[last]) < 0)
        counts->soon[last] = *cert;
}

enum error report_count_cert(struct report_counts *counts, struct bytes line)
{
    static const int64_t day = 24 * 3600 * 1000;
    struct cert_reader reader = {.is_ca = false};
    enum error error = json_read_line(line, on_cert, &reader);
    if (error != ERR_OK || reader.is_ca || reader.cert.ends == 0)
        return error;
    counts->certs++;
    if (reader.cert.ends < counts->now) {
        counts->certs_over++;
    } else if (reader.cert.ends < counts->now + REPORT_SOON_DAYS * day) {
        counts->certs_soon++;
        keep_soon(counts, &reader.cert);
    }
    return ERR_OK;
}
