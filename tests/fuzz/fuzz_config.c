/*
 * Any bytes as a scan.ini: a configuration, or a reason. Each value that was taken is taken again as it would
 * be written, and is then the same.
 */
#include "scanner/config/config.h"

#include "tests/fuzz/file.h"

enum { WHY_BYTES = 1 << 20, NAME_BYTES = 128 };

struct copy {
    struct config config;
    struct buf why;
};

static void set_again(void *arg, const char *section, const char *key, const char *value)
{
    struct copy *copy = arg;
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof name, "%s.%s", section, key);
    expect(config_set(&copy->config, name, value, "fuzz", &copy->why) == ERR_OK
               ? NULL
               : "a value that was taken is not taken again");
}

static void write_value(void *arg, const char *section, const char *key, const char *value)
{
    expect(buf_printf(arg, "%s.%s=%s\n", section, key, value) ? NULL : "no memory");
}

static void check_same(const struct config *config, const struct config *other)
{
    struct buf first, second;
    buf_init(&first, WHY_BYTES);
    buf_init(&second, WHY_BYTES);
    config_each(config, write_value, &first);
    config_each(other, write_value, &second);
    expect(bytes_equal(buf_bytes(&first), buf_bytes(&second)) ? NULL : "not the same again");
    buf_dispose(&first);
    buf_dispose(&second);
}

static void check_taken(const struct config *config)
{
    struct copy copy;
    buf_init(&copy.why, WHY_BYTES);
    if (config_init(&copy.config) != ERR_OK)
        abort();
    config_each(config, set_again, &copy);
    check_same(config, &copy.config);
    expect_told(config_check(config, &copy.why), &copy.why);
    uint32_t index, count;
    if (copy.why.len == 0)
        expect(config_shard(config, &index, &count) && index >= 1 && index <= count ? NULL
                                                                                    : "a shard that is none");
    buf_dispose(&copy.why);
    config_dispose(&copy.config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[FILE_PATH_BYTES];
    struct config config;
    struct buf why;
    int fd = file_of(data, size, path);
    buf_init(&why, WHY_BYTES);
    if (config_init(&config) != ERR_OK)
        abort();
    enum error error = config_read_file(&config, path, &why);
    expect_told(error, &why);
    if (error == ERR_OK)
        check_taken(&config);
    config_dispose(&config);
    buf_dispose(&why);
    (void)close(fd);
    return 0;
}
