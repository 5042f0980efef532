/*
 * Names the exit codes of all commands (README.md says which command has which).
 */
#ifndef STSWEEP_BASE_EXIT_CODE_H
#define STSWEEP_BASE_EXIT_CODE_H

enum exit_code {
    EXIT_DONE = 0,
    EXIT_NO = 1,      /* done, and the answer is no: not protected, something got worse, --fail-on */
    EXIT_USAGE = 2,   /* another command line or another configuration would mend it */
    EXIT_STOPPED = 3, /* a scan that can be resumed */
    EXIT_FAILED = 4,  /* it cannot be done, or not wholly */
    EXIT_UNKNOWN = 5  /* it could not be determined */
};

#endif
