/* Checks what may keep a scan from starting. It contacts nobody. */
#include "scanner/scan/refusal.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "input/input.h"
#include "output/readback/meta_read.h"
#include "output/store/store_dir.h"
#include "scanner/base/shown.h"
#include "scanner/scan/previous.h"

/* Checks that the scan to be gone on with was not begun by a program of other rules. */
static enum error check_rules(const char *path, struct buf *why)
{
    size_t before = why->len;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum error error = fd < 0 ? ERR_IO : ERR_OK;
    buf_printf(why, "%s: ", shown(path));
    if (error == ERR_OK)
        error = meta_may_go_on_in(fd, why);
    if (fd >= 0)
        (void)close(fd);
    if (error == ERR_OK)
        why->len = before;
    return error;
}

struct input_asked refusal_asked(const struct config *config)
{
    return (struct input_asked){.format = (enum input_format)config->input_format,
                                .header = (enum input_header)config->input_header,
                                .columns = config->input_columns,
                                .field = config->input_field,
                                .lenient = config->input_lenient == INPUT_LENIENT_YES};
}

/* Checks that each input can be read and is a list. A resume reads them as the scan did that it goes on
 * with. */
static enum error check_inputs(const struct scan_request *request, const struct config *config,
                               struct buf *why)
{
    struct input_asked asked = refusal_asked(config);
    if (asked.columns[0] != '\0' && !input_columns_parse(asked.columns, NULL)) {
        buf_printf(why,
                   "input.columns=%s: a word a column, with commas between: domain once, rank and label "
                   "at most once, - for none of them",
                   asked.columns);
        return ERR_CONFIG;
    }
    if (asked.columns[0] != '\0' && asked.format != INPUT_AUTO && asked.format != INPUT_CSV) {
        buf_printf(why, "input.columns are of CSV, and input.format is %s", input_format_name(asked.format));
        return ERR_CONFIG;
    }
    if (asked.field[0] != '\0' && asked.format != INPUT_AUTO && asked.format != INPUT_JSON) {
        buf_printf(why, "input.field is of JSON lines, and input.format is %s",
                   input_format_name(asked.format));
        return ERR_CONFIG;
    }
    enum error error = ERR_OK;
    for (size_t i = 0; i < request->file_count && error == ERR_OK; i++) {
        error = input_can_read(request->files[i], why);
        if (error == ERR_OK && !request->resume)
            error = input_look(request->files[i], &asked, why);
    }
    return error;
}

enum error refusal_check(const struct scan_request *request, const struct config *config, struct buf *why)
{
    enum error error = check_inputs(request, config, why);
    if (error == ERR_OK && config->scan_previous[0] != 0)
        error = previous_check(config->scan_previous, config->output_dir, why);
    if (error != ERR_OK || strcmp(config->output_dir, "-") == 0)
        return error;
    error = store_dir_check(config->output_dir, request->resume, why);
    return error == ERR_OK && request->resume ? check_rules(config->output_dir, why) : error;
}

/* Does the error say no more than that something went wrong? */
static bool is_general(enum error error)
{
    return error == ERR_IO || error == ERR_NOT_FOUND || error == ERR_EXISTS || error == ERR_CONFIG ||
           error == ERR_RULES;
}

bool refusal_say(const char *what, enum error error, const struct buf *why, FILE *out)
{
    if (error == ERR_OK)
        return true;
    (void)fprintf(out, "stsweep: %s%s", what == NULL ? "" : what, what == NULL ? "" : ": ");
    if (why->len == 0 || what != NULL || !is_general(error))
        (void)fprintf(out, "%s%s", error_text(error), why->len > 0 ? "\n  " : "\n");
    if (why->len > 0)
        (void)fprintf(out, "%.*s%s", (int)why->len, (const char *)why->data,
                      why->data[why->len - 1] == '\n' ? "" : "\n");
    const char *next = error_next(error);
    if (next[0] != '\0')
        (void)fprintf(out, "  %s\n", next + 2);
    return false;
}
