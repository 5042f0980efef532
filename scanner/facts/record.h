/*
 * Defines the facts that a scan gathers and the judgement made of them, as structs that scanner/, input/ and
 * output/ share. Facts say what was seen; only scanner/verdict turns them into outcome and codes, so that an
 * old scan can be judged anew.
 *
 * Ownership: everything that a struct here points to lives in the arena that the struct was built in; the
 * structs own nothing. Names are A-labels in lower case without the trailing dot, C strings that hold only
 * printable ASCII (other bytes escaped \DDD as in RFC 1035 section 5.1). Free text from a peer is struct
 * bytes, unescaped.
 */
#ifndef STSWEEP_FACTS_RECORD_H
#define STSWEEP_FACTS_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/bytes.h"
#include "scanner/base/ip.h"
#include "scanner/facts/failure.h"
#include "scanner/facts/record_dns.h"
#include "scanner/facts/record_fetch.h"
#include "scanner/facts/record_looks.h"
#include "scanner/facts/record_tls.h"

/*
 * RECORD_RULES goes up by one with any change of judgement or of how lists are read, so that no scan mixes
 * two ways of judging: tests/stored/README.md says what else to do then. Scans from before it was stored have
 * 0.
 */
enum { RECORD_SCHEMA_VERSION = 1, RECORD_RULES = 10 };

/* ---- the MX host --------------------------------------------------------------------------------------- */

/* Where an SMTP session ended. */
enum smtp_step {
    SMTP_NONE,
    SMTP_CONNECT,
    SMTP_GREETING,
    SMTP_EHLO,
    SMTP_HELO, /* EHLO was refused by 500 or 502 */
    SMTP_STARTTLS,
    SMTP_HANDSHAKE,
    SMTP_EHLO_TLS,
    SMTP_QUIT, /* everything that is asked was answered */
    SMTP_STEP_COUNT
};

enum smtp_end {
    SMTP_END_NONE,
    SMTP_END_DONE, /* the dialogue went to its end */
    SMTP_END_NET,  /* see net */
    SMTP_END_STEP_TIMEOUT,
    SMTP_END_SESSION_DEADLINE, /* the whole session took too long */
    SMTP_END_DRIPPING,         /* likewise, and bytes kept coming */
    SMTP_END_CLOSED,           /* the peer closed in good order before the dialogue's end */
    SMTP_END_REPLY,            /* the reply says no: see reply_code */
    SMTP_END_LINE_TOO_LONG,    /* a line or a reply exceeds the ceilings */
    SMTP_END_NOT_SMTP,         /* not a reply at all */
    SMTP_END_MALFORMED,        /* a line without a code, behind or in place of a reply's lines */
    SMTP_END_NOT_OFFERED,      /* EHLO was answered without STARTTLS */
    SMTP_END_TLS,              /* the handshake did not complete: see tls */
    SMTP_END_FLOODED,          /* after it: more TLS records without data than any honest peer sends */
    SMTP_END_COUNT
};

struct probe_facts {
    const char *host;
    struct ip_addr ip;
    enum not_tried not_tried;
    int64_t time;    /* wall clock, ms */
    int64_t checked; /* when it was last seen that nothing newer can be had (wall clock, ms); 0: never. In no
                        record */
    bool again;      /* there is another record of the address, or may be: a domain names this one by its
                        time */
    uint32_t pass;   /* of the scan: 1, or more if tried again */
    enum smtp_step step;
    enum smtp_end end;
    enum net_error net;
    int sys_errno;
    int reply_code;        /* the last reply's, 0 for none */
    struct bytes reply;    /* the text of the last reply that said no, capped */
    struct bytes greeting; /* first line's text, capped at 512 */
    struct bytes *ehlo;    /* keyword lines of the last plain EHLO reply, each capped at 512. What stands
                              beyond the grammar stays in (wire/loose.h) */
    size_t ehlo_count;
    bool starttls_offered;
    bool masked;        /* STARTTLS is not offered, and the session bears the marks of a device that masks it
                           (wire/masked.h) */
    bool path_doubtful; /* STARTTLS is not offered, while hosts known to offer it did not offer it to us
                           either */
    bool loose;         /* a reply could only be read beyond the grammar (wire/loose.h) */
    bool listed;        /* the session ended by a refusal that names a block list (wire/blocklist.h) */
    bool injected;      /* plaintext bytes came between the 220 and the handshake */
    size_t ehlo_tls_count; /* lines of the EHLO reply inside TLS */
    struct tls_facts tls;
    struct tls_facts *legacy; /* TLS-4: a second, permissive handshake; NULL: none was made */
    bool shared; /* past limits.names_per_ip: greeting, capabilities and TLS version are another name's */
    uint32_t ms_turn;  /* wait for its turn at the address */
    uint32_t ms_place; /* wait for a place among smtp.live; neither wait is in ms */
    uint32_t ms_connect;
    uint32_t ms_greeting;
    uint32_t ms_ehlo;
    uint32_t ms_tls;
    uint32_t ms;
};

/* What was known of an MX host's addresses and TLSA records before they were asked for anew. */
struct host_before {
    struct address_facts address;
    struct tlsa_facts tlsa;
};

/* The facts about one MX host, shared by all domains that name it. Immutable once published. */
struct host_facts {
    const char *host;
    struct address_facts address;
    struct tlsa_facts tlsa;
    int64_t asked; /* by `probe`, right before the connection: when these two were asked for anew (wall clock,
                      ms); 0: they were not */
    const struct host_before *before; /* if they differ from those of the names; else NULL */
    struct probe_facts
        *probes; /* one for each address in address.ips, same order, up to smtp.max_addresses */
    size_t probe_count;
};

/* ---- the domain ---------------------------------------------------------------------------------------- */

struct mx_host {
    const char *host;
    uint16_t preference;
    bool implicit;                  /* MX-2 */
    bool address_literal;           /* MX-4; facts is NULL then */
    const struct host_facts *facts; /* NULL if nothing was asked about it */
};

/*
 * TXT records that were meant for _mta-sts or _smtp._tls but stand at a wrong name (TXT-9, RPT-2). They are
 * looked up only if _mta-sts has no record and there is a sign of intent: an address of mta-sts.<domain>, or
 * a TLSRPT record. tlsrpt is looked up also if there is an MTA-STS record and no TLSRPT record.
 */
struct near_miss_facts {
    struct lookup_facts address;  /* A, then AAAA, of mta-sts.<domain> */
    struct txt_facts apex;        /* <domain> */
    struct txt_facts policy_host; /* mta-sts.<domain> */
    struct txt_facts underscore;  /* _mta_sts.<domain> */
    struct txt_facts wildcard;    /* a label that nobody publishes */
    struct txt_facts tlsrpt;      /* _smtp-tlsrpt.<domain> */
};

struct domain_facts {
    uint64_t ordinal; /* 1-based place in the input */
    const char *domain;
    const char *unicode; /* U-label form if it differs, else NULL */
    uint32_t rank;       /* 0 for none */
    const char *label;   /* the input's extra column, or NULL */
    const char *source;  /* which list of several, or NULL */
    const char *tld;
    const char *psl_suffix; /* public suffix, or NULL if unknown */
    bool is_public_suffix;
    int64_t time; /* wall clock at the start, ms */
    uint32_t ms;
    bool untimed; /* from a scan whose rules were below RULES_NAME_PROBES */
    struct txt_facts txt;
    struct txt_facts tlsrpt;
    struct near_miss_facts near_miss;
    struct mx_facts mx;
    struct mx_host *hosts; /* the MX set (or the implicit one) in preference order, up to smtp.max_hosts */
    size_t host_count;
    struct policy_facts policy;
    struct look *looks; /* of earlier passes, oldest first */
    size_t look_count;
    bool one_look;                /* a further look was due, but none comes; false in records without any */
    struct cached_policy *cached; /* that an earlier scan saw and that is still alive; NULL: there is none */
};

/* ---- a line of the input that is no domain name -------------------------------------------------------- */

struct reject_line {
    uint64_t ordinal;
    const char *file;
    uint64_t line;
    struct bytes text;
    enum failure_code reason;
};

/* ---- the judgement ------------------------------------------------------------------------------------- */

/* A finding and its place in the text; line and column count from 1, 0 for none. */
struct finding {
    enum failure_code code;
    uint32_t line;
    uint32_t column;
    const char *detail; /* the text at that place, escaped, or NULL */
};

enum { FINDINGS_KEPT = 32 };

struct findings {
    struct finding list[FINDINGS_KEPT];
    size_t count;
    bool overflow; /* there were more */
};

/* The TXT record of RFC 8461 section 3.1. */
struct sts_record {
    enum failure_code code; /* FAIL_NONE: valid; else the first fault, at which a sender stops */
    char id[33];            /* "" if there is no usable one */
    size_t candidates;      /* RRs left after TXT-2 */
    struct findings findings;
};

enum sts_mode { STS_MODE_UNSET, STS_MODE_ENFORCE, STS_MODE_TESTING, STS_MODE_NONE, STS_MODE_COUNT };

/* The policy of RFC 8461 section 3.2. */
struct sts_policy {
    enum failure_code code; /* FAIL_NONE: valid; else the first fault in the order a sender meets them */
    bool parsed;            /* there was a body to parse */
    bool version_ok;
    enum sts_mode mode;
    bool max_age_set;
    uint32_t max_age; /* seconds */
    const char **mx;  /* patterns as written, lower-cased */
    size_t mx_count;
    struct findings findings;
};

/* The TXT record of RFC 8460 section 3. */
struct tlsrpt_record {
    enum failure_code code;
    const char **rua; /* URIs as written, escaped */
    size_t rua_count;
    size_t candidates;
    struct findings findings;
};

enum outcome {
    OUTCOME_NONE, /* not applicable; never a record's outcome */
    OUTCOME_NO_MAIL,
    OUTCOME_ABSENT,
    OUTCOME_UNKNOWN,
    OUTCOME_BROKEN,
    OUTCOME_OFF,
    OUTCOME_TESTING,
    OUTCOME_PROTECTED,
    OUTCOME_PARTIAL,
    OUTCOME_REFUSED,
    OUTCOME_COUNT
};

enum dane_outcome {
    DANE_OUTCOME_ABSENT,
    DANE_OUTCOME_PROTECTED,
    DANE_OUTCOME_PARTIAL,
    DANE_OUTCOME_REFUSED,
    DANE_OUTCOME_UNUSABLE,
    DANE_OUTCOME_UNKNOWN,
    DANE_OUTCOME_COUNT
};

enum tls_outcome {
    TLS_OUTCOME_UNKNOWN,
    TLS_OUTCOME_ALL,
    TLS_OUTCOME_SOME,
    TLS_OUTCOME_NONE,
    TLS_OUTCOME_COUNT
};

/* One address of one MX host. */
struct ip_verdict {
    enum failure_code code;     /* FAIL_NONE: an MTA-STS sender's TLS checks pass here */
    enum failure_code dane;     /* FAIL_NONE: a DANE sender's do; meaningful if host_verdict.dane_applies */
    size_t tlsa;                /* which TLSA record matched, counted from 1; 0: none */
    enum failure_code dane_any; /* as dane, for a sender that does not mind an unsigned MX answer; meaningful
                                   if host_verdict.dane_any_applies */
};

struct host_verdict {
    bool policy_match; /* meaningful if there is a usable policy */
    enum dane_outcome dane;
    bool dane_applies;           /* there are secure TLSA records (if none is usable, TLS is required all the
                                    same, without authentication), or the TLSA lookup makes a DANE sender
                                    defer */
    enum failure_code dane_code; /* why DANE does not apply to the host, does not authenticate it or cannot be
                                    judged; else FAIL_NONE */
    enum dane_outcome dane_any;  /* dane and dane_applies if the MX answer counted as signed: what a sender
                                    meets that applies TLSA records all the same */
    bool dane_any_applies;
    enum failure_code dane_any_code;
    enum failure_code code;   /* FAIL_NONE, or the host's own: mx.not-in-policy, mx.no-address, … */
    bool certificates_differ; /* between its addresses, in a way that matters: mx.certificates-differ */
    struct ip_verdict *ips;   /* in the order of facts->probes */
    size_t ip_count;
};

/* A set of codes as bits, in the order of failure.def. */
struct code_set {
    uint64_t words[(FAIL_COUNT + 63) / 64];
};

/* The result of a sender's try at one MX host. */
enum delivery {
    DELIVERY_NONE,   /* no rule of such a sender applies */
    DELIVERY_TAKES,  /* mail goes through at every address that could be judged */
    DELIVERY_SOME,   /* it goes through at some addresses only */
    DELIVERY_SKIPS,  /* validation fails: the sender goes on to the next host */
    DELIVERY_DEFERS, /* it could not be determined, or the trouble is transient */
    DELIVERY_COUNT
};

/*
 * The results of one kind of sender over the whole MX set in preference order (RFC 8461 section 5.1, RFC 7672
 * section 2.2, RFC 5321 section 5.1). hosts is in the order of facts->hosts.
 */
struct sender_view {
    enum delivery *hosts;
    size_t host_count;
    enum delivery all; /* TAKES: mail is delivered (perhaps after skipped hosts); SKIPS: no host takes it, and
                          it is lost after the queue's time; DEFERS: unknown */
    const char *delivered_by; /* the first host in preference order that takes it, or NULL */
    bool validated;           /* delivered_by was validated, not only encrypted (or not even that) */
};

/* A way to deliver (scanner/verdict/senders.def). */
enum sender_kind {
    SENDER_MTA_STS,
    SENDER_DANE,
    SENDER_OPPORTUNISTIC,
    SENDER_POSTFIX_DANE,
    SENDER_POSTFIX_TLSPOL,
    SENDER_COUNT
};

/* Who delivers so: a row of that table. */
struct sender {
    enum sender_kind kind;
    const char *name;
    unsigned hours; /* how long it keeps what it cannot deliver; 0: not documented */
    const char *does;
    const char *source;
};

/* EXO-1: how the domain's inbound mail reaches Exchange Online. */
enum exo_inbound {
    EXO_NOT,    /* no MX host is the service's; one behind another host cannot be seen */
    EXO_DIRECT, /* every MX host in use is the service's */
    EXO_MIXED,  /* some are, and there are others */
    EXO_COUNT
};

#include "scanner/facts/record_cached.h"

struct judgement {
    struct sts_record record;
    struct sts_policy policy;
    struct tlsrpt_record tlsrpt;
    bool mx_open, tlsrpt_open;     /* the lookup failed, so nobody knows what stands there */
    enum failure_code policy_code; /* FAIL_NONE: there is a usable policy (or none was asked for) */
    enum outcome outcome;
    enum outcome would_be; /* OUTCOME_NONE unless outcome is testing */
    bool incomplete; /* the outcome covers only the hosts that could be determined, and some could not; or it
                        rests on one look, though a second was due */
    bool look_due;   /* one look does not decide this: a second is due (TLS-7) */
    bool one_look;   /* a second was due but none comes, so that one look decides all the same */
    enum dane_outcome dane;
    enum tls_outcome tls;
    struct code_set codes;
    uint32_t rpt_types;         /* bit 1 << enum rpt_type */
    struct host_verdict *hosts; /* in the order of facts->hosts */
    size_t host_count;
    struct sender_view senders[SENDER_COUNT];
    const struct sender *sender_rows; /* who delivers so; the table's rows */
    size_t sender_row_count;
    enum exo_inbound exo;
    const char *exo_intermediary; /* if exo is mixed: the other host's provider (short name), or the host;
                                     NULL otherwise */
    bool exo_in_front;            /* the intermediary is preferred over every host of the service */
    const char *exo_renamed;      /* an MX host of the service that the policy misses, though the policy lists
                                     the service's names in another form (EXO-1); or NULL */
    const char *provider_mx;      /* short name for the most preferred host; NULL: unknown */
    const char **providers_mx;    /* every known provider of the MX set, once each, in preference order */
    size_t provider_mx_count;
    const char *provider_policy;
    const char *registrable; /* above a host name (input.host-name), else NULL; in facts->domain */
    struct cached_verdict cached;
};

/* Tells whether there is a policy that MX hosts can match: then each host's record says whether it does. */
static inline bool judgement_has_policy(const struct judgement *judgement)
{
    return judgement->policy.parsed && judgement->policy.code == FAIL_NONE &&
           judgement->policy_code == FAIL_NONE;
}

static inline void code_set_add(struct code_set *set, enum failure_code code)
{
    if (code != FAIL_NONE)
        set->words[(unsigned)code / 64] |= UINT64_C(1) << ((unsigned)code % 64);
}

static inline bool code_set_has(const struct code_set *set, enum failure_code code)
{
    return (set->words[(unsigned)code / 64] >> ((unsigned)code % 64) & 1) != 0;
}

/* Returns the first code of the set behind `code`; FAIL_COUNT if there is none. A set is walked by it from
 * FAIL_NONE on, which is in no set. */
static inline enum failure_code code_set_next(const struct code_set *set, enum failure_code code)
{
    unsigned from = (unsigned)code + 1;
    for (unsigned word = from / 64; word < sizeof set->words / sizeof *set->words; word++) {
        uint64_t bits = set->words[word] & (word == from / 64 ? UINT64_MAX << from % 64 : UINT64_MAX);
        if (bits != 0)
            return (enum failure_code)(word * 64 + (unsigned)__builtin_ctzll(bits));
    }
    return FAIL_COUNT;
}

/* Returns what befalls mail of senders that still have an earlier policy, as the codes tell it: REFUSED of
 * cached.refused, PARTIAL of cached.partial, else NONE. */
enum outcome outcome_by_cached(const struct code_set *codes);

/* Returns the failure code for how a lookup ended: FAIL_NONE if it was answered or not asked. */
enum failure_code dns_status_code(enum dns_status status);

/* Says whether the root is all that the MX records name (RFC 7505). */
bool mx_is_null(const struct mx_facts *mx);

/* Says whether no MX record names a mail host: the root and placeholders (placeholder.h) are all. */
bool mx_names_nobody(const struct domain_facts *facts);

/* Counts the MX records whose hosts were not looked at, without those that name none. */
size_t mx_hosts_unseen(const struct domain_facts *facts);

bool sender_views_equal(const struct sender_view *a, const struct sender_view *b);

#include "scanner/facts/record_names.h"

#endif
