/* Writes facts as lines for the writer. */
#include "scanner/scan/records.h"

#include <stdio.h>
#include <stdlib.h>

#include "output/readback/facts_read.h"
#include "output/store/groups_pack.h"
#include "scanner/facts/record_kept.h"
#include "scanner/verdict/provider.h"

enum { REJECT_LINE_BYTES = 16 * 1024 };

enum error records_init(struct records *records, struct writer *writer, bool packs, uint32_t count)
{
    records->writer = writer;
    records->packs = packs;
    records->loops = calloc(count, sizeof *records->loops);
    if (records->loops == NULL)
        return ERR_MEMORY;
    records->count = count;
    for (uint32_t i = 0; i < count; i++) {
        buf_init(&records->loops[i].line, RECORD_LINE_BYTES);
        buf_init(&records->loops[i].packed, GROUPS_PACK_BYTES);
        arena_init(&records->loops[i].arena, READ_ARENA_BYTES);
    }
    buf_init(&records->reject, REJECT_LINE_BYTES);
    return ERR_OK;
}

void records_dispose(struct records *records)
{
    for (uint32_t i = 0; i < records->count; i++) {
        buf_dispose(&records->loops[i].line);
        buf_dispose(&records->loops[i].packed);
        arena_dispose(&records->loops[i].arena);
    }
    free(records->loops);
    records->loops = NULL;
    records->count = 0;
    buf_dispose(&records->reject);
}

static void on_certificate(void *arg, uint32_t loop, const struct cert_facts *certificate)
{
    struct records *records = arg;
    struct buf *text = &records->loops[loop].line;
    buf_reset(text);
    bool is_made = json_cert(text, certificate);
    const struct writer_line line = {
        .stream = STORE_CERTS, .line = buf_bytes(text), .sha256 = certificate->sha256};
    if (!is_made || writer_add(records->writer, &line) != ERR_OK)
        records_lost("a certificate");
}

static void on_host(void *arg, uint32_t loop, const struct probe_facts *probe, enum failure_code code)
{
    struct records *records = arg;
    struct buf *text = &records->loops[loop].line, *packed = &records->loops[loop].packed;
    buf_reset(text);
    bool is_made =
        json_host(text, probe, code) && (!records->packs || groups_pack_host(probe, packed) == ERR_OK);
    const struct writer_line line = {
        .stream = STORE_HOSTS, .line = buf_bytes(text), .packed = buf_bytes(packed)};
    if (!is_made || writer_add(records->writer, &line) != ERR_OK)
        records_lost(probe->host);
}

static bool pack(const struct records *records, struct records_loop *made, const struct domain_facts *facts,
                 const struct judgement *judgement)
{
    return !records->packs ||
           groups_pack_facts(facts, judgement, provider_of_mx, &made->arena, &made->packed) == ERR_OK;
}

static void on_domain(void *arg, uint32_t loop, const struct domain_facts *facts,
                      const struct judgement *judgement)
{
    struct records *records = arg;
    struct records_loop *made = &records->loops[loop];
    struct tally tally;
    buf_reset(&made->line);
    arena_reset(&made->arena);
    summary_tally(facts, judgement, &tally);
    bool is_made = json_domain(&made->line, facts, judgement) && pack(records, made, facts, judgement);
    const struct writer_line line = {.stream = STORE_DOMAINS,
                                     .line = buf_bytes(&made->line),
                                     .tally = &tally,
                                     .packed = buf_bytes(&made->packed)};
    if (!is_made || writer_add(records->writer, &line) != ERR_OK)
        records_lost(facts->domain);
}

static enum error on_reject(void *arg, const struct reject_line *reject)
{
    struct records *records = arg;
    buf_reset(&records->reject);
    if (!json_reject(&records->reject, reject))
        return ERR_LIMIT;
    const struct writer_line line = {.stream = STORE_REJECTS, .line = buf_bytes(&records->reject)};
    return writer_add(records->writer, &line);
}

static size_t backlog(void *arg)
{
    struct records *records = arg;
    return writer_backlog(records->writer);
}

static enum error flush(void *arg)
{
    struct records *records = arg;
    return writer_barrier(records->writer, NULL, NULL);
}

struct sink records_sink(struct records *records)
{
    return (struct sink){.arg = records,
                         .certificate = on_certificate,
                         .host = on_host,
                         .domain = on_domain,
                         .reject = on_reject,
                         .backlog = backlog,
                         .flush = flush};
}

void records_lost(const char *domain)
{
    (void)fprintf(stderr, "stsweep: %s: its record could not be made: %s\n", domain, error_text(ERR_MEMORY));
    abort();
}
