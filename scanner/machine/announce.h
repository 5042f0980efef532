/*
 * Announces a scan to who else is on this machine: a process that contacts strangers binds an abstract local
 * socket "stsweep-scan-PID", at which nobody can connect. It can be seen in /proc/net/unix by every user of
 * the same network namespace, so of the same addresses, and it goes with the process, however that ends.
 * Anybody may bind such a name: it is a hint to be gentle, and nothing of it but a number is believed.
 */
#ifndef STSWEEP_MACHINE_ANNOUNCE_H
#define STSWEEP_MACHINE_ANNOUNCE_H

#include <stdint.h>
#include <stdio.h>

/* Lets this process announce itself and look for others. The program's main does so; a test that calls
 * commands in its own process does not, as the tests that run beside it would hear of it. */
void announce_permit(void);

/* Announces this process. Returns the descriptor that holds the name, for announce_end; -1 if it was not
 * permitted, or cannot be: nothing fails for it. */
int announce_scan(void);
void announce_end(int descriptor); /* -1 is fine */

/* Returns the process id of a scan that another process has announced, the first of several; 0 if there is
 * none, or if it was not permitted. */
int32_t announce_find(void);

/* Does it over the lines of sockets, in the form of /proc/net/unix; self: whose own is passed over. */
int32_t announce_read(FILE *sockets, int32_t self);

#endif
