/* Has one function for each stage that a transfer can end in: connecting, the handshake, HTTP. */
#include "scanner/https/fetch_end.h"

#include "scanner/coding/coding.h"
#include "scanner/facts/net.h"
#include "scanner/facts/record_kept.h"
#include "scanner/tls/alert.h"

enum { CURL_TOO_LARGE = 100 };

static enum fetch_step step_reached(const struct fetch_tls *tls, const struct fetch_answer *answer)
{
    if (answer->headers_ended)
        return FETCH_BODY;
    if (tls->done)
        return FETCH_HEADERS;
    return tls->started ? FETCH_TLS : FETCH_CONNECT;
}

static bool timed_out(const struct fetch_end *end)
{
    return end->cause == CAUSE_TIMEOUT ||
           (end->cause == CAUSE_TRANSFER && end->result == CURLE_OPERATION_TIMEDOUT);
}

static void conclude_connect(const struct fetch_end *end, struct fetch_facts *facts)
{
    if (timed_out(end))
        facts->net = NET_TIMEOUT;
    else
        facts->net = end->cause == CAUSE_TRANSFER ? net_error_of(end->sys_errno) : NET_OTHER;
}

/* Concludes a handshake that stopped without an error of TLS: the connection broke. */
static void conclude_lost_handshake(const struct fetch_end *end, struct fetch_facts *facts)
{
    facts->net = end->sys_errno == 0 ? NET_RESET : net_error_of(end->sys_errno);
    facts->tls.end = facts->net == NET_TIMEOUT ? TLS_TIMEOUT : TLS_CLOSED;
}

static void conclude_tls(const struct fetch_end *end, struct fetch_facts *facts)
{
    struct tls_facts *tls = &facts->tls;
    if (timed_out(end)) {
        facts->deadline = true;
        tls->end = TLS_TIMEOUT;
    } else if (end->cause == CAUSE_FLOOD) {
        tls->end = TLS_FLOODED;
    } else if (tls->end == TLS_NOT_TRIED) {
        conclude_lost_handshake(end, facts);
    } else if (tls->end == TLS_CLOSED) {
        facts->net = NET_RESET;
    }
}

/* Concludes a server's refusal that came after our side of the handshake was over (TLS 1.3). */
static void conclude_late_alert(const struct fetch_tls *tls, struct arena *arena, struct fetch_facts *facts)
{
    facts->step = FETCH_TLS;
    facts->tls.end = TLS_FAILED;
    facts->tls.alert = tls->late_alert;
    facts->tls.error_reason = SSL_AD_REASON_OFFSET + tls->late_alert;
    facts->tls.error_text = tls_alert_text(tls->late_alert, arena);
}

static void conclude_lost_answer(const struct fetch_end *end, struct fetch_facts *facts)
{
    if (end->sys_errno != 0)
        facts->net = net_error_of(end->sys_errno);
    facts->truncated = facts->net == NET_OK || facts->step == FETCH_BODY;
}

/* Concludes an answer that ended with the connection, though its body was not all there by its own count. */
static void conclude_closed(const struct fetch_tls *tls, const struct fetch_answer *answer,
                            struct fetch_facts *facts)
{
    if (!answer->headers_ended || fetch_answer_is_framed(answer) || !tls->close_notify)
        facts->truncated = true;
    else
        facts->step = FETCH_DONE;
}

/* Says whether a header line exceeded libcurl's own ceiling; releases before 8.6 call it a lack of memory. */
static bool is_endless_line(CURLcode result)
{
    return result == CURLE_OUT_OF_MEMORY || (int)result == CURL_TOO_LARGE;
}

static void conclude_result(const struct fetch_end *end, const struct fetch_tls *tls,
                            const struct fetch_answer *answer, struct fetch_facts *facts)
{
    if (is_endless_line(end->result)) {
        facts->too_large = true;
        return;
    }
    switch (end->result) {
    case CURLE_OK:
        conclude_closed(tls, answer, facts);
        break;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
        facts->truncated = true;
        break;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        conclude_lost_answer(end, facts);
        break;
    default:
        facts->protocol = true;
        break;
    }
}

static void conclude_http(const struct fetch_end *end, const struct fetch_tls *tls,
                          const struct fetch_answer *answer, struct fetch_facts *facts)
{
    facts->too_large = answer->too_large || answer->headers_too_large || answer->no_memory;
    facts->http2 = answer->http2;
    if (fetch_answer_says_no(answer))
        facts->step = FETCH_DONE;
    else if (answer->headers_ended && fetch_answer_has_no_length(answer))
        facts->bad_length = true;
    else if (answer->not_http || fetch_answer_is_misframed(answer))
        facts->protocol = true;
    else if (answer->headers_ended && fetch_answer_is_whole(answer) && !facts->too_large)
        facts->step = FETCH_DONE;
    else if (timed_out(end))
        facts->deadline = true;
    else if (end->cause == CAUSE_FLOOD)
        facts->flooded = true;
    else if (tls->late_alert >= 0 && answer->header_bytes == 0)
        conclude_late_alert(tls, answer->arena, facts);
    else if (!facts->too_large)
        conclude_result(end, tls, answer, facts);
}

/* Copies what is kept of a header line to the arena, escaped; NULL if there is none. */
static const char *text_of(const struct fetch_answer *answer, const struct buf *kept)
{
    return kept->len == 0 ? NULL : peer_text(answer->arena, buf_bytes(kept), SIZE_MAX);
}

/* Returns where a redirect leads, NULL if it does not say: an absolute URL if the target can be read as one,
 * else the target as it came. */
static const char *redirect_of(const char *url, const struct fetch_answer *answer)
{
    const char *location = text_of(answer, &answer->location);
    if (location == NULL)
        return NULL;
    const char *target = location;
    char *absolute = NULL;
    CURLU *parts = curl_url();
    const unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | CURLU_ALLOW_SPACE;
    if (parts != NULL && strchr(location, '\\') == NULL &&
        curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_set(parts, CURLUPART_URL, location, flags) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_URL, &absolute, 0) == CURLUE_OK)
        target = peer_text(answer->arena, bytes_of(absolute), SIZE_MAX);
    curl_free(absolute);
    curl_url_cleanup(parts);
    return target;
}

/* Returns the part of a body that is kept; the cut does not fall inside a character. */
static struct bytes kept_of(struct bytes body)
{
    const size_t most = POLICY_BYTES_JUDGED;
    if (body.len <= most)
        return body;
    size_t len = most;
    while (len > most - 3 && (body.data[len] & 0xC0) == 0x80)
        len--;
    return bytes_make(body.data, len);
}

/* Notes what became of the coding; `whole`: all of the coded bytes came. */
static void note_coding(enum coding_end end, bool whole, struct fetch_facts *facts)
{
    static const enum fetch_decoding of[] = {
        [CODING_NONE] = FETCH_NOT_CODED,
        [CODING_WHOLE] = FETCH_DECODED,
        [CODING_CUT] = FETCH_DECODED,
        [CODING_CORRUPT] = FETCH_CODING_BROKEN,
        [CODING_UNKNOWN] = FETCH_CODING_UNKNOWN,
        [CODING_TOO_LARGE] = FETCH_CODING_TOO_LARGE,
        [CODING_LIMIT] = FETCH_DECODED,
    };
    facts->decoding = end == CODING_CUT && whole ? FETCH_CODING_BROKEN : of[end];
    if (end != CODING_LIMIT || facts->http_status != 200)
        return;
    facts->too_large = true;
    facts->step = FETCH_BODY;
}

/* Undoes the content coding. Returns the body, which may be in *decoded. */
static struct bytes decode(const struct fetch_answer *answer, struct buf *decoded, struct fetch_facts *facts)
{
    struct bytes body = buf_bytes(&answer->body);
    facts->coding = text_of(answer, &answer->coding);
    if (!answer->headers_ended || (answer->coding.len == 0 && !answer->coding_cut))
        return body;
    bool lost = answer->coding_cut || facts->coding == NULL;
    enum coding_end end = lost ? CODING_LIMIT : coding_undo(facts->coding, body, decoded);
    note_coding(end, facts->step == FETCH_DONE, facts);
    bool as_it_came = end == CODING_NONE || end == CODING_UNKNOWN;
    return as_it_came ? body : buf_bytes(decoded);
}

/* Keeps the body, and marks one that is not all there: it must not pass for the policy. A coded body counts
 * as long as it came if it is longer so, as it would be without a coding. */
static void keep_body(const struct fetch_answer *answer, struct fetch_facts *facts)
{
    struct buf decoded;
    buf_init(&decoded, answer->body.ceiling_bytes);
    struct bytes body = decode(answer, &decoded, facts);
    struct bytes kept = kept_of(body);
    size_t len =
        answer->body.len >= POLICY_BYTES_JUDGED && answer->body.len > body.len ? answer->body.len : body.len;
    facts->body = arena_bytes(answer->arena, kept);
    if (kept.len < len)
        facts->body_bytes = len;
    bool lost = facts->body.len < kept.len;
    buf_dispose(&decoded);
    if (!lost)
        return;
    facts->step = FETCH_BODY;
    facts->too_large = true;
}

/* Keeps the header lines that tell a guard against bots, if the answer is not a policy: a page at most. */
static void keep_signs(const struct fetch_answer *answer, struct fetch_facts *facts)
{
    bool is_page = facts->body.len > 0 && facts->body.data[0] == '<';
    if (answer->headers_ended && (facts->http_status != 200 || is_page))
        facts->signs = text_of(answer, &answer->signs);
}

/* Says whether nothing came in answer to the ClientHello, or no more than that the server had trouble of its
 * own. */
static bool is_unanswered(const struct fetch_tls *tls, const struct tls_facts *facts)
{
    bool silent = tls->wire_bytes == 0 && (facts->end == TLS_TIMEOUT || facts->end == TLS_CLOSED);
    bool in_trouble =
        facts->end == TLS_FAILED && facts->alert == ALERT_INTERNAL_ERROR && facts->cert_count == 0;
    return silent || in_trouble;
}

void fetch_conclude(const struct fetch_end *end, const struct fetch_tls *tls,
                    const struct fetch_answer *answer, struct fetch_facts *facts)
{
    facts->step = step_reached(tls, answer);
    if (facts->step == FETCH_CONNECT)
        conclude_connect(end, facts);
    else if (facts->step == FETCH_TLS)
        conclude_tls(end, facts);
    else
        conclude_http(end, tls, answer, facts);
    facts->tls.hello_unanswered = tls->large && is_unanswered(tls, &facts->tls);
    bool interim = answer->status < 200 && !answer->headers_ended;
    facts->http_status = interim ? 0 : answer->status;
    facts->media_type = interim ? NULL : text_of(answer, &answer->media_type);
    if (answer->status >= 300 && answer->status < 400)
        facts->redirect = redirect_of(end->url, answer);
    keep_body(answer, facts);
    keep_signs(answer, facts);
}

bool fetch_end_is_clean(const struct fetch_end *end, const struct fetch_answer *answer)
{
    bool ended = end->result == CURLE_WRITE_ERROR && answer->headers_ended && fetch_answer_is_whole(answer);
    return end->cause == CAUSE_TRANSFER && (end->result == CURLE_OK || ended);
}
