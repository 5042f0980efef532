/*
 * Asks hosts that are known to answer what can be reached from here (preflight.port25, preflight.port443).
 * They tell of each port by each address family, and whether STARTTLS comes through to us. What they cannot
 * show us is this machine's fault or its network's, never a stranger's. One connection is made to each host,
 * port and family; no domain is judged.
 */
#ifndef STSWEEP_MACHINE_KNOWNHOSTS_H
#define STSWEEP_MACHINE_KNOWNHOSTS_H

#include "scanner/dns/lookup.h"
#include "scanner/reach/worker.h"

enum reach {
    REACH_UNKNOWN, /* nobody was there to be asked */
    REACH_OPEN,
    REACH_CLOSED /* nobody of at least two answers, or of one if only one is named */
};

/* Does STARTTLS reach us from hosts that offer it? */
enum starttls_path { PATH_UNKNOWN, PATH_CLEAR, PATH_STRIPPED };

struct known_setup {
    struct event_base *base;
    struct lookup_engine *engine;       /* these outlive it */
    const struct config *config;        /* its timeouts, and whom to ask */
    const struct scan_context *context; /* families, opt-outs, trust */
    bool https;                         /* port 443 too */
    void (*changed)(void *arg);         /* something was found out */
    void *arg;
};

struct known_hosts;

/* Begins to ask. NULL: out of memory. */
struct known_hosts *known_hosts_start(const struct known_setup *setup);

/* Is there still something to be waited for? */
bool known_hosts_wait(const struct known_hosts *known);

/* Tells what is known by now: a connection that still waits was not answered. */
enum reach known_hosts_reach(const struct known_hosts *known, enum known_port port, enum known_family family);
enum starttls_path known_hosts_path(const struct known_hosts *known);

struct known_counts {
    size_t named, connect, silent, refuse;
};
struct known_counts known_hosts_count(const struct known_hosts *known, enum known_port port,
                                      enum known_family family);

/* Returns the first host that took a connection, or NULL. */
const char *known_hosts_answering(const struct known_hosts *known, enum known_port port);

/* Ends what is under way; no callback after this. NULL is fine. */
void known_hosts_destroy(struct known_hosts *known);

#endif
