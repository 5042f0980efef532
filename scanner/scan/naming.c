#include "scanner/scan/naming.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output/readback/meta_read.h"
#include "scanner/base/shown.h"

enum { OF_A_DAY = 1000 };

static const char prefix[] = "scan-";

enum error naming_new(int64_t wall_ms, char name[NAMING_BYTES], struct buf *why)
{
    char day[32];
    time_t now = (time_t)(wall_ms / 1000);
    struct tm local;
    struct stat there;
    if (localtime_r(&now, &local) == NULL || strftime(day, sizeof day, "%Y-%m-%d", &local) == 0)
        (void)snprintf(day, sizeof day, "%lld", (long long)now);
    (void)snprintf(name, NAMING_BYTES, "%s%s", prefix, day);
    for (int number = 2; lstat(name, &there) == 0 || errno != ENOENT; number++) {
        if (number > OF_A_DAY) {
            buf_printf(why, "%s%s and %d more are there already: name another directory with -o DIR", prefix,
                       day, OF_A_DAY - 1);
            return ERR_LIMIT;
        }
        (void)snprintf(name, NAMING_BYTES, "%s%s-%d", prefix, day, number);
    }
    return ERR_OK;
}

/* ---- a scan that is not at its end --------------------------------------------------------------------- */

static bool is_meant(int here, const char *name, const char *const *files, size_t count)
{
    if (strncmp(name, prefix, sizeof prefix - 1) != 0 || strlen(name) >= NAMING_BYTES)
        return false;
    int fd = openat(here, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool found = fd >= 0 && meta_awaits_in(fd, files, count);
    if (fd >= 0)
        (void)close(fd);
    return found;
}

enum error naming_unfinished(const char *const *files, size_t count, char name[NAMING_BYTES], struct buf *why)
{
    DIR *here = opendir(".");
    size_t found = 0;
    struct buf names;
    if (here == NULL) {
        buf_printf(why, "the directory here cannot be read (%s): name the scan with -o DIR", strerror(errno));
        return ERR_IO;
    }
    buf_init(&names, 64 * 1024);
    for (const struct dirent *entry; (entry = readdir(here)) != NULL;) {
        if (!is_meant(dirfd(here), entry->d_name, files, count))
            continue;
        if (found++ == 0)
            (void)snprintf(name, NAMING_BYTES, "%s", entry->d_name);
        buf_printf(&names, "%s%s", found > 1 ? ", " : "", shown(entry->d_name));
    }
    (void)closedir(here);
    if (found == 0)
        buf_text(why, "no directory scan-… here holds a scan of this list that is not at its end: name it "
                      "with -o DIR, or "
                      "leave out --resume to begin anew");
    else if (found > 1)
        buf_printf(why, "several scans of this list are not at their end (%s): say which with -o DIR",
                   buf_string(&names));
    buf_dispose(&names);
    return found == 1 ? ERR_OK : found == 0 ? ERR_NOT_FOUND : ERR_EXISTS;
}

/* ---- words --------------------------------------------------------------------------------------------- */

static bool is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@%+";
    return word[0] != '\0' && word[strspn(word, plain)] == '\0';
}

void naming_command(struct buf *line, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *word = words[i];
        buf_text(line, line->len > 0 ? " " : "");
        if (is_plain(word)) {
            buf_text(line, word);
            continue;
        }
        (void)buf_byte(line, '\'');
        for (; *word != '\0'; word++)
            if (*word == '\'')
                buf_text(line, "'\\''");
            else
                (void)buf_byte(line, (uint8_t)*word);
        (void)buf_byte(line, '\'');
    }
}

void naming_tell_first(const char *dir, const char *command, bool connects, FILE *out)
{
    (void)fprintf(out,
                  "stsweep: looks up the DNS records of each domain%s; what is found goes into %s\n"
                  "stsweep: Ctrl-C stops it, and keeps what was found by then\n"
                  "stsweep: to go on after that: %s\n",
                  connects
                      ? ", fetches its policy if it has one, and greets its mail servers (no mail is sent)"
                      : " and of its mail servers, and connects to none of them (scan.stage=names)",
                  shown(dir), shown(command));
}
