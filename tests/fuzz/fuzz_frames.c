/*
 * Any bytes as the last part of a record file: recovery ends, in bounded memory, with a file that is whole.
 * What it accepts it accepts again, unchanged, and can append to; what it refuses it leaves alone; where it
 * may mend it loses no byte: what is not whole stands in a file beside.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "tests/fuzz/target.h"

#define FILE_NAME "domains.ndjson.zst"

static void require(bool truth, const char *what)
{
    if (truth)
        return;
    (void)fprintf(stderr, "fuzz_frames: %s\n", what);
    abort();
}

/* A directory of this process's own, made anew for each input so that nothing is kept between them. */
static int make_dir(char path[64])
{
    (void)snprintf(path, 64, "%s/stsweep-fuzz-XXXXXX", quick_folder());
    require(mkdtemp(path) != NULL, "mkdtemp");
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    require(dir >= 0, "open");
    return dir;
}

static void put_file(int dir, const uint8_t *data, size_t size)
{
    int fd = openat(dir, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    require(fd >= 0 && write(fd, data, size) == (ssize_t)size, "write");
    (void)close(fd);
}

static size_t file_size(int dir)
{
    struct stat status;
    return fstatat(dir, FILE_NAME, &status, 0) == 0 ? (size_t)status.st_size : 0;
}

static enum error count_line(void *arg, struct bytes line)
{
    require(line.len == 0 || memchr(line.data, '\n', line.len) == NULL, "a line holds a newline");
    ++*(uint64_t *)arg;
    return ERR_OK;
}

static struct frames_options options_of(int dir)
{
    return (struct frames_options){
        .dir_fd = dir, .name = "domains", .level = 1, .frame_bytes = 4096, .part_bytes = UINT64_C(1) << 40};
}

static void append_after(struct frames *frames, struct buf *why)
{
    bool full;
    require(frames_append(frames, bytes_of("{}\n"), &full) == ERR_OK, "append");
    require(frames_commit(frames, why) == ERR_OK, "commit");
    frames_destroy(frames);
}

static enum error agree(void *arg, const char *name, const char *places, struct buf *why)
{
    (void)arg;
    (void)why;
    require(strcmp(name, "domains") == 0 && places[0] != '\0', "damage without a place");
    return ERR_OK;
}

/* Removes what stands beside the record file; returns how much it was. */
static size_t remove_others(const char *path)
{
    size_t bytes = 0;
    struct stat status;
    DIR *listing = opendir(path);
    require(listing != NULL, "opendir");
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, FILE_NAME) == 0)
            continue;
        require(strstr(entry->d_name, ".damaged") != NULL, "something unfinished is left");
        require(fstatat(dirfd(listing), entry->d_name, &status, 0) == 0, "fstatat");
        bytes += (size_t)status.st_size;
        (void)unlinkat(dirfd(listing), entry->d_name, 0);
    }
    (void)closedir(listing);
    return bytes;
}

static void check_accepted(int dir, size_t size, struct frames *frames, uint64_t lines, uint64_t cut,
                           struct buf *why)
{
    struct frames_options options = options_of(dir);
    uint64_t again = 0;
    require(file_size(dir) + cut == size, "the cut is not what is missing");
    require(frames_counters(frames)->lines == lines, "lines");
    append_after(frames, why);
    require(frames_recover(&options, count_line, &again, &frames, &cut, why) == ERR_OK, "not accepted again");
    require(again == lines + 1 && cut == 0, "not the same again");
    frames_destroy(frames);
}

static void check_mended(int dir, const char *path, size_t size, struct buf *why)
{
    struct frames_options options = options_of(dir);
    struct frames *frames;
    uint64_t lines = 0, cut = 0;
    options.damaged = agree;
    enum error error = frames_recover(&options, count_line, &lines, &frames, &cut, why);
    if (error == ERR_OK)
        check_accepted(dir, size - remove_others(path), frames, lines, cut, why);
    else
        require(error == ERR_CORRUPT && file_size(dir) == size, "neither mended nor left alone");
}

static void check(int dir, const char *path, size_t size, struct buf *why)
{
    struct frames_options options = options_of(dir);
    struct frames *frames;
    uint64_t lines = 0, cut = 0;
    enum error error = frames_recover(&options, count_line, &lines, &frames, &cut, why);
    if (error == ERR_OK) {
        check_accepted(dir, size, frames, lines, cut, why);
        return;
    }
    require(error == ERR_CORRUPT && why->len > 0, "another error than damage, or no reason");
    require(file_size(dir) == size, "a refused file was changed");
    check_mended(dir, path, size, why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct buf why;
    int dir = make_dir(path);
    buf_init(&why, 4096);
    put_file(dir, data, size);
    check(dir, path, size, &why);
    buf_dispose(&why);
    (void)unlinkat(dir, FILE_NAME, 0);
    (void)close(dir);
    (void)rmdir(path);
    return 0;
}
