/* What keeps a scan from starting. Contacts nobody. */
#include "scanner/refusal.h"

#include <string.h>

#include "input/input.h"
#include "output/store_dir.h"

enum error refusal_check(const struct scan_request *request, const struct config *config, struct buf *why)
{
    for (size_t i = 0; i < request->file_count; i++) {
        enum error error = input_can_read(request->files[i], why);
        if (error != ERR_OK)
            return error;
    }
    if (strcmp(config->output_dir, "-") == 0)
        return ERR_OK;
    return store_dir_check(config->output_dir, request->resume, why);
}

/* Says no more than that something went wrong. */
static bool is_general(enum error error)
{
    return error == ERR_IO || error == ERR_NOT_FOUND || error == ERR_EXISTS || error == ERR_CONFIG;
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
    return false;
}
