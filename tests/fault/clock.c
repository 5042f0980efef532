/* The wall clock, FAULT_CLOCK seconds off. The monotonic one is left alone. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

static time_t offset(void)
{
    const char *text = getenv("FAULT_CLOCK");
    return text == NULL ? 0 : (time_t)strtol(text, NULL, 10);
}

static int real_clock(clockid_t id, struct timespec *now)
{
    int (*call)(clockid_t id, struct timespec * now);
    void *found = dlsym(RTLD_NEXT, "clock_gettime");
    memcpy(&call, &found, sizeof call);
    return call(id, now);
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    int result = real_clock(id, now);
    if (result == 0 && id == CLOCK_REALTIME)
        now->tv_sec += offset();
    return result;
}

time_t time(time_t *result)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (result != NULL)
        *result = now.tv_sec;
    return now.tv_sec;
}
