/*
 * Runs `stsweep check DOMAIN... --with-mx HOST,... --with-policy FILE`, the command around
 * scanner/commands/forecast.
 */
#ifndef STSWEEP_COMMANDS_FORECAST_COMMAND_H
#define STSWEEP_COMMANDS_FORECAST_COMMAND_H

struct args;

/* Prints what becomes of mail to each domain if the change is made. Returns the exit code: 0 nothing is lost,
 * 1 mail is lost or hosts are skipped where all of it changes at once (with --fail-on: the worst that senders
 * meet is one of these outcomes), 2 usage, 4 cannot go on, 5 could not be determined. */
int forecast_main(const struct args *args);

#endif
