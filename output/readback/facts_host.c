/* Host and certificate records out of their JSON (the mirror of output/json/json_host), and the domain's
 * facts made whole with them. */
#include "output/readback/facts_read.h"

#include <stdlib.h>

#include "output/readback/facts_groups.h"
#include "output/readback/facts_line.h"

READ_ENUM(smtp_step, enum smtp_step, smtp_step_name, SMTP_STEP_COUNT)
READ_ENUM(smtp_end, enum smtp_end, smtp_end_name, SMTP_END_COUNT)

enum { ERRNO_CEILING = 4096 };

enum error facts_line_start(struct bytes line, struct arena *arena, struct read_fields *read,
                            const struct json_node **root, struct buf *why)
{
    *read = (struct read_fields){.arena = arena, .why = why};
    enum error error = line.len > READ_LINE_BYTES ? ERR_LIMIT : json_tree_parse(line, arena, root);
    if (error != ERR_OK) {
        (void)buf_text(why, error == ERR_SYNTAX ? "no JSON object" : error_text(error));
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

/* ---- the host record ---------------------------------------------------------------------------------- */

/* ECONNREFUSED, or digits where there is no name. */
static int read_errno(struct read_fields *read, const struct json_node *root)
{
    const char *text = read_name(read, root, "errno", false);
    if (text == NULL)
        return 0;
    if (text[0] >= '0' && text[0] <= '9')
        return atoi(text);
    for (int number = 1; number < ERRNO_CEILING; number++) {
        const char *name = strerrorname_np(number);
        if (name != NULL && strcmp(name, text) == 0)
            return number;
    }
    read_fault(read, "errno", "is none that is known here");
    return 0;
}

/* What `path` says, by probe_facts.path_doubtful. */
static const char *path_name(unsigned value)
{
    return value == 1 ? "doubtful" : "clear";
}

static void read_dialogue(struct read_fields *read, const struct json_node *root, struct probe_facts *probe)
{
    probe->step = smtp_step(read, root, "step");
    probe->end = smtp_end(read, root, "end");
    probe->net = read_net(read, root);
    probe->sys_errno = read_errno(read, root);
    probe->reply_code = read_int(read, root, "reply_code", 0);
    probe->reply = read_text(read, root, "reply");
    probe->greeting = read_text(read, root, "greeting");
    probe->ehlo = read_texts(read, root, "ehlo", &probe->ehlo_count);
    probe->starttls_offered = read_bool(read, root, "starttls");
    probe->masked = read_bool(read, root, "masked");
    probe->path_doubtful = read_choice(read, root, "path", path_name, 2, 0) == 1;
    probe->injected = read_bool(read, root, "injected");
    probe->ehlo_tls_count = read_unsigned(read, root, "ehlo_tls", SIZE_MAX);
}

/* NULL where no second handshake was made. */
static struct tls_facts *read_legacy(struct read_fields *read, const struct json_node *root)
{
    struct tls_facts *legacy =
        json_tree_at(root, "legacy") == NULL ? NULL : read_array(read, 1, sizeof *legacy);
    if (legacy != NULL)
        *legacy = read_tls(read, root, "legacy");
    return legacy;
}

static void read_times(struct read_fields *read, const struct json_node *root, struct probe_facts *probe)
{
    const struct json_node *ms = read_object(read, root, "ms");
    probe->ms_connect = (uint32_t)read_unsigned(read, ms, "connect", UINT32_MAX);
    probe->ms_greeting = (uint32_t)read_unsigned(read, ms, "greeting", UINT32_MAX);
    probe->ms_ehlo = (uint32_t)read_unsigned(read, ms, "ehlo", UINT32_MAX);
    probe->ms_tls = (uint32_t)read_unsigned(read, ms, "tls", UINT32_MAX);
    probe->ms = (uint32_t)read_unsigned(read, ms, "total", UINT32_MAX);
}

enum error facts_read_host(struct bytes line, struct arena *arena, struct probe_facts *probe, struct buf *why)
{
    struct read_fields read;
    const struct json_node *root;
    *probe = (struct probe_facts){.pass = 1};
    enum error error = facts_line_start(line, arena, &read, &root, why);
    if (error != ERR_OK)
        return error;
    probe->host = read_name(&read, root, "host", true);
    probe->ip = read_ip(&read, root, "ip");
    probe->time = read_time(&read, root, "time");
    if (json_tree_at(root, "pass") != NULL)
        probe->pass = (uint32_t)read_unsigned(&read, root, "pass", UINT32_MAX);
    probe->not_tried = read_not_tried(&read, root);
    probe->shared = read_bool(&read, root, "shared");
    read_dialogue(&read, root, probe);
    probe->tls = read_tls(&read, root, "tls");
    probe->legacy = read_legacy(&read, root);
    read_times(&read, root, probe);
    return facts_line_end(&read);
}

/* ---- the certificate ---------------------------------------------------------------------------------- */

static void read_hashes(struct read_fields *read, const struct json_node *root, struct cert_facts *cert)
{
    read_hash(read, json_tree_at(root, "sha256"), "sha256", cert->sha256, sizeof cert->sha256);
    read_hash(read, json_tree_at(root, "sha512"), "sha512", cert->sha512, sizeof cert->sha512);
    read_hash(read, json_tree_at(root, "spki_sha256"), "spki_sha256", cert->spki_sha256,
              sizeof cert->spki_sha256);
    read_hash(read, json_tree_at(root, "spki_sha512"), "spki_sha512", cert->spki_sha512,
              sizeof cert->spki_sha512);
}

enum error facts_read_cert(struct bytes line, struct arena *arena, struct cert_facts *cert, struct buf *why)
{
    struct read_fields read;
    const struct json_node *root;
    *cert = (struct cert_facts){.signed_by = -1};
    enum error error = facts_line_start(line, arena, &read, &root, why);
    if (error != ERR_OK)
        return error;
    const struct json_node *key = read_object(&read, root, "key");
    read_hashes(&read, root, cert);
    cert->subject = read_string(&read, root, "subject");
    cert->issuer = read_string(&read, root, "issuer");
    cert->dns_names = read_strings(&read, root, "dns_names", &cert->dns_name_count);
    cert->names_cut = read_bool(&read, root, "names_cut");
    cert->not_before = read_time(&read, root, "not_before") / 1000;
    cert->not_after = read_time(&read, root, "not_after") / 1000;
    cert->key_type = read_string(&read, key, "type");
    cert->key_bits = (uint32_t)read_unsigned(&read, key, "bits", UINT32_MAX);
    cert->signature = read_string(&read, root, "signature");
    cert->self_issued = read_bool(&read, root, "self_issued");
    cert->self_signed = read_bool(&read, root, "self_signed");
    cert->is_ca = read_bool(&read, root, "ca");
    cert->aia_issuer = read_string(&read, root, "aia_issuer");
    cert->der = read_base64(&read, root, "der");
    return facts_line_end(&read);
}

/* ---- the facts made whole ----------------------------------------------------------------------------- */

/* Not found, or found and no record: a gap. What else went wrong ends it. */
static bool is_gap(enum error error)
{
    return error == ERR_NOT_FOUND || error == ERR_SYNTAX || error == ERR_LIMIT;
}

static enum error complete_cert(struct cert_facts *cert, const struct facts_source *source,
                                struct arena *arena, struct facts_gaps *gaps, struct buf *why)
{
    struct bytes line;
    struct cert_facts found;
    size_t before = why->len;
    enum error error = source->cert(source->arg, cert->sha256, &line);
    if (error == ERR_OK)
        error = facts_read_cert(line, arena, &found, why);
    if (error == ERR_OK && memcmp(found.sha256, cert->sha256, sizeof cert->sha256) != 0)
        error = ERR_NOT_FOUND;
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
