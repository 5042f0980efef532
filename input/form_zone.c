/* Tells zone files, by reading them. No I/O, no allocation. */
#include "input/form.h"
#include "input/zone.h"

static enum error take_name(void *arg, const char *domain)
{
    (void)arg, (void)domain;
    return ERR_OK;
}

static enum error take_reject(void *arg, const struct line *line, enum failure_code reason)
{
    (void)arg, (void)line, (void)reason;
    return ERR_OK;
}

/* It has directives, or most lines are records, some of them NS or SOA and marked as a record is: by a TTL, a
 * class or an absolute owner. So columns of names, one of them "ns", are none. */
static bool is_zone(const struct zone *zone)
{
    const struct input_zone *counts = &zone->counts;
    bool is_mostly = counts->records > zone->faults && zone->marked_records * 2 > counts->records;
    return zone->directives > 0 || (is_mostly && zone->name_servers > 0);
}

bool form_is_zone(const struct form_sample *sample, struct refused *refused)
{
    static const struct zone_sink sink = {.name = take_name, .reject = take_reject};
    struct zone zone;
    enum error error = ERR_OK;
    zone_init(&zone, &sink);
    for (size_t i = 0; i < sample->count && error == ERR_OK; i++)
        error = zone_take(&zone, &sample->lines[i]);
    if (!is_zone(&zone))
        return false;
    if (error == ERR_CONFIG)
        *refused = zone.refused;
    return true;
}
