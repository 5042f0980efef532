/*
 * Tells whether a session bears the marks of a device on the way that masks SMTP, as firewalls with an SMTP
 * filter do: a greeting of asterisks, "XXXXXXXA" in the place of STARTTLS. The session does not tell whether
 * the device is on the host's side or on ours. Pure.
 */
#ifndef STSWEEP_WIRE_MASKED_H
#define STSWEEP_WIRE_MASKED_H

#include "scanner/facts/record.h"

/* Judges by the greeting and the capabilities that were kept. */
bool smtp_is_masked(const struct probe_facts *facts);

#endif
