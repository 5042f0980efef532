/*
 * Probes STARTTLS at one address of one MX host: socket, deadlines, OpenSSL, and the pure dialogue in the
 * middle. One prober a loop. It judges nothing (TLS-5): the handshake completes, facts are kept.
 *
 * How an end shows: no connection in time: SMTP_CONNECT and NET_TIMEOUT, whichever deadline it was; closed or
 * reset in the handshake: SMTP_END_TLS and TLS_CLOSED, and net says which. A fatal alert in place of the
 * first reply inside TLS (TLS 1.3: the peer refuses us after our side is done) is a failed handshake. A host
 * that no SNI can hold gets none. After a QUIT the probe waits for the answer, for 2 s at most. The process
 * must ignore SIGPIPE.
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
    bool permissive;     /* TLS-4: takes outdated TLS (tls_context_permit) */
    bool small;          /* offers the usual groups alone, whatever tls.groups says (tls_context_small) */
    bool without_dh;     /* a permissive probe offers no finite-field Diffie-Hellman */
    struct trace *trace; /* or NULL */
    void (*connected)(void *arg); /* or NULL: the address took the connection. It must not cancel the probe */
    probe_done done;
    void *arg;
};

/* Makes a prober; NULL with *why. It says smtp.ehlo in EHLO, or the machine's name. */
struct prober *prober_create(struct event_base *base, const struct config *config, struct trust *trust,
                             const char **why);
void prober_destroy(struct prober *prober); /* cancels all without callbacks */

/* Sets the place in which the prober names the peer it works for; the place outlives it. */
void prober_place(struct prober *prober, struct place *place);

struct handle probe_start(struct prober *prober, const struct probe_request *request);
void probe_cancel(struct prober *prober, struct handle handle);
size_t probe_live(const struct prober *prober);

#endif
