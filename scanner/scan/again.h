/*
 * Says what becomes of a scan of the stage names whose directory is there already: it may be whole, begun, or
 * in the hands of another process. So the same command can be given again, or twice at once, as batch systems
 * do (docs/internals/stages.md).
 */
#ifndef STSWEEP_SCAN_AGAIN_H
#define STSWEEP_SCAN_AGAIN_H

#include <stdio.h>

#include "scanner/scan/scan.h"

enum { AGAIN_GO_ON = -1 };

/* Looks at the directory before anything else is read. Returns the exit code if nothing is left to do or
 * nothing can be done, with a line on out; else AGAIN_GO_ON, and *request is to resume if it was begun. Of
 * another scan it says nothing. */
int again_look(struct scan_request *request, FILE *out);

/* After the directory could not be made or opened, because there is a scan in it or it is locked: is that
 * another process's doing, who came first? Then a line says so. */
bool again_came_second(const struct scan_request *request, FILE *out);

#endif
