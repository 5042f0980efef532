/*
 * Says for preflight which ports and address families lead out of here, and whether STARTTLS comes through.
 * It goes by hosts that are known to answer.
 */
#ifndef STSWEEP_MACHINE_PREFLIGHT_PORTS_H
#define STSWEEP_MACHINE_PREFLIGHT_PORTS_H

#include "scanner/machine/knownhosts.h"
#include "scanner/machine/preflight.h"

/* Decides what follows for one family: a port is blocked when nobody takes a connection to it; when neither
 * port leads anywhere, the family itself is not there. Pure. */
void network_decide(struct network *network, enum known_family family, const enum reach reach[KNOWN_PORTS]);

/* Makes the lines "port 25", "port 443" and "starttls", and preflight->network. known may be NULL: nothing is
 * known. */
void preflight_say_ports(struct preflight *preflight, const struct config *config,
                         const struct scan_context *context, const struct known_hosts *known);

#endif
