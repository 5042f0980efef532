#include "scanner/machine/tracing.h"

#include <stdio.h>

/* Writes a line in one call, so that lines of several threads do not mix. */
static void write_line(void *arg, const char *line)
{
    (void)fprintf(arg, "trace: %s\n", line);
}

struct trace *tracing_init(struct tracing *tracing, const char *domain, FILE *out)
{
    *tracing = (struct tracing){.trace = {.write = write_line, .arg = out}};
    if (domain == NULL || hostname_normalize(bytes_of(domain), tracing->domain) != FAIL_NONE)
        return NULL;
    tracing->trace.domain = tracing->domain;
    return &tracing->trace;
}
