/*
 * Any bytes as a record file of one part or several, of a scan that ended or not: recovery ends, in bounded
 * memory, with files that are whole. What it accepts it accepts again, unchanged, and can append to; what it
 * refuses it leaves alone; only the last part has a torn tail, and none in a scan that ended; where it may
 * mend it loses no byte: what is not whole stands in a file beside. Afterwards the tally from heads says the
 * same.
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
#include "output/frames/frames_tally.h"
#include "tests/fuzz/target.h"

enum { PARTS_MOST = 3, NAME_BYTES = 64, MAGIC_BYTES = 4, EMPTY_FRAME_MOST = 16 };

/* A directory of records, made anew for each trial so that nothing is kept between them. */
struct trial {
    char path[64];
    int dir;
    bool whole; /* summary.json stands in it */
    size_t parts, sizes[PARTS_MOST];
    struct buf why;
};

static void require(bool truth, const char *what)
{
    if (truth)
        return;
    (void)fprintf(stderr, "fuzz_frames: %s\n", what);
    abort();
}

static const char *file_of(size_t part, char name[NAME_BYTES])
{
    (void)snprintf(name, NAME_BYTES, part == 0 ? "domains.ndjson.zst" : "domains.%04zu.ndjson.zst", part);
    return name;
}

static void put_file(int dir, const char *name, const uint8_t *data, size_t size)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    require(fd >= 0 && write(fd, data, size) == (ssize_t)size, "write");
    (void)close(fd);
}

static size_t file_size(const struct trial *trial, size_t part)
{
    char name[NAME_BYTES];
    struct stat status;
    return fstatat(trial->dir, file_of(part, name), &status, 0) == 0 ? (size_t)status.st_size : 0;
}

static void begin(struct trial *trial, bool whole, const uint8_t *data, const size_t *ends, size_t parts)
{
    char name[NAME_BYTES];
    *trial = (struct trial){.whole = whole, .parts = parts};
    (void)snprintf(trial->path, sizeof trial->path, "%s/stsweep-fuzz-XXXXXX", quick_folder());
    require(mkdtemp(trial->path) != NULL, "mkdtemp");
    trial->dir = open(trial->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    require(trial->dir >= 0, "open");
    buf_init(&trial->why, 4096);
    for (size_t i = 0, from = 0; i < parts; from = ends[i++]) {
        trial->sizes[i] = ends[i] - from;
        put_file(trial->dir, file_of(i, name), data + from, trial->sizes[i]);
    }
    if (whole)
        put_file(trial->dir, "summary.json", (const uint8_t *)"{}", 2);
}

static void end(struct trial *trial)
{
    char name[NAME_BYTES];
    for (size_t i = 0; i < trial->parts; i++)
        (void)unlinkat(trial->dir, file_of(i, name), 0);
    (void)unlinkat(trial->dir, "summary.json", 0);
    (void)close(trial->dir);
    require(rmdir(trial->path) == 0, "something unfinished is left");
    buf_dispose(&trial->why);
}

static enum error count_line(void *arg, struct bytes line)
{
    require(line.len == 0 || memchr(line.data, '\n', line.len) == NULL, "a line holds a newline");
    ++*(uint64_t *)arg;
    return ERR_OK;
}

static struct frames_options options_of(const struct trial *trial)
{
    return (struct frames_options){.dir_fd = trial->dir,
                                   .name = "domains",
                                   .level = 1,
                                   .frame_bytes = 4096,
                                   .part_bytes = UINT64_C(1) << 40,
                                   .whole = trial->whole};
}

static enum error agree(void *arg, const char *name, const char *places, struct buf *why)
{
    (void)arg;
    (void)why;
    require(strcmp(name, "domains") == 0 && places[0] != '\0', "damage without a place");
    return ERR_OK;
}

/* Removes what was set aside of a part; returns how much it was. */
static size_t remove_sides(const struct trial *trial, size_t part)
{
    char name[NAME_BYTES];
    size_t bytes = 0, len = strlen(file_of(part, name));
    struct stat status;
    DIR *listing = opendir(trial->path);
    require(listing != NULL, "opendir");
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (strncmp(entry->d_name, name, len) != 0 || strstr(entry->d_name, ".damaged") == NULL)
            continue;
        require(fstatat(trial->dir, entry->d_name, &status, 0) == 0, "fstatat");
        bytes += (size_t)status.st_size;
        require(unlinkat(trial->dir, entry->d_name, 0) == 0, "unlinkat");
    }
    (void)closedir(listing);
    return bytes;
}

/* Each byte of each part is in it still, or beside it, or was the torn tail of the last. A part before the
 * last of which nothing is left has an empty frame. */
static void check_bytes(const struct trial *trial, uint64_t cut)
{
    require(!trial->whole || cut == 0, "a torn tail of a scan that ended");
    for (size_t i = 0; i < trial->parts; i++) {
        size_t now = file_size(trial, i), beside = remove_sides(trial, i);
        bool last = i + 1 == trial->parts;
        bool emptied = !last && beside == trial->sizes[i] && beside > 0;
        require(emptied ? now > 0 && now <= EMPTY_FRAME_MOST
                        : now + beside + (last ? cut : 0) == trial->sizes[i],
                "bytes are lost");
    }
}

static void check_unchanged(const struct trial *trial)
{
    for (size_t i = 0; i < trial->parts; i++)
        require(file_size(trial, i) == trial->sizes[i] && remove_sides(trial, i) == 0,
                "a refused file was changed");
}

/* What heads say of whole files is what recovery says. */
static void check_tally(struct trial *trial, const struct frames_counters *counters)
{
    struct frames_tally tally;
    require(frames_tally(trial->dir, "domains", true, &tally, &trial->why) == ERR_OK, "no tally");
    require(tally.parts == counters->parts && tally.frames == counters->frames &&
                tally.raw_bytes == counters->raw_bytes && tally.stored_bytes == counters->stored_bytes &&
                tally.torn_bytes == 0 && (!tally.exact || tally.records == counters->lines),
            "the tally says something else");
}

static void check_accepted(struct trial *trial, struct frames *frames, uint64_t lines)
{
    struct frames_options options = options_of(trial);
    uint64_t again = 0, cut = 0;
    bool full;
    require(frames_counters(frames)->lines == lines, "lines");
    check_tally(trial, frames_counters(frames));
    require(frames_append(frames, bytes_of("{}\n"), &full) == ERR_OK, "append");
    require(frames_commit(frames, &trial->why) == ERR_OK, "commit");
    check_tally(trial, frames_counters(frames));
    frames_destroy(frames);
    require(frames_recover(&options, count_line, &again, &frames, &cut, &trial->why) == ERR_OK,
            "not accepted again");
    require(again == lines + 1 && cut == 0, "not the same again");
    frames_destroy(frames);
}

static void check_mended(struct trial *trial)
{
    struct frames_options options = options_of(trial);
    struct frames *frames;
    uint64_t lines = 0, cut = 0;
    options.damaged = agree;
    enum error error = frames_recover(&options, count_line, &lines, &frames, &cut, &trial->why);
    if (error != ERR_OK) {
        require(error == ERR_CORRUPT, "neither mended nor left alone");
        check_unchanged(trial);
        return;
    }
    check_bytes(trial, cut);
    check_accepted(trial, frames, lines);
}

static void check(struct trial *trial)
{
    struct frames_options options = options_of(trial);
    struct frames_tally tally;
    struct frames *frames;
    uint64_t lines = 0, read = 0, cut = 0;
    enum error told = frames_tally(trial->dir, "domains", true, &tally, &trial->why);
    enum error reading = frames_read(trial->dir, "domains", count_line, &read, &trial->why);
    buf_reset(&trial->why);
    enum error error = frames_recover(&options, count_line, &lines, &frames, &cut, &trial->why);
    require(reading == error && read == lines, "reading and recovery differ");
    if (error == ERR_OK) {
        require(cut > 0 || (told == ERR_OK && tally.torn_bytes == 0), "whole, and the tally knows better");
        check_bytes(trial, cut);
        check_accepted(trial, frames, lines);
        return;
    }
    require(error == ERR_CORRUPT && trial->why.len > 0, "another error than damage, or no reason");
    check_unchanged(trial);
    check_mended(trial);
}

static void check_parts(const uint8_t *data, const size_t *ends, size_t parts)
{
    for (int whole = 0; whole < 2; whole++) {
        struct trial trial;
        begin(&trial, whole != 0, data, ends, parts);
        check(&trial);
        end(&trial);
    }
}

/* A part that is missing is refused, whatever the others are. */
static void check_gap(const uint8_t *data, const size_t *ends)
{
    char name[NAME_BYTES];
    struct trial trial;
    struct frames *frames;
    uint64_t lines = 0, cut = 0;
    begin(&trial, false, data, ends, PARTS_MOST);
    (void)unlinkat(trial.dir, file_of(1, name), 0);
    trial.sizes[1] = 0;
    struct frames_options options = options_of(&trial);
    options.damaged = agree;
    require(frames_recover(&options, count_line, &lines, &frames, &cut, &trial.why) == ERR_CORRUPT &&
                trial.why.len > 0,
            "a part is missing, and nobody says so");
    check_unchanged(&trial);
    end(&trial);
}

/* Finds where the input is cut: before its second and third frame, or what looks like one. */
static void cut_at_frames(const uint8_t *data, size_t size, size_t ends[PARTS_MOST])
{
    size_t found = 0;
    ends[0] = ends[1] = ends[2] = size;
    for (size_t i = 1; i + MAGIC_BYTES <= size && found + 1 < PARTS_MOST; i++)
        if (memcmp(data + i, "\x28\xB5\x2F\xFD", MAGIC_BYTES) == 0)
            ends[found++] = i;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t at_frames[PARTS_MOST], anywhere[PARTS_MOST] = {size / 3, size / 3 * 2, size};
    cut_at_frames(data, size, at_frames);
    check_parts(data, &size, 1);
    check_parts(data, at_frames, PARTS_MOST);
    check_parts(data, anywhere, PARTS_MOST);
    check_gap(data, anywhere);
    return 0;
}
