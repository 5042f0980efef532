/*
 * The SMTP dialogue of a probe up to and after STARTTLS (RFC 5321, RFC 3207): greeting, EHLO, STARTTLS,
 * handshake, EHLO, QUIT. Pure: it is fed bytes and events and says what to do next. It keeps no clock and
 * knows no socket.
 *
 * Ceilings: a line 2,048 bytes, a reply 100 lines or 32 KiB; past them SMTP_END_LINE_TOO_LONG. A reply says
 * yes when its code begins with 2 (RFC 5321 section 4.2.1: the first digit decides), else no. How the bytes
 * are cut into feeds makes no difference to the facts.
 */
#ifndef STSWEEP_WIRE_DIALOGUE_H
#define STSWEEP_WIRE_DIALOGUE_H

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/facts/record.h"

enum dialogue_action {
    DIALOGUE_READ,      /* wait for bytes */
    DIALOGUE_WRITE,     /* send dialogue->out (then it is emptied), after that read */
    DIALOGUE_START_TLS, /* begin the handshake; then dialogue_tls_done. `out` is first to be sent where the
                           peer answered faster than it was asked */
    DIALOGUE_CLOSE /* it is over: facts are complete; `out` may still hold a QUIT to send without waiting */
};

struct dialogue {
    enum smtp_step step;
    struct buf in; /* bytes of a line not yet whole */
    struct buf out;
    const char *ehlo_name;
    struct arena *arena;       /* where facts' texts go */
    struct probe_facts *facts; /* filled in as it goes: step, end, reply_code, greeting, ehlo, … */
    /* the reply being read */
    int reply_code;
    size_t reply_lines;
    size_t reply_bytes;
    struct buf refusal; /* its text where it says no */
    bool offered;       /* STARTTLS is among the capabilities so far */
    bool over;
};

/* ehlo_name, facts and arena outlive the dialogue. The first action is DIALOGUE_READ (the greeting): the
 * connection stands, facts->step is SMTP_GREETING. */
void dialogue_init(struct dialogue *dialogue, const char *ehlo_name, struct arena *arena,
                   struct probe_facts *facts);
void dialogue_dispose(struct dialogue *dialogue);

/* Bytes from the peer. With the 220 to STARTTLS, bytes behind it in the same feed are an injection. */
enum dialogue_action dialogue_feed(struct dialogue *dialogue, const void *data, size_t len);

/* The peer closed, the network failed, a deadline passed: sets facts->step, end, net. Where what came of a
 * line is no reply's beginning, a close and a deadline end it as SMTP_END_NOT_SMTP. */
void dialogue_closed(struct dialogue *dialogue);
void dialogue_failed(struct dialogue *dialogue, enum net_error error, int sys_errno);
void dialogue_deadline(struct dialogue *dialogue, enum smtp_end end);

/* Plain bytes were found waiting on the socket before the handshake began. */
void dialogue_injected(struct dialogue *dialogue);

/* The head (5 bytes) of the first TLS record read: a reply in its place is plaintext that came in a segment
 * of its own, behind the 220. */
void dialogue_first_record(struct dialogue *dialogue, struct bytes head);

/* The handshake completed: forgets the capabilities' bearing and says EHLO again (TLS-6). */
enum dialogue_action dialogue_tls_done(struct dialogue *dialogue);

/* It did not (or the peer took it back by an alert before anything else); tls_facts are in facts->tls. */
void dialogue_tls_failed(struct dialogue *dialogue);

#endif
