/* Leads from errors to exit codes. */
#include "scanner/base/exit_code.h"

int exit_code_of(enum error error)
{
    switch (error) {
    case ERR_OK:
        return EXIT_DONE;
    case ERR_CONFIG:
    case ERR_MISMATCH:
    case ERR_RULES:
    case ERR_EXISTS:
    case ERR_NOT_FOUND:
        return EXIT_USAGE;
    default:
        return EXIT_FAILED;
    }
}
