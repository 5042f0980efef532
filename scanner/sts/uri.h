/*
 * Checks the two kinds of URI that a report may be sent to (RFC 8460 section 3): mailto: (RFC 6068) and
 * https: (RFC 3986, RFC 9110). Pure; it checks the form only.
 */
#ifndef STSWEEP_STS_URI_H
#define STSWEEP_STS_URI_H

#include "scanner/base/bytes.h"

/*
 * Says whether the URI is a mailto: with one address, or an https: with a host. "!", "," and ";" must be
 * percent-encoded; a scheme may be in any case. false: *fault gets the offset of the first wrong byte, or of
 * the place at which something is missing.
 */
bool uri_is_report_address(struct bytes uri, size_t *fault);

#endif
