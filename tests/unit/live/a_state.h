/* A state as of a scan that is well under way, for the tests of what shows one. */
#ifndef STSWEEP_TESTS_A_STATE_H
#define STSWEEP_TESTS_A_STATE_H

#include <stdio.h>

#include "output/live/state.h"

enum { A_STATE_MS = 5000000 };

static inline void a_state(struct live_state *state)
{
    static const double rates[RATE_COUNT] = {463, 2788.4, 31, 7.25, 410};
    *state = (struct live_state){.version = "0.1.0",
                                 .directory = "/data/scan-2026-11",
                                 .pid = 4711,
                                 .started_ms = INT64_C(1796000000000),
                                 .resolver_count = 4,
                                 .wall_ms = INT64_C(1796000083000),
                                 .now_ms = A_STATE_MS,
                                 .run_ms = 83000,
                                 .phase = PHASE_RUNNING,
                                 .exit_code = -1,
                                 .before = 91,
                                 .done = 2400,
                                 .total = 10202,
                                 .handed_out = 10100,
                                 .in_flight = 7678,
                                 .parked = 11,
                                 .again = 22,
                                 .rest_ms = 60000,
                                 .pass = 1,
                                 .disk_known = true,
                                 .disk_free_bytes = UINT64_C(82000000000),
                                 .has_rates = true,
                                 .left_s = 77,
                                 .pass_left_s = 16};
    for (size_t i = 0; i < RATE_COUNT; i++)
        state->rates[i] = rates[i];
    for (unsigned i = 0; i < 4; i++) {
        (void)snprintf(state->resolvers[i].name, LIVE_NAME_BYTES, "192.0.2.%u", i + 1);
        state->resolvers[i].latest_ms = 9 * i;
        state->counts.resolvers[i].lost = i == 3 ? 12 : i;
        for (unsigned k = 0; k < (i == 3 ? 0 : 100 + i); k++)
            resolver_counts_answer(&state->counts.resolvers[i], (int64_t)(5 * (i + 1) + k % 3));
    }
    state->counts.answers = 13221;
    state->counts.fetches = 45;
    state->counts.probes = 12;
    state->counts.paused_ms = 1500;
    state->counts.outcomes[OUTCOME_PROTECTED] = 131;
    state->counts.outcomes[OUTCOME_REFUSED] = 10;
    state->counts.outcomes[OUTCOME_ABSENT] = 2138;
    state->counts.outcomes[OUTCOME_NO_MAIL] = 121;
    state->counts.codes[FAIL_TXT_ABSENT] = 2138; /* is no failure */
    state->counts.codes[FAIL_SMTP_TLS_EXPIRED] = 4;
    state->counts.codes[FAIL_MX_NOT_IN_POLICY] = 3;
    state->counts.codes[FAIL_DNS_TIMEOUT] = 9;
    state->counts.codes[FAIL_SMTP_TCP_REFUSED] = 2;
    state->counts.codes[FAIL_POLICY_HTTP_TOO_LARGE] = 1;
}

#endif
