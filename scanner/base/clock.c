#include "scanner/base/clock.h"

#include <stdbool.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_boot_ms(void)
{
    return read_ms(CLOCK_BOOTTIME);
}

int64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

static int64_t kept_offset_ms;
static bool is_kept;

void clock_keep(void)
{
    kept_offset_ms = clock_wall_ms() - clock_boot_ms();
    is_kept = true;
}

int64_t clock_kept_ms(void)
{
    return is_kept ? clock_boot_ms() + kept_offset_ms : clock_wall_ms();
}
