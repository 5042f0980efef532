/*
 * Leads one session of a probe through its states, from the connection to QUIT. Private to scanner/smtp:
 * probe.c makes and ends sessions, session.c leads them.
 */
#ifndef STSWEEP_SMTP_SESSION_H
#define STSWEEP_SMTP_SESSION_H

#include "scanner/smtp/handshake.h"
#include "scanner/smtp/probe.h"
#include "scanner/wire/dialogue.h"

enum { EHLO_NAME_BYTES = 256 };

struct prober {
    struct event_base *base;
    SSL_CTX *ctx;
    SSL_CTX *permissive; /* for probe_request.permissive */
    SSL_CTX *small;      /* for probe_request.small; NULL if ctx offers the same, or as little */
    struct chain_cache *chains;
    struct cert_cache *certs;
    struct slots sessions;
    struct place *place; /* or NULL */
    char ehlo_name[EHLO_NAME_BYTES];
    uint16_t port;
    int64_t connect_ms;
    int64_t step_ms;
    int64_t session_ms;
};

enum session_state { SESSION_CONNECT, SESSION_PLAIN, SESSION_HANDSHAKE, SESSION_TLS, SESSION_QUIT };

struct session {
    struct prober *prober;
    struct handle handle;
    enum session_state state;
    struct probe_request request;
    struct dialogue dialogue;
    struct tls_verify verify;
    SSL *ssl;
    struct flow *flow; /* of ssl */
    int fd;
    short watching;
    struct event *io;
    struct event *timer;
    enum smtp_step step; /* the step whose time is being taken */
    int64_t started_ms;
    int64_t step_began_ms;
    int64_t last_byte_ms; /* 0: none in this step */
    bool session_ends;    /* the deadline that is armed is the session's */
    int send_errno;       /* why nothing can be sent any more, or 0 */
    bool heard_in_handshake, heard_in_tls;
};

/* Connects; everything else follows from the session's events. */
void session_begin(struct session *session);

/* Handles a deadline: the callback of the session's timer. */
void session_on_deadline(evutil_socket_t fd, short what, void *arg);

/* Ends a session at once, without a callback. */
void session_free(struct session *session);

#endif
