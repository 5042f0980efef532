/*
 * Reads the command line of scan, check and suggest. It holds positional arguments, options out of the table
 * (--section.key=value and one-letter flags), and the few flags that are no options.
 */
#ifndef STSWEEP_COMMANDS_ARGS_H
#define STSWEEP_COMMANDS_ARGS_H

#include <stdint.h>

#include "scanner/base/nearest.h"
#include "scanner/config/config.h"

struct args {
    struct config config;
    const char **names; /* positional; borrowed from argv */
    size_t name_count;
    bool resume;
    bool json;
    bool verbose;
    bool help;
    const char *trace;
    uint32_t fail_on; /* --fail-on: bit 1 << enum outcome; 0 if it was not given */
};

/*
 * Reads argv[1…] (argv[0] is the command's name: a flag that is another command's is refused). The file of
 * --config is read first, wherever it stands, so that the command line wins. On failure *why says what is
 * wrong, a line each fault.
 */
enum error args_parse(struct args *args, int argc, char **argv, struct buf *why);
void args_dispose(struct args *args);

/* Offers the names of all outcomes, for a word that is none. */
void args_offer_outcomes(struct nearest *nearest);

#endif
