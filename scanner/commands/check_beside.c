#include "scanner/commands/check_beside.h"

#include <inttypes.h>

#include "scanner/machine/announce.h"

/* As one of so many scans it would get a connection a week at an address, and one name there: one at once,
 * and none within the longest limits.wait. */
enum { SHARDS_MOST = 10000 };

void check_gently(struct config *config)
{
    static char none[] = "";
    config->limits_shards_at_once = SHARDS_MOST;
    config->limits_ip_per_minute = 1;
    config->limits_https_per_minute = 1;
    config->limits_ip_connections = 1;
    config->limits_https_connections = 1;
    config->limits_own = none; /* the rate there is counted on to be that of the scan alone */
    config->scan_retry_passes = 0;
}

void check_beside(struct config *config, FILE *err)
{
    int32_t pid = announce_find();
    if (pid == 0)
        return;
    check_gently(config);
    (void)fprintf(err,
                  "stsweep: a scan runs on this machine (pid %" PRId32
                  "): each address gets one connection beside it, and nothing is looked at twice; what needs "
                  "more stays unknown until the scan has ended\n",
                  pid);
}
