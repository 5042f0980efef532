/*
 * Tells what becomes of mail if a domain changes its MX hosts or its policy: what senders meet that hold
 * today's policy, those that hold none, and those that still have today's MX records; until when; and the
 * steps by which nothing is lost. Pure: `now` is an argument.
 *
 * A sender keeps a policy for its max_age and may go by it that long, whatever is published (RFC 8461
 * sections 3.2 and 5.1). So new hosts must be in the policy for that time before mail may go to them, and old
 * ones until nobody has the old MX records any more (section 8.1 has the policy changed first).
 */
#ifndef STSWEEP_COMMANDS_FORECAST_H
#define STSWEEP_COMMANDS_FORECAST_H

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/record.h"

/* The change. */
struct forecast_plan {
    const char *const *mx; /* names of the new MX hosts, in their order of preference; NULL: they stay */
    const struct host_facts *const
        *hosts; /* what was found at each of them; NULL: it is on the opt-out list */
    size_t mx_count;
    const struct sts_policy *policy; /* valid; NULL: it stays, but for the hosts that it must name */
};

/* Whom mail may meet: senders with one policy and one MX set. */
enum forecast_who {
    FORECAST_HOLDS, /* today's policy, which they hold, and the new MX hosts */
    FORECAST_FRESH, /* the policy that is published afterwards, and the new MX hosts */
    FORECAST_LATE,  /* that policy, and today's MX hosts, whose records they still have */
    FORECAST_WHO_COUNT
};

/* Returns "holds", "fresh" or "late". */
const char *forecast_who_name(enum forecast_who who);

struct forecast_case {
    bool applies;
    enum sts_mode mode;       /* of their policy; UNSET: they find none */
    struct enforced enforced; /* what enforcing it meets; outcome NONE without a policy */
    uint32_t until_s;         /* how long there are such senders, counted from the change; 0: from then on */
    bool until_open;          /* how long is not known: the lookup failed that tells it */
};

enum forecast_do {
    DO_LOOK_AGAIN, /* what is published today could not be determined */
    DO_MEND,       /* hosts fail: see faults */
    DO_PUBLISH,    /* the policy, then the record */
    DO_MX,         /* the MX records */
    DO_TAKE_DOWN,  /* the record, then the policy */
    DO_COUNT
};

/* Returns "look-again", "mend", "publish", "mx" or "take-down". */
const char *forecast_do_name(enum forecast_do what);

/* Why one waits after a step. */
enum forecast_wait {
    WAIT_NONE,
    WAIT_MAX_AGE, /* senders hold the policy before it */
    WAIT_TTL,     /* resolvers hold the MX records before it */
    WAIT_REPORTS  /* reports must show no failure */
};

struct forecast_step {
    enum forecast_do what;
    enum sts_mode mode;  /* of DO_PUBLISH, as the next three */
    struct bytes policy; /* lines end in CRLF */
    const char *txt;
    bool is_between;       /* it names old and new hosts */
    bool is_completed;     /* it names hosts that the planned one does not */
    const char *const *mx; /* of DO_MX */
    size_t mx_count;
    uint32_t wait_s;
    enum forecast_wait why;
};

/* What keeps a new host from passing, or today's, if they stay. */
struct forecast_fault {
    const char *host;
    const struct ip_addr *ip; /* NULL: the host itself */
    enum failure_code code;
};

enum { FORECAST_STEPS = 8 };

struct forecast {
    const struct domain_facts *facts; /* of today */
    const struct judgement *judgement;
    const struct domain_facts *then; /* with the MX hosts of the plan */
    const struct judgement *then_judgement;
    bool mx_changes;
    bool is_open;                   /* today's policy could not be determined */
    bool mx_is_open;                /* nor all of today's MX hosts, which are to change */
    bool is_one_look;               /* of a new host something fails that one look does not decide (TLS-7) */
    const struct sts_policy *today; /* in force; NULL: none is */
    const struct sts_policy *after; /* published afterwards; NULL: none */
    bool policy_changes;
    struct forecast_case cases[FORECAST_WHO_COUNT];
    enum outcome worst; /* of those that enforce: PROTECTED (nothing is lost), UNKNOWN, PARTIAL (hosts are
                           skipped) or REFUSED (mail is lost) */
    struct forecast_fault *faults;
    size_t fault_count;
    struct forecast_step steps[FORECAST_STEPS];
    size_t step_count;
};

/* Fills in *forecast, which lives in arena and points into what was given. Certificates are judged as of now.
 * ERR_MEMORY if the arena is full, ERR_LIMIT if a policy would be larger than senders read. */
enum error forecast_make(const struct domain_facts *facts, const struct judgement *judgement,
                         const struct forecast_plan *plan, int64_t now, struct arena *arena,
                         struct forecast *forecast);

/* Fills in the steps, once the cases are known (forecast_steps.c). */
enum error forecast_plan_steps(const struct forecast_plan *plan, int64_t now, struct arena *arena,
                               struct forecast *forecast);

/* Write it for a person, at 80 columns, and as a line of JSON. False if the buffer's ceiling is reached. */
bool forecast_text(struct buf *out, const struct forecast *forecast, int64_t now);
bool forecast_json(struct buf *out, const struct forecast *forecast, int64_t now);

#endif
