/* Fills in struct fetch_tls from OpenSSL's info and message callbacks. */
#include "scanner/https/fetch_tls.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

enum { RECORD_HEADER_BYTES = 5, ALERT_LEVEL_FATAL = 2 };

/* Returns the struct fetch_tls of an SSL; NULL after fetch_tls_mute. */
static struct fetch_tls *tls_of(const SSL *ssl)
{
    return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

/* Says whether an alert ends the connection, as OpenSSL takes it. Under TLS 1.3 the level says nothing, and
 * user_canceled is what comes before a close (RFC 8446 section 6). */
static bool is_fatal(const SSL *ssl, int alert)
{
    if (SSL_version(ssl) == TLS1_3_VERSION)
        return (alert & 0xff) != SSL_AD_USER_CANCELLED;
    return alert >> 8 == ALERT_LEVEL_FATAL;
}

static void on_alert(const SSL *ssl, struct fetch_tls *tls, int alert)
{
    int description = alert & 0xff;
    if (description == SSL_AD_CLOSE_NOTIFY)
        tls->close_notify = true;
    else if (tls->done && is_fatal(ssl, alert))
        tls->late_alert = description;
}

/* Collects the facts of a failed handshake. The error is still in the queue here; libcurl takes it out right
 * after. That the peer closed is no error if the BIO of libcurl does not tell OpenSSL so (before release 8):
 * the flow has seen it. */
static void on_handshake_stop(const SSL *ssl, struct fetch_tls *tls)
{
    unsigned long error = tls_error_told();
    if (error == 0 && flow_ended(tls->flow))
        error = ERR_PACK(ERR_LIB_SSL, 0, SSL_R_UNEXPECTED_EOF_WHILE_READING);
    if (error != 0 && !tls->done && tls->facts->end == TLS_NOT_TRIED)
        tls_facts_error((SSL *)(uintptr_t)ssl, &tls->verify, tls->reference, error, tls->arena, tls->facts);
}

static void on_info(const SSL *ssl, int where, int value)
{
    struct fetch_tls *tls = tls_of(ssl);
    SSL *mutable_ssl = (SSL *)(uintptr_t)ssl;
    if (tls == NULL)
        return;
    if (where == SSL_CB_HANDSHAKE_START && !tls->started) {
        tls->started = true;
        (void)tls_verify_attach(mutable_ssl, &tls->verify);
        tls->flow = flow_attach(mutable_ssl, tls->wire_limit);
    } else if (where == SSL_CB_HANDSHAKE_DONE && !tls->done) {
        tls->done = true;
        tls_facts_collect(mutable_ssl, &tls->verify, tls->reference, tls->arena, tls->facts);
    } else if (where == SSL_CB_READ_ALERT) {
        on_alert(ssl, tls, value);
    } else if (where == SSL_CB_CONNECT_EXIT && value <= 0) {
        on_handshake_stop(ssl, tls);
    }
}

/* Says whether a TLS record holds data. TLS 1.3 has the type of a TLS record inside it. */
static bool is_data(const SSL *ssl, int type, const uint8_t *first)
{
    return type == (SSL_version(ssl) == TLS1_3_VERSION ? SSL3_RT_INNER_CONTENT_TYPE : SSL3_RT_HEADER) &&
           first[0] == SSL3_RT_APPLICATION_DATA;
}

/* Counts bytes before HTTP sees them: chunk extensions, tickets and the like never reach libcurl's callbacks.
 * The content of TLS records with data is HTTP's matter: only their sum is bounded here. */
static void on_message(int written, int version, int type, const void *data, size_t len, SSL *ssl, void *arg)
{
    struct fetch_tls *tls = tls_of(ssl);
    const uint8_t *header = data;
    (void)arg;
    flow_message(ssl, written, type, data, len);
    tls_message_seen(written, version, type, data, len, ssl);
    if (!written && len > 0 && is_data(ssl, type, data))
        flow_data(ssl);
    if (tls != NULL && !written && type == SSL3_RT_HEADER && len >= RECORD_HEADER_BYTES)
        tls->wire_bytes += RECORD_HEADER_BYTES + ((size_t)header[3] << 8 | header[4]);
}

enum error fetch_tls_setup(SSL_CTX *ctx, struct trust *trust, struct fetch_tls *tls)
{
    enum error error = tls_context_setup(ctx, trust);
    tls->large = trust_offers_large(trust) && !tls->small;
    if (error == ERR_OK && tls->small)
        error = tls_context_small(ctx, trust);
    if (error != ERR_OK)
        return error;
    fetch_tls_mute(tls); /* ends an earlier connection of the same transfer */
    if (SSL_CTX_set_app_data(ctx, tls) != 1 || SSL_CTX_up_ref(ctx) != 1)
        return ERR_LIBRARY;
    tls->ctx = ctx;
    SSL_CTX_set_info_callback(ctx, on_info);
    SSL_CTX_set_msg_callback(ctx, on_message);
    return ERR_OK;
}

void fetch_tls_close(struct fetch_tls *tls)
{
    flow_close(tls->flow);
}

void fetch_tls_mute(struct fetch_tls *tls)
{
    flow_release(tls->flow);
    tls->flow = NULL;
    if (tls->ctx == NULL)
        return;
    (void)SSL_CTX_set_app_data(tls->ctx, NULL);
    SSL_CTX_free(tls->ctx);
    tls->ctx = NULL;
}
