/* Turns the way a transfer ended into the facts of the fetch. Pure: no I/O, no clock. Of libcurl only its
 * codes count, and those where its releases agree: what it words, it words anew in each. */
#ifndef STSWEEP_HTTPS_FETCH_END_H
#define STSWEEP_HTTPS_FETCH_END_H

#include <curl/curl.h>

#include "scanner/https/fetch_answer.h"
#include "scanner/https/fetch_tls.h"

enum fetch_cause {
    CAUSE_TRANSFER,  /* libcurl ended it: see result */
    CAUSE_TIMEOUT,   /* one of our deadlines */
    CAUSE_FLOOD,     /* more bytes than any honest answer has */
    CAUSE_UNSTARTED, /* it could not be started */
};

struct fetch_end {
    enum fetch_cause cause;
    CURLcode result;
    int sys_errno;   /* libcurl's last, or 0 */
    const char *url; /* as asked for */
};

/* Fills in everything but ip and ms; tls->facts is &facts->tls. The memory is from answer->arena. */
void fetch_conclude(const struct fetch_end *end, const struct fetch_tls *tls,
                    const struct fetch_answer *answer, struct fetch_facts *facts);

/* Says whether nothing failed: libcurl says so, or it was stopped because the body had come to its end. */
bool fetch_end_is_clean(const struct fetch_end *end, const struct fetch_answer *answer);

#endif
