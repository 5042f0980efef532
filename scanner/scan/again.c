/* Looks how far the directory of a shard of names is. */
#include "scanner/scan/again.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "output/store/store_dir.h"
#include "scanner/base/buf.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/config/config.h"
#include "scanner/scan/refusal.h"
#include "scanner/scan/scanmeta.h"

enum { WHY_BYTES = 16 * 1024 };

static bool is_meant(const struct scan_request *request)
{
    const struct config *config = request->config;
    return (request->again || config->scan_stage == SCAN_STAGE_NAMES) && strcmp(config->output_dir, "-") != 0;
}

static bool holds(int dir_fd, const char *name)
{
    return dir_fd >= 0 && faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Ends with a line about names that are whole, if they are those that were asked for. */
static int end_whole(const struct config *config, int dir_fd, FILE *out)
{
    struct buf why;
    buf_init(&why, WHY_BYTES);
    (void)buf_printf(&why, "%s: ", shown(config->output_dir));
    enum error error = scan_meta_is_of(config, dir_fd, &why);
    if (error == ERR_OK)
        (void)fprintf(out, "stsweep: %s: the names are whole already: nothing is left to do\n",
                      shown(config->output_dir));
    else
        (void)refusal_say(NULL, error, &why, out);
    buf_dispose(&why);
    return exit_code_of(error);
}

static bool is_taken(const char *dir, FILE *out)
{
    char holder[STORE_DIR_HOLDER_BYTES];
    if (!store_dir_is_locked(dir, holder))
        return false;
    (void)fprintf(out, "stsweep: %s: %s is at work on it; give the same command again later\n", shown(dir),
                  holder[0] == '\0' ? "another process" : holder);
    return true;
}

int again_look(struct scan_request *request, FILE *out)
{
    if (!is_meant(request))
        return AGAIN_GO_ON;
    const char *dir = request->config->output_dir;
    int code = AGAIN_GO_ON;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (holds(fd, "summary.json") && holds(fd, "meta.json"))
        code = end_whole(request->config, fd, out);
    else if (is_taken(dir, out))
        code = EXIT_AGAIN;
    else
        request->resume = request->resume || holds(fd, "meta.json");
    if (fd >= 0)
        (void)close(fd);
    return code;
}

bool again_came_second(const struct scan_request *request, FILE *out)
{
    if (!is_meant(request))
        return false;
    const char *dir = request->config->output_dir;
    if (is_taken(dir, out))
        return true;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool has_scan = !request->resume && holds(fd, "meta.json");
    if (fd >= 0)
        (void)close(fd);
    if (has_scan)
        (void)fprintf(out, "stsweep: %s: another process was at work on it; give the same command again\n",
                      shown(dir));
    return has_scan;
}
