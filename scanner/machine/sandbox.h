/*
 * Gives away what this process does not need once it is set up, so that whoever takes it over by the bytes of
 * a stranger gets little: other files and ports (landlock.h), other system calls (syscalls.h), new privileges
 * and root's capabilities (privileges.h). What the kernel lacks is left out and said; nothing fails for it.
 * There is no way back, and only threads that are started afterwards are bound as the caller is.
 */
#ifndef STSWEEP_MACHINE_SANDBOX_H
#define STSWEEP_MACHINE_SANDBOX_H

#include "scanner/config/config.h"
#include "scanner/machine/landlock.h"
#include "scanner/machine/preflight.h"

/* What is kept. */
struct sandbox_needs {
    const struct config *config;       /* of who asks strangers; NULL: who only reads, and needs no socket */
    const struct landlock_path *paths; /* beside those of the system and of the configuration */
    size_t path_count;
    int listener; /* the one socket that may accept connections; 0: none may */
};

/* What holds. */
struct sandbox {
    const char *off;  /* why nothing of it does; NULL if something does */
    bool has_threads; /* that were there before, and are not all bound */
    bool no_new_privileges;
    bool shed;          /* nothing is left of root but the files, or there was no root */
    bool is_root;       /* still */
    int landlock;       /* the ABI; 0: the kernel has none */
    int landlock_error; /* the errno of what was refused; 0: none */
    bool seccomp;       /* the kernel has it */
    int refused;        /* kinds of system calls */
    int seccomp_error;  /* likewise */
    const char *user;   /* that was become, or NULL; borrowed */
};

/* Lets this process be bound by sandbox_enter. The program's main does so; a test that calls commands in its
 * own process does not, as it could not go on. */
void sandbox_permit(void);

/* Gives all of it away, unless safety.sandbox is no, the build has a sanitizer, or a library was preloaded
 * (LD_PRELOAD: who watches or disturbs a process on purpose needs what this would take). */
void sandbox_enter(const struct sandbox_needs *needs, struct sandbox *sandbox);

/* What a command needs that reads scans, of which nobody hears. */
struct sandbox_reader {
    const char *const *read; /* files or directories */
    size_t read_count;
    const char *folder; /* to write files below, or NULL */
    bool unmakes;       /* removes a directory in the folder again, if it fails */
    bool temporary;     /* makes temporary files */
};
void sandbox_enter_reader(const struct sandbox_reader *reader);

/* Returns the directory of temporary files: TMPDIR, or /tmp. */
const char *sandbox_temporary(void);

/* Adds the line "sandbox" to those of a look at this machine. */
void sandbox_say(const struct sandbox *sandbox, struct preflight *preflight);

#endif
