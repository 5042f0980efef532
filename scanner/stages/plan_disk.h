/* Says how much disk a round of a plan needs before it is made, by what its directories hold. */
#ifndef STSWEEP_STAGES_PLAN_DISK_H
#define STSWEEP_STAGES_PLAN_DISK_H

#include "scanner/stages/stagedirs.h"

/* Writes a line about it into text[size]; plan is the path of the plan's directory, which is there. false: it
 * or TMPDIR lacks room. */
bool plan_disk_say(const struct stagedirs *dirs, const char *plan, char *text, size_t size);

#endif
