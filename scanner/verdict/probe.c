/* Turns a session with an address of an MX host into a failure code. */
#include "scanner/facts/net.h"
#include "scanner/verdict/handshake.h"
#include "scanner/verdict/parts.h"
#include "scanner/verdict/tls.h"
#include "scanner/verdict/verdict.h"

static enum failure_code not_tried_code(enum not_tried reason)
{
    static const enum failure_code codes[NOT_TRIED_COUNT] = {
        [NOT_TRIED_OFF] = FAIL_SMTP_NOT_PROBED_OFF,
        [NOT_TRIED_PACE] = FAIL_SMTP_NOT_PROBED_PACE,
        [NOT_TRIED_OPTOUT] = FAIL_SMTP_NOT_PROBED_OPTOUT,
        [NOT_TRIED_NO_FAMILY] = FAIL_SMTP_NOT_PROBED_NO_FAMILY,
        [NOT_TRIED_PAUSED] = FAIL_SMTP_NOT_PROBED_PAUSED,
        [NOT_TRIED_NO_ROUTE] = FAIL_SMTP_NOT_PROBED_NO_ROUTE,
        [NOT_TRIED_SPECIAL_ADDRESS] = FAIL_MX_SPECIAL_ADDRESS,
        [NOT_TRIED_NO_ADDRESS] = FAIL_MX_NO_ADDRESS,
        [NOT_TRIED_DEAD] = FAIL_SMTP_TCP_TIMEOUT,
        [NOT_TRIED_PORT_BLOCKED] = FAIL_SMTP_TCP_PORT_BLOCKED,
        [NOT_TRIED_BUDGET] = FAIL_SMTP_NOT_PROBED_BUDGET,
        [NOT_TRIED_STUCK] = FAIL_SMTP_NOT_PROBED_STUCK,
        [NOT_TRIED_ELSEWHERE] = FAIL_SMTP_NOT_PROBED_ELSEWHERE,
    };
    return codes[reason];
}

static enum failure_code connect_code(enum net_error error)
{
    static const enum failure_code codes[NET_ERROR_COUNT] = {
        [NET_REFUSED] = FAIL_SMTP_TCP_REFUSED,
        [NET_TIMEOUT] = FAIL_SMTP_TCP_TIMEOUT,
        [NET_RESET] = FAIL_SMTP_TCP_RESET,
        [NET_UNREACHABLE] = FAIL_SMTP_TCP_UNREACHABLE,
        [NET_OK] = FAIL_SMTP_TCP_UNREACHABLE,
        [NET_OTHER] = FAIL_SMTP_TCP_UNREACHABLE,
        [NET_RESOURCES] = FAIL_SMTP_NOT_PROBED_RESOURCES,
    };
    return codes[error];
}

/* Returns the code of a peer that stopped answering at a step. */
static enum failure_code timeout_code(enum smtp_step step)
{
    switch (step) {
    case SMTP_GREETING:
        return FAIL_SMTP_GREETING_TIMEOUT;
    case SMTP_EHLO:
    case SMTP_HELO:
        return FAIL_SMTP_EHLO_TIMEOUT;
    case SMTP_STARTTLS:
        return FAIL_SMTP_STARTTLS_TIMEOUT;
    case SMTP_HANDSHAKE:
        return FAIL_SMTP_TLS_TIMEOUT;
    default:
        return FAIL_SMTP_TCP_TIMEOUT;
    }
}

/* Returns the code of a peer that went away at a step. */
static enum failure_code closed_code(enum smtp_step step, enum net_error error)
{
    switch (step) {
    case SMTP_GREETING:
        return error == NET_RESET ? FAIL_SMTP_TCP_RESET : FAIL_SMTP_GREETING_CLOSED;
    case SMTP_EHLO:
    case SMTP_HELO:
        return FAIL_SMTP_EHLO_CLOSED;
    case SMTP_STARTTLS:
        return FAIL_SMTP_STARTTLS_CLOSED;
    case SMTP_HANDSHAKE:
        return FAIL_SMTP_TLS_CLOSED;
    default:
        return connect_code(error);
    }
}

/* Says whether a refusal of EHLO is of the name in it: 501 and 504 (RFC 5321 section 4.1.4; Postfix says 504
 * of a name that is not fully qualified), 550 and 554 (section 4.2.4), and what servers make of these. */
static bool refuses_name(int reply_code)
{
    return reply_code == 501 || reply_code == 504 || reply_code == 550 || reply_code == 553 ||
           reply_code == 554;
}

/* Returns the code of a line without a code at a step. */
static enum failure_code malformed_code(enum smtp_step step)
{
    switch (step) {
    case SMTP_GREETING:
        return FAIL_SMTP_GREETING_MALFORMED;
    case SMTP_STARTTLS:
        return FAIL_SMTP_STARTTLS_MALFORMED;
    default:
        return FAIL_SMTP_EHLO_MALFORMED;
    }
}

static enum failure_code reply_code(const struct probe_facts *probe)
{
    bool permanent = probe->reply_code >= 500;
    switch (probe->step) {
    case SMTP_GREETING:
        return permanent ? FAIL_SMTP_GREETING_5XX : FAIL_SMTP_GREETING_4XX;
    case SMTP_STARTTLS:
        return permanent ? FAIL_SMTP_STARTTLS_REFUSED : FAIL_SMTP_STARTTLS_TEMPFAIL;
    case SMTP_HELO:
        return permanent ? FAIL_SMTP_EHLO_NAME : FAIL_SMTP_EHLO_REFUSED;
    default:
        return refuses_name(probe->reply_code) ? FAIL_SMTP_EHLO_NAME : FAIL_SMTP_EHLO_REFUSED;
    }
}

static enum failure_code handshake_code(const struct tls_facts *tls, const struct tls_facts *permissive)
{
    static const enum failure_code codes[CAUSE_COUNT] = {
        [CAUSE_UNTOLD] = FAIL_NONE,
        [CAUSE_NOT_TLS] = FAIL_SMTP_TLS_NOT_TLS,
        [CAUSE_VERSION] = FAIL_SMTP_TLS_VERSION,
        [CAUSE_CIPHER] = FAIL_SMTP_TLS_CIPHER,
        [CAUSE_SMALL_DH] = FAIL_SMTP_TLS_SMALL_DH,
        [CAUSE_SIGNATURE] = FAIL_SMTP_TLS_SIGNATURE,
        [CAUSE_RENEGOTIATION] = FAIL_SMTP_TLS_LEGACY_RENEGOTIATION,
        [CAUSE_WEAK_KEY] = FAIL_SMTP_TLS_WEAK,
        [CAUSE_CURVE] = FAIL_SMTP_TLS_CURVE,
    };
    if (tls->end == TLS_TIMEOUT)
        return FAIL_SMTP_TLS_TIMEOUT;
    if (tls->end == TLS_CLOSED)
        return FAIL_SMTP_TLS_CLOSED;
    if (tls->end == TLS_FLOODED)
        return FAIL_SMTP_TLS_FLOOD;
    if (verdict_is_past_ceiling(tls))
        return FAIL_SMTP_TLS_TOO_LARGE;
    if (tls->limit != TLS_LIMIT_NONE)
        return verdict_limit(tls->limit, STAGE_SMTP);
    enum failure_code code = codes[handshake_cause_of(tls, permissive)];
    if (code != FAIL_NONE)
        return code;
    return tls->alert >= 0 ? FAIL_SMTP_TLS_ALERT : FAIL_SMTP_TLS_HANDSHAKE;
}

enum failure_code verdict_probe(const struct probe_facts *probe, int64_t now)
{
    if (probe->not_tried != TRIED)
        return not_tried_code(probe->not_tried);
    if (probe->tls.end == TLS_DONE)
        return verdict_certificate(&probe->tls, STAGE_SMTP,
                                   moment_of(&probe->tls, (struct judged_at){now, probe->time}));
    if (probe->listed)
        return FAIL_SMTP_BLOCK_LISTED;
    switch (probe->end) {
    case SMTP_END_NET:
        /* Earlier programs took such an errno for another error. */
        if (probe->net == NET_RESOURCES || net_error_of(probe->sys_errno) == NET_RESOURCES)
            return FAIL_SMTP_NOT_PROBED_RESOURCES;
        return probe->net == NET_TIMEOUT ? timeout_code(probe->step) : closed_code(probe->step, probe->net);
    case SMTP_END_STEP_TIMEOUT:
        return timeout_code(probe->step);
    case SMTP_END_SESSION_DEADLINE:
        return FAIL_SMTP_SESSION_DEADLINE;
    case SMTP_END_DRIPPING:
        return FAIL_SMTP_DRIPPING;
    case SMTP_END_CLOSED:
        return closed_code(probe->step, NET_OK);
    case SMTP_END_REPLY:
        return reply_code(probe);
    case SMTP_END_LINE_TOO_LONG:
        return FAIL_SMTP_LINE_TOO_LONG;
    case SMTP_END_NOT_SMTP: /* in records of earlier programs at any step */
        return probe->step == SMTP_GREETING ? FAIL_SMTP_GREETING_NOT_SMTP : malformed_code(probe->step);
    case SMTP_END_MALFORMED:
        return malformed_code(probe->step);
    case SMTP_END_NOT_OFFERED:
        return probe->masked          ? FAIL_SMTP_STARTTLS_MASKED
               : probe->path_doubtful ? FAIL_SMTP_STARTTLS_PATH
                                      : FAIL_SMTP_STARTTLS_NOT_OFFERED;
    case SMTP_END_TLS:
        return handshake_code(&probe->tls, probe->legacy);
    case SMTP_END_FLOODED:
        return FAIL_SMTP_TLS_FLOOD;
    case SMTP_END_NONE:
    case SMTP_END_DONE:
    case SMTP_END_COUNT:
        break;
    }
    return FAIL_SMTP_TLS_HANDSHAKE;
}

enum tls_offer verdict_tls_offer(const struct probe_facts *probe)
{
    if (probe->shared && !probe->starttls_offered)
        return TLS_OFFER_NO; /* an address offers the same by whatever name it is called */
    if (probe->shared && probe->tls.version != 0)
        return TLS_OFFER_YES;
    if (probe->not_tried != TRIED)
        return TLS_OFFER_UNKNOWN;
    if (probe->tls.end == TLS_DONE || handshake_encrypts(probe->legacy))
        return TLS_OFFER_YES;
    if (verdict_is_past_ceiling(&probe->tls) || probe->tls.limit != TLS_LIMIT_NONE || probe->masked ||
        probe->path_doubtful || probe->listed)
        return TLS_OFFER_UNKNOWN;
    if (probe->end == SMTP_END_NOT_OFFERED || (probe->end == SMTP_END_TLS && probe->tls.end == TLS_FAILED))
        return TLS_OFFER_NO;
    if (probe->end == SMTP_END_REPLY && probe->step == SMTP_STARTTLS && probe->reply_code >= 500)
        return TLS_OFFER_NO;
    return TLS_OFFER_UNKNOWN;
}
