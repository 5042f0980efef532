/*
 * Says of a domain that was compared how grave it is what changed, and by what: the hosts and names at which
 * something fails, each with its code. Pure.
 */
#ifndef STSWEEP_READBACK_CAUSES_H
#define STSWEEP_READBACK_CAUSES_H

#include "output/readback/compare.h"
#include "scanner/base/buf.h"

/* How grave it is, the gravest first. */
enum gravity {
    GRAVITY_VICTIM,     /* it loses mail by an earlier policy, changed or not */
    GRAVITY_REFUSED,    /* worse for delivery: no mail */
    GRAVITY_PARTIAL,    /* worse for delivery otherwise: servers are passed over */
    GRAVITY_PROTECTION, /* worse for protection */
    GRAVITY_SAME_ID,    /* another policy under the same id */
    GRAVITY_UNCLEAR,    /* it could not be told */
    GRAVITY_BETTER,
    GRAVITY_CHANGED, /* neither better nor worse */
    GRAVITY_NEW,
    GRAVITY_GONE,
    GRAVITY_COUNT
};

enum gravity stand_gravity(const struct stand_change *told);

/* Something that fails. Its name is prefix and host together. */
struct cause {
    const char *prefix; /* "_mta-sts.", "mta-sts.", "_smtp._tls.", or "" */
    const char *host;   /* an MX host, the policy host, or the domain */
    enum failure_code code;
};

enum { CAUSES_MOST = 2 * STAND_HOSTS_MOST + 3 };

struct causes {
    struct cause list[CAUSES_MOST];
    size_t count;
};

/* Gives why the aspects (bits by enum aspect) stand as they do, if they do not stand well; and which hosts
 * fail by an earlier policy. They live as long as the stand. */
struct causes stand_causes(const struct stand *stand, unsigned aspects);

/* Gives why it stands as it does in what changed; nothing of what only got better, or is gone. */
struct causes stand_change_causes(const struct stand_change *told);

/* Appends "name code, name code" to a text. */
void causes_put(struct buf *to, const struct causes *causes);

/* Appends to a list of codes, which blanks part, those of causes that none of the first hosts of the stand
 * that fail has. */
void causes_put_codes(struct buf *to, const struct stand *stand, size_t hosts, const struct causes *causes);

#endif
