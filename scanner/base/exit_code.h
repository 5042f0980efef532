/*
 * Names the exit codes of all commands, with what they mean: `stsweep help exit` and the manual page have the
 * texts. The same kind of fault ends with the same code in every command (tests/exit-codes).
 */
#ifndef STSWEEP_BASE_EXIT_CODE_H
#define STSWEEP_BASE_EXIT_CODE_H

#include "scanner/base/error.h"

#define EXIT_CODE_TABLE(X)                                                                                   \
    X(EXIT_DONE, 0, "It is done. Of check: every domain is protected.")                                      \
    X(EXIT_NO, 1,                                                                                            \
      "It is done, and the answer is no: a domain is not protected (check), a text is not valid (lint), "    \
      "something got worse (diff), a domain has an outcome of --fail-on (scan, check, show), a planned "     \
      "change loses mail (check --with-mx, --with-policy).")                                                 \
    X(EXIT_USAGE, 2,                                                                                         \
      "What was given cannot be used, and another command line would mend it: a flag, a name, the value of " \
      "an option, or a file, list or directory that is not there, may not be read, is of another kind or "   \
      "is in the way.")                                                                                      \
    X(EXIT_STOPPED, 3, "A scan was stopped; --resume goes on with it.")                                      \
    X(EXIT_FAILED, 4,                                                                                        \
      "It could not be done, or not wholly: no resolver answers, what is stored is damaged, the disk is "    \
      "full, the answer cannot be written, memory is short.")                                                \
    X(EXIT_UNKNOWN, 5, "It could not be determined (check, suggest).")                                       \
    X(EXIT_AGAIN, 75,                                                                                        \
      "Another process is at work on the same directory, or what is needed is not there yet: the same "      \
      "command may be given again later (scan with --stage names, plan, probe, merge).")

enum exit_code {
#define EXIT_CODE_ENUM(name, number, text) name = (number),
    EXIT_CODE_TABLE(EXIT_CODE_ENUM)
#undef EXIT_CODE_ENUM
};

/* Returns EXIT_USAGE for what another command line would mend, else EXIT_FAILED; EXIT_DONE for ERR_OK. */
int exit_code_of(enum error error);

#endif
