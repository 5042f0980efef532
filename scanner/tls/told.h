/* Tells a trace of a handshake. */
#ifndef STSWEEP_TLS_TOLD_H
#define STSWEEP_TLS_TOLD_H

#include "scanner/base/trace.h"
#include "scanner/facts/record.h"

/* Tells version, cipher, the number of certificates and the errors of validation; or how the handshake
 * failed.
 */
void tls_tell(struct trace *trace, const char *host, const struct ip_addr *ip, const struct tls_facts *tls);

#endif
