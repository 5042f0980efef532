/* Makes an SSL of a connected socket, and facts of a failed handshake. */
#include "scanner/smtp/handshake.h"

#include <errno.h>
#include <stdlib.h>

#include "scanner/facts/net.h"
#include "scanner/smtp/client.h"
#include "scanner/tls/alert.h"

/* The ceiling of bytes: certificates, TLS records without data, and the replies inside TLS. */
enum { WIRE_BYTES = 256 * 1024 };

SSL *handshake_create(SSL_CTX *ctx, int fd, const struct probe_request *request, struct tls_verify *verify,
                      struct flow **flow)
{
    SSL *ssl = SSL_new(ctx);
    if (ssl == NULL || tls_verify_attach(ssl, verify) != ERR_OK ||
        !smtp_name_host(ssl, request->host, request->without_dh) || SSL_set_fd(ssl, fd) != 1 ||
        (*flow = flow_attach(ssl, WIRE_BYTES)) == NULL)
        out_of_memory("a handshake");
    verify->tlsa = request->tlsa;
    SSL_set_connect_state(ssl);
    return ssl;
}

void handshake_failed(SSL *ssl, const struct tls_verify *verify, const struct probe_request *request,
                      int error, const struct flow *flow)
{
    struct probe_facts *facts = request->facts;
    tls_facts_failure(ssl, verify, request->host, request->arena, &facts->tls);
    if (flow_excess(flow) != FLOW_WITHIN) {
        facts->tls.end = TLS_FLOODED;
    } else if (error != 0) {
        facts->tls.end = error == ETIMEDOUT ? TLS_TIMEOUT : TLS_CLOSED;
        facts->net = net_error_of(error);
        facts->sys_errno = error;
    }
}

void handshake_refused_late(const struct probe_request *request, int alert)
{
    struct tls_facts *tls = &request->facts->tls;
    tls->end = TLS_FAILED;
    tls->alert = alert;
    tls->error_reason = SSL_AD_REASON_OFFSET + alert;
    tls->error_text = tls_alert_text(alert, request->arena);
}
