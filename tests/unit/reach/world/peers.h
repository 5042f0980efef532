/*
 * What the peers of a world do when they are connected to: for each address, class of connection and kind of
 * handshake a list of sessions, one after another; the last goes on for ever. Filled by the world's file,
 * read by the fakes of fetch and probe.
 */
#ifndef TESTS_REACH_WORLD_PEERS_H
#define TESTS_REACH_WORLD_PEERS_H

#include "scanner/facts/record.h"
#include "scanner/reach/limits.h"

enum peer_does {
    PEER_OK,
    PEER_SILENT,      /* the connection is never made */
    PEER_REFUSES,     /* it is refused */
    PEER_RESETS,      /* it is reset before anything is said */
    PEER_UNREACHABLE, /* a router says no */
    PEER_MUTE,        /* it is made, and then nothing is heard */
    PEER_GREETS,      /* SMTP: with a code that says no */
    PEER_PLAIN,       /* SMTP: STARTTLS is not offered */
    PEER_STARTTLS,    /* SMTP: it is answered with a code that says no */
    PEER_ALERT,       /* the handshake ends with an alert */
    PEER_CLOSES,      /* the handshake is closed, before a byte of it came */
    PEER_HANGS,       /* nothing comes in answer to the ClientHello */
    PEER_STATUS       /* HTTPS: a status other than 200 */
};

/* Which kind of handshake the connection is for. */
enum peer_hello {
    HELLO_FIRST,
    HELLO_SMALL,     /* the small ClientHello, after one with the groups of tls.groups */
    HELLO_PERMISSIVE /* the second handshake (TLS-4) */
};

enum peer_cert { CERT_IS_GOOD, CERT_IS_OTHERS, CERT_IS_SELF_SIGNED, CERT_IS_UNTRUSTED };

struct peer_session {
    enum peer_does does;
    int code;            /* of a reply, an alert or a status */
    int64_t connects_us; /* until the connection is made, refused or reset */
    int64_t lasts_us;    /* from then to the end */
    uint16_t version;    /* of TLS */
    enum peer_cert cert;
    int64_t expires_us; /* its certificate, in the world's time */
    uint8_t key;        /* each byte of the hash of its key, for TLSA records */
    const char *policy; /* HTTPS: the body; borrowed */
};

/* Forgets all. */
void peers_begin(void);

/* From now on a first ClientHello may be more than one segment. */
void peers_hello_large(void);

/* One more session of this peer; anew: in place of all that were told before. */
void peer_add(enum pace_class class, const struct ip_addr *ip, enum peer_hello hello, bool anew,
              const struct peer_session *session);

/* What comes of the next connection. A peer that is told nothing of is silent; of one that is told nothing of
 * this kind of handshake for, the first's sessions count. */
struct peer_session peer_next(enum pace_class class, const struct ip_addr *ip, enum peer_hello hello);

/* A session's TLS: a handshake that was made, or failed as the session says. */
void peer_tls(const struct peer_session *session, enum peer_hello hello, const char *host,
              struct arena *arena, struct tls_facts *tls);

#endif
