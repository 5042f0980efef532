/* Writes a state as the JSON of output.status (docs/status.schema.json). Pure. */
#ifndef STSWEEP_LIVE_STATUS_H
#define STSWEEP_LIVE_STATUS_H

#include "output/live/state.h"

/* Appends it. false: the buffer's ceiling; nothing was appended. */
bool live_status(const struct live_state *state, struct buf *out);

/* Visits the fields that live.def lists: is_count tells a whole number from seconds. For the schema. */
typedef void (*live_field_visit)(void *arg, const char *name, const char *help, bool is_count,
                                 bool may_be_null);
void live_fields(live_field_visit visit, void *arg);

#endif
