/* Has the alerts of RFC 8446 section 6, RFC 5246 section 7.2 and of their extensions. */
#include "scanner/tls/alert.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>

static const char *const names[] = {
    [0] = "close notify",
    [10] = "unexpected message",
    [20] = "bad record mac",
    [21] = "decryption failed",
    [22] = "record overflow",
    [30] = "decompression failure",
    [40] = "handshake failure",
    [41] = "no certificate",
    [42] = "bad certificate",
    [43] = "unsupported certificate",
    [44] = "certificate revoked",
    [45] = "certificate expired",
    [46] = "certificate unknown",
    [47] = "illegal parameter",
    [48] = "unknown ca",
    [49] = "access denied",
    [50] = "decode error",
    [51] = "decrypt error",
    [52] = "too many cids requested",
    [60] = "export restriction",
    [70] = "protocol version",
    [71] = "insufficient security",
    [80] = "internal error",
    [86] = "inappropriate fallback",
    [90] = "user canceled",
    [100] = "no renegotiation",
    [109] = "missing extension",
    [110] = "unsupported extension",
    [111] = "certificate unobtainable",
    [112] = "unrecognized name",
    [113] = "bad certificate status response",
    [114] = "bad certificate hash value",
    [115] = "unknown psk identity",
    [116] = "certificate required",
    [120] = "no application protocol",
    [121] = "ech required",
};

const char *tls_alert_name(int alert)
{
    const int count = (int)(sizeof names / sizeof *names);
    return alert < 0 || alert >= count || names[alert] == NULL ? "unknown" : names[alert];
}

const char *tls_alert_text(int alert, struct arena *arena)
{
    char text[64];
    (void)snprintf(text, sizeof text, "alert %s", tls_alert_name(alert));
    return arena_string(arena, text);
}

int tls_alert_of(unsigned long error)
{
    int reason = ERR_GET_REASON(error);
    if (ERR_GET_LIB(error) != ERR_LIB_SSL || reason < SSL_AD_REASON_OFFSET ||
        reason > SSL_AD_REASON_OFFSET + UINT8_MAX)
        return -1;
    return reason - SSL_AD_REASON_OFFSET;
}
