/*
 * Says how much each record file of a scan held when its meta.json was written (`stored`), and what of that
 * is not there. Frames tell by themselves when one of them is damaged, but not that a file, its last part or
 * its last frames are gone, as a copy that was broken off leaves it.
 */
#ifndef STSWEEP_READBACK_AMOUNTS_H
#define STSWEEP_READBACK_AMOUNTS_H

#include "scanner/base/buf.h"

struct json_node;

enum amount_stream { AMOUNT_DOMAINS, AMOUNT_HOSTS, AMOUNT_CERTS, AMOUNT_REJECTS, AMOUNT_STREAMS };

struct amount {
    bool known;
    uint64_t records;
    uint64_t bytes; /* of all parts of the file, as they are stored */
};

const char *amount_name(enum amount_stream stream); /* "domains" */

/* Reads `stored` of a meta.json, none of which need be there; false if something there is malformed. */
bool amounts_of(const struct json_node *root, struct amount amounts[AMOUNT_STREAMS]);

/* Returns how many bytes the parts of a stream have in the directory; 0 if one between them is missing, as
 * frames_read gives nothing of it then. */
uint64_t amount_bytes_in(int dir_fd, enum amount_stream stream);

/* Tells whether what is there of a stream's file is not what the amount says. Where its bytes are others its
 * whole records tell, as it may have been packed anew: they are fewer, or other than exactly those if exact.
 * They are counted for that, by reading the file, unless there->known. *why (may be NULL) names the file and
 * how much is there. An amount that is not known is right. */
bool amount_is_amiss(int dir_fd, enum amount_stream stream, const struct amount *amount,
                     const struct amount *there, bool exact, struct buf *why);

#endif
