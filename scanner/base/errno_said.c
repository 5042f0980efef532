#include "scanner/base/errno_said.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SAID_BYTES = 256, WORDS_BYTES = 96 };

const char *errno_next(int number)
{
    switch (number) {
    case ENOENT:
        return "check its path";
    case ENOTDIR:
        return "check its path: a part of it is a file";
    case EISDIR:
        return "name a file, not the directory";
    case EACCES:
    case EPERM:
        return "let this user have it (chmod, chown), or run as one who may";
    case EROFS:
        return "choose a place that can be written";
    case ENOSPC:
    case EDQUOT:
        return "make room on that disk";
    case EFBIG:
        return "raise ulimit -f";
    case EMFILE:
    case ENFILE:
        return "raise ulimit -n";
    case ENOMEM:
        return "end what else runs, or lower scan.in_flight";
    case ENAMETOOLONG:
        return "give a shorter name";
    case ELOOP:
        return "check its path: links lead in a circle, or a link stands where none may";
    case EIO:
    case ESTALE:
        return "look at the disk or its connection (dmesg)";
    default:
        return "";
    }
}

const char *errno_said(int number)
{
    static _Thread_local char said[SAID_BYTES];
    char words[WORDS_BYTES];
    const char *next = errno_next(number);
    (void)snprintf(said, sizeof said, "%s%s%s", strerror_r(number, words, sizeof words),
                   next[0] == '\0' ? "" : "; ", next);
    return said;
}
