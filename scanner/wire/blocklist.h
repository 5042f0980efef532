/*
 * Finds out whether a refusal is about the machine that is refused: its text names a block list, a reputation
 * or the missing name of an address. Pure.
 */
#ifndef STSWEEP_WIRE_BLOCKLIST_H
#define STSWEEP_WIRE_BLOCKLIST_H

#include "scanner/base/bytes.h"

bool smtp_names_block_list(struct bytes refusal);

#endif
