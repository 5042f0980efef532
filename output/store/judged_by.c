/* meta.json of a finished or stopped scan, for those that read it. */
#include "output/store/judged_by.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "scanner/facts/record.h"

enum { META_BYTES = 16 << 20, READ_BYTES = 64 << 10 };

static enum error read_text(int dir_fd, struct buf *text, struct buf *why)
{
    char piece[READ_BYTES];
    int fd = disk_open(dir_fd, "meta.json", O_RDONLY);
    if (fd < 0) {
        (void)buf_printf(why, "no scan directory: meta.json: %s", strerror(errno));
        return ERR_IO;
    }
    ssize_t got;
    while ((got = read(fd, piece, sizeof piece)) > 0 && buf_append(text, piece, (size_t)got)) {
    }
    if (got != 0)
        (void)buf_text(why, "meta.json cannot be read");
    (void)close(fd);
    return got == 0 ? ERR_OK : ERR_IO;
}

enum error judged_by_read(int dir_fd, struct meta_stored *stored, struct buf *why)
{
    struct buf text;
    buf_init(&text, META_BYTES);
    enum error error = read_text(dir_fd, &text, why);
    if (error == ERR_OK)
        error = meta_read(buf_bytes(&text), stored, why);
    buf_dispose(&text);
    return error;
}

enum error judged_by_may_go_on(int dir_fd, struct buf *why)
{
    struct buf text;
    buf_init(&text, META_BYTES);
    enum error error = read_text(dir_fd, &text, why);
    if (error == ERR_OK)
        error = meta_may_go_on(buf_bytes(&text), why);
    buf_dispose(&text);
    return error;
}

enum error judged_by_may_rejudge(const struct meta_stored *stored, struct buf *why)
{
    if (stored->rules <= RECORD_RULES)
        return ERR_OK;
    (void)buf_printf(why,
                     "stsweep %s judged it by rules %u, which this program does not know (it has rules %d): "
                     "judge it anew with that program or a later one",
                     stored->version, stored->rules, RECORD_RULES);
    return ERR_RULES;
}

void judged_by_tell(const struct meta_stored *stored, FILE *err)
{
    if (stored->rules < RECORD_RULES)
        (void)fprintf(
            err,
            "stsweep: this scan was judged by rules %u, those of this program are rules %d: --rejudge "
            "gives what they say\n",
            stored->rules, RECORD_RULES);
    if (stored->rules > RECORD_RULES)
        (void)fprintf(
            err,
            "stsweep: this scan was judged by rules %u of stsweep %s, which this program does not know "
            "(it has rules %d)\n",
            stored->rules, stored->version, RECORD_RULES);
}
