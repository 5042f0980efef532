/*
 * Reads the parts of a domain record that groups of domains and reports are made of: who runs its hosts, what
 * fails there, and what hangs on it. Pure. The line may be anybody's: what is no value of its field counts as
 * not known.
 */
#ifndef STSWEEP_READBACK_GROUP_RECORD_H
#define STSWEEP_READBACK_GROUP_RECORD_H

#include "scanner/base/arena.h"
#include "scanner/base/error.h"
#include "scanner/base/ip.h"
#include "scanner/facts/record.h"

/* A code that is not there, or that this program does not know, is FAIL_COUNT: neither pass nor failure. */

struct group_ip {
    struct group_ip *next;
    struct ip_addr ip; /* its family is 0 if none stands there */
    enum failure_code code;
};

struct group_host {
    struct group_host *next;
    struct bytes name;
    enum failure_code code; /* FAIL_MX_PLACEHOLDER: no mail host is behind it */
    bool unmatched;         /* there is a usable policy, and it does not name the host */
    struct group_ip *ips;   /* that were looked at, in the record's order */
    struct group_ip **end;
};

struct group_record {
    struct bytes domain;
    enum outcome outcome;
    enum outcome would_be; /* OUTCOME_NONE unless outcome is testing */
    bool incomplete;
    enum cached_found cached; /* CACHED_NONE: no earlier policy */
    enum dane_outcome dane;   /* DANE_OUTCOME_COUNT: none that this program knows */
    enum tls_outcome tls;     /* likewise */
    uint32_t rank;            /* 0: none */
    struct code_set codes;
    struct bytes tld, label;    /* empty for none */
    enum dns_status txt, mx;    /* how the lookups ended */
    enum failure_code txt_code; /* of the MTA-STS record */
    bool looked_for_policy;
    struct bytes policy_host;     /* after the last CNAME */
    struct bytes mx_provider;     /* the short name; empty: unknown */
    struct bytes policy_provider; /* likewise */
    struct ip_addr policy_ip;     /* that the policy was asked of; its family is 0 for none */
    bool policy_handshake;        /* one with the policy host was completed */
    struct bytes policy_exchange; /* in which group keys were exchanged there; empty: in none */
    enum failure_code policy_code;
    enum sts_mode mode;
    enum dns_status tlsrpt; /* how the lookup of the TLSRPT record ended */
    enum failure_code tlsrpt_code;
    struct group_host *hosts; /* in the record's order */
    struct group_host **end;
};

/* Reads a stored domain record (one line of JSON). What *record points to lives in arena. ERR_SYNTAX if it is
 * none, ERR_LIMIT if it does not fit the arena. */
enum error group_record_read(struct bytes line, struct arena *arena, struct group_record *record);

#endif
