/*
 * Names the directory of a scan that was given none: scan-2026-11-30 where the command runs, with -2 and so
 * on behind it if that is there already; finds the one that a resume without a name means; and tells who
 * scans for the first time what happens.
 */
#ifndef STSWEEP_SCAN_NAMING_H
#define STSWEEP_SCAN_NAMING_H

#include <stdint.h>
#include <stdio.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

enum { NAMING_BYTES = 256 };

/* Names a directory that is not there, by the day at this place. ERR_LIMIT with *why if there are too many of
 * that day already. */
enum error naming_new(int64_t wall_ms, char name[NAMING_BYTES], struct buf *why);

/* Finds the one directory scan-… here that holds a scan of these lists which is not at its end. ERR_NOT_FOUND
 * with *why if there is none, ERR_EXISTS with *why, which names them, if there are several; ERR_IO. */
enum error naming_unfinished(const char *const *files, size_t count, char name[NAMING_BYTES],
                             struct buf *why);

/* Appends a command of these words, each quoted for a shell if it needs that. */
void naming_command(struct buf *line, const char *const *words, size_t count);

/* Says in three lines what a scan does, how to stop it and how to go on. dir: where it writes; command: the
 * command that goes on; connects: to policy hosts and mail servers too. */
void naming_tell_first(const char *dir, const char *command, bool connects, FILE *out);

#endif
