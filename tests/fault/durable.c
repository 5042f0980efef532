/*
 * The model of a disk that loses power: for each file what was synced of it, for each name of the directory
 * which file it stood for when the directory was synced. One directory, small files; what does not fit ends
 * the program, so that no test passes on half a model.
 */
#include "tests/fault/fault.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 512, NAMES = 128, NAME_BYTES = 64, PATH_BYTES = 1024, BLOCK = 512, NONE = -1 };

struct image {
    uint8_t *data;
    size_t len;
};

struct name {
    char text[NAME_BYTES];
    int now, durable; /* a file each, or NONE */
};

static struct {
    char dir[PATH_BYTES];
    bool dir_durable;
    struct image files[FILES]; /* what was synced */
    int file_count;
    struct name names[NAMES];
    int name_count;
    uint64_t random;
} model;

static void fail(const char *what)
{
    (void)fprintf(stderr, "fault: %s\n", what);
    _Exit(99);
}

static uint64_t draw(uint64_t below)
{
    model.random ^= model.random << 13;
    model.random ^= model.random >> 7;
    model.random ^= model.random << 17;
    return below == 0 ? 0 : (model.random >> 11) % below;
}

static void path_of(const char *name, char path[PATH_BYTES])
{
    if (snprintf(path, PATH_BYTES, "%s/%s", model.dir, name) >= PATH_BYTES)
        fail("a path is too long");
}

/* The whole of a file; empty where it cannot be read. */
static struct image read_image(const char *name)
{
    char path[PATH_BYTES];
    struct stat status;
    struct image image = {0};
    path_of(name, path);
    int fd = real_calls.openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0) {
        image.data = malloc((size_t)status.st_size);
        if (image.data == NULL)
            fail("out of memory");
        ssize_t got = pread(fd, image.data, (size_t)status.st_size, 0);
        image.len = got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        (void)close(fd);
    return image;
}

static void write_image(const char *name, struct image image)
{
    char path[PATH_BYTES];
    path_of(name, path);
    int fd = real_calls.openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || (image.len > 0 && real_calls.pwrite(fd, image.data, image.len, 0) != (ssize_t)image.len))
        fail("cannot write what the disk has left");
    (void)close(fd);
}

static struct name *find(const char *text)
{
    for (int i = 0; i < model.name_count; i++)
        if (strcmp(model.names[i].text, text) == 0)
            return &model.names[i];
    if (model.name_count == NAMES || strlen(text) >= NAME_BYTES)
        fail("too many names, or one too long");
    struct name *name = &model.names[model.name_count++];
    memcpy(name->text, text, strlen(text) + 1);
    name->now = name->durable = NONE;
    return name;
}

static int new_file(void)
{
    if (model.file_count == FILES)
        fail("too many files");
    return model.file_count++;
}

void durable_begin(const char *dir)
{
    if (strlen(dir) >= sizeof model.dir)
        fail("a path is too long");
    memcpy(model.dir, dir, strlen(dir) + 1);
    DIR *listing = opendir(dir);
    model.dir_durable = listing != NULL;
    for (struct dirent *entry; listing != NULL && (entry = readdir(listing)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        struct name *name = find(entry->d_name);
        name->now = name->durable = new_file();
        model.files[name->now] = read_image(entry->d_name);
    }
    if (listing != NULL)
        (void)closedir(listing);
}

void durable_created(const char *name)
{
    find(name)->now = new_file();
}

void durable_removed(const char *name)
{
    find(name)->now = NONE;
}

void durable_renamed(const char *from, const char *to)
{
    struct name *source = find(from), *target = find(to);
    target->now = source->now;
    source->now = NONE;
}

void durable_synced(const char *name)
{
    struct name *entry = find(name);
    if (entry->now == NONE)
        return; /* unlinked while open */
    free(model.files[entry->now].data);
    model.files[entry->now] = read_image(name);
}

void durable_directory_synced(void)
{
    for (int i = 0; i < model.name_count; i++)
        model.names[i].durable = model.names[i].now;
}

void durable_directory_made(void)
{
    model.dir_durable = false;
}

void durable_parent_synced(void)
{
    model.dir_durable = true;
}

/* Of what was not synced, some blocks reached the disk, some not (they read as zeros), up to some length. */
static struct image tear(const struct image *synced, struct image now)
{
    size_t least = synced->len < now.len ? synced->len : now.len;
    size_t most = synced->len < now.len ? now.len : synced->len;
    struct image torn = {.data = calloc(most + 1, 1), .len = least + draw(most - least + 1)};
    if (torn.data == NULL)
        fail("out of memory");
    if (synced->len > 0)
        memcpy(torn.data, synced->data, torn.len < synced->len ? torn.len : synced->len);
    bool holes = draw(2) == 1;
    for (size_t at = 0; at < torn.len && at < now.len; at += BLOCK) {
        size_t len = torn.len - at < BLOCK ? torn.len - at : BLOCK;
        len = now.len - at < len ? now.len - at : len;
        if (!holes || draw(2) == 0)
            memcpy(torn.data + at, now.data + at, len);
    }
    return torn;
}

struct survivor {
    bool there;
    struct image image;
};

/* The file that a name stands for after the loss, with what is left of it. */
static struct survivor survive(const struct name *name)
{
    struct survivor survivor = {0};
    int file = name->now != name->durable && draw(2) == 1 ? name->durable : name->now;
    if (file == NONE)
        return survivor;
    survivor.there = true;
    const char *standing = NULL; /* under which name its content can be read */
    for (int i = 0; i < model.name_count; i++)
        if (model.names[i].now == file)
            standing = model.names[i].text;
    survivor.image = model.files[file];
    if (standing != NULL)
        survivor.image = tear(&model.files[file], read_image(standing));
    return survivor;
}

void durable_lose_power(uint64_t seed)
{
    static struct survivor survivors[NAMES];
    char path[PATH_BYTES];
    model.random = seed * 0x9E3779B97F4A7C15U + 0x1234567;
    for (int i = 0; i < 8; i++)
        (void)draw(2);
    bool all_gone = !model.dir_durable && draw(2) == 1;
    for (int i = 0; i < model.name_count; i++)
        survivors[i] = survive(&model.names[i]);
    for (int i = 0; i < model.name_count; i++) {
        path_of(model.names[i].text, path);
        (void)real_calls.unlink(path);
    }
    for (int i = 0; i < model.name_count && !all_gone; i++)
        if (survivors[i].there)
            write_image(model.names[i].text, survivors[i].image);
    if (all_gone)
        (void)rmdir(model.dir);
}
