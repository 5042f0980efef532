/* Loads the list of public suffixes for facts/suffix.h. */
#ifndef STSWEEP_MACHINE_SUFFIXES_H
#define STSWEEP_MACHINE_SUFFIXES_H

/* Loads the newer of the system's list and the one that libpsl was built with. The first call loads it, for
 * the life of the process; any thread may call it. */
void suffixes_load(void);

#endif
