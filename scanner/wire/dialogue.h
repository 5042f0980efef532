/*
 * Leads the SMTP dialogue of a probe (RFC 5321, RFC 3207): greeting, EHLO (or HELO, if the peer does not know
 * EHLO), STARTTLS, handshake, EHLO, QUIT.
 * Pure: it is fed bytes and events and says what to do next. It keeps no clock and knows no socket.
 *
 * Ceilings: a line has 2,048 bytes, a reply 100 lines or 32 KiB; past them the end is SMTP_END_LINE_TOO_LONG.
 * A reply's code is that of its last line; it says yes if the code begins with 2 (RFC 5321 section 4.2.1: the
 * first digit decides), else no. What Postfix reads in a reply beyond the grammar is read here too (loose.h).
 * How the bytes are cut into feeds makes no difference to the facts.
 */
#ifndef STSWEEP_WIRE_DIALOGUE_H
#define STSWEEP_WIRE_DIALOGUE_H

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/facts/record.h"

enum dialogue_action {
    DIALOGUE_READ,      /* wait for bytes */
    DIALOGUE_WRITE,     /* send and empty dialogue->out, then read */
    DIALOGUE_START_TLS, /* begin the handshake, then call dialogue_tls_done. If the peer answered before it
                           was asked, send `out` first */
    DIALOGUE_CLOSE /* it is over: facts are complete; `out` may still hold a QUIT to send without waiting */
};

struct dialogue {
    enum smtp_step step;
    struct buf in; /* bytes of a line not yet whole */
    struct buf out;
    const char *ehlo_name;
    struct arena *arena;       /* for the texts of facts */
    struct probe_facts *facts; /* filled in on the way: step, end, reply_code, greeting, ehlo, … */
    /* the reply being read */
    int reply_code;
    size_t reply_lines;
    size_t reply_bytes;
    struct buf refusal; /* the text of its lines that say no */
    size_t refusal_lines;
    size_t kept_if_refused; /* how many capabilities came before the first line that says no */
    bool offered;           /* STARTTLS is among the capabilities so far */
    bool over;
};

/* Starts the dialogue on a connection that is made. ehlo_name, facts and arena outlive it. The first action
 * is DIALOGUE_READ (the greeting); facts->step is SMTP_GREETING. */
void dialogue_init(struct dialogue *dialogue, const char *ehlo_name, struct arena *arena,
                   struct probe_facts *facts);
void dialogue_dispose(struct dialogue *dialogue);

/* Takes bytes from the peer. Bytes behind the 220 to STARTTLS in the same feed are an injection. */
enum dialogue_action dialogue_feed(struct dialogue *dialogue, const void *data, size_t len);

/* End the dialogue because the peer closed, the network failed or a deadline passed: they set facts->step,
 * end, net. If an unfinished line does not begin like a reply, a close or a deadline ends it as if the line
 * were whole. */
void dialogue_closed(struct dialogue *dialogue);
void dialogue_failed(struct dialogue *dialogue, enum net_error error, int sys_errno);
void dialogue_deadline(struct dialogue *dialogue, enum smtp_end end);

/* Notes that plain bytes were waiting on the socket before the handshake began. */
void dialogue_injected(struct dialogue *dialogue);

/* Takes the head (5 bytes) of the first TLS record read. A reply in its place that says yes is plaintext that
 * came in a segment of its own behind the 220, an injection: it cannot answer the ClientHello, which is no
 * command. One that says no can: the peer does not speak TLS. */
void dialogue_first_record(struct dialogue *dialogue, struct bytes head);

/* Goes on after a completed handshake: says EHLO again, as the capabilities from before no longer hold
 * (TLS-6). */
enum dialogue_action dialogue_tls_done(struct dialogue *dialogue);

/* Ends the dialogue after a failed handshake, or one that the peer took back by an alert before anything
 * else; its facts are in facts->tls. */
void dialogue_tls_failed(struct dialogue *dialogue);

#endif
