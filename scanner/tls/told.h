/* What a trace is told of a handshake. */
#ifndef STSWEEP_TLS_TOLD_H
#define STSWEEP_TLS_TOLD_H

#include "scanner/base/trace.h"
#include "scanner/facts/record.h"

/* Version, cipher, how many certificates and how they stood up to validation; or how it failed. */
void tls_tell(struct trace *trace, const char *host, const struct ip_addr *ip, const struct tls_facts *tls);

#endif
