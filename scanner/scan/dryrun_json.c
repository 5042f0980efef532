/* Tells a program what a scan would do. */
#include "output/json/json_write.h"
#include "scanner/base/put_bytes.h"
#include "scanner/scan/dryrun.h"

enum { ANSWER_BYTES = 256 * 1024 };

static uint64_t whole(double value)
{
    return value > 0 ? (uint64_t)(value + 0.5) : 0;
}

static void put_list(const struct dryrun *dryrun, struct json *json)
{
    json_open(json, "list");
    json_put_unsigned(json, "inputs", dryrun->counts.inputs);
    json_put_unsigned(json, "rejects", dryrun->counts.rejects);
    json_put_unsigned(json, "duplicates", dryrun->spool.duplicates);
    json_put_unsigned(json, "opted_out", dryrun->counts.opted_out + dryrun->left_out.opted_out);
    json_put_unsigned(json, "filtered", dryrun->left_out.filtered);
    json_put_unsigned(json, "over_limit", dryrun->left_out.over_limit);
    json_put_unsigned(json, "not_in_shard", dryrun->spool.not_in_shard + dryrun->left_out.not_in_shard);
    json_put_unsigned(json, "not_sampled", dryrun->left_out.not_sampled);
    json_put_unsigned(json, "reduced", dryrun->counts.reduced);
    json_put_unsigned(json, "names", dryrun->names);
    json_close(json);
}

static void put_shares(const struct estimate_shares *shares, struct json *json)
{
    char address[IP_TEXT_BYTES];
    json_open(json, "shares");
    json_put_string(json, "from", shares->measured > 0 ? "measured" : "expected");
    json_put_unsigned(json, "names_asked", shares->measured);
    json_put_share(json, "record", shares->record);
    json_put_share(json, "nxdomain", shares->nxdomain);
    json_put_share(json, "failed", shares->failed);
    json_put_share(json, "lost", shares->lost);
    json_put_share(json, "nobody", shares->nobody);
    json_put_share(json, "own_hosts", shares->own_hosts);
    json_put_share(json, "retried", shares->retried);
    if (shares->measured > 0) {
        json_put_share(json, "policy_crowd", shares->policy_crowd);
        json_put_share(json, "own_policy_crowd", shares->own_policy_crowd);
        json_put_share(json, "own_crowd", shares->own_crowd);
    }
    if (shares->policy_crowd > 0)
        json_put_string(json, "policy_crowd_address", ip_format(&shares->policy_crowd_at, address));
    json_put_unsigned(json, "answer_ms", whole(shares->answer_ms));
    json_close(json);
}

static void put_asked(const struct estimate *estimate, struct json *json)
{
    json_open(json, "dns");
    json_put_unsigned(json, "questions", whole(estimate->all_questions));
    for (unsigned kind = 0; kind < ASKED_KINDS; kind++)
        json_put_unsigned(json, estimate_question_name((enum estimate_question)kind),
                          whole(estimate->questions[kind]));
    json_close(json);
    json_open(json, "smtp");
    json_put_unsigned(json, "hosts", whole(estimate->hosts));
    json_put_unsigned(json, "connections", whole(estimate->connections));
    json_close(json);
    json_open(json, "https");
    json_put_unsigned(json, "fetches", whole(estimate->fetches));
    json_put_unsigned(json, "no_turn", whole(estimate->no_turn));
    json_close(json);
}

static void put_time(const struct dryrun *dryrun, struct json *json)
{
    const struct estimate *estimate = &dryrun->estimate;
    json_open(json, "time");
    json_put_unsigned(json, "ms", whole(estimate->seconds * 1000));
    if (dryrun->shares.measured > 0)
        json_put_unsigned(json, "at_least_ms", (uint64_t)(estimate->least * 1000));
    json_put_unsigned(json, "rest_ms", estimate->put_off >= 1 ? whole(dryrun->scan.rest_ms) : 0);
    json_put_string(json, "binds", bound_name(estimate->bound.binds));
    json_put_string(json, "advice", estimate_advice(estimate->bound.binds));
    json_open(json, "bounds_ms");
    for (unsigned term = 0; term < BOUND_TERMS; term++)
        json_put_unsigned(json, bound_name((enum bound_term)term),
                          whole(estimate->bound.seconds[term] * 1000));
    json_close(json);
    json_close(json);
}

static void put_needs(const struct dryrun *dryrun, struct json *json)
{
    json_open(json, "traffic");
    json_put_unsigned(json, "dns_bytes", whole(dryrun->estimate.dns_bytes));
    json_put_unsigned(json, "smtp_bytes", whole(dryrun->estimate.smtp_bytes));
    json_put_unsigned(json, "https_bytes", whole(dryrun->estimate.https_bytes));
    json_close(json);
    json_open(json, "disk");
    json_put_unsigned(json, "bytes", dryrun->disk_bytes);
    if (dryrun->disk_free > 0)
        json_put_unsigned(json, "free_bytes", dryrun->disk_free);
    json_close(json);
    json_open(json, "memory");
    json_put_unsigned(json, "bytes", dryrun->memory_bytes);
    json_put_unsigned(json, "all_parked_bytes", dryrun->memory_bytes + dryrun->memory_parked_bytes);
    if (dryrun->memory_free > 0)
        json_put_unsigned(json, "available_bytes", dryrun->memory_free);
    json_close(json);
}

static void put_preflight(const struct preflight *preflight, struct json *json)
{
    json_open_array(json, "preflight");
    for (size_t i = 0; i < preflight->count; i++) {
        json_open(json, NULL);
        json_put_string(json, "name", preflight->checks[i].name);
        json_put_bool(json, "ok", preflight->checks[i].ok);
        json_put_string(json, "text", preflight->checks[i].text);
        json_close(json);
    }
    json_close_array(json);
}

bool dryrun_json(const struct dryrun *dryrun, FILE *out)
{
    struct buf text;
    struct json json;
    buf_init(&text, ANSWER_BYTES);
    json_start(&json, &text);
    json_open(&json, NULL);
    put_list(dryrun, &json);
    put_shares(&dryrun->shares, &json);
    put_asked(&dryrun->estimate, &json);
    put_time(dryrun, &json);
    put_needs(dryrun, &json);
    put_preflight(dryrun->preflight, &json);
    json_close(&json);
    bool fine = json_finish(&json);
    if (fine)
        (void)put_bytes(out, buf_bytes(&text));
    buf_dispose(&text);
    return fine;
}
