/*
 * Holds the command line of scan, check and suggest: names, the configuration with its options, and the flags
 * that are no options (flags.def).
 */
#ifndef STSWEEP_COMMANDS_ARGS_H
#define STSWEEP_COMMANDS_ARGS_H

#include <stdint.h>

#include "output/explain/tool.h"
#include "scanner/commands/except_list.h"
#include "scanner/config/config.h"

struct args {
    struct config config;
    const char **names; /* positional; borrowed from argv */
    size_t name_count;
    bool resume;
    bool dry_run;     /* of scan */
    uint32_t measure; /* likewise: names to ask about; 0: none */
    bool configured;  /* a --config was given */
    bool quiet;
    bool json;
    bool verbose;
    enum tool_form form;                             /* of check: --format; TOOL_NONE is text, or json */
    bool force, remove;                              /* of suggest */
    const char *folder, *rua, *format, *policy_host; /* likewise; NULL: not given */
    struct except_files except;
    const char *with_mx, *with_policy; /* of check, likewise */
    const char *trace;
    uint32_t parts, part;        /* of plan and probe; 0: not given */
    const char *again, *vantage; /* likewise; NULL: not given */
    uint32_t fail_on;            /* --fail-on: bit 1 << enum outcome; 0 if it was not given */
};

/*
 * Reads argv[1…] (argv[0] is the command's name: a flag that is another command's is refused). The file of
 * --config is read first, wherever it stands, so that the command line wins. On failure *why says what is
 * wrong, a line each fault.
 */
enum error args_parse(struct args *args, int argc, char **argv, struct buf *why);
void args_dispose(struct args *args);

/* Are all names domains? Says of the first that is none why, on standard error: before anybody is asked
 * anything. Says of one that may be a file or directory, or a slip, that it is taken for a domain. */
bool args_names_are_domains(const struct args *args);

#endif
