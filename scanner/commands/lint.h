/*
 * `stsweep lint`: is this text valid, and if not, where and why? Offline. The command's logic and its two
 * forms of output; main only dispatches.
 *
 *   lint record TXT…            each argument one TXT RR
 *   lint tlsrpt TXT…
 *   lint policy FILE|-
 *   lint match HOST PATTERN…
 *
 * Plain: one line "valid" or "invalid: CODE", then each finding as "line L, column C: CODE: why" with its
 * mending.
 * A column counts bytes from 1, as RFC 8461's grammar does: a UTF-8 character of three bytes takes three
 * columns, a tab one, the byte order mark three; CR and LF stand at the end of the line that they end.
 *
 * --json: one object {"valid":bool,"code":"ok"|CODE,"findings":[{"code","line","column","detail"?}],…} with
 * id, or version, mode, max_age, mx, or rua, or match and matches; null where there is nothing that can be
 * used. A finding's line is the argument's number for record and tlsrpt, the pattern's for match, and the
 * file's for policy. Exit 0 valid, 1 not, 2 usage (also a file that cannot be read), 4 the answer could not
 * be written. match is 0 where all patterns are valid and at least one matches.
 */
#ifndef STSWEEP_COMMANDS_LINT_H
#define STSWEEP_COMMANDS_LINT_H

#include <stdio.h>

/* What stands behind `lint`: "record", "policy", …; --json may stand anywhere, and after -- nothing is an
 * option. Returns the exit code. */
int lint_main(int argc, char **argv, FILE *out, FILE *err);

#endif
