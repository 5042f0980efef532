/* Reads host and certificate records (the mirror of output/json/json_host), and completes a domain's facts
 * with them. */
#include "output/readback/facts_certs.h"
#include "output/readback/facts_read.h"

#include "output/readback/facts_line.h"
#include "output/readback/facts_walk.h"
#include "output/readback/refused.h"

enum error facts_line_start(struct bytes line, struct arena *arena, struct read_fields *read,
                            const struct json_node **root, struct buf *why)
{
    *read = (struct read_fields){.arena = arena, .why = why};
    enum error error = line.len > READ_LINE_BYTES ? ERR_LIMIT : json_tree_parse(line, arena, root);
    if (error != ERR_OK) {
        buf_text(why, error == ERR_SYNTAX ? "no JSON object" : error_text(error));
        return error;
    }
    if (read_unsigned(read, *root, "schema", UINT32_MAX) != RECORD_SCHEMA_VERSION)
        read_fault(read, "schema", "is not a version that is known here");
    return ERR_OK;
}

enum error facts_line_end(const struct read_fields *read)
{
    if (!read->failed)
        return ERR_OK;
    return read->no_room ? ERR_LIMIT : ERR_SYNTAX;
}

/* ---- the host record ----------------------------------------------------------------------------------- */

enum error facts_read_host(struct bytes line, struct arena *arena, struct probe_facts *probe, struct buf *why)
{
    struct read_fields read;
    const struct json_node *root;
    *probe = (struct probe_facts){.pass = 1};
    enum error error = facts_line_start(line, arena, &read, &root, why);
    if (error != ERR_OK)
        return error;
    read_group(&read, root, &fields_host, probe);
    return facts_line_end(&read);
}

/* ---- the certificate ----------------------------------------------------------------------------------- */

enum error facts_read_cert(struct bytes line, struct arena *arena, struct cert_facts *cert, struct buf *why)
{
    struct read_fields read;
    const struct json_node *root;
    *cert = (struct cert_facts){.signed_by = -1};
    enum error error = facts_line_start(line, arena, &read, &root, why);
    if (error != ERR_OK)
        return error;
    read_group(&read, root, &fields_cert, cert);
    return facts_line_end(&read);
}

/* ---- the facts made whole ------------------------------------------------------------------------------ */

/* Tells whether a record was not found, or is none: a gap. Any other error ends the completion. */
static bool is_gap(enum error error)
{
    return error == ERR_NOT_FOUND || refused_is_of_record(error);
}

static enum error find_cert(const struct facts_source *source, const uint8_t sha256[32], struct arena *arena,
                            struct cert_facts *cert, struct buf *why)
{
    struct bytes line;
    if (source->certs != NULL)
        return facts_certs_get(source->certs, source, sha256, cert, why);
    enum error error = source->cert(source->arg, sha256, &line);
    if (error == ERR_OK)
        error = facts_read_cert(line, arena, cert, why);
    return error == ERR_OK && memcmp(cert->sha256, sha256, sizeof cert->sha256) != 0 ? ERR_NOT_FOUND : error;
}

static enum error complete_cert(struct cert_facts *cert, const struct facts_source *source,
                                struct arena *arena, struct facts_gaps *gaps, struct buf *why)
{
    struct cert_facts found;
    size_t before = why->len;
    enum error error = find_cert(source, cert->sha256, arena, &found, why);
    if (is_gap(error)) {
        why->len = before;
        gaps->certs++;
        return ERR_OK;
    }
    if (error == ERR_OK) {
        found.signed_by = cert->signed_by;
        *cert = found;
    }
    return error;
}

static enum error complete_tls(struct tls_facts *tls, const struct facts_source *source, struct arena *arena,
                               struct facts_gaps *gaps, struct buf *why)
{
    enum error error = ERR_OK;
    for (size_t i = 0; tls != NULL && error == ERR_OK && i < tls->cert_count; i++)
        error = complete_cert(&tls->certs[i], source, arena, gaps, why);
    return error;
}

enum error facts_complete_probe(struct probe_facts *probe, const struct facts_source *source,
                                struct arena *arena, struct facts_gaps *gaps, struct buf *why)
{
    enum error error = complete_tls(&probe->tls, source, arena, gaps, why);
    return error != ERR_OK ? error : complete_tls(probe->legacy, source, arena, gaps, why);
}

static enum error complete_probe(struct probe_facts *probe, int64_t until_ms,
                                 const struct facts_source *source, struct arena *arena,
                                 struct facts_gaps *gaps, struct buf *why)
{
    const struct probe_wanted wanted = {probe->host, probe->ip, probe->time, until_ms};
    struct bytes line;
    struct probe_facts found;
    size_t before = why->len;
    if (probe->not_tried != TRIED)
        return ERR_OK;
    enum error error = source->host(source->arg, &wanted, &line);
    if (error == ERR_OK)
        error = facts_read_host(line, arena, &found, why);
    if (is_gap(error)) {
        why->len = before;
        gaps->hosts++;
        return ERR_OK;
    }
    if (error != ERR_OK)
        return error;
    found.host = probe->host;
    found.again = probe->again;
    *probe = found;
    return facts_complete_probe(probe, source, arena, gaps, why);
}

enum error facts_complete(struct domain_facts *facts, const struct facts_source *source, struct arena *arena,
                          struct facts_gaps *gaps, struct buf *why)
{
    int64_t until_ms = facts->time + facts->ms;
    facts->untimed = source->untimed;
    enum error error = complete_tls(&facts->policy.fetch.tls, source, arena, gaps, why);
    for (size_t i = 0; i < facts->host_count; i++) {
        const struct host_facts *host = facts->hosts[i].facts;
        for (size_t j = 0; host != NULL && error == ERR_OK && j < host->probe_count; j++)
            error = complete_probe(&host->probes[j], until_ms, source, arena, gaps, why);
    }
    return error;
}
