/*
 * Makes the failure codes of failure.def an enum with names, attributes and texts. It includes nothing of
 * stsweep's, so that scanner/, input/ and output/ may all use codes.
 */
#ifndef STSWEEP_FACTS_FAILURE_H
#define STSWEEP_FACTS_FAILURE_H

#include <stdbool.h>
#include <stddef.h>

enum failure_code {
    FAIL_NONE, /* no failure; its name is "ok" */
#define FAILURE(name, code, stage, group, rpt, transient, effect, who, why, mend) FAIL_##name,
#include "scanner/facts/failure.def"
#undef FAILURE
    FAIL_COUNT
};

enum failure_stage {
    STAGE_CACHED,
    STAGE_INPUT,
    STAGE_DNS,
    STAGE_TXT,
    STAGE_POLICY,
    STAGE_MX,
    STAGE_SMTP,
    STAGE_DANE,
    STAGE_TLSRPT,
    STAGE_COUNT
};

/* Codes of one group are told alike. */
enum failure_group { GROUP_NONE, GROUP_POLICY_TLS, GROUP_POLICY_HTTP, GROUP_POLICY_SYNTAX };

/* The result types of RFC 8460 section 4.3. */
enum rpt_type {
    RPT_NONE,
    RPT_STARTTLS_NOT_SUPPORTED,
    RPT_CERTIFICATE_HOST_MISMATCH,
    RPT_CERTIFICATE_EXPIRED,
    RPT_CERTIFICATE_NOT_TRUSTED,
    RPT_VALIDATION_FAILURE,
    RPT_TLSA_INVALID,
    RPT_DNSSEC_INVALID,
    RPT_DANE_REQUIRED,
    RPT_STS_POLICY_FETCH_ERROR,
    RPT_STS_POLICY_INVALID,
    RPT_STS_WEBPKI_INVALID,
    RPT_COUNT
};

enum failure_effect {
    EFFECT_NONE,
    EFFECT_WARN,
    EFFECT_NO_POLICY,
    EFFECT_HOST_FAILS,
    EFFECT_UNKNOWN,
    EFFECT_NO_MAIL,
    EFFECT_CACHED,
    EFFECT_COUNT
};

enum failure_who { WHO_DOMAIN, WHO_POLICY_HOST, WHO_MX_OPERATOR, WHO_DNS_OPERATOR, WHO_US, WHO_COUNT };

struct failure {
    const char *code; /* "policy.tls.expired" */
    enum failure_stage stage;
    enum failure_group group;
    enum rpt_type rpt;
    bool transient;
    enum failure_effect effect;
    enum failure_who who;
    const char *why;
    const char *mend;
};

/* Returns the row of a code; FAIL_NONE has the code "ok". Never NULL for a valid code. */
const struct failure *failure_get(enum failure_code code);

/* Returns a code's name: "policy.tls.expired", or "ok". */
const char *failure_name(enum failure_code code);

/* Returns the code of a name, or FAIL_COUNT if no code has it. */
enum failure_code failure_find(const char *name, size_t len);

const char *failure_stage_name(enum failure_stage stage);
const char *rpt_type_name(enum rpt_type type); /* "certificate-expired"; "-" for RPT_NONE */
const char *failure_effect_name(enum failure_effect effect);
const char *failure_who_name(enum failure_who who);

#endif
