/*
 * Estimates what a scan of so many names asks of whom, how long it takes, and what it moves: `scan
 * --dry-run`, and the table in README.md. What is known of the names is a set of shares: those of shares.def,
 * or what some names of the list have shown. The time rests on scanner/estimate/bound.h, the cost of a step
 * on what the benchmarks measured (estimate.c names each). Pure.
 */
#ifndef STSWEEP_ESTIMATE_ESTIMATE_H
#define STSWEEP_ESTIMATE_ESTIMATE_H

#include <stdbool.h>

#include "scanner/base/ip.h"
#include "scanner/estimate/bound.h"

/* What the names of a list are like, each a share of names unless it says otherwise. */
struct estimate_shares {
    uint64_t measured;      /* names that were asked about; 0: all is taken from shares.def */
    double nxdomain;        /* do not exist */
    double failed;          /* their name servers fail; asked twice */
    double lost;            /* their name servers do not answer */
    double nobody;          /* say that nobody takes their mail */
    double record;          /* have an MTA-STS record, so a policy is fetched */
    double own_hosts;       /* have an MX host that no other name has, or are it */
    double other_hosts;     /* other hosts, in all, of so many names: measured, or ESTIMATE_NAMES */
    double host_growth;     /* they grow as the names to this power */
    double addresses;       /* a host of these has so many */
    double own_reached;     /* of own_hosts: have an address */
    double crowded;         /* of these: at an address with many others */
    double crowds;          /* such addresses for each name, ESTIMATE_CROWDS at most */
    double dead;            /* of connections: never answered */
    double secure;          /* of hosts: asked for TLSA records */
    double answer_ms;       /* the mean of an answered question's time */
    double answer_least_ms; /* what that mean is at least, by twice its standard error; 0: nothing was
                               measured */
    double retried;         /* of questions: the first try is lost */
    double largest_crowd;   /* of names: have hosts at one and the same address; 0: crowds says it */
    /* Of names, and only by measuring; 0: no address has two of those that were measured. */
    double own_crowd;        /* have hosts at the most crowded address in limits.own */
    double policy_crowd;     /* have their policy at the most crowded address that is not in limits.own */
    double own_policy_crowd; /* have it at the most crowded one in limits.own */
    struct ip_addr policy_crowd_at;
};

enum { ESTIMATE_NAMES = 100, ESTIMATE_CROWDS = 100 };

void estimate_shares_expected(struct estimate_shares *shares);

/* The options that decide, as options.def names them; times in ms. */
struct estimate_scan {
    struct bound_limits limits;
    double dns_timeout_ms;
    double dns_attempts;
    double smtp_connect_timeout_ms;
    double names_per_ip;
    double own_names_per_ip;
    double retry_passes;
    double rest_ms;  /* before the second pass, after a list of so many names; 0: there is none */
    bool probes;     /* smtp.probe is not none */
    bool intent;     /* smtp.probe = intent */
    bool near_miss;  /* dns.near_miss */
    bool names_only; /* scan.stage = names: nobody is connected to */
    bool validates;  /* answers are validated, so that TLSA records are asked for */
};

enum estimate_question {
    ASKED_MTA_STS, /* TXT of _mta-sts.<name> */
    ASKED_TLSRPT,  /* TXT of _smtp._tls.<name> */
    ASKED_MX,
    ASKED_A,
    ASKED_AAAA,
    ASKED_TLSA,
    ASKED_NEAR_MISS, /* A of mta-sts.<name>, where no record stands */
    ASKED_KINDS
};

struct estimate {
    uint64_t names;
    double questions[ASKED_KINDS]; /* asked again after a failure counted too */
    double all_questions;
    double hosts;       /* MX hosts that are looked at */
    double connections; /* to port 25 */
    double fetches;     /* over HTTPS */
    double
        no_turn; /* policies that are not fetched: more wait at one address than limits.wait lets through */
    double put_off;     /* names that come again in the second pass */
    struct bound bound; /* as expected */
    double seconds;     /* as expected: the bound with what scans took above it, and the second pass */
    double least;       /* at least, by what was measured; 0 if nothing was */
    double dns_bytes, smtp_bytes, https_bytes;
};

/* names above 0. */
void estimate_of(uint64_t names, const struct estimate_shares *shares, const struct estimate_scan *scan,
                 struct estimate *estimate);

/* Returns what the question is for, as it stands in JSON, and in words. */
const char *estimate_question_name(enum estimate_question question);
const char *estimate_question_words(enum estimate_question question);

/* Returns which option changes what binds, and how. */
const char *estimate_advice(enum bound_term binds);

#endif
