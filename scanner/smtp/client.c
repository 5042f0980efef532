/* Makes the SSL_CTX of probes, and the name that they say. It connects nowhere. */
#include "scanner/smtp/client.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "scanner/base/ip.h"

enum { FRAGMENT_BYTES = 4096 };

SSL_CTX *smtp_context(struct trust *trust, struct chain_cache *chains, struct cert_cache *certs,
                      bool permissive)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || tls_context_setup(ctx, trust) != ERR_OK ||
        (permissive && tls_context_permit(ctx) != ERR_OK)) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    tls_context_cache(ctx, chains);
    tls_context_certs(ctx, certs);
    /* Else SSL_read goes on inside for as long as a peer sends TLS records without data (key updates). */
    (void)SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
    /* A probe sends a ClientHello and two commands: room for 16 KiB would be a quarter of its memory. */
    (void)SSL_CTX_set_max_send_fragment(ctx, FRAGMENT_BYTES);
    return ctx;
}

static bool is_host_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
    return len > 0 && name[len] == 0;
}

void smtp_own_name(const char *configured, char *name, size_t size)
{
    (void)snprintf(name, size, "%s", configured);
    if (configured[0] == 0 && (gethostname(name, size - 1) != 0 || !is_host_name(name)))
        (void)snprintf(name, size, "localhost");
}

/* Says whether the name ends in a label (or two) that nobody outside can look up (RFC 2606, RFC 6761, RFC
 * 6762, RFC 8375). */
static bool is_of_nobody(const char *name)
{
    static const char *const ends[] = {".localdomain", ".local",    ".localhost", ".invalid",  ".test",
                                       ".example",     ".internal", ".lan",       ".home.arpa"};
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (len > strlen(ends[i]) && strcasecmp(name + len - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

const char *smtp_name_fault(const char *name)
{
    struct ip_addr ip;
    if (ip_parse(name, &ip))
        return "is an address, not a name";
    if (strcasecmp(name, "localhost") == 0)
        return "names any machine";
    if (strchr(name, '.') == NULL)
        return "is not fully qualified";
    return is_of_nobody(name) ? "is a name that nobody else can look up" : NULL;
}

/* Sets SNI, unless the MX record names a host that no SNI can hold (RFC 6066 section 3): escaped bytes make
 * names of a thousand characters. */
bool smtp_name_host(SSL *ssl, const char *host, bool without_dh)
{
    size_t len = strlen(host);
    if (without_dh && !tls_leave_out_dh(ssl))
        return false;
    return len == 0 || len > TLSEXT_MAXLEN_host_name || SSL_set_tlsext_host_name(ssl, host) == 1;
}
