/* Writes and reads names of parts. Looks into the directory and never opens a part. */
#include "output/frames/frames_part.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/base/errno_said.h"

char *part_name(const char *name, uint32_t part, char text[PART_NAME_BYTES])
{
    if (part == 0)
        (void)snprintf(text, PART_NAME_BYTES, "%s.ndjson.zst", name);
    else
        (void)snprintf(text, PART_NAME_BYTES, "%s.%04u.ndjson.zst", name, (unsigned)part);
    return text;
}

/* Tells whether it is the name of a part, and of which. */
static bool parse_part(const char *file, const char *name, uint32_t *part)
{
    char expected[PART_NAME_BYTES];
    size_t len = strlen(name);
    if (strncmp(file, name, len) != 0 || file[len] != '.')
        return false;
    unsigned long number = strtoul(file + len + 1, NULL, 10); /* 0 for part 0, whose name has no number */
    if (number > 999999)
        return false;
    *part = (uint32_t)number;
    return strcmp(part_name(name, *part, expected), file) == 0;
}

static DIR *open_listing(int dir_fd)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    DIR *listing = fdopendir(fd);
    if (listing == NULL)
        (void)close(fd);
    return listing;
}

enum error part_count(int dir_fd, const char *name, uint32_t *count, struct buf *why)
{
    uint32_t found = 0, last = 0, part = 0;
    DIR *listing = open_listing(dir_fd);
    if (listing == NULL) {
        buf_printf(why, "cannot list the scan directory: %s", errno_said(errno));
        return ERR_IO;
    }
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (!parse_part(entry->d_name, name, &part))
            continue;
        found++;
        last = part > last ? part : last;
    }
    (void)closedir(listing);
    *count = found;
    if (found == 0 || found == last + 1)
        return ERR_OK;
    buf_printf(why, "%s: %u parts are there, but the last is number %u", name, found, last);
    return ERR_CORRUPT;
}

uint64_t part_bytes(int dir_fd, const char *name, uint32_t count)
{
    uint64_t bytes = 0;
    for (uint32_t part = 0; part < count; part++) {
        char file[PART_NAME_BYTES];
        struct stat status;
        if (fstatat(dir_fd, part_name(name, part, file), &status, AT_SYMLINK_NOFOLLOW) == 0)
            bytes += (uint64_t)status.st_size;
    }
    return bytes;
}
