/*
 * A few scan directories, and a command that reads them: what it is called with, and what it says. cmocka's
 * headers come first.
 */
#ifndef STSWEEP_TESTS_SCANS_H
#define STSWEEP_TESTS_SCANS_H

#include "scanner/facts/record.h"
#include "tests/unit/commands/scan_place.h"
#include "tests/unit/has.h"

enum { SCANS_MOST = 4, SCANS_ARGS = 8 };

struct scans {
    union {
        struct scan_place places[SCANS_MOST];
        struct {
            struct scan_place before, after, last; /* one after the other */
        };
        struct {
            struct scan_place one, other; /* at two places */
        };
    };
    size_t count;
    char *out, *err; /* of the last run */
};

/* Makes so many, all at their end, of which each began step_ms after the one before it. */
static inline int scans_begin(void **state, size_t count, long long first_ms, long long step_ms)
{
    struct scans *scans = calloc(1, sizeof *scans);
    assert_non_null(scans);
    scans->count = count;
    for (size_t i = 0; i < count; i++) {
        place_begin(&scans->places[i]);
        place_meta_at(&scans->places[i], RECORD_RULES, "done", first_ms + (long long)i * step_ms);
    }
    *state = scans;
    return 0;
}

static inline int scans_end(void **state)
{
    struct scans *scans = *state;
    for (size_t i = 0; i < scans->count; i++)
        place_end(&scans->places[i]);
    free(scans->out);
    free(scans->err);
    free(scans);
    return 0;
}

typedef int (*scans_command)(int argc, char **argv, FILE *out, FILE *err);

/* Runs the command with the words up to the first NULL; returns its exit code. */
static inline int scans_run(struct scans *scans, scans_command main_of, const char *const words[SCANS_ARGS])
{
    char *argv[SCANS_ARGS] = {NULL};
    size_t out_len, err_len;
    int argc = 0;
    for (; argc < SCANS_ARGS && words[argc] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    free(scans->out);
    free(scans->err);
    FILE *out = open_memstream(&scans->out, &out_len), *err = open_memstream(&scans->err, &err_len);
    assert_true(out != NULL && err != NULL);
    int code = main_of(argc, argv, out, err);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(fclose(err), 0);
    return code;
}

#define SCANS_RUN(scans, main_of, ...) scans_run(scans, main_of, (const char *const[SCANS_ARGS]){__VA_ARGS__})

#endif
