/*
 * Writes suggestions as one stream that other programs load: a zone file, commands for nsupdate, a
 * configuration of nginx, or NDJSON. Pure. A stream has a head, a part for each domain, and an end, by whose
 * absence a reader sees that it was cut.
 *
 * Names, records and policies come from strangers. Whatever of them is written is quoted as the format wants
 * it, and what stands in a comment is one line of printable ASCII.
 */
#ifndef STSWEEP_COMMANDS_SUGGEST_FORMAT_H
#define STSWEEP_COMMANDS_SUGGEST_FORMAT_H

#include "scanner/commands/suggest_change.h"

#define SUGGEST_FORMAT_TABLE(X)                                                                              \
    X(FORMAT_ZONE, "zone", zone)                                                                             \
    X(FORMAT_NSUPDATE, "nsupdate", nsupdate)                                                                 \
    X(FORMAT_NGINX, "nginx", nginx)                                                                          \
    X(FORMAT_JSON, "json", json_line)

enum suggest_format {
    FORMAT_NONE, /* files, or a page for a person */
#define SUGGEST_FORMAT_ENUM(id, word, part) id,
    SUGGEST_FORMAT_TABLE(SUGGEST_FORMAT_ENUM)
#undef SUGGEST_FORMAT_ENUM
        FORMAT_COUNT
};

/* FORMAT_NONE: the word is none. */
enum suggest_format suggest_format_find(const char *word);

/* What is to be written of a domain. */
struct suggest_part {
    const struct domain_facts *facts;
    const struct judgement *judgement;
    const struct suggestion *suggestion;
    const struct suggest_changes *changes;
};

/* What became of a domain in a stream. */
enum suggest_written {
    WRITTEN,           /* what changes, or nothing if nothing does */
    WRITTEN_ELSEWHERE, /* a record is an alias, so that it is to be changed where that leads: it is a comment
                        */
    WRITTEN_NOT        /* a policy that the format cannot hold: a comment names it */
};

/* domains: how many there are at most, for nginx's tables. */
bool suggest_format_head(struct buf *out, enum suggest_format format, uint64_t domains);

/* Appends the domain's part. *written says what became of it. False if the buffer's ceiling is reached. */
bool suggest_format_part(struct buf *out, enum suggest_format format, const struct suggest_part *part,
                         enum suggest_written *written);

/* changed: how many domains there were with changes. */
bool suggest_format_end(struct buf *out, enum suggest_format format, uint64_t changed);

/* The formats themselves. */
enum suggest_written suggest_zone(struct buf *out, const struct suggest_part *part);
enum suggest_written suggest_nsupdate(struct buf *out, const struct suggest_part *part);
enum suggest_written suggest_nginx(struct buf *out, const struct suggest_part *part);
enum suggest_written suggest_json_line(struct buf *out, const struct suggest_part *part);
void suggest_nginx_head(struct buf *out, uint64_t domains);
void suggest_nginx_end(struct buf *out);

/* ---- pieces that they share ---- */

enum { SUGGEST_COMMENT_BYTES = 480 };

/* Appends text for a comment: printable ASCII, others as \DDD, no more than SUGGEST_COMMENT_BYTES of it. */
void suggest_put_comment(struct buf *out, struct bytes text);

/* Appends what a value was as record data: TXT in quotes, names with their dot. */
void suggest_put_data(struct buf *out, const char *type, struct bytes text);

/* Appends the comment lines "MARK was: ..." of what goes, or "MARK was: nothing" or "not known". */
void suggest_put_was(struct buf *out, const char *mark, const struct suggest_change *change);

/* Appends the comment line that says of a domain what is done and at what risk. */
void suggest_put_title(struct buf *out, const char *mark, const struct suggest_part *part);

#endif
