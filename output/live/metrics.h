/*
 * Writes a state as Prometheus' text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure.
 */
#ifndef STSWEEP_LIVE_METRICS_H
#define STSWEEP_LIVE_METRICS_H

#include "output/live/state.h"

/* Appends all metrics; out->failed tells that they did not fit. */
void live_metrics(const struct live_state *state, struct buf *out);

#endif
