#include "scanner/scan/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/store/store_dir.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/shown.h"
#include "scanner/machine/privileges.h"
#include "scanner/machine/setup.h"

/* Beside the lists: what a task reads, the scan directory, the one that it stands in, the spool's and the
 * status file's. */
enum { PATHS_BESIDE = 5 };

/* Lists take this share of the open files at most until they are read; further ones are opened when their
 * turn comes. */
enum { FILES_SHARE = 4 };

static bool is_streaming(const struct config *config)
{
    return strcmp(config->output_dir, "-") == 0;
}

/* Allots the files, and opens those that are held open. */
static enum error open_inputs(struct confine *confine, const struct scan_request *request, struct buf *why)
{
    enum error error = ERR_OK;
    confine->files = calloc(request->file_count, sizeof *confine->files);
    if (confine->files == NULL && request->file_count > 0)
        return ERR_MEMORY;
    confine->file_count = request->file_count;
    for (size_t i = 0; i < request->file_count; i++)
        confine->files[i].path = request->files[i];
    uint64_t most = setup_open_files() / FILES_SHARE;
    for (size_t i = 0; i < request->file_count && i < most && error == ERR_OK; i++)
        error = input_open(&confine->files[i], why);
    return error;
}

/* Checks the files that are not open yet: we may be somebody else by now. */
static enum error check_inputs(const struct confine *confine, struct buf *why)
{
    enum error error = ERR_OK;
    for (size_t i = 0; i < confine->file_count && error == ERR_OK; i++)
        error = confine->files[i].is_open ? ERR_OK : input_can_read(confine->files[i].path, why);
    return error;
}

/* Gives the user a directory that was just made; a link in its place is not followed. */
static enum error give(const char *path, const struct privileges_user *user, struct buf *why)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool given = fd >= 0 && fchown(fd, user->uid, user->gid) == 0;
    if (!given)
        buf_printf(why, "%s: it cannot be given to %s: %s", shown(path), shown(user->name),
                   errno_said(errno));
    if (fd >= 0)
        (void)close(fd);
    return given ? ERR_OK : ERR_IO;
}

/* Makes the scan directory, and lets the user have what was made. */
static enum error make_directory(struct confine *confine, const char *path,
                                 const struct privileges_user *user, struct buf *why)
{
    bool made = false;
    enum error error = store_dir_make(path, &made, why);
    confine->made = made ? path : NULL;
    return error == ERR_OK && made && user != NULL && !user->is_us ? give(path, user, why) : error;
}

/* Becomes the user, who must be able to go on with what is there. */
static enum error become(const struct privileges_user *user, const char *directory, struct buf *why)
{
    enum error error = privileges_become(user, why);
    if (error != ERR_OK || directory == NULL)
        return error;
    error = store_dir_may_write(directory, why);
    if (error != ERR_OK)
        buf_printf(why,
                   "\n  %s is to write it (safety.user), and to pass all directories above it: give it all "
                   "(chown -R %s %s), or go on as the user who began it, without safety.user",
                   user->name, user->name, directory);
    return error;
}

static void enter(struct confine *confine, const struct scan_request *request, const struct config *config,
                  const struct outward *outward, const char *spool)
{
    struct landlock_path *paths = calloc(request->file_count + PATHS_BESIDE, sizeof *paths);
    char *above = confine->made == NULL ? NULL : strdup(confine->made);
    size_t count = 0;
    for (size_t i = 0; paths != NULL && i < request->file_count; i++)
        paths[count++] = (struct landlock_path){request->files[i], LANDLOCK_READ};
    if (paths != NULL && request->reads != NULL)
        paths[count++] = (struct landlock_path){request->reads, LANDLOCK_READ};
    if (paths != NULL && !is_streaming(config))
        paths[count++] = (struct landlock_path){config->output_dir, LANDLOCK_FILES};
    if (paths != NULL)
        paths[count++] = (struct landlock_path){spool, LANDLOCK_FILES};
    if (paths != NULL && above != NULL)
        paths[count++] = (struct landlock_path){dirname(above), LANDLOCK_UNMAKE};
    if (paths != NULL && outward->status_dir != NULL)
        paths[count++] = (struct landlock_path){outward->status_dir, LANDLOCK_REPLACED};
    sandbox_enter(&(struct sandbox_needs){.config = config,
                                          .paths = paths,
                                          .path_count = count,
                                          .listener = outward->listener > 0 ? outward->listener : 0},
                  &confine->sandbox);
    free(above);
    free(paths);
}

enum error confine_enter(struct confine *confine, const struct scan_request *request,
                         const struct config *config, const struct outward *outward, const char *spool,
                         struct buf *why)
{
    struct privileges_user user;
    const char *directory = is_streaming(config) ? NULL : config->output_dir;
    bool becomes = config->safety_user[0] != 0;
    *confine = (struct confine){0};
    enum error error = becomes ? privileges_find(config->safety_user, &user, why) : ERR_OK;
    if (error == ERR_OK)
        error = open_inputs(confine, request, why);
    if (error == ERR_OK && directory != NULL && !request->resume)
        error = make_directory(confine, directory, becomes ? &user : NULL, why);
    if (error == ERR_OK && becomes)
        error = become(&user, directory, why);
    if (error == ERR_OK && becomes)
        error = check_inputs(confine, why);
    if (error == ERR_OK)
        enter(confine, request, config, outward, spool);
    else
        confine_end_beginning(confine, false);
    return error;
}

void confine_end_beginning(struct confine *confine, bool begun)
{
    if (confine->made != NULL && !begun)
        (void)rmdir(confine->made);
    confine->made = NULL;
    if (begun && confine->sandbox.landlock > 0 && confine->sandbox.landlock_error == 0)
        (void)landlock_end_unmaking();
}

void confine_dispose(struct confine *confine)
{
    for (size_t i = 0; i < confine->file_count; i++)
        input_close(&confine->files[i]);
    free(confine->files);
    *confine = (struct confine){0};
}
