/* Says what the system refused, and what to do about it: for messages about files that somebody named. */
#ifndef STSWEEP_BASE_ERRNO_SAID_H
#define STSWEEP_BASE_ERRNO_SAID_H

/* Returns what strerror says of an errno with the next step behind a semicolon, if there is one. The text is
 * the calling thread's, until it asks again. */
const char *errno_said(int number);

/* Returns the next step alone; "" if there is none. */
const char *errno_next(int number);

#endif
