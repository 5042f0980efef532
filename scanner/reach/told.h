/* Tells a trace of results: an MX host as it is handed to a domain, and the judgement with its reasons. */
#ifndef STSWEEP_REACH_TOLD_H
#define STSWEEP_REACH_TOLD_H

#include "scanner/base/trace.h"
#include "scanner/facts/record.h"

/* Does nothing if trace is NULL, as does trace_judgement. */
void trace_host(struct trace *trace, const struct host_facts *facts);
void trace_judgement(struct trace *trace, const struct domain_facts *facts,
                     const struct judgement *judgement);

#endif
