/* Returns the texts of enum error, and ends the process if memory runs out. */
#include "scanner/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const char *error_text(enum error error)
{
    static const char *const texts[] = {
#define ERROR_TEXT(name, text) [name] = (text),
        ERROR_TABLE(ERROR_TEXT)
#undef ERROR_TEXT
    };
    return texts[error];
}

const char *error_next(enum error error)
{
    switch (error) {
    case ERR_CORRUPT:
        return "; take the directory from a copy, or make the scan anew";
    case ERR_LIST:
        return "; fetch it anew";
    case ERR_MEMORY:
        return "; end what else runs here, or give it more memory";
    default:
        return "";
    }
}

enum error error_of_file(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case ELOOP:
    case ENAMETOOLONG:
        return ERR_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERR_FULL;
    default:
        return ERR_IO;
    }
}

void out_of_memory(const char *what)
{
    (void)fprintf(stderr, "stsweep: out of memory: there is none for %s\n", what);
    abort();
}
