/* Writes what summary.json says of a sample. Pure. */
#include "output/json/json_write.h"
#include "output/store/summary.h"

static void put_interval(struct json *json, const char *key, struct interval interval)
{
    json_open(json, key);
    json_put_share(json, "share", interval.share);
    json_put_share(json, "low", interval.low);
    json_put_share(json, "high", interval.high);
    json_close(json);
}

static uint64_t total(const struct summary_sample *sample, size_t which)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < sample->room; i++)
        sum += sample->parts[i] == NULL ? 0 : sample->parts[i]->counts[which];
    return sum;
}

static const char *outcome_at(size_t index)
{
    return outcome_name((enum outcome)index);
}

static const char *dane_at(size_t index)
{
    return dane_outcome_name((enum dane_outcome)index);
}

static const char *tls_at(size_t index)
{
    return tls_outcome_name((enum tls_outcome)index);
}

static const char *code_at(size_t index)
{
    return failure_name((enum failure_code)index);
}

/* What is counted, each kind in a member of its own. */
static const struct {
    const char *key;
    size_t first, from, count;
    const char *(*name)(size_t index);
    bool zeros; /* also what was not seen */
} kinds[] = {
    {"outcomes", SUMMARY_OUTCOMES, OUTCOME_NONE + 1, OUTCOME_COUNT, outcome_at, true},
    {"would_be", SUMMARY_WOULD_BE, OUTCOME_NONE + 1, OUTCOME_COUNT, outcome_at, false},
    {"dane", SUMMARY_DANE, 0, DANE_OUTCOME_COUNT, dane_at, true},
    {"tls", SUMMARY_TLS, 0, TLS_OUTCOME_COUNT, tls_at, true},
    {"codes", SUMMARY_CODES, FAIL_NONE + 1, FAIL_COUNT, code_at, false},
};

static void put_intervals(struct json *json, const struct summary_sample *sample)
{
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        json_open(json, kinds[kind].key);
        for (size_t i = kinds[kind].from; i < kinds[kind].count; i++)
            if (kinds[kind].zeros || total(sample, kinds[kind].first + i) > 0)
                put_interval(json, kinds[kind].name(i),
                             summary_sample_interval(sample, kinds[kind].first + i));
        json_close(json);
    }
}

/* Of a stratum the outcomes that were seen. */
static void put_part(struct json *json, const char *name, const struct sample_part *part)
{
    json_open(json, NULL);
    json_put_string(json, "stratum", name);
    json_put_unsigned(json, "population", part->population);
    json_put_unsigned(json, "records", part->records);
    json_open(json, "outcomes");
    for (size_t i = OUTCOME_NONE + 1; i < OUTCOME_COUNT; i++) {
        struct interval_part counts = {part->counts[SUMMARY_OUTCOMES + i], part->records, part->population};
        if (counts.count > 0)
            put_interval(json, outcome_at(i), interval_of(&counts, 1));
    }
    json_close(json);
    json_close(json);
}

static void put_parts(struct json *json, const struct summary_sample *sample)
{
    json_open_array(json, "strata");
    for (size_t i = 0; i < strata_count(sample->strata) && i < sample->room; i++)
        if (sample->parts[i] != NULL && sample->parts[i]->population + sample->parts[i]->records > 0)
            put_part(json, strata_name(sample->strata, i), sample->parts[i]);
    json_close_array(json);
}

void summary_sample_json(struct json *json, const struct summary_sample *sample)
{
    enum strata_kind kind = strata_kind_of(sample->strata);
    json_open(json, "sample");
    json_put_string(json, "take", sample->take);
    json_put_string(json, "key", sample->key);
    json_put_string(json, "by", strata_kind_name(kind));
    json_put_unsigned(json, "population", sample->population);
    json_put_bool(json, "counted", sample->size.names > 0);
    json_put_string(json, "method", summary_sample_method(sample));
    put_intervals(json, sample);
    if (kind != STRATA_NONE)
        put_parts(json, sample);
    json_close(json);
}
