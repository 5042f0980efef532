/*
 * Says which groups of domains a record belongs to, what fails there, and whether one mending, of that group
 * alone, would make a domain good that is not: docs/groups.md has the definitions, by the rules GRP-1 to
 * GRP-5. All of it follows from the one record. Pure.
 */
#ifndef STSWEEP_READBACK_GROUPS_H
#define STSWEEP_READBACK_GROUPS_H

#include "output/readback/group_record.h"
#include "scanner/facts/group.h"

/* Returns the short name of an MX host's provider, or NULL: scanner/verdict/provider, which is passed in as
 * this room stands below it. */
typedef const char *(*group_provider)(const char *mx_host);

/* Something that stands between a domain and a good outcome (GRP-2). */
struct trouble {
    const struct trouble *next;
    enum failure_code code;
    bool open;                     /* it could not be determined: it may be no failure */
    bool at_policy;                /* it is mended where the policy is served */
    const struct group_host *host; /* or at this MX host, or seen there; or NULL */
    const struct group_ip *ip;     /* of the host; or NULL */
};

struct troubles {
    const struct trouble *first;
    bool gains; /* with all that fails mended, the domain would be good (GRP-3) */
};

/* Finds what stands between the domain and a good outcome; nothing if it is good, or has no policy by
 * choice. false without memory. */
bool troubles_find(const struct group_record *record, struct arena *arena, struct troubles *troubles);

/* A failure in a group. */
struct group_failure {
    struct group_failure *next;
    enum failure_code code;
    bool open;
};

/* One group that the record belongs to. */
struct group_member {
    struct bytes name;              /* GROUP_NAME_BYTES at most; never empty */
    bool gains;                     /* mending this group alone makes the domain good */
    struct group_failure *failures; /* each code once; a failure counts before an open one */
};

/* A name is cut here; the names of the DNS and labels of lists are shorter. */
enum { GROUP_NAME_BYTES = 1024 };

struct group_members {
    struct group_member *list; /* by name, each once */
    size_t count;
};

/* Lists the groups of one kind that the record belongs to. false without memory. */
bool groups_of(const struct group_record *record, const struct troubles *troubles, enum group_kind kind,
               group_provider provider, struct arena *arena, struct group_members *members);

#endif
