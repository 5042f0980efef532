/* Makes a check gentle that is made while a scan runs on this machine: who is looked at may be looked at by
 * the scan as well, from the same address, and neither knows what the other does. */
#ifndef STSWEEP_COMMANDS_CHECK_BESIDE_H
#define STSWEEP_COMMANDS_CHECK_BESIDE_H

#include <stdio.h>

#include "scanner/config/config.h"

/* Lowers the options if another process has announced a scan (scanner/machine/announce.h), and says so: each
 * address then gets one connection of SMTP and one of HTTPS, and no second look. What needs more is unknown.
 * config is a copy that only borrows its texts. */
void check_beside(struct config *config, FILE *err);

/* Lowers them whether or not. */
void check_gently(struct config *config);

#endif
