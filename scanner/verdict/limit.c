/* Maps computations that we left out for their cost to codes. */
#include "scanner/verdict/tls.h"

enum failure_code verdict_limit(enum tls_limit limit, enum failure_stage stage)
{
    static const enum failure_code codes[TLS_LIMIT_COUNT][2] = {
        [TLS_LIMIT_DH] = {FAIL_SMTP_TLS_LARGE_DH, FAIL_POLICY_TLS_LARGE_DH},
        [TLS_LIMIT_KEY] = {FAIL_SMTP_TLS_LARGE_KEY, FAIL_POLICY_TLS_LARGE_KEY},
        [TLS_LIMIT_CHAIN] = {FAIL_SMTP_TLS_LARGE_CHAIN, FAIL_POLICY_TLS_LARGE_CHAIN},
    };
    return codes[limit][stage == STAGE_POLICY];
}
