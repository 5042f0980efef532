/*
 * Says what an address of an MX host, or a policy host, answered to a scan, as far as the place that it was
 * asked from may make a difference; and in what two answers differ. Pure. Records may be anybody's.
 */
#ifndef STSWEEP_COMMANDS_DIFF_SEEN_H
#define STSWEEP_COMMANDS_DIFF_SEEN_H

#include "scanner/base/error.h"
#include "scanner/base/ip.h"
#include "scanner/facts/failure.h"

enum { SEEN_HOST_BYTES = 256, SEEN_VERSION_BYTES = 8, SEEN_SHA256_BYTES = 65 };

/* In what answers may differ. */
enum seen_aspect { SEEN_CODE, SEEN_STARTTLS, SEEN_TLS, SEEN_CERTIFICATE, SEEN_POLICY, SEEN_ASPECTS };

const char *seen_aspect_name(enum seen_aspect aspect);

enum seen_offer { OFFER_UNKNOWN, OFFER_NO, OFFER_YES };

struct seen {
    bool is_policy;
    char host[SEEN_HOST_BYTES]; /* of visible ASCII */
    struct ip_addr ip;          /* of a policy host: where it was fetched from; family 0 for none */
    uint32_t pass;              /* or round; from 1 */
    enum failure_code code;
    enum seen_offer starttls;            /* of an MX host */
    char version[SEEN_VERSION_BYTES];    /* of TLS, as records have it; "" if none was agreed */
    char certificate[SEEN_SHA256_BYTES]; /* of the leaf, in hex; "" if none came */
    char policy[SEEN_SHA256_BYTES];      /* of the policy's text, in hex; "" if none was served */
};

/* Read a record of an MX host's address, or of a domain, which tells of its policy host. ERR_NOT_FOUND if it
 * was not asked from there, or the answer could not be had by our own fault: that tells nothing. ERR_SYNTAX
 * if it is no such record. */
enum error seen_read_host(struct bytes line, struct seen *seen);
enum error seen_read_domain(struct bytes line, struct seen *seen);

/* Tells whether both are about the same address, or policy host. */
bool seen_is_same(const struct seen *one, const struct seen *other);

/* Tells whether a record of the same is to be believed over another that stands before it. */
bool seen_outdates(const struct seen *later, const struct seen *earlier);

/* Returns in what they differ, a bit for each aspect. What one of them does not know is no difference. */
unsigned seen_differs(const struct seen *one, const struct seen *other);

#endif
