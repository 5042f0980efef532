/* Prints docs/failures.md from the table of failure codes. */
#include <stdio.h>

#include "scanner/verdict/verdict.h"

static const char *retry_name(enum failure_code code)
{
    static const char *const names[] = {
        [RETRY_NEVER] = "no", [RETRY_LOOK] = "second look", [RETRY_PASSES] = "yes"};
    return names[verdict_retry(code)];
}

static void print_row(enum failure_code code)
{
    const struct failure *failure = failure_get(code);
    printf("| `%s` | %s | %s | %s | %s | %s | %s |\n", failure->code, rpt_type_name(failure->rpt),
           retry_name(code), failure_effect_name(failure->effect), failure_who_name(failure->who),
           failure->why, failure->mend);
}

int main(void)
{
    puts("# Failure codes\n");
    puts("Made from `scanner/facts/failure.def` by `make docs`; do not edit. Codes are stable once "
         "released.\n");
    puts("- **RFC 8460**: the result type of RFC 8460 section 4.3 that a report would carry");
    puts("- **passes**: `yes` if it may pass by itself: where the outcome hangs on it, it is tried again in "
         "each further "
         "pass");
    puts("  (`scan.retry_passes`), and it is never a verdict on the domain; `second look` if one look does "
         "not decide "
         "it (at");
    puts("  `smtp.tls.alert` and `policy.tls.handshake` that is the alert internal_error alone); `no` if it "
         "is not "
         "tried again, as");
    puts("  also what is unknown for good: by our own configuration, by an opt-out, by a limit of ours");
    puts("- **effect** on a sender that honours MTA-STS (of `dane.*`: on one that honours DANE): `no policy` "
         "it "
         "delivers");
    puts("  as if there were none; `host fails` it does not deliver to this MX host; `no mail` nobody can "
         "deliver; "
         "`unknown`");
    puts("  it could not be determined; `old policy` one that has the domain's earlier policy in its cache "
         "goes by");
    puts("  that one; `warning` it delivers all the same, somebody should know; `none` nothing\n");
    for (enum failure_stage stage = 0; stage < STAGE_COUNT; stage++) {
        printf("## %s\n\n", failure_stage_name(stage));
        puts("| code | RFC 8460 | passes | effect | who mends it | why | mend |");
        puts("|---|---|---|---|---|---|---|");
        for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
            if (failure_get(code)->stage == stage)
                print_row(code);
        puts("");
    }
    return 0;
}
