/*
 * Runs `stsweep show DIR`: prints the records of a scan directory, filtered, for a person, as CSV or as JSON.
 * With --by it counts them by groups instead. With --rejudge they are judged anew from their facts, without
 * the network. It reads only; memory does not grow with the scan. The directory may be somebody else's:
 * nothing in it reaches a terminal unescaped.
 */
#ifndef STSWEEP_COMMANDS_SHOW_H
#define STSWEEP_COMMANDS_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "output/explain/tool.h"
#include "scanner/commands/csv_out.h"
#include "scanner/commands/except_list.h"
#include "scanner/facts/group.h"

enum show_kind { SHOW_DOMAINS, SHOW_HOSTS, SHOW_REJECTS };
enum show_form { SHOW_TEXT, SHOW_CSV, SHOW_JSON, SHOW_TOOL };

/* Comma-separated words of the command line, borrowed; a filter without words lets everything through. */
struct show_words {
    const char **lists;
    size_t count;
};

struct show_request {
    const char *dir;
    struct except_files except;
    enum show_kind kind;
    enum show_form form;
    struct csv_style csv;
    enum tool_form tool; /* of SHOW_TOOL */
    bool rejudge;
    bool now;          /* judge by today's clock instead of the record's own time */
    uint32_t outcomes; /* bit 1 << enum outcome; 0: all */
    uint32_t fail_on;
    struct show_words codes, tlds, providers, domains, labels;
    uint64_t limit;     /* 0: none */
    bool optout;        /* what the opt-out list has kept out is shown, and no record */
    enum group_kind by; /* GROUP_KIND_COUNT: records are shown, not groups */
    uint64_t top;       /* how many groups are shown */
};

/* How many groups are shown unless --top says more, and the most that it may say: each takes some 200 bytes.
 */
enum { SHOW_TOP = 20, SHOW_TOP_MOST = 1000000 };

/*
 * Runs the command. argv: the words behind `show`. Exit code: 0 done, 1 a record that was shown has an
 * outcome of --fail-on, be it by an earlier policy (cached.refused, cached.partial), 2 usage, also what is
 * no scan directory, 4 it cannot be read whole, or the answer cannot be written.
 */
int show_main(int argc, char **argv, FILE *out, FILE *err);

/* Reads argv into a request whose word lists must be disposed of; false with a line to err if it is no
 * use. */
bool show_args(int argc, char **argv, struct show_request *request, FILE *err);
void show_args_dispose(struct show_request *request);

#endif
