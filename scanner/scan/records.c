/* Writes facts as lines for the writer. */
#include "scanner/scan/records.h"

#include <stdio.h>
#include <stdlib.h>

#include "scanner/facts/record_kept.h"

enum { REJECT_LINE_BYTES = 16 * 1024 };

enum error records_init(struct records *records, struct writer *writer, uint32_t count)
{
    records->writer = writer;
    records->lines = calloc(count, sizeof *records->lines);
    if (records->lines == NULL)
        return ERR_MEMORY;
    records->count = count;
    for (uint32_t i = 0; i < count; i++)
        buf_init(&records->lines[i], RECORD_LINE_BYTES);
    buf_init(&records->reject, REJECT_LINE_BYTES);
    return ERR_OK;
}

void records_dispose(struct records *records)
{
    for (uint32_t i = 0; i < records->count; i++)
        buf_dispose(&records->lines[i]);
    free(records->lines);
    records->lines = NULL;
    records->count = 0;
    buf_dispose(&records->reject);
}

static void on_certificate(void *arg, uint32_t loop, const struct cert_facts *certificate)
{
    struct records *records = arg;
    struct buf *line = &records->lines[loop];
    buf_reset(line);
    if (!json_cert(line, certificate) ||
        writer_line(records->writer, STORE_CERTS, buf_bytes(line), NULL, certificate->sha256) != ERR_OK)
        records_lost("a certificate");
}

static void on_host(void *arg, uint32_t loop, const struct probe_facts *probe, enum failure_code code)
{
    struct records *records = arg;
    struct buf *line = &records->lines[loop];
    buf_reset(line);
    if (!json_host(line, probe, code) ||
        writer_line(records->writer, STORE_HOSTS, buf_bytes(line), NULL, NULL) != ERR_OK)
        records_lost(probe->host);
}

static void on_domain(void *arg, uint32_t loop, const struct domain_facts *facts,
                      const struct judgement *judgement)
{
    struct records *records = arg;
    struct buf *line = &records->lines[loop];
    struct tally tally;
    buf_reset(line);
    summary_tally(facts, judgement, &tally);
    if (!json_domain(line, facts, judgement) ||
        writer_line(records->writer, STORE_DOMAINS, buf_bytes(line), &tally, NULL) != ERR_OK)
        records_lost(facts->domain);
}

static enum error on_reject(void *arg, const struct reject_line *reject)
{
    struct records *records = arg;
    buf_reset(&records->reject);
    if (!json_reject(&records->reject, reject))
        return ERR_LIMIT;
    return writer_line(records->writer, STORE_REJECTS, buf_bytes(&records->reject), NULL, NULL);
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
