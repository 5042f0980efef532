/*
 * The directories of a scan in stages for tests: domains made at random as one scan would have found them,
 * taken apart into names and probes. cmocka's headers come first.
 */
#ifndef STSWEEP_TESTS_STAGES_PLACE_H
#define STSWEEP_TESTS_STAGES_PLACE_H

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/json/json.h"
#include "output/store/meta.h"
#include "output/store/store.h"
#include "scanner/config/config.h"
#include "scanner/facts/part.h"
#include "scanner/stages/stagedirs.h"
#include "scanner/verdict/verdict.h"
#include "tests/unit/random_facts.h"

enum { PLACE_SHARDS = 2, PLACE_PARTS = 2, PLACE_DOMAINS = 240, PLACE_REJECTS = 7, PLACE_SEED = 5 };
enum { PLACE_LINE_CEILING = 8 << 20, PLACE_OPTIONS = 256, PLACE_PATH = 256, PLACE_ARENA = 64 << 20 };

#define PLACE_PLAN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct stages_place {
    char top[64];
    char names[PLACE_SHARDS][PLACE_PATH], probes[PLACE_PARTS][PLACE_PATH];
    struct store *shards[PLACE_SHARDS], *parts[PLACE_PARTS];
    char sum[PLAN_SHA256_BYTES];
    uint64_t contacts, certs;
    char *expected[PLACE_DOMAINS]; /* the records of one scan */
    struct arena arena;            /* of the domain at hand */
    struct buf line, why;
    struct config config;
    struct arena options_arena;
    struct meta_option options[PLACE_OPTIONS];
    size_t option_count;
};

static inline void place_ok(struct stages_place *place, enum error error)
{
    if (error != ERR_OK)
        fail_msg("%s: %s", error_text(error), buf_string(&place->why));
}

/* ---- a domain, and what is taken out of it ------------------------------------------------------------- */

/* Gives a host a name of its own, as facts at random agree in none. */
static inline void place_name_host(struct stages_place *place, struct domain_facts *facts, size_t index)
{
    struct mx_host *host = &facts->hosts[index];
    char name[128];
    (void)snprintf(name, sizeof name, "h%zu.%s", index, facts->domain);
    const char *made = host->implicit ? facts->domain : arena_string(&place->arena, name);
    for (size_t i = 0; i < facts->mx.rr_count; i++)
        if (facts->mx.rrs[i].host == host->host)
            facts->mx.rrs[i].host = made;
    host->host = made;
}

/* Gives certificates sums of their own, as facts at random agree in none. */
static inline void place_name_certs(struct stages_place *place, struct tls_facts *tls)
{
    for (size_t i = 0; tls != NULL && i < tls->cert_count; i++) {
        place->certs++;
        memcpy(tls->certs[i].sha256, &place->certs, sizeof place->certs);
    }
}

/* Leaves of a host what one scan may have found at the first look. */
static inline void place_fit_host(struct stages_place *place, struct host_facts *facts, const char *name)
{
    bool tried = false;
    facts->host = name;
    for (size_t i = 0; i < facts->probe_count; i++) {
        struct probe_facts *probe = &facts->probes[i];
        bool unfit = probe->not_tried == NOT_TRIED_ELSEWHERE || probe->not_tried == NOT_TRIED_BUDGET;
        place_name_certs(place, &probe->tls);
        place_name_certs(place, probe->legacy);
        probe->host = name;
        probe->again = probe->shared = false;
        probe->pass = 1;
        probe->not_tried = unfit ? NOT_TRIED_PACE : probe->not_tried;
        tried = tried || probe->not_tried == TRIED;
    }
    if (!tried || facts->probe_count != facts->address.ip_count) {
        facts->asked = 0;
        facts->before = NULL;
    }
    if (facts->before != NULL && facts->before->tlsa.rr_count == facts->tlsa.rr_count)
        facts->before = NULL;
}

static inline bool place_asks_policy(const struct domain_facts *facts)
{
    return facts->policy.host != NULL && facts->policy.address.ip_count > 0 &&
           facts->policy.fetch.step > FETCH_CONNECT && facts->policy.fetch.not_tried == TRIED;
}

static inline void place_make(struct stages_place *place, size_t index, struct domain_facts *facts)
{
    char name[64];
    random_domain(index + 1, &place->arena, facts);
    (void)snprintf(name, sizeof name, "d%zu.example", index);
    facts->ordinal = index + 1;
    for (size_t i = 0; i < facts->host_count; i++)
        facts->hosts[i].implicit = facts->hosts[i].implicit || facts->hosts[i].host == facts->domain;
    facts->domain = arena_string(&place->arena, name);
    if (facts->policy.host != NULL && !place_asks_policy(facts)) { /* the names fetch nothing */
        facts->policy.fetch = (struct fetch_facts){.not_tried = NOT_TRIED_OPTOUT};
        facts->policy.fetch.tls.alert = -1;
    }
    place_name_certs(place, &facts->policy.fetch.tls);
    facts->label = NULL;
    facts->looks = NULL;
    facts->look_count = 0;
    facts->one_look = true;
    for (size_t i = 0; i < facts->host_count; i++) {
        struct host_facts *host = (struct host_facts *)(uintptr_t)facts->hosts[i].facts;
        place_name_host(place, facts, i);
        if (host != NULL)
            place_fit_host(place, host, facts->hosts[i].host);
    }
}

static inline void place_put(struct stages_place *place, struct store *store, enum store_stream stream,
                             const struct tally *tally)
{
    place_ok(place, store_append(store, stream, buf_bytes(&place->line), tally, 0, &place->why));
}

static inline void place_put_domain(struct stages_place *place, struct store *store,
                                    const struct domain_facts *facts)
{
    struct judgement judgement;
    struct tally tally;
    verdict_judge(facts, BY_OWN_TIME, &place->arena, &judgement);
    summary_tally(facts, &judgement, &tally);
    buf_reset(&place->line);
    assert_true(json_domain(&place->line, facts, &judgement));
    place_put(place, store, STORE_DOMAINS, &tally);
}

static inline void place_put_certs(struct stages_place *place, struct store *store,
                                   const struct tls_facts *tls)
{
    for (size_t i = 0; tls != NULL && i < tls->cert_count; i++) {
        if (!store_cert_is_new(store, tls->certs[i].sha256))
            continue;
        buf_reset(&place->line);
        assert_true(json_cert(&place->line, &tls->certs[i]));
        place_put(place, store, STORE_CERTS, NULL);
    }
}

/* Writes what a probe found at one address, and the contact's record. */
static inline void place_put_host(struct stages_place *place, const struct host_facts *host, size_t index)
{
    struct probe_facts *probe = &host->probes[index];
    struct store *store = place->parts[part_of(&probe->ip, PLACE_SEED, PLACE_PARTS) - 1];
    struct host_facts alone = *host;
    struct mx_host mx = {.host = host->host, .implicit = true, .facts = &alone};
    struct domain_facts contact = {.ordinal = ++place->contacts,
                                   .domain = host->host,
                                   .label = "all",
                                   .tld = "example",
                                   .time = probe->time,
                                   .mx.lookup.status = DNS_NODATA,
                                   .hosts = &mx,
                                   .host_count = 1};
    contact.policy.fetch.tls.alert = -1;
    alone.probes = probe;
    alone.probe_count = 1;
    place_put_certs(place, store, &probe->tls);
    place_put_certs(place, store, probe->legacy);
    if (probe->not_tried == TRIED) {
        buf_reset(&place->line);
        assert_true(json_host(&place->line, probe, verdict_probe(probe, BY_OWN_TIME)));
        place_put(place, store, STORE_HOSTS, NULL);
    }
    place_put_domain(place, store, &contact);
}

static inline void place_put_policy(struct stages_place *place, const struct domain_facts *facts)
{
    struct store *store = place->parts[part_of(&facts->policy.address.ips[0], PLACE_SEED, PLACE_PARTS) - 1];
    struct domain_facts contact = {.ordinal = ++place->contacts,
                                   .domain = facts->domain,
                                   .label = "policy",
                                   .tld = "example",
                                   .time = facts->time,
                                   .txt = facts->txt,
                                   .policy = facts->policy};
    place_put_certs(place, store, &facts->policy.fetch.tls);
    place_put_domain(place, store, &contact);
}

/* Writes the probes, and makes the facts those of the names. */
static inline void place_take_apart(struct stages_place *place, struct domain_facts *facts)
{
    if (place_asks_policy(facts)) {
        place_put_policy(place, facts);
        facts->policy.fetch =
            (struct fetch_facts){.not_tried = NOT_TRIED_ELSEWHERE, .ip = facts->policy.address.ips[0]};
        facts->policy.fetch.tls.alert = -1;
    }
    for (size_t i = 0; i < facts->host_count; i++) {
        struct host_facts *host = (struct host_facts *)(uintptr_t)facts->hosts[i].facts;
        for (size_t j = 0; host != NULL && j < host->probe_count; j++) {
            struct probe_facts *probe = &host->probes[j];
            if (probe->not_tried != TRIED && (place->contacts + j) % 2 == 0)
                continue; /* the names decided it */
            place_put_host(place, host, j);
            *probe =
                (struct probe_facts){.host = probe->host, .ip = probe->ip, .not_tried = NOT_TRIED_ELSEWHERE};
        }
        if (host == NULL || host->asked == 0)
            continue;
        host->asked = 0;
        if (host->before != NULL) {
            host->address = host->before->address;
            host->tlsa = host->before->tlsa;
        }
        host->before = NULL;
    }
}

static inline void place_put_one(struct stages_place *place, size_t index)
{
    struct domain_facts facts;
    struct judgement judgement;
    arena_reset(&place->arena);
    place_make(place, index, &facts);
    verdict_judge(&facts, BY_OWN_TIME, &place->arena, &judgement);
    buf_reset(&place->line);
    assert_true(json_domain(&place->line, &facts, &judgement));
    place->expected[index] = strdup(buf_string(&place->line));
    place_take_apart(place, &facts);
    place_put_domain(place, place->shards[index % PLACE_SHARDS], &facts);
}

/* ---- the directories ----------------------------------------------------------------------------------- */

static inline void place_option(void *arg, const char *section, const char *key, const char *value)
{
    struct stages_place *place = arg;
    char name[64];
    (void)snprintf(name, sizeof name, "%s.%s", section, key);
    assert_true(place->option_count < PLACE_OPTIONS);
    place->options[place->option_count++] =
        (struct meta_option){.name = arena_string(&place->options_arena, name),
                             .value = arena_string(&place->options_arena, value),
                             .initial = ""};
}

static inline void place_set(struct stages_place *place, const char *name, const char *value)
{
    place_ok(place, config_set(&place->config, name, value, "test", &place->why));
}

/* Writes meta.json and summary.json of a directory; plan is NULL for names. */
static inline void place_close(struct stages_place *place, struct store *store, const struct meta_plan *plan)
{
    static const struct meta_input input = {
        .path = "list", .bytes = 1, .lines = 1, .inputs = PLACE_DOMAINS + PLACE_REJECTS, .sha256 = "aa"};
    struct summary *summary = store_summary(store);
    struct buf text;
    place->option_count = 0;
    config_each(&place->config, place_option, place);
    const struct meta meta = {.tool_version = "7",
                              .state = "done",
                              .started_ms = INT64_C(1769860800000),
                              .ended_ms = INT64_C(1769860900000),
                              .runs = 1,
                              .host = "here",
                              .command = "stsweep",
                              .seed = PLACE_SEED,
                              .asked = {.inputs = &input,
                                        .input_count = 1,
                                        .options = place->options,
                                        .option_count = place->option_count,
                                        .plan = plan},
                              .resolver = "embedded"};
    summary->inputs = plan != NULL ? summary->records : PLACE_DOMAINS + PLACE_REJECTS;
    summary->not_in_shard = summary->inputs - summary->records - summary->rejects;
    summary->left_out[FAIL_INPUT_IS_URL] = summary->rejects;
    buf_init(&text, PLACE_LINE_CEILING);
    place_ok(place, store_commit(store, &place->why));
    place_ok(place, store_complete(store, &place->why));
    assert_true(meta_json(&text, &meta));
    place_ok(place, store_write_file(store, "meta.json", buf_bytes(&text), &place->why));
    buf_reset(&text);
    assert_true(summary_json(&text, summary, NULL));
    place_ok(place, store_write_file(store, "summary.json", buf_bytes(&text), &place->why));
    buf_dispose(&text);
    store_destroy(store);
}

static inline struct store *place_open(struct stages_place *place, char path[PLACE_PATH], const char *name,
                                       unsigned number)
{
    struct store *store;
    (void)snprintf(path, PLACE_PATH, "%s/%s%u", place->top, name, number);
    const struct store_options options = {
        .dir = path, .level = 1, .frame_bytes = 1 << 18, .part_bytes = 1 << 20, .flush_ms = 60000};
    place_ok(place, store_create(&options, &store, &place->why));
    return store;
}

static inline void place_put_rejects(struct stages_place *place)
{
    for (unsigned i = 0; i < PLACE_REJECTS; i++) {
        const struct reject_line reject = {.ordinal = PLACE_DOMAINS + 1 + i,
                                           .file = "list",
                                           .line = i + 1,
                                           .text = bytes_of("no name"),
                                           .reason = FAIL_INPUT_IS_URL};
        buf_reset(&place->line);
        assert_true(json_reject(&place->line, &reject));
        place_put(place, place->shards[i % PLACE_SHARDS], STORE_REJECTS, NULL);
    }
}

static inline void place_close_names(struct stages_place *place)
{
    const char *paths[PLACE_SHARDS];
    struct plan_names *names;
    struct stagedirs dirs;
    place_set(place, "scan.stage", "names");
    for (unsigned i = 0; i < PLACE_SHARDS; i++) {
        char shard[16];
        (void)snprintf(shard, sizeof shard, "%u/%u", i + 1, (unsigned)PLACE_SHARDS);
        place_set(place, "scan.shard", shard);
        place_close(place, place->shards[i], NULL);
        paths[i] = place->names[i];
    }
    place_ok(place, stagedirs_open(paths, PLACE_SHARDS, &dirs));
    place_ok(place, stagedirs_plan_names(&dirs, &names, place->sum));
    free(names);
    stagedirs_close(&dirs);
}

/* retries: scan.retry_passes, as text. */
static inline void place_begin(struct stages_place *place, const char *retries)
{
    *place = (struct stages_place){.contacts = 0};
    (void)snprintf(place->top, sizeof place->top, "/tmp/stsweep-stages-XXXXXX");
    assert_non_null(mkdtemp(place->top));
    arena_init(&place->arena, PLACE_ARENA);
    arena_init(&place->options_arena, PLACE_ARENA);
    buf_init(&place->line, PLACE_LINE_CEILING);
    buf_init(&place->why, PLACE_LINE_CEILING);
    place_ok(place, config_init(&place->config));
    place_set(place, "scan.retry_passes", retries);
    place_set(place, "smtp.max_addresses", "64");
    for (unsigned i = 0; i < PLACE_SHARDS; i++)
        place->shards[i] = place_open(place, place->names[i], "n", i + 1);
    for (unsigned i = 0; i < PLACE_PARTS; i++)
        place->parts[i] = place_open(place, place->probes[i], "r", i + 1);
    for (size_t i = 0; i < PLACE_DOMAINS; i++)
        place_put_one(place, i);
    place_put_rejects(place);
    place_close_names(place);
    place_set(place, "scan.stage", "all");
    place_set(place, "scan.shard", "");
    for (unsigned i = 0; i < PLACE_PARTS; i++) {
        struct meta_plan plan = {
            .id = PLACE_PLAN, .round = 1, .part = i + 1, .parts = PLACE_PARTS, .vantage = "here"};
        memcpy(plan.names, place->sum, sizeof plan.names);
        place_close(place, place->parts[i], &plan);
    }
}

static inline int place_remove(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static inline void place_end(struct stages_place *place)
{
    for (size_t i = 0; i < PLACE_DOMAINS; i++)
        free(place->expected[i]);
    config_dispose(&place->config);
    arena_dispose(&place->arena);
    arena_dispose(&place->options_arena);
    buf_dispose(&place->line);
    buf_dispose(&place->why);
    assert_int_equal(nftw(place->top, place_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
