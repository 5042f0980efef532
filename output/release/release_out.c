/* Lists, sums and removes what stands in the directory that this program has just made. */
#include "output/release/release_out.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "scanner/base/shown.h"

enum { NAMES_MOST = 4096, SUMS_BYTES = 1 << 20, BLOCK_BYTES = 64 << 10 };

static enum error failed(const char *path, const char *what, struct buf *why)
{
    int number = errno;
    buf_printf(why, "%s: %s: %s", shown(path), what, strerror(number));
    errno = number;
    return error_of_file(number);
}

enum error release_out_make(struct release_out *out, const char *path, struct buf *why)
{
    *out = (struct release_out){.path = path, .dir = {.fd = -1, .lock = -1}};
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

enum error release_out_write(const struct release_out *out, const char *name, struct bytes text,
                             struct buf *why)
{
    return store_dir_write(&out->dir, name, text, why);
}

void release_out_close(struct release_out *out)
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

static enum error list(const struct release_out *out, struct names *names, struct buf *why)
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

enum error release_out_each(const struct release_out *out,
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

void release_out_drop(struct release_out *out)
{
    struct names names;
    struct buf why;
    if (out->dir.fd < 0)
        return;
    buf_init(&why, SUMS_BYTES);
    (void)list(out, &names, &why);
    for (size_t i = 0; i < names.count; i++)
        (void)unlinkat(out->dir.fd, names.names[i], 0);
    forget(&names);
    buf_dispose(&why);
    release_out_close(out);
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
    const struct release_out *out;
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

enum error release_out_sum(const struct release_out *out, struct buf *why)
{
    struct sums sums = {.out = out, .why = why};
    buf_init(&sums.text, SUMS_BYTES);
    enum error error = release_out_each(out, on_file, &sums, why);
    if (error == ERR_OK)
        error = release_out_write(out, "SHA256SUMS", buf_bytes(&sums.text), why);
    buf_dispose(&sums.text);
    return error;
}
