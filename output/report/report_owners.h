/*
 * Keeps of each domain what the page of its owner tells, and what changed, and gives it again owner by owner.
 * The label that the list gave a domain says whose it is. What is told waits in a temporary file; memory has
 * some 32 bytes a domain. One thread. Private to output/report/.
 */
#ifndef STSWEEP_REPORT_REPORT_OWNERS_H
#define STSWEEP_REPORT_REPORT_OWNERS_H

#include "output/readback/group_record.h"
#include "output/report/report_changes.h"
#include "scanner/base/buf.h"

enum { OWNER_FILE_BYTES = 80 };

struct report_owners;

/* ERR_FULL, ERR_IO, ERR_MEMORY with *why. */
enum error report_owners_new(struct report_owners **owners, struct buf *why);
void report_owners_free(struct report_owners *owners); /* NULL is fine */

/* Keeps a domain; one without a label is nobody's and not kept. Errors as above. */
enum error report_owners_add(struct report_owners *owners, const struct group_record *record,
                             struct buf *why);

/* Keeps a change of a domain with that label; without one as above. Errors as above. */
enum error report_owners_add_change(struct report_owners *owners, struct bytes label,
                                    const struct report_change *change, struct buf *why);

/* One owner, and what became of the domains. */
struct report_owner {
    struct bytes label;
    char file[OWNER_FILE_BYTES]; /* of its page: follows from the label alone, and is safe in any file system
                                  */
    uint64_t domains, outcomes[OUTCOME_COUNT];
    uint64_t changes; /* that were kept */
    uint64_t kinds[CHANGED_KINDS];
};

/* A domain of an owner. */
struct report_owned {
    struct bytes domain;
    enum outcome outcome, would_be;
    struct code_set codes;
};

/* Are given every owner, those with the gravest trouble first, and each of its domains, likewise. What is
 * pointed to is good during the call; an error ends it. */
typedef enum error (*report_owner_take)(void *arg, const struct report_owner *owner);
typedef enum error (*report_owned_take)(void *arg, const struct report_owned *owned);
typedef enum error (*report_changed_take)(void *arg, const struct report_change *change);

/* Puts all in order; nothing is added afterwards. ERR_FULL, ERR_IO, ERR_CORRUPT, ERR_MEMORY with *why. */
enum error report_owners_sort(struct report_owners *owners, struct buf *why);

/* Gives all owners; within take, report_owners_domains gives the domains of the owner at hand, and
 * report_owners_changes what changed for it. */
enum error report_owners_each(struct report_owners *owners, report_owner_take take, void *arg,
                              struct buf *why);
enum error report_owners_domains(struct report_owners *owners, report_owned_take take, void *arg,
                                 struct buf *why);

enum error report_owners_changes(struct report_owners *owners, report_changed_take take, void *arg,
                                 struct buf *why);

#endif
