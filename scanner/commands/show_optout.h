/*
 * Shows of a scan directory what each entry of the opt-out list has kept out (show --optout), so that it can
 * be told to who asked: names of the input that were not looked at, policies that were not fetched, MX hosts
 * and addresses that were not connected to. It is counted anew from the records, so that it is exact however
 * often the scan was stopped.
 */
#ifndef STSWEEP_COMMANDS_SHOW_OPTOUT_H
#define STSWEEP_COMMANDS_SHOW_OPTOUT_H

#include <stdio.h>

#include "output/readback/scanview.h"
#include "scanner/commands/show.h"

/* Prints it. ERR_NOT_FOUND with *why if the scan went by no list;
 * ERR_CORRUPT with *why after all that is whole was counted and printed; ERR_IO, ERR_LIMIT, ERR_MEMORY. */
enum error show_optout(const struct show_request *request, struct scanview *view, FILE *out, struct buf *why);

#endif
