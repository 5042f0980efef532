/*
 * Refuses system calls that neither a scan nor a reader of scans makes: to run programs, look into other
 * processes, talk to daemons of this machine, connect past Landlock, make code of data, mount, load code into
 * the kernel, become somebody else, change whose a file is, and the like (seccomp(2)). A refused call fails
 * with EPERM; nothing is killed for it. It holds for all threads, for good.
 */
#ifndef STSWEEP_MACHINE_SYSCALLS_H
#define STSWEEP_MACHINE_SYSCALLS_H

#include <stdbool.h>

/* Returns whether the kernel can refuse system calls. */
bool syscalls_can_be_refused(void);

/* Refuses them, and with network false every socket as well. listener is the one
 * descriptor at which accept4 is not refused; 0: there is none. Returns how many kinds of calls are refused;
 * 0 if it did not work, with errno. no_new_privs is to be set already, or the caller to be root. */
int syscalls_refuse(bool network, int listener);

#endif
