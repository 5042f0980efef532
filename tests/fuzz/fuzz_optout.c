/*
 * Any bytes as an opt-out list: refused with file, line and reason, or taken, and then nobody who stands in
 * it is asked anything. A second, plain reading of the lines says who that is.
 */
#include "input/optout_list.h"

#include "scanner/facts/hostname.h"
#include "tests/fuzz/file.h"

enum { WHY_BYTES = 1 << 16, ENTRY_BYTES = 300 };

static void check_prefix(const struct optout *optout, const char *entry)
{
    struct ip_prefix prefix;
    if (ip_prefix_parse(entry, &prefix))
        expect(optout_has_ip(optout, &prefix.base) ? NULL : "an address of a prefix is asked");
}

static void check_entry(const struct optout *optout, const char *entry)
{
    char name[HOSTNAME_BYTES], below[HOSTNAME_BYTES + 2];
    bool is_suffix = entry[0] == '.';
    check_prefix(optout, entry);
    if (hostname_normalize(bytes_of(entry + is_suffix), name) != FAIL_NONE)
        return;
    expect(optout_has_domain(optout, name) ? NULL : "a domain of the list is asked");
    (void)snprintf(below, sizeof below, "a.%s", name);
    expect(!is_suffix || optout_has_domain(optout, below) ? NULL : "a name below a suffix is asked");
}

/* Reads one entry of plain ASCII without a comment; what is more than that is left to the other reader. */
static void check_line(const struct optout *optout, struct bytes line)
{
    char entry[ENTRY_BYTES];
    if (line.len == 0 || line.len >= sizeof entry)
        return;
    for (size_t i = 0; i < line.len; i++)
        if (line.data[i] <= ' ' || line.data[i] > '~' || line.data[i] == '#')
            return;
    memcpy(entry, line.data, line.len);
    entry[line.len] = '\0';
    check_entry(optout, entry);
}

/* Says whether the file is packed, or written in 16 bits a character: the other reader knows such. */
static bool is_plain(const uint8_t *data, size_t size)
{
    bool is_packed =
        size >= 2 && ((data[0] == 0x1f && data[1] == 0x8b) || (data[0] == 0x28 && data[1] == 0xb5));
    return !is_packed && !(size >= 2 && data[0] >= 0xfe) && memchr(data, 0, size) == NULL;
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
    struct optout *optout = NULL;
    struct buf why;
    int fd = file_of(data, size, path);
    buf_init(&why, WHY_BYTES);
    enum error error = optout_read(path, "", &optout, &why);
    expect_told(error, &why);
    expect((error == ERR_OK) == (optout != NULL) ? NULL : "an error with a list, or none without");
    if (error == ERR_OK && is_plain(data, size))
        check_lines(optout, data, size);
    optout_destroy(optout);
    buf_dispose(&why);
    (void)close(fd);
    return 0;
}
