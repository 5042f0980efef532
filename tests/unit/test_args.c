/* The flags of scan and check that are no options: --fail-on. Never the options themselves (test_config). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "output/record.h"
#include "scanner/args.h"

enum { WHY_BYTES = 4096, ARGS_MOST = 4 };

/* What the arguments ask to fail on; where they are wrong, that the reason holds `fault`. */
static uint32_t fail_on(const char *first, const char *second, const char *fault)
{
    char words[ARGS_MOST][64] = {"check"};
    char *argv[ARGS_MOST] = {words[0]};
    int argc = 1;
    for (const char *word = first; word != NULL; word = word == first ? second : NULL) {
        (void)snprintf(words[argc], sizeof words[argc], "%s", word);
        argv[argc] = words[argc];
        argc++;
    }
    struct args args;
    struct buf why;
    buf_init(&why, WHY_BYTES);
    enum error error = args_parse(&args, argc, argv, &why);
    assert_int_equal(error == ERR_OK, fault == NULL);
    if (fault != NULL && strstr(buf_string(&why), fault) == NULL)
        fail_msg("%s is not in: %s", fault, buf_string(&why));
    uint32_t bits = args.fail_on;
    args_dispose(&args);
    buf_dispose(&why);
    return bits;
}

static void outcomes_are_read(void **state)
{
    (void)state;
    assert_int_equal(fail_on("good.example", NULL, NULL), 0);
    assert_int_equal(fail_on("--fail-on=refused", "a.example", NULL), 1u << OUTCOME_REFUSED);
    assert_int_equal(fail_on("--fail-on", "no-mail,refused,unknown", NULL),
                     1u << OUTCOME_NO_MAIL | 1u << OUTCOME_REFUSED | 1u << OUTCOME_UNKNOWN);
}

static void unknown_outcomes_name_the_nearest(void **state)
{
    (void)state;
    (void)fail_on("--fail-on=refusd", NULL, "nearest known one is refused");
    (void)fail_on("--fail-on=refused,protectde", NULL, "nearest known one is protected");
    (void)fail_on("--fail-on=none", NULL, "unknown outcome");
    (void)fail_on("--fail-on=refused,", NULL, "unknown outcome");
    (void)fail_on("--fail-on=", NULL, "unknown outcome");
    (void)fail_on("--fail-on=a-word-that-is-longer-than-any-outcome", NULL, "unknown outcome");
    (void)fail_on("--fail-on", NULL, "needs outcomes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_are_read),
        cmocka_unit_test(unknown_outcomes_name_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
