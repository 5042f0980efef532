/* Is not there yet. */
#include "scanner/stages/status.h"

#include "scanner/base/exit_code.h"

int status_main(int argc, char **argv, FILE *out, FILE *err)
{
    (void)argc;
    (void)argv;
    (void)out;
    (void)err;
    return EXIT_FAILED;
}
