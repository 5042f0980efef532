/* Holds the tables behind failure.h. */
#include "scanner/facts/failure.h"

#include <stdint.h>
#include <string.h>

#define TRANSIENT_YES true
#define TRANSIENT_NO  false

static const struct failure failures[FAIL_COUNT] = {
    [FAIL_NONE] = {"ok", STAGE_INPUT, GROUP_NONE, RPT_NONE, false, EFFECT_NONE, WHO_US, "Nothing is wrong.",
                   "Nothing."},
#define FAILURE(name, code, stage, group, rpt, transient, effect, who, why, mend)                            \
    [FAIL_##name] = {(code),          STAGE_##stage, GROUP_##group, RPT_##rpt, TRANSIENT_##transient,        \
                     EFFECT_##effect, WHO_##who,     (why),         (mend)},
#include "scanner/facts/failure.def"
#undef FAILURE
};

const struct failure *failure_get(enum failure_code code)
{
    return &failures[code];
}

const char *failure_name(enum failure_code code)
{
    return failures[code].code;
}

/* How long each code's name is: records are read by the million. */
static const uint8_t lengths[FAIL_COUNT] = {
    sizeof "ok" - 1,
#define FAILURE(name, code, stage, group, rpt, transient, effect, who, why, mend) sizeof code - 1,
#include "scanner/facts/failure.def"
#undef FAILURE
};

enum failure_code failure_find(const char *name, size_t len)
{
    const uint8_t *end = lengths + FAIL_COUNT, *at = len > UINT8_MAX ? NULL : lengths;
    while (at != NULL && (at = memchr(at, (int)len, (size_t)(end - at))) != NULL) {
        enum failure_code code = (enum failure_code)(at++ - lengths);
        if (memcmp(failures[code].code, name, len) == 0)
            return code;
    }
    return FAIL_COUNT;
}

const char *failure_stage_name(enum failure_stage stage)
{
    static const char *const names[STAGE_COUNT] = {"cached", "input", "dns",  "txt",   "policy",
                                                   "mx",     "smtp",  "dane", "tlsrpt"};
    return names[stage];
}

const char *rpt_type_name(enum rpt_type type)
{
    static const char *const names[RPT_COUNT] = {
        [RPT_NONE] = "-",
        [RPT_STARTTLS_NOT_SUPPORTED] = "starttls-not-supported",
        [RPT_CERTIFICATE_HOST_MISMATCH] = "certificate-host-mismatch",
        [RPT_CERTIFICATE_EXPIRED] = "certificate-expired",
        [RPT_CERTIFICATE_NOT_TRUSTED] = "certificate-not-trusted",
        [RPT_VALIDATION_FAILURE] = "validation-failure",
        [RPT_TLSA_INVALID] = "tlsa-invalid",
        [RPT_DNSSEC_INVALID] = "dnssec-invalid",
        [RPT_DANE_REQUIRED] = "dane-required",
        [RPT_STS_POLICY_FETCH_ERROR] = "sts-policy-fetch-error",
        [RPT_STS_POLICY_INVALID] = "sts-policy-invalid",
        [RPT_STS_WEBPKI_INVALID] = "sts-webpki-invalid",
    };
    return names[type];
}

const char *failure_effect_name(enum failure_effect effect)
{
    static const char *const names[EFFECT_COUNT] = {"none",    "warning", "no policy", "host fails",
                                                    "unknown", "no mail", "old policy"};
    return names[effect];
}

const char *failure_who_name(enum failure_who who)
{
    static const char *const names[WHO_COUNT] = {"the domain's owner", "the policy host's operator",
                                                 "the MX host's operator", "the DNS operator",
                                                 "whoever runs the scan"};
    return names[who];
}
