/* Defines the kinds of groups of domains (docs/groups.md), and what is counted of a group. Pure. */
#ifndef STSWEEP_FACTS_GROUP_H
#define STSWEEP_FACTS_GROUP_H

#include "scanner/facts/record.h"

/* What the domains of a group have in common. */
enum group_kind {
    BY_PROVIDER,    /* the provider of an MX host, or of the policy host */
    BY_MX_HOST,     /* the name of an MX host */
    BY_MX_OPERATOR, /* the registrable domain of that name */
    BY_POLICY_HOST, /* the name that the policy is served from, after CNAMEs */
    BY_IP,          /* an address of an MX host that was looked at, or that the policy was asked of */
    BY_NETWORK,     /* its /24 (IPv4) or /48 (IPv6) */
    BY_TLD,         /* the last label */
    BY_LABEL,       /* of the input list */
    BY_WHO,         /* who has to mend what stands between the domain and a good outcome */
    BY_CODE,        /* a failure code of the record */
    GROUP_KIND_COUNT
};

/* Returns "provider", "mx-host", …; the kind of a name, or GROUP_KIND_COUNT for none. */
const char *group_kind_name(enum group_kind kind);
enum group_kind group_kind_find(const char *name);

/* One group, once all is counted. */
struct group_row {
    enum group_kind kind;
    struct bytes name;
    uint64_t domains;
    uint64_t gain; /* of them, those that mending this group alone makes good */
    uint64_t outcomes[OUTCOME_COUNT];
    enum failure_code failure; /* the commonest there; FAIL_NONE for none */
    bool open;                 /* it leaves them open: nothing fails there for certain */
    uint64_t failing;          /* domains that have it there */
};

#endif
