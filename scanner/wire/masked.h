/*
 * Does a session bear the marks of a device on the way that masks what it does not know, as firewalls with an
 * SMTP filter do: a greeting of asterisks, "XXXXXXXA" in the place of STARTTLS? Whether it stands before the
 * host or before us, the session does not tell. Pure.
 */
#ifndef STSWEEP_WIRE_MASKED_H
#define STSWEEP_WIRE_MASKED_H

#include "scanner/facts/record.h"

/* By the greeting and the capabilities that were kept. */
bool smtp_is_masked(const struct probe_facts *facts);

#endif
