/* Says how much disk a merge needs before it begins, by what its directories hold. */
#ifndef STSWEEP_STAGES_MERGE_DISK_H
#define STSWEEP_STAGES_MERGE_DISK_H

#include "scanner/stages/stagedirs.h"

struct merge_need {
    uint64_t input;     /* bytes of the record files that are read */
    uint64_t output;    /* that the merged directory is likely to take */
    uint64_t temporary; /* likewise TMPDIR, for the time being */
};

/* Measures the directories. ERR_IO, ERR_CORRUPT with *why. */
enum error merge_need_of(const struct stagedirs *dirs, struct merge_need *need, struct buf *why);

/* Writes a line about it into text[size]. false: dir (of which has bytes are there already) or TMPDIR lacks
 * room. */
bool merge_need_fits(const struct merge_need *need, const char *dir, uint64_t has, char *text, size_t size);

/* Returns how many bytes of record files a directory holds; 0 if it cannot be read. */
uint64_t merge_bytes_in(int dir_fd);

#endif
