/*
 * Handles INT and TERM while a scan runs: the first ends it in good order, the next at once. USR1 asks how
 * far it is.
 *
 * They are handled on the main thread wherever it is: a scan whose output nobody reads, or whose disk hangs,
 * ends at the second one as well. All other threads must block them. There is one struct signals at a time in
 * a process.
 */
#ifndef STSWEEP_SCAN_SIGNALS_H
#define STSWEEP_SCAN_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct signals {
    bool watched;
    struct sigaction before[2]; /* of INT and TERM */
    sigset_t mask_before;
};

/*
 * Handles the signals from now on. The first makes wake_fd (an eventfd, borrowed) readable; the next, 200 ms
 * later or more, ends the process with `code`, by _exit. One that is ignored (nohup) stays so. Writes to
 * closed pipes and beyond the limit of a file's size become errors of the call, for the rest of the process.
 */
void signals_watch(struct signals *signals, int wake_fd, int code);
bool signals_came(void);

/* Has USR1 wake the same descriptor, once signals_watch has been called, and be counted until then; it is
 * ignored no more from here on, nor does it end the process. signals_asked tells once that it came. */
void signals_watch_asked(void);
bool signals_asked(void);
void signals_dispose(struct signals *signals); /* as it was before; also if nothing is watched */

#endif
