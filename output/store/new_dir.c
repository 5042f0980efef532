/* Lists, sums and removes what stands in the directory that this program has just made. */
#include "output/store/new_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "output/frames/disk.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/shown.h"

enum { NAMES_MOST = 4096, SUMS_BYTES = 1 << 20, BLOCK_BYTES = 64 << 10 };

static enum error failed(const char *path, const char *what, struct buf *why)
{
    int number = errno;
    buf_printf(why, "%s: %s: %s", shown(path), what, errno_said(number));
    errno = number;
    return error_of_file(number);
}

enum error new_dir_make(struct new_dir *out, const char *path, struct buf *why)
{
    *out = (struct new_dir){.path = path, .dir = {.fd = -1, .lock = -1}};
    if (mkdir(path, 0755) != 0) {
        if (errno == EEXIST) {
            buf_printf(why, "%s exists already: name another, or remove it", shown(path));
            return ERR_EXISTS;
        }
        return failed(path, "cannot be made", why);
    }
    out->dir.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->dir.fd >= 0)
        return ERR_OK;
    enum error error = failed(path, "cannot be opened", why);
    (void)rmdir(path);
    return error;
}

enum error new_dir_write(const struct new_dir *out, const char *name, struct bytes text, struct buf *why)
{
    return store_dir_write(&out->dir, name, text, why);
}

enum error new_dir_open(const struct new_dir *out, const char *name, FILE **file, struct buf *why)
{
    int fd = disk_open(out->dir.fd, name, O_WRONLY | O_CREAT | O_TRUNC);
    *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (*file != NULL)
        return ERR_OK;
    enum error error = failed(name, "cannot be made", why);
    if (fd >= 0)
        (void)close(fd);
    return error;
}

enum error new_dir_end(FILE *file, const char *name, struct buf *why)
{
    bool is_whole = fflush(file) == 0 && ferror(file) == 0;
    int number = errno;
    is_whole = fclose(file) == 0 && is_whole;
    if (is_whole)
        return ERR_OK;
    errno = number != 0 ? number : errno;
    return failed(name, "cannot be written", why);
}

void new_dir_close(struct new_dir *out)
{
    if (out->dir.fd >= 0)
        (void)close(out->dir.fd);
    out->dir.fd = -1;
}

/* ---- what stands in it --------------------------------------------------------------------------------- */

struct names {
    char *names[NAMES_MOST];
    size_t count;
};

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void forget(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    names->count = 0;
}

static enum error list(const struct new_dir *out, struct names *names, struct buf *why)
{
    enum error error = ERR_OK;
    DIR *listing = opendir(out->path);
    names->count = 0;
    if (listing == NULL)
        return failed(out->path, "cannot list", why);
    for (struct dirent *entry = readdir(listing); entry != NULL && error == ERR_OK;
         entry = readdir(listing)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (names->count == NAMES_MOST)
            error = ERR_LIMIT;
        else if ((names->names[names->count] = strdup(entry->d_name)) == NULL)
            error = ERR_MEMORY;
        else
            names->count++;
    }
    (void)closedir(listing);
    qsort(names->names, names->count, sizeof *names->names, by_bytes);
    return error;
}

enum error new_dir_each(const struct new_dir *out,
                        enum error (*visit)(void *arg, const char *name, uint64_t bytes), void *arg,
                        struct buf *why)
{
    struct names names;
    enum error error = list(out, &names, why);
    for (size_t i = 0; error == ERR_OK && i < names.count; i++) {
        struct stat status;
        error = fstatat(out->dir.fd, names.names[i], &status, AT_SYMLINK_NOFOLLOW) == 0
                    ? visit(arg, names.names[i], (uint64_t)status.st_size)
                    : failed(names.names[i], "cannot look at it", why);
    }
    forget(&names);
    return error;
}

void new_dir_drop(struct new_dir *out)
{
    DIR *listing = out->dir.fd < 0 ? NULL : opendir(out->path);
    if (out->dir.fd < 0)
        return;
    for (struct dirent *entry = listing == NULL ? NULL : readdir(listing); entry != NULL;
         entry = readdir(listing))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(out->dir.fd, entry->d_name, 0);
    if (listing != NULL)
        (void)closedir(listing);
    new_dir_close(out);
    (void)rmdir(out->path);
}

/* ---- checksums ----------------------------------------------------------------------------------------- */

static enum error digest(int fd, uint8_t sha256[EVP_MAX_MD_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t *block = malloc(BLOCK_BYTES);
    ssize_t got = 0;
    bool fine = context != NULL && block != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    while (fine && ((got = read(fd, block, BLOCK_BYTES)) > 0 || (got < 0 && errno == EINTR)))
        fine = got < 0 || EVP_DigestUpdate(context, block, (size_t)got) == 1;
    enum error error = context == NULL || block == NULL                         ? ERR_MEMORY
                       : got < 0                                                ? ERR_IO
                       : fine && EVP_DigestFinal_ex(context, sha256, NULL) == 1 ? ERR_OK
                                                                                : ERR_LIBRARY;
    EVP_MD_CTX_free(context);
    free(block);
    return error;
}

struct sums {
    const struct new_dir *out;
    struct buf text;
    struct buf *why;
};

static enum error on_file(void *arg, const char *name, uint64_t bytes)
{
    struct sums *sums = arg;
    uint8_t sha256[EVP_MAX_MD_SIZE];
    (void)bytes;
    int fd = openat(sums->out->dir.fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return failed(name, "cannot be read", sums->why);
    enum error error = digest(fd, sha256);
    (void)close(fd);
    for (size_t i = 0; error == ERR_OK && i < 32; i++)
        (void)buf_printf(&sums->text, "%02x", sha256[i]);
    (void)buf_printf(&sums->text, "  %s\n", name);
    return error == ERR_OK && sums->text.failed ? ERR_LIMIT : error;
}

enum error new_dir_sum(const struct new_dir *out, struct buf *why)
{
    struct sums sums = {.out = out, .why = why};
    buf_init(&sums.text, SUMS_BYTES);
    enum error error = new_dir_each(out, on_file, &sums, why);
    if (error == ERR_OK)
        error = new_dir_write(out, "SHA256SUMS", buf_bytes(&sums.text), why);
    buf_dispose(&sums.text);
    return error;
}
