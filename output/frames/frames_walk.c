/* Walks the parts of a record file, frame by frame, line by line. Tells a torn tail from damage; never mends
 * either. */
#include "output/frames/frames_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "output/frames/frames_extent.h"
#include "output/frames/frames_part.h"
#include "output/frames/frames_scan.h"
#include "scanner/base/errno_said.h"

enum { DAMAGE_CEILING = 1 << 16, DESCRIBED = 8 };

struct walk {
    frames_line line;
    void *arg;
    struct walk_end *end;
    char file[PART_NAME_BYTES];
    uint32_t part;
    uint64_t bad_frames; /* of the part */
    bool may_be_torn;
    bool was_ended; /* by whoever takes the lines, so that its error is not the file's */
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

/* Returns ERR_CORRUPT, and says in *why which frame is damaged, at which offset. */
static enum error corrupt(struct walk *walk, uint64_t frame, uint64_t offset, const char *what)
{
    buf_printf(walk->why, "%s: frame %llu at offset %llu %s", walk->file, (unsigned long long)frame,
               (unsigned long long)offset, what);
    return ERR_CORRUPT;
}

/* Is it a lack of this machine's, of which no record is the reason? */
static bool is_machines(enum error error)
{
    return error == ERR_MEMORY || error == ERR_IO || error == ERR_FULL || error == ERR_LIBRARY;
}

/* Says at which record the taker ended the walk, unless it has said what this machine lacks. */
static void say_ended(struct walk *walk, enum error error, bool has_said)
{
    const bool is_lack = is_machines(error);
    walk->was_ended = true;
    if (is_lack && has_said)
        return;
    buf_printf(walk->why, "%s%s: record %llu%s%s", walk->why->len > 0 ? ": " : "", walk->file,
               (unsigned long long)walk->end->counters.lines + 1, is_lack ? ": " : "",
               is_lack ? error_text(error) : "");
}

static enum error give_lines(struct walk *walk, struct bytes raw)
{
    const uint8_t *place = raw.data, *end = raw.data + raw.len;
    while (place < end) {
        const uint8_t *stop = memchr(place, '\n', (size_t)(end - place));
        const size_t before = walk->why->len;
        enum error error = walk->line(walk->arg, bytes_make(place, (size_t)(stop - place)));
        if (error != ERR_OK) {
            say_ended(walk, error, walk->why->len > before);
            return error;
        }
        walk->end->counters.lines++;
        place = stop + 1;
    }
    return ERR_OK;
}

/* Takes one whole frame, which began at offset `from`. */
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

static enum error add_damage(struct walk *walk, const struct walk_damage *damage)
{
    struct walk_end *end = walk->end;
    if (end->damage_count == DAMAGE_CEILING)
        return corrupt(walk, damage->frame, damage->offset, "is damaged, and too many before it");
    if ((end->damage_count & (end->damage_count - 1)) == 0) {
        size_t room = end->damage_count == 0 ? 1 : end->damage_count * 2;
        struct walk_damage *grown = realloc(end->damage, room * sizeof *grown);
        if (grown == NULL)
            return ERR_MEMORY;
        end->damage = grown;
    }
    end->damage[end->damage_count++] = *damage;
    return ERR_OK;
}

/* Called if no whole frame stands here: it is a torn tail, which ends the part, or damage, behind which the
 * walk goes on. */
static enum error pass_bad(struct walk *walk, bool *torn)
{
    bool found;
    struct walk_damage damage = {.part = walk->part,
                                 .frame = frame_scan_count(walk->scan) + ++walk->bad_frames,
                                 .offset = frame_scan_offset(walk->scan),
                                 .reason = frame_scan_reason(walk->scan)};
    enum error error = frame_scan_skip(walk->scan, &found);
    if (error != ERR_OK)
        return error;
    bool gave_up = frame_scan_gave_up(walk->scan);
    if (gave_up)
        damage.reason = frame_scan_reason(walk->scan);
    damage.bytes = frame_scan_offset(walk->scan) - damage.offset;
    walk->end->offset = damage.offset;
    *torn = !found && !gave_up && walk->may_be_torn && damage.bytes <= FRAME_STORED_CEILING_BYTES;
    return *torn ? ERR_OK : add_damage(walk, &damage);
}

static enum error walk_part(struct walk *walk)
{
    for (;;) {
        enum frame_state state;
        struct bytes raw;
        bool torn = false;
        uint64_t from = frame_scan_offset(walk->scan);
        enum error error = frame_scan_next(walk->scan, &state, &raw);
        if (error == ERR_OK && state == FRAME_BAD)
            error = pass_bad(walk, &torn);
        else if (error == ERR_OK && state == FRAME_WHOLE)
            error = take_frame(walk, raw, from);
        if (error == ERR_IO && !walk->was_ended)
            buf_printf(walk->why, "%s: cannot read: %s", walk->file, errno_said(errno));
        if (error != ERR_OK || torn)
            return error;
        walk->end->offset = frame_scan_offset(walk->scan);
        if (state == FRAME_END)
            return ERR_OK;
    }
}

static enum error open_and_walk(struct walk *walk, int dir_fd)
{
    int fd = disk_open(dir_fd, walk->file, O_RDONLY);
    if (fd < 0) {
        enum error error = disk_error(errno);
        buf_printf(walk->why, "%s: cannot open: %s", walk->file, disk_said(errno));
        return error == ERR_CORRUPT ? error : ERR_IO;
    }
    enum error error = frame_scan_create(fd, &walk->scan);
    if (error == ERR_OK) {
        walk->bad_frames = 0;
        walk->end->offset = 0;
        error = walk_part(walk);
        frame_scan_destroy(walk->scan);
    } else if (error == ERR_IO) {
        buf_printf(walk->why, "%s: cannot read: %s", walk->file, errno_said(errno));
    }
    (void)close(fd);
    return error;
}

enum error frames_walk(int dir_fd, const char *name, bool whole, frames_line line, void *arg,
                       struct walk_end *end, struct buf *why)
{
    struct walk walk = {.line = line, .arg = arg, .end = end, .why = why};
    uint32_t count = 0;
    enum error error = part_count(dir_fd, name, &count, why);
    for (uint32_t part = 0; error == ERR_OK && part < count; part++) {
        walk.part = part;
        walk.may_be_torn = part + 1 == count && !whole;
        part_name(name, part, walk.file);
        error = open_and_walk(&walk, dir_fd);
    }
    end->parts = count;
    end->counters.parts = count;
    return error;
}

void walk_end_dispose(struct walk_end *end)
{
    free(end->damage);
    end->damage = NULL;
    end->damage_count = 0;
}

void walk_describe(const struct walk_end *end, const char *name, struct buf *text)
{
    char file[PART_NAME_BYTES];
    for (size_t i = 0; i < end->damage_count && i < DESCRIBED; i++) {
        const struct walk_damage *damage = &end->damage[i];
        buf_printf(text, "%s%s: frame %llu at offset %llu is damaged (%llu bytes): %s", i > 0 ? "; " : "",
                   part_name(name, damage->part, file), (unsigned long long)damage->frame,
                   (unsigned long long)damage->offset, (unsigned long long)damage->bytes, damage->reason);
    }
    if (end->damage_count > DESCRIBED)
        buf_printf(text, "; and %zu more", end->damage_count - DESCRIBED);
}
