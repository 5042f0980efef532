/* Gives the tests of the configuration what they share: a config with defaults, room for reasons, a file of
 * their own. */
#ifndef STSWEEP_TESTS_UNIT_CONFIG_FIXTURE_H
#define STSWEEP_TESTS_UNIT_CONFIG_FIXTURE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/config/config_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
    struct config config;
    struct buf why;
    char path[64];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    strcpy(fixture.path, "/tmp/stsweep-test-config-XXXXXX");
    int fd = mkstemp(fixture.path);
    if (fd < 0 || close(fd) != 0 || config_init(&fixture.config) != ERR_OK)
        return -1;
    buf_init(&fixture.why, 1 << 20);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    config_dispose(&fixture->config);
    buf_dispose(&fixture->why);
    return unlink(fixture->path);
}

static enum error set(struct fixture *fixture, const char *name, const char *value)
{
    buf_reset(&fixture->why);
    return config_set(&fixture->config, name, value, "command line", &fixture->why);
}

static void assert_why(struct fixture *fixture, const char *part)
{
    if (strstr(buf_string(&fixture->why), part) == NULL)
        fail_msg("expected \"%s\" in: %s", part, buf_string(&fixture->why));
}

static size_t fault_count(struct fixture *fixture)
{
    size_t lines = 0;
    for (const char *at = buf_string(&fixture->why); (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

static void collect_visited(void *arg, const char *section, const char *key, const char *value)
{
    (void)buf_printf(arg, "%s.%s=%s\n", section, key, value);
}

#endif
