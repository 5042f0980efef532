/* Counts the open files of this process, so that a test sees what stays open. */
#ifndef STSWEEP_UNIT_OPEN_FILES_H
#define STSWEEP_UNIT_OPEN_FILES_H

#include <dirent.h>

/* The one that it looks with counts each time. Needs cmocka.h before it. */
static inline int open_files(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count;
}

#endif
