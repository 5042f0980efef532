/*
 * Makes what a domain should publish, from the facts that a look at it found: the MTA-STS record, the policy,
 * and the TLSRPT record (RFC 8461 sections 3.1, 3.2 and 8.3, RFC 8460 section 3). Pure: time is an argument.
 *
 * What is written lints clean and names every MX host in use that a policy can name. The mode is enforce only
 * if it is in force and every MX host is known to pass; else it is testing, also if enforce is in force and a
 * host fails, as that stops the loss. If what senders meet could not be determined, what is published stays
 * and nothing is written. mx lines name hosts exactly; a wildcard is written only if the provider documents
 * it for its customers, or if one in force covers a host whose name no line can hold (an underscore: RFC 8461
 * section 3.2). max_age is a week also in testing, as a new id makes senders fetch again at once; a longer
 * one that is in force is kept.
 */
#ifndef STSWEEP_COMMANDS_SUGGEST_H
#define STSWEEP_COMMANDS_SUGGEST_H

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/record.h"

enum suggest_kind {
    SUGGEST_PUBLISH,
    SUGGEST_REMOVE,       /* asked for: the policy of mode none that is the first step of taking it down */
    SUGGEST_NO_MAIL,      /* nothing to protect */
    SUGGEST_NO_HOST_NAME, /* no MX host has a name that a policy can hold */
    SUGGEST_TOO_MANY,     /* the policy would be larger than senders read */
    SUGGEST_BAD_NAME,     /* no record can stand below the domain's name */
    SUGGEST_UNKNOWN,      /* the MX records could not be looked up, or not whole */
    SUGGEST_STAYS,        /* what senders meet could not be determined: what is published stays */
    SUGGEST_KIND_COUNT
};

struct suggest_options {
    const char *rua; /* a URI that suggest_rua_is_valid, or NULL: a placeholder at the domain */
    const char
        *policy_host; /* where policies are served: an address, or a name without its last dot; or NULL */
    bool remove;
};

enum { SUGGEST_TTL_S = 3600 /* of the records */ };

/* What keeps an MX host from passing today, or would once the suggestion is published (FAIL_MX_NOT_IN_POLICY:
 * no line can hold its name): it must be mended before enforce, or looked at again (suggest_is_open). */
struct suggest_block {
    const char *host;
    const struct ip_addr *ip; /* NULL: the host itself */
    enum failure_code code;
};

struct suggestion {
    enum suggest_kind kind;
    const char *domain;
    enum sts_mode mode;
    uint32_t max_age; /* seconds */
    const char **mx;  /* each once, in the MX set's order */
    size_t mx_count;
    const char *id;
    const char *txt;         /* of the record at _mta-sts */
    const char *tlsrpt;      /* of the record at _smtp._tls; NULL: the one that stands is valid */
    bool rua_is_placeholder; /* nobody has said that reports are read there */
    bool unchanged;          /* the published policy says the same already */
    enum sts_mode published; /* the mode in force; STS_MODE_UNSET: none is, or it is not known */
    bool one_look;           /* SUGGEST_STAYS, as one look does not decide (TLS-7) */
    bool mode_lowered;       /* what is in force enforces, and something fails today */
    bool all_fail;           /* if it is lowered: every MX host does, and not a part */
    uint32_t cached_s;       /* if the mode is lowered: how long senders may hold the policy in force */
    uint32_t reports_s; /* how long reports must show no failure before enforce; 0: the mode is not testing */
    enum failure_code fault; /* why what is published cannot be used, or not be judged; or FAIL_NONE */
    struct bytes policy;     /* the file, lines end in CRLF */
    struct bytes zone;       /* the records and comments, in a zone file's syntax (RFC 1035 section 5) */
    struct suggest_block *blocks;
    size_t block_count;
    size_t open_count; /* blocks that could not be determined; the others fail */
    size_t unseen;     /* MX hosts that were not looked at */
    uint32_t wait_s;   /* SUGGEST_REMOVE: the longest life of a policy known to be published; 0 for unknown */
};

/* Fills in *suggestion for every kind; it lives in arena and points into facts. ERR_MEMORY if the arena is
 * full. now: wall clock in ms. */
enum error suggest_make(const struct domain_facts *facts, const struct judgement *judgement,
                        const struct suggest_options *options, int64_t now, struct arena *arena,
                        struct suggestion *suggestion);

/* May the URI stand as the only rua of a TLSRPT record? */
bool suggest_rua_is_valid(const char *uri);

/* Can records stand below the domain, and be written without escapes? */
bool suggest_is_name(const char *domain);

/* Appends text as strings of a TXT record in a zone file, of at most 255 octets each (RFC 1035
 * sections 3.3.14 and 5.1), with `between` before each. */
void suggest_put_strings(struct buf *out, struct bytes text, const char *between);

/* Parts that suggest_make is put together of (suggest_mode.c). The first says whether senders that find the
 * policy today go by it, the second whether they enforce it and skip a host or address for it; the third
 * chooses the mode, or SUGGEST_STAYS, once the blocks are listed. */
bool suggest_is_in_force(const struct judgement *judgement);
bool suggest_loses_mail(const struct judgement *judgement);
void suggest_choose_mode(const struct domain_facts *facts, const struct judgement *judgement,
                         struct suggestion *suggestion);

/* Says whether it could not be determined that the block fails, and not that it fails. */
bool suggest_is_open(const struct suggest_block *block);

/* Is there something to publish? */
bool suggest_has_texts(const struct suggestion *suggestion);

/* Returns why there is nothing to publish, in a sentence; NULL if there is something. */
const char *suggest_reason(enum suggest_kind kind);

/* Write the suggestion for a person, at 80 columns (a record that is longer stays whole), and as one line of
 * JSON. False if the buffer's ceiling is reached. */
bool suggest_text(struct buf *out, const struct domain_facts *facts, const struct suggestion *suggestion);
bool suggest_json(struct buf *out, const struct domain_facts *facts, const struct suggestion *suggestion);

#endif
