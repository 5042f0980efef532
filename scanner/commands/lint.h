/*
 * Runs `stsweep lint`, offline: says whether a text is valid and, if not, at which column and why. It holds
 * the command's logic and its two forms of output; main only dispatches.
 *
 *   lint record TXT…            each argument one TXT RR
 *   lint tlsrpt TXT…
 *   lint policy FILE|-
 *   lint match HOST PATTERN…
 *
 * Plain: one line "valid" or "invalid: CODE", then each finding as "line L, column C: CODE: why" with its
 * mending. A column counts bytes from 1, as RFC 8461's grammar does: a UTF-8 character of three bytes takes
 * three columns, a tab one, the byte order mark three; CR and LF stand at the end of the line that they end.
 *
 * --json: one object {"valid":bool,"code":"ok"|CODE,"findings":[{"code","line","column","detail"?}],…} with
 * id, or version, mode, max_age, mx, or rua, or match and matches; null if there is nothing that can be used.
 * A finding's line is the argument's number for record and tlsrpt, the pattern's for match, and the file's
 * for policy. Exit 0 valid, 1 not, 2 usage (also a file that cannot be read), 4 the answer could not be
 * written. match exits 0 if all patterns are valid and at least one matches.
 */
#ifndef STSWEEP_COMMANDS_LINT_H
#define STSWEEP_COMMANDS_LINT_H

#include <stdbool.h>
#include <stdio.h>

struct arena;
struct sts_policy;

/* Reads a policy from a file, or from standard input for "-". False with what is wrong on err: that it cannot
 * be read, or each fault with line, column and how to mend it. */
bool lint_read_policy(const char *name, struct arena *arena, struct sts_policy *policy, FILE *err);

/* Returns the name of the kind of text with this index, from 0: "record", …; NULL if there are no more. */
const char *lint_text(size_t index);

/* Runs the command. argv: the words behind `lint`: "record", "policy", …; --json may stand anywhere, and
 * after -- nothing is an option. Returns the exit code. */
int lint_main(int argc, char **argv, FILE *out, FILE *err);

#endif
