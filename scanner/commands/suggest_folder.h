/*
 * Writes for each domain a folder with the files to publish. They are mta-sts.txt (to serve), records.zone
 * (to publish) and README.txt (the order, and what must be mended first). It writes nothing outside of the
 * folder that it was given: a domain's name is a single path component, and nothing is followed.
 */
#ifndef STSWEEP_COMMANDS_SUGGEST_FOLDER_H
#define STSWEEP_COMMANDS_SUGGEST_FOLDER_H

#include "scanner/commands/suggest.h"

struct suggest_folder {
    const char *path; /* as it was given; borrowed */
    int fd;
    const char *file; /* of the domain, at which the last writing ended; NULL: at its folder */
    bool force;       /* files that are there are written anew */
};

/* Opens the folder, and makes it if it is missing. ERR_IO with errno. */
enum error suggest_folder_open(struct suggest_folder *folder, const char *path, bool force);
void suggest_folder_close(struct suggest_folder *folder);

/* Writes a domain's files; readme is the text of README.txt. ERR_EXISTS if one of the files is there already
 * (nothing of the domain is then written), ERR_SYNTAX if its name is no safe path component. With errno:
 * ERR_NOT_FOUND if what stands in the domain's own folder is in the way, ERR_FULL or ERR_IO if this machine
 * cannot write, of which the next domain fails as well. What was written of the domain is gone again, unless
 * forced. It may be called only if suggest_has_texts. */
enum error suggest_folder_write(struct suggest_folder *folder, const struct suggestion *suggestion,
                                struct bytes readme);

#endif
