/*
 * Binds this process to the files and TCP ports that are named: Linux's Landlock, by its system calls
 * (landlock(7)). What the kernel's version of it does not know yet stays as free as it was. It binds the
 * thread that calls and all that come of it, for good; several bindings hold together.
 */
#ifndef STSWEEP_MACHINE_LANDLOCK_H
#define STSWEEP_MACHINE_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a file, or all that a directory holds, is for. Running a program is for none. */
enum landlock_use {
    LANDLOCK_READ,     /* files are read, directories listed */
    LANDLOCK_FILES,    /* files are made, written, renamed and removed as well */
    LANDLOCK_FOLDERS,  /* and directories made */
    LANDLOCK_REPLACED, /* files are made, written, renamed and removed, and none is read */
    LANDLOCK_UNMAKE    /* nothing but that an empty directory is removed */
};

struct landlock_path {
    const char *path; /* one that may not be opened is left out: whoever wants it says why not */
    enum landlock_use use;
};

struct landlock_plan {
    const struct landlock_path *paths;
    size_t path_count;
    const uint16_t *ports; /* that TCP connections may go to; none may be listened at */
    size_t port_count;
};

/* The versions of the ABI that brought something. */
enum { LANDLOCK_ABI_TRUNCATE = 3, LANDLOCK_ABI_TCP = 4, LANDLOCK_ABI_SCOPE = 6 };

/* Returns the kernel's ABI; 0 if it has no Landlock, or it is off. */
int landlock_abi(void);

/* Returns the bits of access that an ABI knows and that a use of a file or a directory takes. Pure. */
uint64_t landlock_known(int abi);
uint64_t landlock_rights(enum landlock_use use, bool is_directory, int abi);

/* Binds to the plan. no_new_privs is to be set already, or the caller to be root. false: errno says why not,
 * and nothing has changed. */
bool landlock_bind(const struct landlock_plan *plan, int abi);

/* Takes the right of LANDLOCK_UNMAKE back. */
bool landlock_end_unmaking(void);

#endif
