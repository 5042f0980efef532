/* The parts of a record file, frame by frame, line by line. Tells a torn tail from damage; never mends
 * either. */
#include "output/frames_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "output/frames_part.h"
#include "output/frames_scan.h"

struct walk {
    frames_line line;
    void *arg;
    struct walk_end *end;
    char file[PART_NAME_BYTES];
    bool is_last;
    struct frame_scan *scan;
    struct buf *why;
};

uint64_t frames_count_lines(struct bytes text)
{
    uint64_t count = 0;
    const uint8_t *end = text.data + text.len;
    for (const uint8_t *place = text.data; place < end; count++) {
        place = memchr(place, '\n', (size_t)(end - place));
        if (place == NULL)
            break;
        place++;
    }
    return count;
}

/* ERR_CORRUPT, and the place of the frame that comes next into *why. */
static enum error corrupt(struct walk *walk, uint64_t frame, uint64_t offset, const char *what)
{
    buf_printf(walk->why, "%s: frame %llu at offset %llu %s", walk->file, (unsigned long long)frame,
               (unsigned long long)offset, what);
    return ERR_CORRUPT;
}

static enum error give_lines(struct walk *walk, struct bytes raw)
{
    const uint8_t *place = raw.data, *end = raw.data + raw.len;
    while (place < end) {
        const uint8_t *stop = memchr(place, '\n', (size_t)(end - place));
        enum error error = walk->line(walk->arg, bytes_make(place, (size_t)(stop - place)));
        if (error != ERR_OK) {
            buf_printf(walk->why, "%s%s: record %llu", walk->why->len > 0 ? ": " : "", walk->file,
                       (unsigned long long)walk->end->counters.lines + 1);
            return error;
        }
        walk->end->counters.lines++;
        place = stop + 1;
    }
    return ERR_OK;
}

/* One whole frame, which began at offset `from`. */
static enum error take_frame(struct walk *walk, struct bytes raw, uint64_t from)
{
    struct frames_counters *counters = &walk->end->counters;
    if (raw.len > 0 && raw.data[raw.len - 1] != '\n')
        return corrupt(walk, frame_scan_count(walk->scan), from, "ends in the middle of a line");
    if (walk->line == NULL) {
        counters->lines += frames_count_lines(raw);
    } else {
        enum error error = give_lines(walk, raw);
        if (error != ERR_OK)
            return error;
    }
    counters->frames++;
    counters->raw_bytes += raw.len;
    counters->stored_bytes += frame_scan_offset(walk->scan) - from;
    return ERR_OK;
}

/* No whole frame stands here: fine only as the torn tail of the last part. */
static enum error judge_bad(struct walk *walk)
{
    bool damage = !walk->is_last;
    enum error error = damage ? ERR_OK : frame_scan_is_damage(walk->scan, &damage);
    if (error != ERR_OK || !damage)
        return error;
    return corrupt(walk, frame_scan_count(walk->scan) + 1, frame_scan_offset(walk->scan), "is damaged");
}

static enum error walk_part(struct walk *walk)
{
    for (;;) {
        enum frame_state state;
        struct bytes raw;
        uint64_t from = frame_scan_offset(walk->scan);
        enum error error = frame_scan_next(walk->scan, &state, &raw);
        if (error == ERR_IO)
            buf_printf(walk->why, "%s: cannot read: %s", walk->file, strerror(errno));
        if (error != ERR_OK)
            return error;
        if (state == FRAME_BAD)
            return judge_bad(walk);
        if (state == FRAME_END)
            return ERR_OK;
        error = take_frame(walk, raw, from);
        if (error != ERR_OK)
            return error;
    }
}

static enum error open_and_walk(struct walk *walk, int dir_fd)
{
    int fd = openat(dir_fd, walk->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        buf_printf(walk->why, "%s: cannot open: %s", walk->file, strerror(errno));
        return ERR_IO;
    }
    enum error error = frame_scan_create(fd, &walk->scan);
    if (error == ERR_OK) {
        error = walk_part(walk);
        walk->end->offset = frame_scan_offset(walk->scan);
        frame_scan_destroy(walk->scan);
    }
    (void)close(fd);
    return error;
}

enum error frames_walk(int dir_fd, const char *name, frames_line line, void *arg, struct walk_end *end,
                       struct buf *why)
{
    struct walk walk = {.line = line, .arg = arg, .end = end, .why = why};
    uint32_t count = 0;
    enum error error = part_count(dir_fd, name, &count, why);
    for (uint32_t part = 0; error == ERR_OK && part < count; part++) {
        walk.is_last = part + 1 == count;
        part_name(name, part, walk.file);
        error = open_and_walk(&walk, dir_fd);
    }
    end->parts = count;
    end->counters.parts = count;
    return error;
}
