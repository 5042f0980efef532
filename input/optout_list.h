/*
 * Reads the opt-out list, an entry a line: a domain, a suffix with a leading dot, a prefix, or an AS number
 * (AS64500), which is the prefixes that another file says it announces (as_prefixes.h). Behind an entry may
 * stand since when, and a comment:
 *
 *   example.org  # 2026-11-30 asked by mail
 *   example.org, 2026-11-30, asked by mail
 *
 * with commas, semicolons, tabs or blanks. A line that begins with # is a comment on nothing. The date is
 * kept and shown; it neither switches an entry on nor off.
 */
#ifndef STSWEEP_INPUT_OPTOUT_LIST_H
#define STSWEEP_INPUT_OPTOUT_LIST_H

#include <stdio.h>

#include "scanner/base/buf.h"
#include "scanner/base/bytes.h"
#include "scanner/base/error.h"
#include "scanner/facts/optout.h"

enum { OPTOUT_COMMENT_BYTES = 256 };

/* What stands in a line behind the entry. */
struct optout_note {
    struct bytes entry;
    char since[OPTOUT_SINCE_BYTES];
    char comment[OPTOUT_COMMENT_BYTES]; /* UTF-8, as labels of lists are (cell.h); a longer one is cut */
};

/* Takes a line with data apart. Returns NULL, or what is wrong with its date. Pure. */
const char *optout_note_parse(struct bytes line, struct optout_note *note);

/* Reads the list into *optout, ready to be asked; path "" makes an empty one. as_prefixes names the file for
 * AS numbers; "" for none, and then an AS number is refused; NULL: no file would help, as names alone are
 * asked for. On failure *why says "file:line: reason". */
enum error optout_read(const char *path, const char *as_prefixes, struct optout **optout, struct buf *why);

/* Says of each AS number without a prefix in the file that it keeps nobody out. */
void optout_say(const struct optout *optout, const char *path, const char *as_prefixes, FILE *out);

/* Says of the first few AS numbers how many prefixes each has, and of the others how many these are. Says
 * nothing if there is none. */
enum { OPTOUT_AS_SAID_MOST = 4 };
void optout_say_announced(const struct optout *optout, FILE *out);

#endif
