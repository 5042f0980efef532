/* Makes and ends sessions, and holds what they share: the prober. */
#include "scanner/smtp/probe.h"

#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/config/config.h"
#include "scanner/smtp/client.h"
#include "scanner/smtp/session.h"
#include "scanner/tls/cert_cache.h"
#include "scanner/tls/chain_cache.h"

struct handle probe_start(struct prober *prober, const struct probe_request *request)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL)
        out_of_memory("a session");
    session->prober = prober;
    session->request = *request;
    session->fd = -1;
    session->started_ms = clock_monotonic_ms();
    session->step_began_ms = session->started_ms;
    *request->facts = (struct probe_facts){.host = request->host, .ip = request->ip, .time = clock_wall_ms()};
    request->facts->tls.alert = -1;
    dialogue_init(&session->dialogue, prober->ehlo_name, request->arena, request->facts);
    session->handle = slots_add(&prober->sessions, session);
    session->timer = evtimer_new(prober->base, session_on_deadline, session);
    if (!handle_is_set(session->handle) || session->timer == NULL)
        out_of_memory("a session");
    struct handle handle = session->handle;
    session_begin(session);
    return handle;
}

void probe_cancel(struct prober *prober, struct handle handle)
{
    struct session *session = slots_get(&prober->sessions, handle);
    if (session != NULL)
        session_free(session);
}

size_t probe_live(const struct prober *prober)
{
    return prober->sessions.used;
}

/* ---- the prober ---------------------------------------------------------------------------------------- */

struct prober *prober_create(struct event_base *base, const struct config *config, struct trust *trust,
                             const char **why)
{
    struct prober *prober = calloc(1, sizeof *prober);
    *why = "out of memory";
    if (prober == NULL)
        return NULL;
    prober->base = base;
    prober->port = (uint16_t)config->smtp_port;
    prober->connect_ms = config->smtp_connect_timeout;
    prober->step_ms = config->smtp_step_timeout;
    prober->session_ms = config->smtp_session_timeout;
    smtp_own_name(config->smtp_ehlo, prober->ehlo_name, sizeof prober->ehlo_name);
    slots_init(&prober->sessions);
    prober->chains = chain_cache_create(CHAINS_KEPT, trust_dates(trust));
    prober->certs = cert_cache_create(CERTS_KEPT_BYTES);
    prober->ctx = smtp_context(trust, prober->chains, prober->certs, false);
    prober->permissive = smtp_context(trust, prober->chains, prober->certs, true);
    bool large = trust_offers_large(trust);
    if (large)
        prober->small = smtp_context(trust, prober->chains, prober->certs, false);
    if (prober->ctx == NULL || prober->permissive == NULL ||
        (large && (prober->small == NULL || tls_context_small(prober->small, trust) != ERR_OK))) {
        *why = "OpenSSL cannot make a client context";
        prober_destroy(prober);
        return NULL;
    }
    return prober;
}

void prober_place(struct prober *prober, struct place *place)
{
    prober->place = place;
}

static void free_session(void *object, void *arg)
{
    (void)arg;
    session_free(object);
}

void prober_destroy(struct prober *prober)
{
    if (prober == NULL)
        return;
    slots_each(&prober->sessions, free_session, NULL);
    slots_dispose(&prober->sessions);
    SSL_CTX_free(prober->ctx);
    SSL_CTX_free(prober->permissive);
    SSL_CTX_free(prober->small);
    chain_cache_destroy(prober->chains);
    cert_cache_destroy(prober->certs);
    free(prober);
}
