/*
 * Writes the data card, README.md of what is published: what it is, when, how and from where it was asked, of
 * how many names, what could not be determined, what was left out, how to read, check, cite and repeat it.
 * Texts from outside are escaped. Pure.
 */
#ifndef STSWEEP_RELEASE_RELEASE_CARD_H
#define STSWEEP_RELEASE_RELEASE_CARD_H

#include "output/release/release_groups.h"
#include "output/release/release_tables.h"
#include "output/store/summary.h"

struct card {
    struct bytes meta; /* that of release_meta.h */
    const struct summary *summary;
    uint64_t excepted[4]; /* domains, hosts, certificates left out by a list that came after the scan */
    bool has_except;
    uint64_t labels; /* records whose label was taken out */
    bool keeps_labels;
    uint64_t aggregate;             /* 0: records are published */
    uint64_t joined[RELEASE_KINDS]; /* groups that were joined */
    struct bytes files;             /* rows of a table: | `name` | bytes | what | */
};

/* ERR_CORRUPT if meta is no meta.json; ERR_LIMIT, ERR_MEMORY. */
enum error release_card(const struct card *card, struct buf *out);

#endif
