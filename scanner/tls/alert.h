/* Names the alerts of TLS in words of our own: each release of OpenSSL has others, and the older ones lack
 * some. Pure. */
#ifndef STSWEEP_TLS_ALERT_H
#define STSWEEP_TLS_ALERT_H

#include "scanner/base/arena.h"

/* Returns the name by IANA's registry, its words apart: "handshake failure"; "unknown" if it has none. */
const char *tls_alert_name(int alert);

/* Returns "alert handshake failure", in the arena; NULL if that is full. */
const char *tls_alert_text(int alert, struct arena *arena);

/* Returns the peer's fatal alert, which has a reason of its own among OpenSSL's errors; -1 for other errors.
 */
int tls_alert_of(unsigned long error);

#endif
