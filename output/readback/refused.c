/* Counts what cannot be read of a stream. */
#include "output/readback/refused.h"

#include <inttypes.h>
#include <stdio.h>

#include "scanner/base/shown.h"
#include "scanner/base/utf8.h"

bool refused_is_of_record(enum error error)
{
    return error == ERR_SYNTAX || error == ERR_LIMIT;
}

void refused_next(struct refused *refused)
{
    refused->number++;
}

void refused_add(struct refused *refused, enum error error, const char *reason)
{
    if (refused->last == refused->number)
        return;
    refused->last = refused->number;
    if (refused->count++ > 0)
        return;
    if (reason == NULL || reason[0] == 0)
        reason = error == ERR_LIMIT ? "it is too large, or too deep" : "it is none that a scan writes";
    refused->first = refused->number;
    (void)snprintf(refused->reason, sizeof refused->reason, "%s", shown(reason));
}

bool refused_tell(const struct refused *refused, const char *stream, struct buf *why)
{
    if (refused->count == 0)
        return false;
    buf_printf(why, "%s.ndjson.zst: record %" PRIu64 " cannot be read: %s", stream, refused->first,
               refused->reason);
    if (refused->count > 1)
        buf_printf(why, "; and %" PRIu64 " more", refused->count - 1);
    return true;
}

const char *refused_shape(struct bytes line)
{
    if (line.len < 2 || line.data[0] != '{' || line.data[line.len - 1] != '}')
        return "no JSON object";
    return utf8_find_fault(line) < line.len ? "no UTF-8" : NULL;
}
