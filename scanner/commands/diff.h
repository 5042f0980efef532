/*
 * Runs `stsweep diff OLD NEW`: says what has changed for senders between two scans, domain by domain.
 * output/readback/compare says what a change is. It reads only; memory does not grow with the scans (the old
 * one's standings go to a file without a name under TMPDIR).
 */
#ifndef STSWEEP_COMMANDS_DIFF_H
#define STSWEEP_COMMANDS_DIFF_H

#include <stdio.h>

/* Runs the command. argv: the words behind `diff`. Exit code: 0 nothing got worse, 1 a domain broke, lost
 * MTA-STS or changed its policy under the same id, or more are gone than may be, 2 usage, 4 a directory
 * cannot be read. */
int diff_main(int argc, char **argv, FILE *out, FILE *err);

#endif
