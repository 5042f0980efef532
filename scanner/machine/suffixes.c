#include "scanner/machine/suffixes.h"

#include <pthread.h>

#include "scanner/facts/suffix.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
    suffix_use(psl_latest(NULL));
}

void suffixes_load(void)
{
    (void)pthread_once(&once, load);
}
