/* Counts records, and writes summary.json. Pure. summary_read.c reads records back, summary_print.c prints
 * the table. */
#include "output/store/summary.h"

#include "output/json/json_group.h"
#include "output/store/summary_groups.h"
#include "output/store/summary_ranked.h"
#include "output/store/summary_text.h"

void summary_provider(char provider[SUMMARY_PROVIDER_BYTES], struct bytes name)
{
    size_t len = name.len < SUMMARY_PROVIDER_BYTES ? name.len : SUMMARY_PROVIDER_BYTES - 1;
    for (size_t i = 0; i < len; i++)
        provider[i] = name.data[i] >= 0x20 && name.data[i] < 0x7F ? (char)name.data[i] : '?';
    provider[len] = 0;
}

void summary_tld(char tld[STRATA_NAME_BYTES], struct bytes name)
{
    size_t len = name.len < STRATA_NAME_BYTES ? name.len : 0;
    if (len > 0)
        memcpy(tld, name.data, len);
    tld[len] = 0;
}

void summary_tally(const struct domain_facts *facts, const struct judgement *judgement, struct tally *tally)
{
    *tally = (struct tally){
        .ordinal = facts->ordinal,
        .outcome = judgement->outcome,
        .would_be = judgement->would_be,
        .cached = judgement->cached.found,
        .dane = judgement->dane,
        .tls = judgement->tls,
        .incomplete = judgement->incomplete,
        .codes = judgement->codes,
        .rank = facts->rank,
    };
    summary_tld(tally->tld, bytes_of(facts->tld == NULL ? "" : facts->tld));
    summary_provider(tally->provider, bytes_of(judgement->provider_mx));
}

/* Counts a provider. One who is called "other" is counted with the others: the name is taken in
 * summary.json. */
static void add_provider(struct summary *summary, const char *name)
{
    size_t place = 0;
    while (place < summary->provider_count && strcmp(summary->providers[place].name, name) != 0)
        place++;
    if (place == SUMMARY_PROVIDERS || strcmp(name, "other") == 0) {
        summary->provider_other++;
        return;
    }
    if (place == summary->provider_count) {
        memcpy(summary->providers[place].name, name, strlen(name) + 1);
        summary->providers[place].count = 0;
        summary->provider_count++;
    }
    summary->providers[place].count++;
}

void summary_add(struct summary *summary, const struct tally *tally)
{
    summary->records++;
    summary->incomplete += tally->incomplete;
    summary->outcomes[tally->outcome]++;
    if (tally->would_be != OUTCOME_NONE)
        summary->would_be[tally->would_be]++;
    if (tally->cached != CACHED_NONE)
        summary->cached[tally->cached]++;
    summary->dane[tally->dane]++;
    summary->tls[tally->tls]++;
    for (size_t word = 0; word < sizeof tally->codes.words / sizeof tally->codes.words[0]; word++)
        for (uint64_t bits = tally->codes.words[word]; bits != 0; bits &= bits - 1)
            summary->codes[word * 64 + (size_t)__builtin_ctzll(bits)]++;
    if (tally->provider[0] != 0)
        add_provider(summary, tally->provider);
    if (summary->sample != NULL)
        summary_sample_add(summary->sample, tally);
}

uint64_t summary_cached(const struct summary *summary)
{
    uint64_t sum = 0;
    for (enum cached_found found = CACHED_NONE + 1; found < CACHED_FOUND_COUNT; found++)
        sum += summary->cached[found];
    return sum;
}

bool summary_balanced(const struct summary *summary, struct buf *why)
{
    uint64_t sum = summary->records + summary->rejects + summary->duplicates + summary->opted_out +
                   summary->not_in_shard + summary->not_sampled + summary->filtered + summary->over_limit;
    if (sum == summary->inputs)
        return true;
    buf_printf(why,
               "inputs %llu, but records %llu + rejects %llu + duplicates %llu + opted_out %llu + "
               "not_in_shard %llu + not_sampled %llu + filtered %llu + over_limit %llu = %llu",
               (unsigned long long)summary->inputs, (unsigned long long)summary->records,
               (unsigned long long)summary->rejects, (unsigned long long)summary->duplicates,
               (unsigned long long)summary->opted_out, (unsigned long long)summary->not_in_shard,
               (unsigned long long)summary->not_sampled, (unsigned long long)summary->filtered,
               (unsigned long long)summary->over_limit, (unsigned long long)sum);
    return false;
}

static void write_denominators(struct json *json, const struct summary *summary)
{
    struct buf equation;
    json_put_unsigned(json, "inputs", summary->inputs);
    json_put_unsigned(json, "records", summary->records);
    json_put_unsigned(json, "rejects", summary->rejects);
    json_put_unsigned(json, "duplicates", summary->duplicates);
    json_put_unsigned(json, "opted_out", summary->opted_out);
    json_put_unsigned(json, "not_in_shard", summary->not_in_shard);
    json_put_unsigned(json, "not_sampled", summary->not_sampled);
    json_put_unsigned(json, "filtered", summary->filtered);
    json_put_unsigned(json, "over_limit", summary->over_limit);
    if (summary->reduced > 0)
        json_put_unsigned(json, "reduced", summary->reduced);
    json_put_unsigned(json, "incomplete", summary->incomplete);
    buf_init(&equation, 1024);
    json_put_bool(json, "balanced", summary_balanced(summary, &equation));
    buf_dispose(&equation);
}

static void write_outcomes(struct json *json, const char *key, const uint64_t *counts, bool zeros)
{
    json_open(json, key);
    for (enum outcome i = OUTCOME_NONE + 1; i < OUTCOME_COUNT; i++)
        if (zeros || counts[i] > 0)
            json_put_unsigned(json, outcome_name(i), counts[i]);
    json_close(json);
}

/* Writes the codes that occur. */
static void write_codes(struct json *json, const char *key, const uint64_t counts[FAIL_COUNT])
{
    json_open(json, key);
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (counts[code] > 0)
            json_put_unsigned(json, failure_name(code), counts[code]);
    json_close(json);
}

/* Writes what was found in place of earlier policies; nothing if there were none. */
static void write_cached(struct json *json, const struct summary *summary)
{
    if (summary_cached(summary) == 0)
        return;
    json_open(json, "cached");
    for (enum cached_found found = CACHED_NONE + 1; found < CACHED_FOUND_COUNT; found++)
        if (summary->cached[found] > 0)
            json_put_unsigned(json, cached_found_name(found), summary->cached[found]);
    json_close(json);
}

static void write_dane_and_tls(struct json *json, const struct summary *summary)
{
    json_open(json, "dane");
    for (enum dane_outcome i = 0; i < DANE_OUTCOME_COUNT; i++)
        json_put_unsigned(json, dane_outcome_name(i), summary->dane[i]);
    json_close(json);
    json_open(json, "tls");
    for (enum tls_outcome i = 0; i < TLS_OUTCOME_COUNT; i++)
        json_put_unsigned(json, tls_outcome_name(i), summary->tls[i]);
    json_close(json);
}

static void write_providers(struct json *json, const struct summary *summary)
{
    struct ranked ranked[SUMMARY_PROVIDERS];
    for (size_t i = 0; i < summary->provider_count; i++)
        ranked[i] = (struct ranked){summary->providers[i].name, summary->providers[i].count};
    ranked_json(json, "providers", ranked, summary->provider_count, summary->provider_other);
}

/* Writes how many groups of each kind there are, and the first of them. */
static void write_groups(struct json *json, const struct summary_groups *groups)
{
    json_open(json, "groups");
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++) {
        const struct group_top *top = &groups->kinds[kind];
        json_open(json, group_kind_name(kind));
        json_put_unsigned(json, "groups", top->groups);
        json_open_array(json, "top");
        for (size_t i = 0; i < top->count; i++)
            json_group(json, &top->rows[i], false);
        json_close_array(json);
        json_close(json);
    }
    json_close(json);
}

bool summary_json(struct buf *out, const struct summary *summary, const struct summary_groups *groups)
{
    struct json json;
    json_start(&json, out);
    json_indent(&json);
    json_open(&json, NULL);
    json_put_unsigned(&json, "schema", RECORD_SCHEMA_VERSION);
    write_denominators(&json, summary);
    write_codes(&json, "left_out", summary->left_out);
    write_outcomes(&json, "outcomes", summary->outcomes, true);
    write_outcomes(&json, "would_be", summary->would_be, false);
    write_cached(&json, summary);
    write_codes(&json, "codes", summary->codes);
    write_dane_and_tls(&json, summary);
    write_providers(&json, summary);
    if (summary->sample != NULL)
        summary_sample_json(&json, summary->sample);
    if (groups != NULL) {
        exchange_json(&json, &groups->exchange);
        write_groups(&json, groups);
    }
    json_close(&json);
    return json_finish(&json);
}
