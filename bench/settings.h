/* The configuration of a benchmark: the defaults and --section.key=value arguments. Faults end the program.
 */
#ifndef STSWEEP_BENCH_SETTINGS_H
#define STSWEEP_BENCH_SETTINGS_H

#include "bench/bench.h"
#include "scanner/config/config.h"

static inline void bench_configure(struct config *config, int count, char **arguments)
{
    struct buf why;
    buf_init(&why, 4096);
    if (config_init(config) != ERR_OK)
        bench_die("configuration", "out of memory");
    for (int i = 0; i < count; i++) {
        char *value = strchr(arguments[i], '=');
        if (strncmp(arguments[i], "--", 2) != 0 || value == NULL)
            bench_die(arguments[i], "not --section.key=value");
        *value = 0;
        if (config_set(config, arguments[i] + 2, value + 1, "command line", &why) != ERR_OK)
            bench_die("configuration", buf_string(&why));
    }
    buf_dispose(&why);
}

#endif
