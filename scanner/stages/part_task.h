/*
 * Makes one part of a plan the task of a scan (scanner/scan/task.h): its contacts are handed out in place of
 * names, a contact is started in place of a domain, and the books are held to the plan.
 */
#ifndef STSWEEP_STAGES_PART_TASK_H
#define STSWEEP_STAGES_PART_TASK_H

#include <stdatomic.h>

#include "scanner/scan/task.h"
#include "scanner/stages/part_source.h"

struct part_task {
    const char *path; /* of the plan, as it was given */
    int dir_fd;       /* of the plan, open for reading; borrowed */
    struct plan plan; /* the round */
    uint32_t part;
    struct part_source *source;
    struct part_needs needs;
    struct input_file file; /* what meta.json has of the contacts */
    atomic_uint_fast64_t total;
};

/* scan->task_arg is a struct part_task whose first four members are filled in. */
extern const struct scan_task part_task;

/* Starts the contact whose line is the note of a name. It has been read before, so that only memory can be
 * lacking. */
enum error part_task_start(struct worker *worker, const struct domain_input *input);

#endif
