/* Reads lists of domains, one file after the other. reader.c says what a line means. */
#include "input/input.h"

#include <stdio.h>
#include <stdlib.h>

#include "input/reader.h"
#include "input/stored.h"

static enum error on_data(void *arg, struct bytes data)
{
    return reader_feed(arg, data);
}

static void explain(struct buf *why, const struct reader *reader, const struct stored *stored,
                    enum error error)
{
    const char *reason = stored->reason[0] != '\0' ? stored->reason : error_text(error);
    if (reader->lines.number > 0)
        buf_printf(why, "%s:%llu: %s", stored->path, (unsigned long long)reader->lines.number, reason);
    else
        buf_printf(why, "%s: %s", stored->path, reason);
}

static enum error read_file(struct input_file *file, struct reader *reader, struct buf *why)
{
    struct stored stored = {.path = file->path,
                            .stop = reader->stop,
                            .stop_arg = reader->stop_arg,
                            .sink = on_data,
                            .arg = reader};
    enum error error = stored_read(&stored);
    if (error == ERR_OK) {
        error = reader_end(reader, true);
    } else if (stored.reason[0] != '\0') {
        /* The file failed, not the sink: the lines that were read of it count. */
        enum error sink_error = reader_end(reader, false);
        if (sink_error != ERR_OK) {
            error = sink_error;
            stored.reason[0] = '\0';
        }
    }
    file->bytes = stored.bytes;
    file->lines = reader->lines.number;
    file->inputs = reader->inputs;
    memcpy(file->rejected, reader->rejected, sizeof file->rejected);
    file->is_csv = reader->format == INPUT_CSV;
    memcpy(file->sha256, stored.sha256, sizeof file->sha256);
    if (error != ERR_OK)
        explain(why, reader, &stored, error);
    return error;
}

enum error input_can_read(const char *path, struct buf *why)
{
    return stored_can_read(path, why);
}

enum error input_read(struct input_file *files, size_t count, enum input_format format,
                      const struct input_sink *sink, bool (*stop)(void *), void *stop_arg, struct buf *why)
{
    struct reader *reader = malloc(sizeof *reader);
    if (reader == NULL) {
        buf_text(why, error_text(ERR_MEMORY));
        return ERR_MEMORY;
    }
    uint64_t ordinal = 0;
    enum error error = ERR_OK;
    for (size_t i = 0; i < count && error == ERR_OK; i++) {
        reader_init(reader, files[i].path, format, sink, ordinal);
        reader->stop = stop;
        reader->stop_arg = stop_arg;
        error = read_file(&files[i], reader, why);
        ordinal = reader->ordinal;
        reader_dispose(reader);
    }
    free(reader);
    return error;
}
