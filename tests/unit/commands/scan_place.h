/*
 * A scan directory for the tests of commands that read one, record by record, and what a command writes to
 * its streams. cmocka's headers come first.
 */
#ifndef STSWEEP_TESTS_SCAN_PLACE_H
#define STSWEEP_TESTS_SCAN_PLACE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "output/json/json.h"

enum { PLACE_LINE_BYTES = 1 << 20, PLACE_FRAME_BYTES = 2048 };

struct scan_place {
    char path[64];
    int fd;
};

static inline void place_begin(struct scan_place *place)
{
    (void)snprintf(place->path, sizeof place->path, "/tmp/stsweep-place-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(place->fd >= 0);
}

static inline void place_end(struct scan_place *place)
{
    static const char *const files[] = {"meta.json", "domains.ndjson.zst", "hosts.ndjson.zst",
                                        "certs.ndjson.zst"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)unlinkat(place->fd, files[i], 0);
    (void)close(place->fd);
    assert_int_equal(rmdir(place->path), 0);
}

static inline void place_file(const struct scan_place *place, const char *name, const char *text)
{
    int fd = openat(place->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

/* members: further ones of the object, each behind a comma. */
static inline void place_meta_with(const struct scan_place *place, unsigned rules, const char *state,
                                   long long started_ms, const char *members)
{
    char text[1024];
    int len = snprintf(text, sizeof text,
                       "{\"schema\":%d,\"rules\":%u,\"version\":\"7\",\"state\":\"%s\",\"runs\":1,"
                       "\"seed\":\"1\",\"started_ms\":%lld%s}",
                       RECORD_SCHEMA_VERSION, rules, state, started_ms, members);
    assert_true(len > 0 && (size_t)len < sizeof text);
    place_file(place, "meta.json", text);
}

static inline void place_meta_at(const struct scan_place *place, unsigned rules, const char *state,
                                 long long started_ms)
{
    place_meta_with(place, rules, state, started_ms, "");
}

static inline void place_meta_state(const struct scan_place *place, unsigned rules, const char *state)
{
    place_meta_at(place, rules, state, 1);
}

static inline void place_meta(const struct scan_place *place, unsigned rules)
{
    place_meta_state(place, rules, "done");
}

/* Lines up to the first NULL, each a frame of its own. */
static inline void place_lines(const struct scan_place *place, const char *name, const char *const *lines)
{
    const struct frames_options options = {.dir_fd = place->fd,
                                           .name = name,
                                           .level = 1,
                                           .frame_bytes = PLACE_FRAME_BYTES,
                                           .part_bytes = UINT64_C(1) << 40};
    struct frames *frames;
    struct buf why;
    bool full;
    buf_init(&why, 4096);
    char file[64];
    (void)snprintf(file, sizeof file, "%s.ndjson.zst", name);
    (void)unlinkat(place->fd, file, 0);
    assert_int_equal(frames_create(&options, &frames, &why), ERR_OK);
    for (size_t i = 0; lines[i] != NULL; i++) {
        assert_int_equal(frames_append(frames, bytes_of(lines[i]), &full), ERR_OK);
        assert_int_equal(frames_commit(frames, &why), ERR_OK);
    }
    assert_int_equal(frames_commit(frames, &why), ERR_OK);
    frames_destroy(frames);
    buf_dispose(&why);
}

/* A bit of the file's middle is wrong. */
static inline void place_damage(const struct scan_place *place, const char *name)
{
    struct stat status;
    char byte;
    int fd = openat(place->fd, name, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    assert_int_equal(pread(fd, &byte, 1, status.st_size / 2), 1);
    byte ^= 4;
    assert_int_equal(pwrite(fd, &byte, 1, status.st_size / 2), 1);
    assert_int_equal(close(fd), 0);
}

#endif
