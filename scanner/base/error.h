/*
 * Names what can go wrong inside stsweep itself (not at a peer: that is failure.def). Functions that can fail
 * return this enum; ERR_OK is 0. Its texts stand in the same table.
 */
#ifndef STSWEEP_BASE_ERROR_H
#define STSWEEP_BASE_ERROR_H

#define ERROR_TABLE(X)                                                                                       \
    X(ERR_OK, "no error")                                                                                    \
    X(ERR_MEMORY, "out of memory")                                                                           \
    X(ERR_LIMIT, "a size limit was reached")                                                                 \
    X(ERR_SYNTAX, "malformed input")                                                                         \
    X(ERR_IO, "an input or output operation failed")                                                         \
    X(ERR_FULL, "no space left on the device")                                                               \
    X(ERR_CORRUPT, "stored data is damaged")                                                                 \
    X(ERR_LIST, "the list is damaged")                                                                       \
    X(ERR_CONFIG, "the configuration is not usable")                                                         \
    X(ERR_MISMATCH, "the scan directory belongs to another scan")                                            \
    X(ERR_RULES, "the scan was judged by other rules")                                                       \
    X(ERR_EXISTS, "it exists already")                                                                       \
    X(ERR_NOT_FOUND, "not found")                                                                            \
    X(ERR_LIBRARY, "a library call failed")                                                                  \
    X(ERR_STOPPED, "stopped on request")

enum error {
#define ERROR_ENUM(name, text) name,
    ERROR_TABLE(ERROR_ENUM)
#undef ERROR_ENUM
};

/*
 * Ends the process with a line that says for what there was no memory, if no caller could be told: the scan
 * can be resumed, as after a kill. It is for the machine's own lack alone, never for memory that a peer or a
 * file can ask for.
 */
_Noreturn void out_of_memory(const char *what);

/* Returns what a call on a file or directory failed of, by its errno: ERR_NOT_FOUND if it is not there, is of
 * another kind or may not be used, so that another name would mend it; ERR_FULL; else ERR_IO. */
enum error error_of_file(int number);

/* Returns a constant text, never NULL. */
const char *error_text(enum error error);

/* Returns what to do about an error, to be put behind its reason: "; …" or, if the reason says that itself,
 * "". */
const char *error_next(enum error error);

#endif
