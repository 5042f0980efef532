/*
 * A world: real workers over fakes of the DNS, the peers and the clock, all on one thread, run by the
 * statements of one file (README.md beside this has the language).
 */
#ifndef TESTS_REACH_WORLD_WORLD_H
#define TESTS_REACH_WORLD_WORLD_H

#include "scanner/reach/worker.h"
#include "tests/unit/reach/world/words.h"

/* The verdict on one address of an MX host. */
struct seen_address {
    const char *host;
    struct ip_addr ip;
    enum failure_code code;
    bool stale; /* an earlier answer of the DNS served */
};

/* A domain that ended, in one pass. Texts and lists are the world's. */
struct seen_domain {
    struct seen_domain *next; /* that ended before */
    const char *name;
    uint32_t pass;
    int64_t at_us;
    bool put_off;       /* it is tried again when a further pass comes */
    struct bytes looks; /* that go with it */
    enum outcome outcome, would_be;
    enum dane_outcome dane;
    enum tls_outcome tls;
    bool incomplete;
    struct code_set codes;
    struct seen_address *addresses;
    size_t address_count;
    bool asked, changed; /* of a contact: its lookups were made anew; they gave something else */
    size_t policy_addresses;
};

/* A record of an MX host's address, as results got it. */
struct seen_host {
    struct seen_host *next;
    const char *host;
    struct ip_addr ip;
    int64_t time;
    enum failure_code code;
    bool shared, again, legacy;
    uint32_t pass;
};

/* A policy that an earlier scan saw at a domain. */
struct earlier_policy {
    struct earlier_policy *next;
    const char *domain;
    struct cached_policy policy;
};

struct world {
    const char *path;
    struct arena arena;
    struct line *lines;
    struct config config;
    struct scan_context context;
    struct stuck_list stuck;
    struct worker *workers; /* NULL before the start and after `stop` */
    uint32_t count;
    struct seen_domain *domains; /* the last one first */
    struct seen_host *hosts;
    size_t script_left; /* statements whose time has not come */
    size_t started, ended, released;
    size_t crowded;                 /* addresses of which that was said */
    struct earlier_policy *earlier; /* what `cached` lines say */
    struct ip_set no_route;         /* of this machine, now */
    unsigned misses;
};

/* Runs a file. The number of what was not as it says, after that has been printed. */
unsigned world_run(const char *path, bool verbose);

/* ---- among the files of a world ------------------------------------------------------------------------ */

/* Something is not as it should be: a line on stdout. line may be NULL. */
void world_miss(struct world *world, const struct line *line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What the file says of options, loops and this machine, before the workers are made (settings.c). */
bool world_is_setting(const struct line *line);
void world_set(struct world *world, const struct line *line);

/* A statement whose time has come, without its `at` (statements.c). */
void world_do(struct world *world, const struct line *line);

/* One that begins with `expect` (expect.c). */
void world_expect(struct world *world, const struct line *line);

/* What holds in every world: manners, the order of records, books that balance (books.c). Before and after
 * the workers are gone. */
void world_check_books(struct world *world);
void world_check_left(struct world *world);

/* Where the workers' results go (results.c). */
struct results world_results(struct world *world);
void world_start_domain(struct world *world, const char *name, struct bytes looks);
void world_start_put_off(struct world *world);

/* Delivers what the loops have posted to each other, until there is nothing more (world.c). */
void world_settle(struct world *world);

/* The loops end amid everything. */
void world_stop(struct world *world);

#endif
