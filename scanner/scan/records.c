/* Lines for the writer. */
#include "scanner/scan/records.h"

#include <stdio.h>
#include <stdlib.h>

#include "output/json/json.h"
#include "scanner/facts/record_kept.h"
#include "scanner/verdict/verdict.h"

enum error records_init(struct records *records, uint32_t count)
{
    records->lines = calloc(count, sizeof *records->lines);
    if (records->lines == NULL)
        return ERR_MEMORY;
    records->count = count;
    for (uint32_t i = 0; i < count; i++)
        buf_init(&records->lines[i], RECORD_LINE_BYTES);
    return ERR_OK;
}

void records_dispose(struct records *records)
{
    for (uint32_t i = 0; i < records->count; i++)
        buf_dispose(&records->lines[i]);
    free(records->lines);
    records->lines = NULL;
    records->count = 0;
}

static void write_certs(struct records *records, struct buf *line, const struct tls_facts *tls)
{
    for (size_t i = 0; i < tls->cert_count; i++) {
        buf_reset(line);
        if (!json_cert(line, &tls->certs[i]) ||
            writer_line(records->writer, STORE_CERTS, buf_bytes(line), NULL, tls->certs[i].sha256) != ERR_OK)
            records_lost("a certificate");
    }
}

void records_host(struct records *records, uint32_t loop, const struct probe_facts *probe)
{
    struct buf *line = &records->lines[loop];
    write_certs(records, line, &probe->tls);
    if (probe->legacy != NULL)
        write_certs(records, line, probe->legacy);
    buf_reset(line);
    if (!json_host(line, probe, verdict_probe(probe, BY_OWN_TIME)) ||
        writer_line(records->writer, STORE_HOSTS, buf_bytes(line), NULL, NULL) != ERR_OK)
        records_lost(probe->host);
}

void records_domain(struct records *records, uint32_t loop, const struct domain_facts *facts,
                    const struct judgement *judgement)
{
    struct buf *line = &records->lines[loop];
    struct tally tally;
    write_certs(records, line, &facts->policy.fetch.tls);
    buf_reset(line);
    summary_tally(facts, judgement, &tally);
    if (!json_domain(line, facts, judgement) ||
        writer_line(records->writer, STORE_DOMAINS, buf_bytes(line), &tally, NULL) != ERR_OK)
        records_lost(facts->domain);
}

void records_lost(const char *domain)
{
    (void)fprintf(stderr, "stsweep: %s: its record could not be made: %s\n", domain, error_text(ERR_MEMORY));
    abort();
}
