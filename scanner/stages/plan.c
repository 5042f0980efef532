/* Is not there yet. */
#include "scanner/stages/plan.h"

#include "scanner/base/exit_code.h"

int plan_main(const struct args *args)
{
    (void)args;

    return EXIT_FAILED;
}
