/*
 * One STARTTLS probe of one address of one MX host: socket, deadlines, OpenSSL, and the pure dialogue in the
 * middle. One prober a loop. It judges nothing (TLS-5): the handshake completes, facts are kept.
 *
 * How an end shows: no connection in time: SMTP_CONNECT and NET_TIMEOUT, whichever deadline it was. Closed or
 * reset in the handshake: SMTP_END_TLS and TLS_CLOSED, net says which. A fatal alert in place of the first
 * reply inside TLS (TLS 1.3: the peer refuses us after our side is done) is a handshake that failed. A host
 * that no SNI can hold gets none. After a QUIT the probe waits for the answer, for 2 s at most. SIGPIPE is
 * ignored by the process.
 */
#ifndef STSWEEP_SMTP_PROBE_H
#define STSWEEP_SMTP_PROBE_H

#include <event2/event.h>

#include "scanner/base/place.h"
#include "scanner/base/slots.h"
#include "scanner/base/trace.h"
#include "scanner/tls/trust.h"

struct config;
struct prober;

/* Called exactly once for each probe started and not cancelled, never from inside probe_start. */
typedef void (*probe_done)(void *arg, struct probe_facts *facts);

struct probe_request {
    const char *host;              /* reference name and SNI; outlives the probe */
    struct ip_addr ip;             /* the caller has checked that it may be reached */
    const struct tlsa_facts *tlsa; /* the host's TLSA records, or NULL; outlives the probe */
    struct arena *arena;           /* memory of the facts' texts */
    struct probe_facts
        *facts;          /* to be filled in; zeroed by probe_start; outlives the probe unless cancelled */
    bool permissive;     /* TLS-4: takes what is outdated (tls_context_permit) */
    bool without_dh;     /* and then offers no finite-field Diffie-Hellman */
    struct trace *trace; /* or NULL */
    void (*connected)(void *arg); /* or NULL: the address took the connection. It must not cancel the probe */
    probe_done done;
    void *arg;
};

/* ehlo_name is smtp.ehlo or the machine's name. */
struct prober *prober_create(struct event_base *base, const struct config *config, struct trust *trust,
                             const char **why);
void prober_destroy(struct prober *prober); /* cancels all without callbacks */

/* Where the prober is to say which peer it works for; outlives it. */
void prober_place(struct prober *prober, struct place *place);

struct handle probe_start(struct prober *prober, const struct probe_request *request);
void probe_cancel(struct prober *prober, struct handle handle);
size_t probe_live(const struct prober *prober);

#endif
