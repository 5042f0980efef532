/* Turns the input into names and rejects. */
#include "scanner/scan/intake.h"

#include "scanner/base/clock.h"
#include "scanner/base/shown.h"
#include "scanner/facts/suffix.h"

struct intake {
    const struct intake_options *options;
    struct intake_counts *counts;
};

/* Returns the name to scan in place of one of the list. What is a public suffix, or has none that is known,
 * stays as it is. */
static const char *reduce(struct intake *intake, const char *domain)
{
    bool is_suffix;
    const struct choice *choice = intake->options->choice;
    const char *registrable = suffix_registrable(domain, suffix_of(domain, &is_suffix));
    if (is_suffix || registrable == NULL || registrable == domain)
        return domain;
    intake->counts->reduced += choice == NULL || choice_is_ours(choice, registrable);
    return registrable;
}

static enum error on_name(void *arg, const struct input_name *given)
{
    struct intake *intake = arg;
    const struct intake_options *options = intake->options;
    struct input_name reduced = *given;
    const struct input_name *name = &reduced;
    if (options->reduce)
        reduced.domain = reduce(intake, given->domain);
    bool taken = true;
    enum error error = options->choice == NULL ? ERR_OK : choice_read(options->choice, name, &taken);
    if (error != ERR_OK || !taken)
        return error;
    /* A name that opted out may be in the sample all the same: spooled_filled counts it when it is known. */
    if (options->choice != NULL && choice_is_whole(options->choice))
        return spooled_add(options->names, name);
    /* Who opts out between two runs of a scan keeps the record that there is: it is counted once. */
    if (optout_has_domain(options->optout, name->domain) && !store_is_done(options->store, name->ordinal)) {
        intake->counts->opted_out++;
        if (options->opted_by != NULL)
            options->opted_by[optout_find_domain(options->optout, name->domain)]++;
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
    if (intake->options->choice != NULL && !choice_read_reject(intake->options->choice, reject->ordinal))
        return ERR_OK;
    intake->counts->rejects++;
    intake->counts->rejected[reject->reason]++;
    return intake->options->rejects_done ? ERR_OK : sink->reject(sink->arg, &line);
}

static void on_read(void *arg, uint64_t bytes, uint64_t inputs)
{
    const struct intake *intake = arg;
    struct intake_seen *seen = intake->options->seen;
    atomic_store_explicit(&seen->bytes, bytes, memory_order_relaxed);
    atomic_store_explicit(&seen->inputs, inputs, memory_order_relaxed);
}

/* Adds up what there is to read. */
static void measure(const struct intake_options *options)
{
    uint64_t all = 0, size = 1;
    for (size_t i = 0; i < options->file_count && size > 0; i++) {
        size = input_size(&options->files[i]);
        all = size == 0 ? 0 : all + size;
    }
    atomic_store(&options->seen->of_bytes, all);
    atomic_store(&options->seen->began_ms, clock_monotonic_ms());
}

static void on_told(void *arg, const char *text)
{
    const struct intake *intake = arg;
    if (intake->options->out != NULL)
        (void)fprintf(intake->options->out, "stsweep: %s\n", text);
}

/* ---- lists that hold too little ------------------------------------------------------------------------ */

static uint64_t rejects_of(const struct input_file *file)
{
    uint64_t rejects = 0;
    for (size_t code = 0; code < FAIL_COUNT; code++)
        rejects += file->rejected[code];
    return rejects;
}

static uint64_t addresses_of(const struct input_file *file)
{
    return file->rejected[FAIL_INPUT_IS_EMAIL] + file->rejected[FAIL_INPUT_IS_URL];
}

static const char lenient[] = "input.lenient=yes takes URLs and e-mail addresses for their domain";

/* Offers what would take the rejects. */
static void offer(const struct intake_options *options)
{
    for (size_t i = 0; i < options->file_count && options->out != NULL; i++)
        if (addresses_of(&options->files[i]) > 0)
            (void)fprintf(
                options->out, "stsweep: %s: %llu inputs are rejected as URLs or e-mail addresses; %s\n",
                shown(options->files[i].path), (unsigned long long)addresses_of(&options->files[i]), lenient);
}

/* Says why the list holds no name. */
static void say_empty(const struct input_file *file, struct buf *why)
{
    uint64_t rejects = rejects_of(file);
    buf_printf(why, "%s: there is no name in it: ", shown(file->path));
    if (rejects == 0)
        buf_text(why, file->lines == 0                  ? "it is empty"
                      : file->form.format == INPUT_ZONE ? "the zone delegates none"
                                                        : "nothing but blank lines, comments or a header");
    else
        buf_printf(why, "%llu inputs, all rejected (", (unsigned long long)rejects);
    const char *between = "";
    for (size_t code = 0; code < FAIL_COUNT; code++) {
        if (file->rejected[code] == 0)
            continue;
        buf_printf(why, "%s%llu %s", between, (unsigned long long)file->rejected[code],
                   failure_name((enum failure_code)code));
        between = ", ";
    }
    buf_text(why, rejects == 0 ? "" : ")");
    if (addresses_of(file) > 0)
        buf_printf(why, "; %s", lenient);
    buf_text(why, "; input.at_least=0 goes on all the same");
}

enum error intake_read(const struct intake_options *options, struct intake_counts *counts, struct buf *why)
{
    struct intake intake = {.options = options, .counts = counts};
    struct input_sink lines = {
        .name = on_name, .reject = on_reject, .told = on_told, .read = on_read, .arg = &intake};
    measure(options);
    *counts = (struct intake_counts){0};
    if (options->reduce && !suffix_has_list()) {
        buf_text(why,
                 "input.reduce=registrable: this machine has no list of public suffixes; install the package "
                 "publicsuffix, or leave the option out");
        return ERR_CONFIG;
    }
    enum error error = input_read(options->files, options->file_count, &options->asked, &lines,
                                  options->stopped, options->stopped_arg, why);
    for (size_t i = 0; i < options->file_count; i++)
        counts->inputs += options->files[i].inputs;
    if (error == ERR_OK) {
        offer(options);
        error = spooled_filled(options->names);
    }
    if (error != ERR_OK && options->choice != NULL && choice_reason(options->choice)[0] != '\0') {
        why->len = 0;
        buf_text(why, choice_reason(options->choice));
    }
    return error;
}

/* Says which options leave too few of the names. */
static void say_left(const struct choice_counts *counts, uint64_t names, uint64_t left, uint64_t at_least,
                     struct buf *why)
{
    const char *by = counts->over_limit_of_all == 0 ? "input.only or input.except"
                     : counts->filtered_of_all == 0 ? "input.limit"
                                                    : "input.only, input.except or input.limit";
    buf_printf(why, "%s leaves %llu of the %llu names that the input holds, fewer than input.at_least=%llu%s",
               by, (unsigned long long)left, (unsigned long long)names, (unsigned long long)at_least,
               left == 0 ? "; input.at_least=0 goes on all the same" : "");
}

enum error intake_check(const struct intake_options *options, struct buf *why)
{
    uint64_t names = 0;
    struct choice_counts left_out = {0};
    if (options->choice != NULL)
        left_out = choice_counts_of(options->choice);
    for (size_t i = 0; i < options->file_count; i++) {
        const struct input_file *file = &options->files[i];
        uint64_t names_here = file->inputs - rejects_of(file);
        names += names_here;
        if (names_here > 0 || options->at_least == 0)
            continue;
        say_empty(file, why);
        return ERR_CONFIG;
    }
    uint64_t left = names - left_out.filtered_of_all - left_out.over_limit_of_all;
    if (left >= options->at_least)
        return ERR_OK;
    if (names >= options->at_least)
        say_left(&left_out, names, left, options->at_least, why);
    else
        buf_printf(why, "the input holds %llu names, fewer than input.at_least=%llu",
                   (unsigned long long)names, (unsigned long long)options->at_least);
    return ERR_CONFIG;
}
