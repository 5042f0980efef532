/*
 * Says what kinds of values flags and words of commands have: how help names such a value, what a shell
 * completes it with, and which words it can be if those are known. From it come help, the manual pages and
 * the completions (docs/make_manual.c, docs/make_completions.c).
 */
#ifndef STSWEEP_COMMANDS_VALUES_H
#define STSWEEP_COMMANDS_VALUES_H

#include <stdbool.h>
#include <stddef.h>

/* A row: the kind, how help names it, what a shell completes it with. */
#define VALUE_TABLE(X)                                                                                       \
    X(NONE, "", NOTHING)                                                                                     \
    X(FILE, "FILE", FILES)                                                                                   \
    X(NEW_FILE, "FILE", FILES)                                                                               \
    X(NEW_DIR, "DIR", FOLDERS)                                                                               \
    X(SCAN, "DIR", FOLDERS)         /* a scan directory */                                                   \
    X(NAME_OR_SCAN, "DIR", FOLDERS) /* a domain, or one */                                                   \
    X(OUTCOMES, "OUTCOME,...", LIST)                                                                         \
    X(CODES, "CODE,...", LIST)                                                                               \
    X(PROVIDERS, "NAME,...", LIST)                                                                           \
    X(GROUPS, "KIND", WORDS)                                                                                 \
    X(FORMATS, "FORMAT", WORDS)                                                                              \
    X(TELLINGS, "FORMAT", WORDS) /* in which check and show tell what was found */                           \
    X(SEPARATORS, "WORD", WORDS)                                                                             \
    X(CHANGES, "WORD", WORDS)                                                                                \
    X(TEXTS, "TEXT", WORDS)     /* what lint judges, the first of its words */                               \
    X(TOPICS, "COMMAND", WORDS) /* what help tells of */                                                     \
    X(NAME, "DOMAIN", NOTHING)                                                                               \
    X(NAMES, "NAME,...", NOTHING)                                                                            \
    X(HOST, "HOST", NOTHING)                                                                                 \
    X(HOSTS, "HOST,...", NOTHING)                                                                            \
    X(LABELS, "LABEL,...", NOTHING)                                                                          \
    X(FIELD, "FIELD", NOTHING)                                                                               \
    X(NUMBER, "N", NOTHING)                                                                                  \
    X(SHARE, "N|N%", NOTHING)                                                                                \
    X(SHARD, "i/n", NOTHING)                                                                                 \
    X(STAGE, "STAGE", WORDS)                                                                                 \
    X(URI, "URI", NOTHING)

enum value {
#define VALUE_ENUM(kind, called, with) VALUE_##kind,
    VALUE_TABLE(VALUE_ENUM)
#undef VALUE_ENUM
        VALUE_COUNT
};

/* What a shell completes a value with. */
enum value_with {
    WITH_NOTHING, /* nothing that it could know */
    WITH_FILES,
    WITH_FOLDERS,
    WITH_WORDS, /* one of the words */
    WITH_LIST   /* words, separated by commas */
};

/* Returns how help names it: "FILE", "OUTCOME,...". */
const char *value_called(enum value kind);

enum value_with value_with(enum value kind);

/*
 * Returns the word with this index, from 0, of those that the value can be in this command; NULL if there are
 * no more. A word may hold blanks, and nothing else that a shell reads.
 */
const char *value_word(enum value kind, const char *command, size_t index);

#endif
