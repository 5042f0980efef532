/* Finds the words of --only. */
#include "scanner/commands/diff_only.h"

#include <string.h>

static const char *const words[DIFF_ONLY_COUNT] = {[DIFF_WORSE] = "worse", [DIFF_TWICE] = "twice"};

const char *diff_only_word(size_t index)
{
    return index + DIFF_WORSE < DIFF_ONLY_COUNT ? words[index + DIFF_WORSE] : NULL;
}

enum diff_only diff_only_find(const char *word)
{
    for (enum diff_only only = DIFF_WORSE; only < DIFF_ONLY_COUNT; only++)
        if (strcmp(words[only], word) == 0)
            return only;
    return DIFF_ALL;
}
