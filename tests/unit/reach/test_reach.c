/* All of reach/ over fakes of the DNS, the peers and the clock: each file of worlds/ is a test
 * (world/README.md). With files as arguments only these, and what happened in them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/reach/world/world.h"

enum { WORLDS_MOST = 200 };

static void run_file(void **state)
{
    assert_int_equal(world_run(*state, false), 0);
}

static int run_those(char *const *paths, int count)
{
    unsigned misses = 0;
    for (int i = 0; i < count; i++)
        misses += world_run(paths[i], true);
    printf("%u misses\n", misses);
    return misses > 0;
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[WORLDS_MOST];
    glob_t worlds;
    if (argc > 1)
        return run_those(argv + 1, argc - 1);
    if (glob("tests/unit/reach/worlds/*.world", 0, NULL, &worlds) != 0 || worlds.gl_pathc > WORLDS_MOST) {
        printf("no worlds here: run it at the top of the checkout\n");
        return 1;
    }
    for (size_t i = 0; i < worlds.gl_pathc; i++)
        tests[i] = (struct CMUnitTest){.name = strrchr(worlds.gl_pathv[i], '/') + 1,
                                       .test_func = run_file,
                                       .initial_state = worlds.gl_pathv[i]};
    int failed = _cmocka_run_group_tests("reach", tests, worlds.gl_pathc, NULL, NULL);
    globfree(&worlds);
    return failed;
}
