/* Leads a scan's machine over the contacts of a part. */
#include "scanner/stages/part_task.h"

#include <inttypes.h>

#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/reach/contact.h"
#include "scanner/scan/begin.h"
#include "scanner/scan/resumed.h"

static struct part_task *task_of(const struct scan *scan)
{
    return scan->task_arg;
}

static const struct plan_part *planned_of(const struct part_task *task)
{
    return &task->plan.parts[task->part - 1];
}

/* ---- before it begins ---------------------------------------------------------------------------------- */

static bool choose(struct scan *scan)
{
    const struct part_task *task = task_of(scan);
    scan->context.part = (struct part){task->part, task->plan.part_count, task->plan.seed};
    scan->context.round = task->plan.round;
    return true;
}

/* Says which machine may do what this one cannot. */
static bool refuse(struct scan *scan, uint64_t contacts, const char *what, const char *port)
{
    if (contacts == 0)
        return true;
    (void)fprintf(scan->live.terminal.said,
                  "stsweep: nobody's port %s can be reached from here, and %" PRIu64
                  " %s of this part need it, so nothing is probed: hand the part to a machine that may, with "
                  "another directory for -o\n",
                  port, contacts, what);
    scan->refused_with = EXIT_FAILED;
    return false;
}

/* What is this machine's own fault is not to become a result about anybody. */
static bool fits(struct scan *scan)
{
    const struct plan_part *planned = planned_of(task_of(scan));
    const struct preflight *preflight = &scan->preflight;
    uint64_t hosts = planned->contacts - planned->policies;
    if (scan->config->smtp_probe != SMTP_PROBE_NONE &&
        preflight_is_blocked(preflight, &scan->context, KNOWN_SMTP) &&
        !refuse(scan, hosts, "addresses of MX hosts", "25"))
        return false;
    return !preflight_is_blocked(preflight, &scan->context, KNOWN_HTTPS) ||
           refuse(scan, planned->policies, "policy hosts", "443");
}

/* ---- contacts ------------------------------------------------------------------------------------------ */

static void on_read(void *arg, uint64_t bytes, uint64_t of_bytes, uint64_t lines)
{
    struct scan *scan = arg;
    atomic_store_explicit(&scan->seen.bytes, bytes, memory_order_relaxed);
    atomic_store(&scan->seen.of_bytes, of_bytes);
    atomic_store_explicit(&scan->seen.inputs, lines, memory_order_relaxed);
}

static bool open_part(struct scan *scan)
{
    struct part_task *task = task_of(scan);
    const struct part_options options = {.dir_fd = task->dir_fd,
                                         .plan = &task->plan,
                                         .part = task->part,
                                         .store = scan->store,
                                         .stopped = scan_is_stopped,
                                         .stopped_arg = scan,
                                         .read = on_read,
                                         .read_arg = scan};
    atomic_store(&scan->seen.began_ms, clock_monotonic_ms());
    task->source = part_source_create(&options);
    return scan_say(scan, "the contacts", task->source == NULL ? ERR_MEMORY : ERR_OK);
}

static struct source source(struct scan *scan)
{
    return part_source_of(task_of(scan)->source);
}

/* Says what this machine has no way to: these contacts get no result here, and another machine may give
 * one. */
static void say_lacking(const struct scan *scan, const struct part_needs *needs)
{
    const struct scan_context *context = &scan->context;
    const bool has[] = {context->has_ipv4, context->has_ipv6};
    static const char *const names[] = {"IPv4", "IPv6"};
    for (size_t i = 0; i < 2; i++) {
        uint64_t contacts = needs->smtp[i] + needs->https[i];
        if (!has[i] && contacts > 0)
            (void)fprintf(
                scan->live.terminal.said,
                "stsweep: WARNING: this machine has no %s, and %" PRIu64
                " contacts of this part are at such addresses: they stay unknown; a machine that has "
                "it can take the part in place of this one\n",
                names[i], contacts);
    }
}

/* Takes the contacts for the input of the scan, so that a resume goes by the same. */
static enum error take_input(struct scan *scan)
{
    struct part_task *task = task_of(scan);
    struct input_file *file = &task->file;
    *file = (struct input_file){.path = task->path};
    file->bytes = task->needs.bytes;
    file->lines = file->inputs = task->needs.contacts;
    (void)snprintf(file->sha256, sizeof file->sha256, "%s", planned_of(task)->sha256);
    return scan_meta_inputs(&scan->meta, file, 1, &scan->why);
}

static enum error read_part(struct scan *scan)
{
    struct part_task *task = task_of(scan);
    enum error error = part_source_check(task->source, &task->needs);
    if (error == ERR_OK)
        error = take_input(scan);
    if (error != ERR_OK)
        return error;
    say_lacking(scan, &task->needs);
    atomic_store(&task->total, task->needs.contacts);
    return ERR_OK;
}

enum error part_task_start(struct worker *worker, const struct domain_input *input)
{
    struct contact_made *made = input->made->object; /* freed with what of it nobody took */
    return contact_start(worker, &made->facts, &made->arena);
}

static uint64_t total(const struct scan *scan)
{
    return atomic_load_explicit(&task_of(scan)->total, memory_order_relaxed);
}

/* Nothing is: what is put off is a bit each. */
static uint64_t spooled(const struct scan *scan)
{
    (void)scan;
    return 0;
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static bool say_reason(struct scan *scan)
{
    const char *reason = part_source_reason(task_of(scan)->source);
    if (reason[0] == '\0')
        return false;
    buf_printf(&scan->why, "%s/%s", shown(task_of(scan)->path), reason);
    return true;
}

static enum error denominators(struct scan *scan)
{
    store_summary(scan->store)->inputs = task_of(scan)->needs.contacts;
    return ERR_OK;
}

static void tell(struct scan *scan, const char *place)
{
    const struct part_task *task = task_of(scan);
    const struct part_needs *needs = &task->needs;
    (void)fprintf(scan->live.terminal.said,
                  "stsweep: part %" PRIu32 " of %" PRIu32 " in round %" PRIu32 " is whole, in %s: %" PRIu64
                  " contacts (%" PRIu64 " addresses of MX hosts, %" PRIu64 " policy hosts, %" PRIu64
                  " that share, %" PRIu64 " that opted out)\n",
                  task->part, task->plan.part_count, task->plan.round, shown(place), needs->contacts,
                  needs->smtp[0] + needs->smtp[1], needs->https[0] + needs->https[1], needs->over,
                  needs->opted_out);
}

static void dispose(struct scan *scan)
{
    part_source_destroy(task_of(scan)->source);
    task_of(scan)->source = NULL;
}

const struct scan_task part_task = {.choose = choose,
                                    .fits = fits,
                                    .open = open_part,
                                    .source = source,
                                    .read = read_part,
                                    .start = part_task_start,
                                    .total = total,
                                    .spooled = spooled,
                                    .say_reason = say_reason,
                                    .denominators = denominators,
                                    .tell = tell,
                                    .dispose = dispose};
