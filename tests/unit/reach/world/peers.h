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
    PEER_CLOSES,      /* the handshake is closed */
    PEER_STATUS       /* HTTPS: a status other than 200 */
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

/* One more session of this peer; anew: in place of all that were told before. */
void peer_add(enum pace_class class, const struct ip_addr *ip, bool permissive, bool anew,
              const struct peer_session *session);

/* What comes of the next connection. A peer that is told nothing of is silent; of one that is told nothing of
 * a permissive handshake for, the other sessions count. */
struct peer_session peer_next(enum pace_class class, const struct ip_addr *ip, bool permissive);

/* A session's TLS: a handshake that was made, or failed as the session says. */
void peer_tls(const struct peer_session *session, const char *host, struct arena *arena,
              struct tls_facts *tls);

#endif
