/* Says what a text must have, or must not have, in it, and shows the text if it is otherwise. cmocka's
 * headers come first. */
#ifndef STSWEEP_TESTS_HAS_H
#define STSWEEP_TESTS_HAS_H

#include <string.h>

static inline void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static inline void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in:\n%s", part, text);
}

#endif
