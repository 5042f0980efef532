/* Is not there yet. */
#include "scanner/stages/probe.h"

#include "scanner/base/exit_code.h"

int probe_main(const struct args *args, const char *command_line)
{
    (void)args;
    (void)command_line;
    return EXIT_FAILED;
}
