/*
 * Compares a suggestion with what is published, and says what of it changes. Each change has what stands
 * there before and after it, and its risk in a word. Pure. It is what the streams of `suggest --format` are
 * made of.
 *
 * Changes stand in the order in which they are to be made: the policy host's address, the policy, the MTA-STS
 * record with the new id (RFC 8461 section 5.1: a sender looks at the policy again once it sees another id),
 * the TLSRPT record.
 */
#ifndef STSWEEP_COMMANDS_SUGGEST_CHANGE_H
#define STSWEEP_COMMANDS_SUGGEST_CHANGE_H

#include "scanner/commands/suggest.h"

/*
 * What may become of mail by a change. From the least to the worst:
 *
 * - none: no sender delivers otherwise than before (reports, and policies in mode testing);
 * - low: senders enforce before and after it, and every MX host passes today. Mail is lost only if a host
 * stops passing, or one comes into use that the policy does not name;
 * - protection-loss: a policy that enforces today, be it one that senders have cached, does so no longer.
 * Mail goes through, also past whom it should not;
 * - mail-loss: the policy in force, or an earlier one that senders have cached, loses mail today. Senders
 * that hold it go on to do so until they see the new id: max_age at the longest.
 */
#define SUGGEST_RISK_TABLE(X)                                                                                \
    X(RISK_NONE, "none")                                                                                     \
    X(RISK_LOW, "low")                                                                                       \
    X(RISK_PROTECTION_LOSS, "protection-loss")                                                               \
    X(RISK_MAIL_LOSS, "mail-loss")

enum suggest_risk {
#define SUGGEST_RISK_ENUM(id, name) id,
    SUGGEST_RISK_TABLE(SUGGEST_RISK_ENUM)
#undef SUGGEST_RISK_ENUM
        RISK_COUNT
};

const char *suggest_risk_name(enum suggest_risk risk);

enum suggest_what { CHANGE_HOST, CHANGE_POLICY, CHANGE_TXT, CHANGE_TLSRPT, CHANGE_COUNT };

/* Returns "host", "policy", "txt" or "tlsrpt". */
const char *suggest_what_name(enum suggest_what what);

/* A value that stands at the name today: a record's data, or the body of the policy. */
struct suggest_before {
    struct bytes text;
    const char *type; /* "TXT", "CNAME", "A", "AAAA"; NULL for a policy */
    bool goes;        /* it is taken away; else it stays beside what comes (another TXT record) */
};

/* How well it is known what stands there. */
enum suggest_known {
    KNOWN_EXACTLY,  /* all of it, or that there is nothing */
    KNOWN_PARTLY,   /* there is more than was kept */
    KNOWN_WILDCARD, /* a wildcard answers, so that the name may have no records of its own */
    KNOWN_NOT       /* nobody asked, or no answer came */
};

struct suggest_change {
    enum suggest_what what;
    const char *name; /* the owner; of a policy, the host that serves it */
    const char *type; /* of the record that comes; NULL for a policy */
    const char
        *alias; /* the owner is an alias of this name, so that the record is to be changed there; or NULL */
    struct suggest_before *before;
    size_t before_count;
    enum suggest_known known;
    struct bytes after; /* the record's data, or the policy's body */
    enum suggest_risk risk;
};

struct suggest_changes {
    struct suggest_change items[CHANGE_COUNT];
    size_t count;           /* 0: what is published stays as it is */
    enum suggest_risk risk; /* the worst of theirs */
    bool is_placeholder;    /* the address of the reports in a TLSRPT record among them is one */
};

/* Fills in *changes; it lives in arena and points into facts and suggestion. Without texts, nothing changes.
 * ERR_MEMORY if the arena is full. */
enum error suggest_changes_make(const struct domain_facts *facts, const struct judgement *judgement,
                                const struct suggest_options *options, const struct suggestion *suggestion,
                                struct arena *arena, struct suggest_changes *changes);

/* Returns the type of the record by which a name leads to `where`: "A" or "AAAA" for an address, "CNAME" for
 * a name; NULL if it is neither. */
const char *suggest_host_type(const char *where);

#endif
