/*
 * Prints the answer of `stsweep lint`, for a person or as one JSON object. It is used as begin, the fields of
 * the command, end. What was given is never printed but escaped to printable ASCII. It judges nothing.
 */
#ifndef STSWEEP_COMMANDS_LINT_PRINT_H
#define STSWEEP_COMMANDS_LINT_PRINT_H

#include <stdio.h>

#include "output/json/json_write.h"
#include "scanner/facts/record.h"

struct lint_print {
    FILE *out;
    bool as_json; /* else for a person */
    struct buf text;
    struct json json; /* into text */
    bool failed;
};

/* Writes the verdict and the findings. lint_print_end must follow. */
void lint_print_begin(struct lint_print *print, FILE *out, bool json, enum failure_code code,
                      const struct findings *findings);

/* Write fields of the JSON object; a person is not told them. text must be UTF-8, NULL is null. */
void lint_print_string(struct lint_print *print, const char *key, const char *text);
void lint_print_number(struct lint_print *print, const char *key, bool is_set, uint32_t number);
void lint_print_bool(struct lint_print *print, const char *key, bool value);
void lint_print_strings(struct lint_print *print, const char *key, const char *const *texts, size_t count);

/* Prints a line that only a person is told. */
void lint_print_line(struct lint_print *print, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the answer; false if not everything could be written. */
bool lint_print_end(struct lint_print *print);

#endif
