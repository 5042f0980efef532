/*
 * Holds the documents that go with published records: schema, dictionary, what codes mean, macros. They are
 * those of docs/ at the time of the build (release_kit.c has them as bytes), so that the program needs no
 * folder of its own for them.
 */
#ifndef STSWEEP_RELEASE_RELEASE_KIT_H
#define STSWEEP_RELEASE_RELEASE_KIT_H

#include "scanner/base/bytes.h"

struct kit_file {
    const char *name, *what; /* what: a phrase for the data card */
    struct bytes text;
};

enum { KIT_FILES_MOST = 16 };

/* Fills in the documents, in the order in which the card names them. Returns how many. */
size_t release_kit(struct kit_file files[KIT_FILES_MOST]);

#endif
