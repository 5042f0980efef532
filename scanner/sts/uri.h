/*
 * The two kinds of URI that a report may be sent to (RFC 8460 section 3): mailto: (RFC 6068) and https: (RFC
 * 3986, RFC 9110). Pure; it looks at the form and asks nobody.
 */
#ifndef STSWEEP_STS_URI_H
#define STSWEEP_STS_URI_H

#include "scanner/base/bytes.h"

/*
 * A mailto: with one address, or an https: with a host. "!", "," and ";" must be percent-encoded. Schemes in
 * any case. false: *fault gets the offset of the first byte that is wrong, or of where something is missing.
 */
bool uri_is_report_address(struct bytes uri, size_t *fault);

#endif
