/*
 * Defines the looks of earlier passes that a domain's record keeps (TLS-7): a part of record.h, whose rules
 * of ownership and of texts hold here too. The last look is not among them: the facts themselves are it.
 */
#ifndef STSWEEP_FACTS_RECORD_LOOKS_H
#define STSWEEP_FACTS_RECORD_LOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/ip.h"
#include "scanner/facts/failure.h"

/* More than a scan ever keeps of a domain (scanner/reach/looks: by bytes). */
enum { LOOKS_MOST = 256 };

/* A look that passed, or that found STARTTLS missing, refused or broken off, or that the policy host refused.
 */
struct look {
    const char *host; /* the MX host, or the policy host */
    bool policy;      /* it is about the policy host */
    struct ip_addr ip;
    int64_t time;           /* wall clock, ms */
    unsigned step;          /* enum smtp_step; for the policy host enum fetch_step */
    enum failure_code code; /* FAIL_NONE: it passed */
    bool dane;              /* it passed by DANE, whatever its code says */
    bool hello_unanswered;  /* as in tls_facts; nothing is judged by it */
};

#endif
