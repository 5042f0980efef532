/*
 * Reads a zone file (RFC 1035 section 5, $TTL of RFC 2308, the generic forms of RFC 3597), as registries hand
 * theirs out or as dig writes a transfer, and gives the names that it delegates: the owners of NS records
 * strictly below its apex. Glue, signatures and what else stands there is counted and passed over.
 *
 * The apex is the owner of the SOA. Without one it is the first $ORIGIN, unless that is the root or names
 * stand beside it; else the first owner of NS records, if the second lies below it; else there is none, and
 * all owners are delegated. A second SOA that is not below the first begins another zone.
 *
 * A record that cannot be read is a reject. What would hide names ($INCLUDE, $GENERATE, an unknown directive,
 * a parenthesis that is not closed, a transfer that failed, relative names without an origin) ends the
 * reading with a reason. A quote that is not closed on its line costs its record, not those behind it.
 *
 * It is fed with lines, in pieces if they are long, and keeps no more than a record's beginning. Pure.
 * Private to input/.
 */
#ifndef STSWEEP_INPUT_ZONE_H
#define STSWEEP_INPUT_ZONE_H

#include "input/input.h"
#include "input/lines.h"
#include "input/refused.h"
#include "input/zone_name.h"
#include "input/zone_word.h"

enum {
    ZONE_RECORD_BYTES = 1024 * 1024, /* a record may be so long, with its comments */
    ZONE_HEAD_BYTES = 48
};

/* The sink takes names, and lines that are no records. Anything but ERR_OK stops with that error. */
struct zone_sink {
    enum error (*name)(void *arg, const char *domain);
    enum error (*reject)(void *arg, const struct line *line, enum failure_code reason);
    void *arg;
};

enum zone_owner_state {
    ZONE_OWNER_NONE,    /* no record has named one */
    ZONE_OWNER_WRITTEN, /* its text is kept */
    ZONE_OWNER_READ,    /* so is its name */
    ZONE_OWNER_BAD,     /* it is none, or stands in a line that is no record; that has been said */
};

/* Whose the records are. It is read only if it matters. */
struct zone_owner {
    enum zone_owner_state state;
    bool is_stale;    /* the same text may mean another name by now */
    uint64_t *judged; /* what its NS records count as, once it was judged; else NULL */
    size_t text_len;
    uint8_t text[ZONE_NAME_TEXT_BYTES];
    struct zone_name name;
};

enum zone_apex_state {
    ZONE_APEX_OPEN,    /* nothing is known of it */
    ZONE_APEX_HELD,    /* likewise; the first owner of NS records waits for it */
    ZONE_APEX_SOA,     /* the SOA has told it */
    ZONE_APEX_GUESSED, /* $ORIGIN or the first owners have told it */
    ZONE_APEX_NONE,
};

struct zone_apex {
    enum zone_apex_state state;
    struct zone_name name;
    struct zone_name first_origin; /* before any NS record */
    struct zone_name held;
    uint64_t held_records;
    uint64_t held_line;
    uint64_t soas;
};

enum zone_directive { ZONE_NO_DIRECTIVE, ZONE_ORIGIN, ZONE_TTL_DIRECTIVE };

/* The record that is open. */
struct zone_record {
    unsigned want; /* what the next word is */
    bool is_begun; /* it has a word */
    bool names_owner, has_ttl, has_class, has_type;
    bool is_internet, is_generic;
    enum zone_directive directive;
    enum zone_type type;
    enum failure_code fault; /* FAIL_NONE: none so far */
    size_t head_at;          /* where what is behind the owner begins in its line */
    size_t words;            /* of its data */
    uint64_t bytes;
};

/* What stood between owner and data last. Most lines have the same there, and it is read once. */
struct zone_head {
    uint8_t text[ZONE_HEAD_BYTES];
    size_t len; /* 0: there is none */
    bool has_ttl, has_class, is_internet;
    enum zone_type type;
};

struct zone {
    struct zone_sink sink;
    struct input_zone counts;
    struct zone_owner owner;
    struct zone_record record;
    struct zone_head head;
    struct zone_name origin; /* its len is 0 if none is known */
    struct zone_apex apex;
    struct zone_name given; /* the last name that was given: not again at once */
    size_t depth;           /* of parentheses */
    uint64_t open_line;     /* of the first of them */
    bool in_quote, in_word, is_escaped, in_comment, in_line;
    const struct line *line; /* the one that is read */
    bool is_transfer;        /* that dig wrote */
    uint64_t name_servers;   /* NS and SOA records, whatever becomes of them */
    uint64_t marked_records; /* with a TTL, a class or an absolute owner */
    uint64_t directives;
    uint64_t faults;
    struct refused refused; /* after ERR_CONFIG */
};

void zone_init(struct zone *zone, const struct zone_sink *sink);

/* Takes a line, or the next piece of one. ERR_CONFIG: refused says why; or the sink's own. */
enum error zone_take(struct zone *zone, const struct line *line);

/* Ends the file. If it could not be read to its end (whole is false), nothing is said of what is open. */
enum error zone_end(struct zone *zone, bool whole);

#endif
