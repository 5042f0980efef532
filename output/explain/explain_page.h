/*
 * Writes the page that a person reads: marks in words, steps, paragraphs folded at 79 columns, raw text cut
 * there. Every explanation passes through here to the terminal: whatever is no printable ASCII leaves as
 * \xNN. It knows nothing of mail. Pure.
 */
#ifndef STSWEEP_EXPLAIN_EXPLAIN_PAGE_H
#define STSWEEP_EXPLAIN_EXPLAIN_PAGE_H

#include "scanner/base/buf.h"
#include "scanner/facts/record.h"

enum { PAGE_COLUMNS = 79 };

enum mark { MARK_NOTE, MARK_OK, MARK_WARNING, MARK_FAIL, MARK_UNKNOWN, MARK_COUNT };

struct page {
    struct buf *out;
    struct buf line; /* the next call of page_step, page_fold or page_raw writes and empties it */
    bool colour;
};

void page_begin(struct page *page, struct buf *out, bool colour);

/* Ends the page; false if a ceiling was reached. */
bool page_end(struct page *page);

/* Returns "-", "ok", "warning", "FAIL" or "unknown", which are understood without colour. */
const char *mark_word(enum mark mark);

/* Writes a step of the chain: mark, head, and the line folded beside them. */
void page_step(struct page *page, enum mark mark, const char *head);

/* Writes a finding's headline: mark and the line. */
void page_finding(struct page *page, enum mark mark);

/* Writes head from column `margin`, and the line's words folded from column `indent`. */
void page_fold(struct page *page, size_t margin, size_t indent, const char *head);

/* Does the same, but keeps every space and cuts the text wherever the row ends. */
void page_raw(struct page *page, size_t margin, size_t indent, const char *head);

/* Adds to the line the reasons that a resolver gives: " (the resolver says: No Reachable Authority, \"…\")";
 * or nothing. */
void page_edes(struct page *page, const struct lookup_facts *lookup);

/* Adds free text of a peer to the line: escaped, and no more than `most` bytes of it. */
void page_quote(struct page *page, struct bytes text, size_t most);

/* Adds a day, "2026-11-30", or with the time of day. */
void page_day(struct page *page, int64_t seconds);
void page_time(struct page *page, int64_t seconds);

#endif
