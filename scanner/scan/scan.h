/*
 * Runs `stsweep scan`: starts feeder, loops and writer, watches over them, drains on a signal, closes the
 * scan directory.
 */
#ifndef STSWEEP_SCAN_SCAN_H
#define STSWEEP_SCAN_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct meta_plan;
struct scan_task;

struct scan_request {
    const struct config *config;
    const char **files; /* "-" for standard input */
    size_t file_count;
    bool resume;
    bool quiet;               /* says only warnings and the end */
    const char *command_line; /* for meta.json */
    const char *trace;        /* a domain, or NULL */
    uint32_t fail_on;         /* outcomes that make the exit code 1, bit 1 << enum outcome */
    const char *go_on; /* the command that goes on, for who scans for the first time; NULL: is not said */
    bool json;         /* of a dry run: its answer as JSON */
    uint32_t measure;  /* of a dry run: how many names are asked about; 0: nobody */
    bool again; /* the same command may be given again, and twice at once (again.h); of the stage names it is
                   so in any case */
    const char *reads;            /* a directory that the task reads; NULL: none */
    const struct meta_plan *plan; /* for meta.json: the part of a plan that is scanned; NULL: lists are */
};

/*
 * Runs the scan and returns the exit code: 0 done, 1 done and some record has an outcome of fail_on
 * (closing_code), 2 not usable, 3 stopped but resumable, 4 cannot go on. Says why on stderr.
 */
int scan_main(const struct scan_request *request);

/* Does the same for another task than the lists of the request (task.h); arg becomes scan->task_arg. */
int scan_run(const struct scan_request *request, const struct scan_task *task, void *arg);

#endif
