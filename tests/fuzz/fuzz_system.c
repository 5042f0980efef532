/*
 * Any bytes as a file of this machine's that is read by ourselves; the first byte chooses which: resolv.conf,
 * /proc/net/unix, what the kernel says of memory, the addresses at which a scan was stuck, the lists of
 * input.only and input.except, libunbound's log. What is found stands there, a good line behind any bytes is
 * found, and what is refused is refused with a reason.
 */
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "input/filter.h"
#include "scanner/dns/recursive_log.h"
#include "scanner/facts/hostname.h"
#include "scanner/machine/announce.h"
#include "scanner/machine/memory.h"
#include "scanner/machine/preflight_resolvers.h"
#include "scanner/reach/stuck_list.h"
#include "tests/fuzz/file.h"

enum { WHY_BYTES = 1 << 16, SELF = 4242, OTHER = 4243, PATH_BYTES = 128, NAMES = 8 };

/* Returns the bytes with a text behind them, as a file that can be read; *copy is to be freed. */
static FILE *open_with(struct bytes data, const char *behind, char **copy)
{
    size_t len = data.len + strlen(behind);
    *copy = malloc(len + 1);
    if (*copy == NULL)
        abort();
    for (size_t i = 0; i < data.len; i++)
        (*copy)[i] = (char)data.data[i];
    (void)snprintf(*copy + data.len, strlen(behind) + 1, "%s", behind);
    FILE *file = fmemopen(*copy, len, "r");
    if (file == NULL)
        abort();
    return file;
}

static bool holds(struct bytes data, const char *text)
{
    return data.len > 0 && memmem(data.data, data.len, text, strlen(text)) != NULL;
}

/* ---- resolv.conf --------------------------------------------------------------------------------------- */

static void check_resolvers(struct bytes data)
{
    char name[PREFLIGHT_NAME_BYTES], *copy;
    struct ip_addr ip;
    FILE *file = open_with(data, "\nnameserver 192.0.2.53\n", &copy);
    expect(resolver_of_system(file, name) ? NULL : "a resolver is not found");
    expect(ip_parse(name, &ip) ? NULL : "a resolver that is no address");
    expect(strcmp(name, "192.0.2.53") == 0 || holds(data, name) ? NULL : "a resolver that stands nowhere");
    (void)fclose(file);
    free(copy);
}

/* No part of a line that is too long is a line. */
static void check_long_line(struct bytes data)
{
    static char line[2 * PREFLIGHT_NAME_BYTES + 64];
    char name[PREFLIGHT_NAME_BYTES];
    size_t blanks = data.len > 0 ? PREFLIGHT_NAME_BYTES - 8 + data.data[0] % 16U : 0;
    int len = snprintf(line, sizeof line, "# %*s%s\n", (int)blanks, "", "nameserver 192.0.2.1");
    FILE *file = fmemopen(line, (size_t)len, "r");
    if (file == NULL)
        abort();
    expect(!resolver_of_system(file, name) ? NULL : "a comment is a resolver");
    (void)fclose(file);
}

/* ---- sockets ------------------------------------------------------------------------------------------- */

static void check_sockets(struct bytes data)
{
    char name[64], *copy;
    FILE *file = open_with(data, "\n0: 00000002 00000000 00010000 0001 01 71 @stsweep-scan-4243\n", &copy);
    int32_t pid = announce_read(file, SELF);
    (void)snprintf(name, sizeof name, "@stsweep-scan-%d", pid);
    expect(pid > 0 && pid != SELF ? NULL : "a scan is not found");
    expect(pid == OTHER || holds(data, name) ? NULL : "a scan that stands nowhere");
    (void)fclose(file);
    free(copy);
}

/* ---- memory -------------------------------------------------------------------------------------------- */

static const char *const folders[] = {"",
                                      "/proc",
                                      "/proc/self",
                                      "/sys",
                                      "/sys/fs",
                                      "/sys/fs/cgroup",
                                      "/sys/fs/cgroup/a",
                                      "/sys/fs/cgroup/memory",
                                      "/sys/fs/cgroup/memory/a"};
static const char *const files[] = {"/proc/meminfo", "/proc/self/cgroup", "/sys/fs/cgroup/memory.max",
                                    "/sys/fs/cgroup/a/memory.max",
                                    "/sys/fs/cgroup/memory/a/memory.limit_in_bytes"};
enum { FOLDERS = sizeof folders / sizeof *folders, FILES = sizeof files / sizeof *files };

static void write_file(const char *root, const char *name, struct bytes text)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s%s", root, name);
    FILE *file = fopen(path, "we");
    if (file == NULL || (text.len > 0 && fwrite(text.data, 1, text.len, file) != text.len) ||
        fclose(file) != 0)
        abort();
}

/* Takes the number at the beginning of a limit's line; UINT64_MAX: it says none. */
static uint64_t limit_of(struct bytes text)
{
    uint64_t limit = 0;
    size_t len = 0;
    for (; len < text.len && text.data[len] >= '0' && text.data[len] <= '9' && len < 19; len++)
        limit = limit * 10 + (uint64_t)(text.data[len] - '0');
    bool is_whole = len > 0 && len < 19 && (len == text.len || text.data[len] == '\n');
    return is_whole ? limit : UINT64_MAX;
}

static uint64_t available_at(const char *root)
{
    uint64_t bytes = 0;
    expect(memory_available(root, &bytes) ? NULL : "the machine's memory is not found");
    return bytes;
}

/* The parts of the input are the files; the machine has 1 GiB, unless the first says something else. */
static void check_memory(struct bytes data)
{
    static const char machine[] = "\nMemAvailable:    1048576 kB\n";
    char root[PATH_BYTES], path[PATH_BYTES], *copy;
    struct bytes parts[TARGET_RRS] = {{NULL, 0}};
    (void)split_rrs(data.data, data.len, parts);
    (void)snprintf(root, sizeof root, "%s/fuzz-system-%d", quick_folder(), (int)getpid());
    for (size_t i = 0; i < FOLDERS; i++) {
        (void)snprintf(path, sizeof path, "%s%s", root, folders[i]);
        (void)mkdir(path, 0700);
    }
    (void)fclose(open_with(parts[0], machine, &copy));
    write_file(root, files[0], bytes_make(copy, parts[0].len + strlen(machine)));
    uint64_t alone = available_at(root);
    for (size_t i = 1; i < FILES; i++)
        write_file(root, files[i], parts[i]);
    uint64_t least = available_at(root);
    expect(least <= alone ? NULL : "a control group has more than the machine");
    expect(holds(parts[0], "MemAvailable:") || alone == 1 << 30 ? NULL : "another number than is told");
    if (bytes_equal(parts[1], bytes_of("0::/a")))
        expect(least <= limit_of(parts[2]) && least <= limit_of(parts[3]) ? NULL : "a limit is passed over");
    free(copy);
    for (size_t i = 0; i < FILES; i++) {
        (void)snprintf(path, sizeof path, "%s%s", root, files[i]);
        (void)unlink(path);
    }
    for (size_t i = FOLDERS; i-- > 0;) {
        (void)snprintf(path, sizeof path, "%s%s", root, folders[i]);
        (void)rmdir(path);
    }
}

/* ---- the addresses at which a scan was stuck ----------------------------------------------------------- */

static void check_stuck(struct bytes data)
{
    static struct stuck_list first, second;
    struct buf text;
    size_t line = 0, lines = 1;
    for (size_t i = 0; i < data.len; i++)
        lines += data.data[i] == '\n';
    first.count = second.count = 0;
    bool read = stuck_list_read(&first, data, &line);
    expect(line >= 1 && line <= lines + 1 && (read || line <= lines) ? NULL : "no such line");
    expect(first.count <= STUCK_MOST && first.count <= lines ? NULL : "more addresses than lines");
    buf_init(&text, STUCK_BYTES);
    expect(stuck_list_write(&first, &text) ? NULL : "what was read cannot be written");
    expect(stuck_list_read(&second, buf_bytes(&text), &line) ? NULL : "what was written cannot be read");
    expect(second.count == first.count ? NULL : "not as many again");
    for (size_t i = 0; i < first.count; i++) {
        expect(stuck_list_has(&second, &first.list[i]) ? NULL : "not the same again");
        for (size_t j = 0; j < i; j++)
            expect(first.list[i].kind != first.list[j].kind || !ip_equal(&first.list[i].ip, &first.list[j].ip)
                       ? NULL
                       : "an address stands there twice");
    }
    buf_dispose(&text);
}

/* ---- which names are meant ----------------------------------------------------------------------------- */

static struct filter *make_filter(const char *only, const char *except)
{
    char sha256[FILTER_SHA256_BYTES];
    struct filter *filter = NULL;
    struct buf why;
    buf_init(&why, WHY_BYTES);
    enum error error = filter_create(only, except, &filter, sha256, &why);
    expect_told(error, &why);
    expect((error == ERR_OK) == (filter != NULL) ? NULL : "an error with a filter, or none without");
    expect(error != ERR_OK || strlen(sha256) == (except[0] == 0 ? 0 : 64) ? NULL : "no hash of the file");
    buf_dispose(&why);
    return filter;
}

/* Asks each filter for a name: one that is made of both lists lets through what both do. */
static void check_name(struct filter *const filters[3], const char *text)
{
    char name[HOSTNAME_BYTES];
    if (hostname_normalize(bytes_of(text), name) != FAIL_NONE)
        return;
    bool both = filter_passes(filters[0], name) && filter_passes(filters[1], name);
    expect(filter_passes(filters[2], name) == both ? NULL : "two lists say something else together");
}

/* Each item of input.only lets itself through, and a suffix what is below it. */
static void check_items(struct filter *const filters[3], char *only)
{
    char name[HOSTNAME_BYTES], below[HOSTNAME_BYTES + 2];
    for (char *item = strtok(only, ", \t"); item != NULL; item = strtok(NULL, ", \t")) {
        bool is_suffix = item[0] == '.';
        (void)snprintf(below, sizeof below, "a.%s", item + is_suffix);
        check_name(filters, item + is_suffix);
        check_name(filters, below);
        if (hostname_normalize(bytes_of(item + is_suffix), name) != FAIL_NONE)
            continue;
        expect(filter_passes(filters[0], name) ? NULL : "a name that is meant is left out");
        if (is_suffix && hostname_normalize(bytes_of(below), name) == FAIL_NONE)
            expect(filter_passes(filters[0], name) ? NULL : "a name below a suffix is left out");
    }
}

static void check_filter(struct bytes data)
{
    struct bytes parts[TARGET_RRS] = {{NULL, 0}};
    char path[FILE_PATH_BYTES], *only;
    (void)split_rrs(data.data, data.len, parts);
    (void)fclose(open_with(parts[0], "", &only));
    int fd = file_of(parts[1].data, parts[1].len, path);
    struct filter *filters[3] = {make_filter(only, ""), make_filter("", path), make_filter(only, path)};
    expect((filters[2] != NULL) == (filters[0] != NULL && filters[1] != NULL)
               ? NULL
               : "two lists are another thing");
    if (filters[2] != NULL)
        check_items(filters, only);
    for (size_t i = 0; i < 3; i++)
        filter_destroy(filters[i]);
    free(only);
    (void)close(fd);
}

/* ---- libunbound's log ---------------------------------------------------------------------------------- */

static const char left_alone[] = "on the donotquery list ip";

/* Says whether a line tells of a server that was left alone because of 192.0.2.0/24, by a second reading. */
static bool is_told(struct bytes line)
{
    const uint8_t *at = line.len == 0 ? NULL : memmem(line.data, line.len, left_alone, strlen(left_alone));
    struct ip_addr address;
    if (at == NULL)
        return false;
    size_t rest = line.len - (size_t)(at - line.data), skip = strlen(left_alone) + 2, len = 0;
    while (skip + len < rest && at[skip + len] != ' ')
        len++;
    if (skip + len >= rest)
        return true;
    return !ip_parse_bytes(bytes_make(at + skip, len), &address) ||
           (address.family == 4 && address.bytes[0] == 192 && address.bytes[1] == 0 && address.bytes[2] == 2);
}

/* A thread has heard nothing when it begins. */
static void *hear(void *arg)
{
    const struct bytes *line = arg;
    recursive_log_read(line->len == 0 ? "" : (const char *)line->data, line->len);
    expect((recursive_log_heard_ms() > 0) == is_told(*line) ? NULL : "a server is blamed, or is not");
    return NULL;
}

static void check_log(struct bytes data)
{
    static struct ip_set set;
    static struct ub_ctx *context;
    pthread_t thread;
    if (context == NULL) {
        context = ub_ctx_create();
        if (context == NULL || ip_set_parse("192.0.2.0/24", &set, NULL) != ERR_OK)
            abort();
        recursive_log_listen(context, &set);
    }
    if (pthread_create(&thread, NULL, hear, &data) != 0 || pthread_join(thread, NULL) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(struct bytes data) = {check_resolvers, check_sockets, check_memory,
                                                        check_stuck,     check_filter,  check_log};
    if (size == 0)
        return 0;
    struct bytes rest = bytes_make(size == 1 ? NULL : data + 1, size - 1);
    if (data[0] % 6 == 0)
        check_long_line(rest);
    checks[data[0] % (sizeof checks / sizeof *checks)](rest);
    return 0;
}
