/* Tests that what the system refuses is said with what to do about it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "scanner/base/errno_said.h"
#include "scanner/base/error.h"

static void test_what_is_commonly_refused_has_a_next_step(void **state)
{
    (void)state;
    static const int numbers[] = {ENOENT, ENOTDIR, EISDIR, EACCES, EPERM, EROFS, ENOSPC,      EDQUOT,
                                  EFBIG,  EMFILE,  ENFILE, ENOMEM, ELOOP, EIO,   ENAMETOOLONG};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const char *said = errno_said(numbers[i]), *between = strstr(said, "; ");
        assert_non_null(between);
        assert_string_equal(between + 2, errno_next(numbers[i]));
        assert_int_equal(strncmp(said, strerror(numbers[i]), (size_t)(between - said)), 0);
    }
    assert_string_equal(errno_said(ENOENT), "No such file or directory; check its path");
}

static void test_without_one_nothing_is_added(void **state)
{
    (void)state;
    assert_string_equal(errno_next(ECHILD), "");
    assert_string_equal(errno_said(ECHILD), "No child processes");
    assert_string_equal(error_next(ERR_OK), "");
    assert_string_equal(error_next(ERR_CONFIG), "");
    assert_int_equal(strncmp(error_next(ERR_CORRUPT), "; ", 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_commonly_refused_has_a_next_step),
        cmocka_unit_test(test_without_one_nothing_is_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
