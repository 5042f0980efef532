/* Turns the input into names and rejects. */
#include "scanner/scan/intake.h"

struct intake {
    const struct intake_options *options;
    struct intake_counts *counts;
};

static enum error on_name(void *arg, const struct input_name *name)
{
    struct intake *intake = arg;
    const struct intake_options *options = intake->options;
    /* Who opts out between two runs of a scan keeps the record that there is: it is counted once. */
    if (optout_has_domain(options->optout, name->domain) && !store_is_done(options->store, name->ordinal)) {
        intake->counts->opted_out++;
        return ERR_OK;
    }
    return spooled_add(options->names, name);
}

static enum error on_reject(void *arg, const struct input_reject *reject)
{
    struct intake *intake = arg;
    const struct sink *sink = &intake->options->sink;
    struct reject_line line = {.ordinal = reject->ordinal,
                               .file = reject->file,
                               .line = reject->line,
                               .text = reject->text,
                               .reason = reject->reason};
    intake->counts->rejects++;
    intake->counts->rejected[reject->reason]++;
    return intake->options->rejects_done ? ERR_OK : sink->reject(sink->arg, &line);
}

enum error intake_read(const struct intake_options *options, struct intake_counts *counts, struct buf *why)
{
    struct intake intake = {.options = options, .counts = counts};
    struct input_sink lines = {.name = on_name, .reject = on_reject, .arg = &intake};
    *counts = (struct intake_counts){0};
    enum error error = input_read(options->files, options->file_count, options->format, &lines,
                                  options->stopped, options->stopped_arg, why);
    for (size_t i = 0; i < options->file_count; i++)
        counts->inputs += options->files[i].inputs;
    return error == ERR_OK ? spooled_filled(options->names) : error;
}
