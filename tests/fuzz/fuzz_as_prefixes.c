/*
 * Any bytes as a file of prefixes with AS numbers: refused with file, line and reason, or taken; and then
 * what a plain line says of the number that is listed is listed, and of no other one.
 */
#include "input/as_prefixes.h"

#include "tests/fuzz/file.h"

enum { WHY_BYTES = 1 << 16, LISTED = 64500 };

static bool is_plain(const uint8_t *data, size_t size)
{
    bool is_packed =
        size >= 2 && ((data[0] == 0x1f && data[1] == 0x8b) || (data[0] == 0x28 && data[1] == 0xb5));
    return !is_packed && !(size >= 2 && data[0] >= 0xef) && memchr(data, 0, size) == NULL &&
           memchr(data, '\r', size) == NULL;
}

static void check_line(const struct optout *optout, struct bytes line)
{
    struct as_prefix found;
    bool listed = false;
    if (line.len == 0 || line.data[0] == '#' || line.data[0] == '%' || as_prefix_parse(line, &found) != NULL)
        return;
    expect(found.origin_count > 0 && found.origin_count <= AS_ORIGINS_MOST ? NULL : "a count of origins");
    for (size_t i = 0; i < found.origin_count; i++)
        listed = listed || found.origins[i] == LISTED;
    expect(!listed || optout_has_ip(optout, &found.prefix.base) ? NULL : "an address of the number is asked");
}

static void check_lines(const struct optout *optout, const uint8_t *data, size_t size)
{
    size_t start = 0;
    for (size_t i = 0; i <= size; i++) {
        if (i < size && data[i] != '\n')
            continue;
        check_line(optout, bytes_make(data + start, i - start));
        start = i + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[FILE_PATH_BYTES];
    struct optout *optout = optout_create();
    struct buf why;
    int fd = file_of(data, size, path);
    buf_init(&why, WHY_BYTES);
    expect(optout != NULL && optout_add_as(optout, LISTED) == ERR_OK ? NULL : "no memory");
    enum error error = as_prefixes_read(path, optout, &why);
    optout_finish(optout);
    expect_told(error, &why);
    expect((optout_entry(optout, 0)->prefixes > 0) == (optout_prefixes(optout)->count > 0)
               ? NULL
               : "a count of prefixes");
    if (error == ERR_OK && is_plain(data, size))
        check_lines(optout, data, size);
    optout_destroy(optout);
    buf_dispose(&why);
    (void)close(fd);
    return 0;
}
