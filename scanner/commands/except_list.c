/* Reads the list and hands it to a scanview. */
#include "scanner/commands/except_list.h"

#include <inttypes.h>

#include "input/optout_list.h"
#include "scanner/base/shown.h"

bool except_take(struct except_files *files, const struct flags *flags, enum flag flag)
{
    if (flag == FLAG_EXCEPT)
        files->list = flags->value;
    else if (flag == FLAG_AS_PREFIXES)
        files->as_prefixes = flags->value;
    else
        return false;
    return true;
}

enum error except_list_open(struct except_list *list, const struct except_files *files, FILE *err,
                            struct buf *why)
{
    const char *as_prefixes = files->as_prefixes == NULL ? "" : files->as_prefixes;
    *list = (struct except_list){.optout = NULL};
    if (files->list == NULL && files->as_prefixes != NULL) {
        buf_text(why, "--as-prefixes is for AS numbers in the list of --except: give that too");
        return ERR_CONFIG;
    }
    if (files->list == NULL)
        return ERR_OK;
    enum error error = optout_read(files->list, as_prefixes, &list->optout, why);
    if (error == ERR_OK)
        optout_say(list->optout, files->list, as_prefixes, err);
    if (error == ERR_MEMORY || error == ERR_OK)
        return error;
    buf_text(why, "; --except needs a file of domains, .suffixes, prefixes and AS numbers, one a line");
    return ERR_CONFIG;
}

void except_list_dispose(struct except_list *list)
{
    optout_destroy(list->optout);
    list->optout = NULL;
}

enum error except_list_use(const struct except_list *list, struct scanview *view)
{
    return list->optout == NULL ? ERR_OK : scanview_except(view, list->optout);
}

void except_list_tell(const struct except_list *list, const struct scanview *view, enum view_stream stream,
                      const char *dir, FILE *err)
{
    static const char *const names[VIEW_STREAMS] = {"domains", "hosts", "certificates", "rejects"};
    if (list->optout != NULL)
        (void)fprintf(err, "stsweep: %" PRIu64 " records of %s%s%s are left out by --except\n",
                      scanview_left_out(view, stream), names[stream], dir == NULL ? "" : " of ",
                      dir == NULL ? "" : shown(dir));
}
