/*
 * Who asked not to be scanned: domains (exact), suffixes (.example.com: it and all below), prefixes (CIDR).
 * Read once, then immutable and shared by all threads.
 */
#ifndef STSWEEP_INPUT_OPTOUT_H
#define STSWEEP_INPUT_OPTOUT_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/base/ip.h"

struct optout;

/* path "" makes an empty list. On failure *why says "file:line: reason". Comments with #. */
enum error optout_read(const char *path, struct optout **optout, struct buf *why);
void optout_destroy(struct optout *optout);

bool optout_has_domain(const struct optout *optout, const char *domain);
bool optout_has_ip(const struct optout *optout, const struct ip_addr *ip);

#endif
