#include "scanner/tls/told.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "scanner/tls/alert.h"

static const char *version_name(uint16_t version)
{
    return version == TLS1_3_VERSION   ? "TLSv1.3"
           : version == TLS1_2_VERSION ? "TLSv1.2"
           : version == 0              ? "no version agreed"
                                       : "TLSv1.1 or older";
}

static void tell_chain(struct trace *trace, const char *host, const struct ip_addr *ip,
                       const struct tls_facts *tls)
{
    trace_say(trace, host, ip, "certificates: %zu, the name %s, %s", tls->cert_count,
              tls->name_match ? "matches" : "does not match",
              tls->limit != TLS_LIMIT_NONE ? "not validated: past a ceiling of ours"
              : tls->error_count == 0      ? "the chain is valid"
                                           : "the chain is not valid");
    for (size_t i = 0; i < tls->error_count; i++)
        trace_say(trace, host, ip, "certificate %d: %s", tls->errors[i].depth,
                  X509_verify_cert_error_string(tls->errors[i].x509));
}

void tls_tell(struct trace *trace, const char *host, const struct ip_addr *ip, const struct tls_facts *tls)
{
    const char *error = tls->error_text == NULL ? "" : tls->error_text;
    trace_say(trace, host, ip, "handshake %s: %s %s %s%s%s", tls_end_name(tls->end),
              version_name(tls->version), tls->cipher == NULL ? "" : tls->cipher,
              tls->group == NULL ? "" : tls->group, tls->error_text == NULL ? "" : " ", error);
    if (tls->alert >= 0)
        trace_say(trace, host, ip, "alert received: %s", tls_alert_name(tls->alert));
    if (tls->cert_count > 0)
        tell_chain(trace, host, ip, tls);
}
