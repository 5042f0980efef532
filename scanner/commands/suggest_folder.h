/*
 * A folder a domain: mta-sts.txt (to serve), records.zone (to publish), README.txt (the order, and what must
 * be mended first). It writes nothing outside of the folder that it was given: a domain's name is a single
 * path component, and nothing is followed.
 */
#ifndef STSWEEP_COMMANDS_SUGGEST_FOLDER_H
#define STSWEEP_COMMANDS_SUGGEST_FOLDER_H

#include "scanner/commands/suggest.h"

struct suggest_folder {
    int fd;
    bool force; /* files that stand are written anew */
};

/* Makes the folder where it is missing. ERR_IO with errno. */
enum error suggest_folder_open(struct suggest_folder *folder, const char *path, bool force);
void suggest_folder_close(struct suggest_folder *folder);

/* readme: its text. ERR_EXISTS where a file stands already (nothing of the domain is then written), ERR_IO
 * with errno (what was written of the domain is gone again, unless forced). Only where suggest_has_texts. */
enum error suggest_folder_write(struct suggest_folder *folder, const struct suggestion *suggestion,
                                struct bytes readme);

#endif
