/* Reads lists of domains, one file after the other. reader.c says what a line means. */
#include "input/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "input/reader.h"
#include "input/stored.h"
#include "scanner/base/shown.h"

/* A file that is read. */
struct reading {
    struct reader *reader;
    uint64_t before; /* bytes of the files before it */
    struct stored stored;
};

static void tell_read(const struct reading *reading)
{
    const struct input_sink *sink = reading->reader->sink;
    if (sink->read != NULL)
        sink->read(sink->arg, reading->before + reading->stored.bytes, reading->reader->ordinal);
}

static enum error on_data(void *arg, struct bytes data)
{
    const struct reading *reading = arg;
    enum error error = reader_feed(reading->reader, data);
    tell_read(reading);
    return error;
}

static void explain(struct buf *why, const struct reader *reader, const struct stored *stored,
                    enum error error)
{
    const char *reason = stored->reason[0] != '\0' ? stored->reason : error_text(error);
    if (reader->is_refused)
        refused_write(&reader->refused, stored->path, stored->unpacker, why);
    else if (reader->lines.number > 0)
        buf_printf(why, "%s:%llu: %s", shown(stored->path), (unsigned long long)reader->lines.number, reason);
    else
        buf_printf(why, "%s: %s", shown(stored->path), reason);
}

/* Reads the list to its end, or as far as it can be read: those lines count. */
static enum error read_lines(struct stored *stored, struct reader *reader)
{
    enum error error = stored_read(stored);
    if (error == ERR_OK)
        return reader_end(reader, true);
    if (stored->reason[0] == '\0')
        return error;
    /* The file failed, not the sink. */
    enum error sink_error = reader_end(reader, false);
    if (sink_error == ERR_OK)
        return error;
    stored->reason[0] = '\0';
    return sink_error;
}

static enum error read_file(struct input_file *file, uint64_t before, struct reader *reader, struct buf *why)
{
    struct reading reading = {.reader = reader, .before = before};
    struct stored *stored = &reading.stored;
    *stored = (struct stored){.path = file->path,
                              .fd = file->fd,
                              .is_open = file->is_open,
                              .stop = reader->stop,
                              .stop_arg = reader->stop_arg,
                              .sink = on_data,
                              .arg = &reading};
    enum error error = read_lines(stored, reader);
    tell_read(&reading);
    input_close(file);
    file->bytes = stored->bytes;
    file->lines = reader->lines.number;
    file->inputs = reader->inputs;
    memcpy(file->rejected, reader->rejected, sizeof file->rejected);
    file->form = reader->form;
    file->zone = reader->zone.counts;
    memcpy(file->sha256, stored->sha256, sizeof file->sha256);
    if (error != ERR_OK)
        explain(why, reader, stored, error);
    return error;
}

/* ---- a look -------------------------------------------------------------------------------------------- */

/* The form is told before the first of these is called. */
static enum error no_name(void *arg, const struct input_name *name)
{
    (void)arg, (void)name;
    return ERR_STOPPED;
}

static enum error no_reject(void *arg, const struct input_reject *reject)
{
    (void)arg, (void)reject;
    return ERR_STOPPED;
}

enum error input_look(const char *path, const struct input_asked *asked, struct buf *why)
{
    static const struct input_sink sink = {.name = no_name, .reject = no_reject};
    struct reader *reader = stored_is_file(path) ? malloc(sizeof *reader) : NULL;
    if (reader == NULL)
        return ERR_OK;
    reader_init(reader, path, asked, NULL, &sink, 0);
    reader->only_look = true;
    struct reading reading = {.reader = reader};
    reading.stored = (struct stored){.path = path, .sink = on_data, .arg = &reading};
    (void)read_lines(&reading.stored, reader);
    enum error error = reader->is_refused ? ERR_CONFIG : ERR_OK;
    if (error != ERR_OK)
        explain(why, reader, &reading.stored, error);
    reader_dispose(reader);
    free(reader);
    return error;
}

enum error input_open(struct input_file *file, struct buf *why)
{
    return stored_open(file->path, &file->fd, &file->is_open, why);
}

uint64_t input_size(const struct input_file *file)
{
    return stored_size(file->path, file->fd, file->is_open);
}

void input_close(struct input_file *file)
{
    if (file->is_open)
        (void)close(file->fd);
    file->is_open = false;
}

enum error input_can_read(const char *path, struct buf *why)
{
    return stored_can_read(path, why);
}

enum error input_read(struct input_file *files, size_t count, const struct input_asked *asked,
                      const struct input_sink *sink, bool (*stop)(void *), void *stop_arg, struct buf *why)
{
    struct reader *reader = malloc(sizeof *reader);
    if (reader == NULL) {
        buf_text(why, error_text(ERR_MEMORY));
        return ERR_MEMORY;
    }
    uint64_t ordinal = 0, before = 0;
    enum error error = ERR_OK;
    for (size_t i = 0; i < count && error == ERR_OK; i++) {
        reader_init(reader, files[i].path, asked, &files[i].form, sink, ordinal);
        reader->stop = stop;
        reader->stop_arg = stop_arg;
        error = read_file(&files[i], before, reader, why);
        before += files[i].bytes;
        ordinal = reader->ordinal;
        reader_dispose(reader);
    }
    free(reader);
    return error;
}
