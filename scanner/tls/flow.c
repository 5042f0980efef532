/* Counts in a callback on the SSL's read BIO; the struct is freed with the SSL. */
#include "scanner/tls/flow.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { RECORD_HEADER_BYTES = 5, MESSAGE_COMPRESSED = 25 /* certificates (RFC 8879) */ };

struct flow {
    unsigned references; /* one of them the SSL's */
    BIO *bio;            /* a reference, until the SSL goes */
    uint64_t turn;
    size_t left;    /* of the portion */
    unsigned reads; /* in this turn */
    size_t total;
    size_t wire;    /* bytes read so far */
    size_t paid;    /* of those, bytes of data and certificates */
    size_t record;  /* bytes of the TLS record whose header came last */
    unsigned calls; /* for other keys */
    bool certified;
    bool finished; /* the peer's part of the handshake */
    bool closed;   /* by us */
    bool broken;   /* a read failed: what comes after it says nothing of the peer */
    bool ended;    /* by the peer */
    enum flow_excess excess;
};

/* One loop runs on a thread, and SSLs stay on theirs. */
static _Thread_local uint64_t turns = 1;

void flow_turn(void)
{
    turns++;
}

/* ---- the flow of an SSL -------------------------------------------------------------------------------- */

static CRYPTO_ONCE index_once = CRYPTO_ONCE_STATIC_INIT;
static int flow_index = -1;

/* Lets go of the BIO when the SSL goes. The BIO may go before or after it: with a reference of our own the
 * order does not matter. */
static void flow_detach(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long number, void *arg)
{
    struct flow *flow = pointer;
    (void)parent, (void)data, (void)index, (void)number, (void)arg;
    if (flow == NULL)
        return;
    BIO_set_callback_ex(flow->bio, NULL);
    BIO_free(flow->bio);
    flow->bio = NULL;
    flow_release(flow);
}

static void take_index(void)
{
    flow_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, flow_detach);
}

static int get_index(void)
{
    return CRYPTO_THREAD_run_once(&index_once, take_index) == 1 ? flow_index : -1;
}

static struct flow *flow_of(const SSL *ssl)
{
    int index = get_index();
    return ssl == NULL || index < 0 ? NULL : SSL_get_ex_data(ssl, index);
}

/* ---- counting ------------------------------------------------------------------------------------------ */

static void check(struct flow *flow, size_t idle_most)
{
    size_t idle = flow->wire > flow->paid ? flow->wire - flow->paid : 0;
    if (flow->excess != FLOW_WITHIN)
        return;
    if (idle > idle_most)
        flow->excess = FLOW_TOO_IDLE;
    else if (flow->wire > flow->total)
        flow->excess = FLOW_TOO_MUCH;
}

/* Counts bytes. A message that is not whole yet may be one of certificates. */
static void on_bytes(struct flow *flow, size_t len)
{
    flow->wire += len;
    flow->left = len < flow->left ? flow->left - len : 0;
    check(flow, flow->certified ? FLOW_IDLE : FLOW_IDLE + FLOW_CERTIFICATES);
}

/* Counts the certificates as paid, once: they come only once. Calls for other keys are few, or too many. */
static void on_handshake_message(struct flow *flow, const uint8_t *message, size_t len)
{
    bool shows = len > 0 && (message[0] == SSL3_MT_CERTIFICATE || message[0] == MESSAGE_COMPRESSED);
    if (shows && !flow->certified) {
        flow->certified = true;
        flow->paid += len < FLOW_CERTIFICATES ? len : FLOW_CERTIFICATES;
    }
    check(flow, FLOW_IDLE);
    int kind = len > 0 ? message[0] : -1;
    bool calls = kind == SSL3_MT_KEY_UPDATE || (kind == SSL3_MT_HELLO_REQUEST && flow->finished);
    flow->finished |= kind == SSL3_MT_FINISHED;
    if (calls && ++flow->calls > FLOW_CALLS && flow->excess == FLOW_WITHIN)
        flow->excess = FLOW_TOO_IDLE;
}

static void on_header(struct flow *flow, const uint8_t *header)
{
    flow->record = RECORD_HEADER_BYTES + ((size_t)header[3] << 8 | header[4]);
    if (header[0] != SSL3_RT_HANDSHAKE && header[0] != SSL3_RT_APPLICATION_DATA)
        check(flow, FLOW_IDLE);
}

void flow_message(SSL *ssl, int written, int type, const void *data, size_t len)
{
    struct flow *flow = written ? NULL : flow_of(ssl);
    const uint8_t *bytes = data;
    if (flow == NULL)
        return;
    if (type == SSL3_RT_HEADER && len >= RECORD_HEADER_BYTES)
        on_header(flow, bytes);
    else if (type == SSL3_RT_HANDSHAKE)
        on_handshake_message(flow, bytes, len);
}

void flow_data(SSL *ssl)
{
    struct flow *flow = flow_of(ssl);
    if (flow == NULL)
        return;
    flow->paid += flow->record;
    flow->record = 0;
}

/* ---- the BIO ------------------------------------------------------------------------------------------- */

/* Says whether the turn's portion has room for a read. Every single read fits a whole portion; else it would
 * have to wait for ever. */
static bool may_read(struct flow *flow, size_t len)
{
    if (flow->turn != turns) {
        flow->turn = turns;
        flow->left = FLOW_PORTION;
        flow->reads = 0;
    }
    return ++flow->reads <= FLOW_READS && (len <= flow->left || flow->left == FLOW_PORTION);
}

static long on_bio(BIO *bio, int what, const char *data, size_t len, int arg, long more, int result,
                   size_t *done)
{
    struct flow *flow = (struct flow *)BIO_get_callback_arg(bio);
    (void)data, (void)arg, (void)more;
    if (what == (BIO_CB_READ | BIO_CB_RETURN) && result > 0 && done != NULL)
        on_bytes(flow, *done);
    if (what == (BIO_CB_READ | BIO_CB_RETURN) && result <= 0 && !BIO_should_retry(bio)) {
        flow->broken = flow->broken || result < 0;
        flow->ended = !flow->broken;
    }
    if (what != BIO_CB_READ)
        return result;
    BIO_clear_retry_flags(bio);
    if (flow->closed || flow->excess != FLOW_WITHIN)
        return -1;
    if (may_read(flow, len))
        return result;
    BIO_set_retry_read(bio);
    return -1;
}

/* ---- from and to its owner ----------------------------------------------------------------------------- */

struct flow *flow_attach(SSL *ssl, size_t total)
{
    BIO *bio = SSL_get_rbio(ssl);
    int index = get_index();
    struct flow *flow = index < 0 || bio == NULL ? NULL : calloc(1, sizeof *flow);
    if (flow == NULL || BIO_up_ref(bio) != 1) {
        free(flow);
        return NULL;
    }
    *flow = (struct flow){.references = 2, .bio = bio, .total = total, .left = FLOW_PORTION};
    if (SSL_set_ex_data(ssl, index, flow) != 1) {
        BIO_free(bio);
        free(flow);
        return NULL;
    }
    BIO_set_callback_ex(bio, on_bio);
    BIO_set_callback_arg(bio, (char *)flow);
    SSL_set_read_ahead(ssl, 0); /* bytes that are read ahead are not seen by whoever waits for the socket */
    return flow;
}

void flow_allow(struct flow *flow, size_t more)
{
    if (flow != NULL)
        flow->total += more;
}

void flow_release(struct flow *flow)
{
    if (flow != NULL && --flow->references == 0)
        free(flow);
}

bool flow_ended(const struct flow *flow)
{
    return flow != NULL && flow->ended;
}

enum flow_excess flow_excess(const struct flow *flow)
{
    return flow == NULL ? FLOW_WITHIN : flow->excess;
}

void flow_close(struct flow *flow)
{
    if (flow != NULL)
        flow->closed = true;
}
