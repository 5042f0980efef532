/*
 * What the benchmarks and the bare programs share: a list of names, CPU time of this process, the one line of
 * figures that each prints and bench/run reads: "NAME count=N user_us=… system_us=… us=…" (microseconds of
 * CPU for each unit of work). Faults end the program with a message.
 */
#ifndef STSWEEP_BENCH_H
#define STSWEEP_BENCH_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct bench_names {
    char **list;
    size_t count;
};

static inline _Noreturn void bench_die(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* One name a line, kept until the program ends. */
static inline struct bench_names bench_read_names(const char *path)
{
    struct bench_names names = {NULL, 0};
    size_t capacity = 0;
    char line[512];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        bench_die(path, strerror(errno));
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\r\n")] = 0;
        if (names.count == capacity) {
            capacity = capacity == 0 ? 1024 : capacity * 2;
            names.list = realloc(names.list, capacity * sizeof *names.list);
        }
        if (names.list == NULL || (names.list[names.count] = strdup(line)) == NULL)
            bench_die(path, "out of memory");
        names.count++;
    }
    (void)fclose(file);
    return names;
}

struct bench_cpu {
    double user;
    double system;
};

static inline struct bench_cpu bench_cpu(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (struct bench_cpu){(double)usage.ru_utime.tv_sec * 1e6 + (double)usage.ru_utime.tv_usec,
                              (double)usage.ru_stime.tv_sec * 1e6 + (double)usage.ru_stime.tv_usec};
}

/* good: units of work that gave what they should; anything less than all is said. */
static inline int bench_report(const char *name, size_t count, size_t good, struct bench_cpu since)
{
    struct bench_cpu now = bench_cpu();
    double user = (now.user - since.user) / (double)count;
    double system = (now.system - since.system) / (double)count;
    (void)printf("%s count=%zu good=%zu user_us=%.2f system_us=%.2f us=%.2f\n", name, count, good, user,
                 system, user + system);
    return fflush(stdout) == 0 ? 0 : 1;
}

#endif
