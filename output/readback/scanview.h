/*
 * A scanview is a scan directory, opened once for all that reads it. It says what state the scan is in and by
 * which rules it was judged, and goes through its records: as raw lines, or with the facts that they were
 * made of and a judgement made of those anew. It never writes, and memory does not grow with the scan. The
 * directory may be somebody else's, may be damaged, and may still be written.
 *
 * One thread. This room does not judge: whoever wants records judged anew passes in a function for it.
 */
#ifndef STSWEEP_READBACK_SCANVIEW_H
#define STSWEEP_READBACK_SCANVIEW_H

#include "output/readback/facts_read.h"
#include "output/readback/meta_read.h"
#include "output/readback/optout_kept.h"
#include "scanner/facts/optout.h"

struct scanview;

/* Opens the directory and reads its meta.json. ERR_IO with errno and *why when it is no scan directory,
 * ERR_CORRUPT with *why when meta.json is none of this schema. */
enum error scanview_open(const char *dir, struct scanview **view, struct buf *why);
/* Likewise the directory that --previous names: *why says that it cannot be used and what to give instead. */
enum error scanview_open_previous(const char *dir, struct scanview **view, struct buf *why);
void scanview_close(struct scanview *view); /* NULL is fine */

enum view_state {
    VIEW_READING,  /* its input has not been read to the end */
    VIEW_SCANNING, /* it still runs, or was killed */
    VIEW_STOPPED,
    VIEW_DONE
};

enum view_state scanview_state(const struct scanview *view);

/* Returns what meta.json says. It is good as long as the view. */
const struct meta_stored *scanview_meta(const struct scanview *view);

/* Returns the directory's descriptor, which is the view's. */
int scanview_fd(const struct scanview *view);

/* Reads the opt-out list that the scan went by (optout_kept.h). ERR_NOT_FOUND with *why if it went by
 * none; else errors as of scanview_file and optout_kept_read. */
enum error scanview_optout(const struct scanview *view, struct optout_kept *kept, struct buf *why);

/* Reads a small file of the directory, as summary.json, behind what *text holds. ERR_NOT_FOUND or ERR_IO with
 * errno, and *why; ERR_LIMIT if it does not fit. */
enum error scanview_file(const struct scanview *view, const char *name, struct buf *text, struct buf *why);

/* ---- records ---- */

enum view_stream {
    VIEW_DOMAINS = AMOUNT_DOMAINS,
    VIEW_HOSTS = AMOUNT_HOSTS,
    VIEW_CERTS = AMOUNT_CERTS,
    VIEW_REJECTS = AMOUNT_REJECTS,
    VIEW_STREAMS = AMOUNT_STREAMS
};

/* Tells whether a record file is not what the scan left when it ended or was stopped: it, its last part or
 * its end is gone, say. What it was is told by meta.json or, of a scan made before that did, by the counts of
 * summary.json. *why (may be NULL) names it and how much is there. As of when the view was opened. */
bool scanview_is_amiss(const struct scanview *view, enum view_stream stream, struct buf *why);

/* Leaves out of all streams, from now on, what the list names (except.h); the list stays where it is, as long
 * as the view. ERR_MEMORY. */
enum error scanview_except(struct scanview *view, const struct optout *optout);

/* Returns how many records of a stream were left out when it was gone through last. */
uint64_t scanview_left_out(const struct scanview *view, enum view_stream stream);

/* Gives each whole record of a stream in order, without its \n; an error of line ends it and is returned. A
 * stream without a file has no records. A line that is not within braces, or no UTF-8, is none that a scan
 * writes: it is not given, and counts as refused. ERR_CORRUPT if something is damaged, after every whole
 * record around it was given; *why names file, offset and reason of each damage, and of what was refused the
 * first. So if nothing else is damaged, and scanview_is_amiss. */
enum error scanview_lines(struct scanview *view, enum view_stream stream,
                          enum error (*line)(void *arg, struct bytes line), void *arg, struct buf *why);

/* Notes that the record at hand cannot be read, for who takes it: ERR_SYNTAX or ERR_LIMIT, and why; NULL or
 * "" if the error says it. A record counts once, however often it is refused. Only within a walk; returns
 * ERR_OK, with which it goes on. Any other error is none of the record's, and is returned as it came. */
enum error scanview_refuse(struct scanview *view, enum error error, const char *reason);

/* Returns how many records of a stream could not be read when it was gone through last. */
uint64_t scanview_refused(const struct scanview *view, enum view_stream stream);

/* Appends to *why which of them was the first, why, and how many more there are; returns false if there was
 * none. That is for a walk that ended early: scanview_lines says it itself. */
bool scanview_tell_refused(const struct scanview *view, enum view_stream stream, struct buf *why);

/* It says how records are judged. A judgement's memory lives in arena. */
struct view_judge {
    void *arg;
    void (*domain)(void *arg, const struct domain_facts *facts, struct arena *arena,
                   struct judgement *judgement);
    enum failure_code (*host)(void *arg, const struct probe_facts *probe);
};

/* Makes scanview_records judge anew from now on. For that it indexes the scan's hosts and certificates in
 * temporary files. ERR_RULES with *why when the scan was judged by rules that this program does not know;
 * ERR_IO, ERR_FULL, ERR_MEMORY with *why. */
enum error scanview_judge(struct scanview *view, const struct view_judge *judge, struct buf *why);

/* Says what was damaged of the hosts and certificates that scanview_judge went through, a line each; "" for
 * nothing. The facts of domains that refer to what is lost have gaps. */
const char *scanview_damage(struct scanview *view);

enum view_found {
    VIEW_AS_STORED, /* judging was not asked for, or there is nothing to judge */
    VIEW_JUDGED,
    VIEW_UNREADABLE, /* the line is no record of its stream */
    VIEW_LOST        /* its hosts' records or certificates are not all there, or are no records */
};

/* A record is good during the call. */
struct view_record {
    struct bytes line; /* as stored, without its \n */
    enum view_found found;
    enum error error;   /* of VIEW_UNREADABLE and VIEW_LOST: ERR_SYNTAX, ERR_LIMIT; ERR_NOT_FOUND for gaps */
    const char *reason; /* likewise, as text; "" for gaps */
    /* Of VIEW_JUDGED: */
    const struct domain_facts *domain; /* NULL but in VIEW_DOMAINS */
    const struct judgement *judgement;
    const struct probe_facts *probe; /* NULL but in VIEW_HOSTS */
    enum failure_code code;          /* the probe's */
};

/* Does as scanview_lines does; domains and hosts are judged anew if scanview_judge was called. A fault of one
 * record ends nothing; one of this machine does. A record to be judged that is none, or is beyond a ceiling
 * (ERR_SYNTAX, ERR_LIMIT), is given and is refused as well. */
enum error scanview_records(struct scanview *view, enum view_stream stream,
                            enum error (*take)(void *arg, const struct view_record *record), void *arg,
                            struct buf *why);

#endif
