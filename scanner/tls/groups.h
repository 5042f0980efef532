/*
 * Decides which key exchange groups a ClientHello offers, whatever the release of OpenSSL, and names the one
 * that a handshake took. The groups that OpenSSL 3.0 offers by itself are offered always, so that no server
 * fails by our choice; those of tls.groups stand in front of them.
 *
 * The first group offered gets the one key share. If that is a large one (a hybrid: the ClientHello may then
 * be more than one TCP segment), the first small group gets a second, as OpenSSL 3.5 does by itself; and
 * who does not answer such a ClientHello is asked again with a small one (scanner/verdict/handshake).
 */
#ifndef STSWEEP_TLS_GROUPS_H
#define STSWEEP_TLS_GROUPS_H

#include <openssl/ssl.h>

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"

enum { TLS_OFFER_BYTES = 512 };

/* Two lists as OpenSSL reads them; they are the same if tls.groups is not set. */
struct tls_offer {
    char groups[TLS_OFFER_BYTES];
    char small[TLS_OFFER_BYTES];
    bool large; /* a ClientHello with groups may be more than one segment */
};

/* Makes the offer of the value of tls.groups: names separated by commas, or "". false with *why (which may be
 * NULL): what is wrong with it, and which release of OpenSSL has what this one lacks. */
bool tls_offer_make(const char *list, struct tls_offer *offer, struct buf *why);

/* Names the key exchange group of a handshake, as records do: "X25519", "P-256", "X25519MLKEM768",
 * "ffdhe2048", "DH 1024", "0x11ec"; NULL for RSA key transport, and if none was agreed. */
const char *tls_exchange_group(SSL *ssl, struct arena *arena);

#endif
