/*
 * Makes summary.csv of the text of summary.json: a row for each of its numbers, so that the two cannot
 * differ. Pure.
 *
 *     section,group,name,count,share,low,high
 *
 * section  the names of the members that the number stands in, with dots between: outcomes,
 * key_exchange.mx_sessions, groups.mx-host.top.outcomes; `summary` of those that stand in none group    in a
 * list of groups or strata the one that it is of; else empty name     the number's own name count    the
 * number share, low, high   of a sample: the share with its interval (docs/sampling.md), in the row of the
 * count that it belongs to; that of a stratum, which has no count, in a row of its own
 *
 * Texts, as how a sample was drawn, are in summary.json alone.
 */
#ifndef STSWEEP_STORE_SUMMARY_CSV_H
#define STSWEEP_STORE_SUMMARY_CSV_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

/* Appends the table, as RFC 4180 has it and base/csv its cells. ERR_SYNTAX if json is no object, ERR_LIMIT if
 * it is too large or the table does not fit into out, ERR_MEMORY. */
enum error summary_csv(struct buf *out, struct bytes json);

#endif
