/* Is not there yet. */
#include "scanner/stages/merge.h"

#include "scanner/base/exit_code.h"

int merge_main(const struct args *args, const char *command_line)
{
    (void)args;
    (void)command_line;
    return EXIT_FAILED;
}
