/* Goes from frame to frame, and from file to file. */
#include "scanner/stages/part_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "output/frames/frames_scan.h"

static enum error unreadable(const struct part_lines *lines, struct buf *why)
{
    int number = errno;
    buf_printf(why, "%s: cannot be read: %s", lines->file_name, disk_said(number));
    enum error error = disk_error(number);
    return error == ERR_NOT_FOUND ? ERR_CORRUPT : error;
}

static enum error open_file(struct part_lines *lines, struct buf *why)
{
    (void)part_name(lines->name, lines->file, lines->file_name);
    lines->fd = disk_open(lines->dir_fd, lines->file_name, O_RDONLY);
    if (lines->fd < 0)
        return unreadable(lines, why);
    enum error error = frame_scan_create(lines->fd, &lines->scan);
    return error == ERR_IO ? unreadable(lines, why) : error;
}

static void close_file(struct part_lines *lines)
{
    frame_scan_destroy(lines->scan);
    lines->scan = NULL;
    if (lines->fd >= 0)
        (void)close(lines->fd);
    lines->fd = -1;
}

enum error part_lines_open(struct part_lines *lines, int dir_fd, const char *name, struct buf *why)
{
    *lines = (struct part_lines){.dir_fd = dir_fd, .name = name, .fd = -1};
    enum error error = part_count(dir_fd, name, &lines->files, why);
    if (error == ERR_OK && lines->files == 0) {
        buf_printf(why, "%s: it is not there", part_name(name, 0, lines->file_name));
        return ERR_NOT_FOUND;
    }
    lines->size = part_bytes(dir_fd, name, lines->files);
    return error == ERR_OK ? open_file(lines, why) : error;
}

void part_lines_close(struct part_lines *lines)
{
    close_file(lines);
}

/* Reads the next frame, or opens the next file. ERR_NOT_FOUND behind the last. */
static enum error next_frame(struct part_lines *lines, struct buf *why)
{
    enum frame_state state;
    if (lines->scan == NULL)
        return ERR_NOT_FOUND;
    uint64_t from = frame_scan_offset(lines->scan);
    enum error error = frame_scan_next(lines->scan, &state, &lines->left);
    if (error != ERR_OK)
        return error == ERR_IO ? unreadable(lines, why) : error;
    lines->bytes += frame_scan_offset(lines->scan) - from;
    if (state == FRAME_BAD) {
        buf_printf(why, "%s: frame %llu at offset %llu is damaged: %s", lines->file_name,
                   (unsigned long long)frame_scan_count(lines->scan) + 1, (unsigned long long)from,
                   frame_scan_reason(lines->scan));
        return ERR_CORRUPT;
    }
    if (state == FRAME_WHOLE)
        return ERR_OK;
    lines->left = (struct bytes){NULL, 0};
    if (lines->file + 1 == lines->files)
        return ERR_NOT_FOUND;
    close_file(lines);
    lines->file++;
    return open_file(lines, why);
}

enum error part_lines_next(struct part_lines *lines, struct bytes *line, struct buf *why)
{
    while (lines->left.len == 0) {
        enum error error = next_frame(lines, why);
        if (error != ERR_OK)
            return error;
    }
    const uint8_t *end = memchr(lines->left.data, '\n', lines->left.len);
    if (end == NULL) {
        buf_printf(why, "%s: a frame ends in the middle of line %llu", lines->file_name,
                   (unsigned long long)lines->line + 1);
        return ERR_CORRUPT;
    }
    *line = bytes_make(lines->left.data, (size_t)(end - lines->left.data));
    lines->left = bytes_behind(lines->left, line->len + 1);
    lines->line++;
    return ERR_OK;
}
