/*
 * Shows a scan on standard error, and takes all that is said while it runs, from any thread. On a terminal
 * the live screen stands below the messages and is drawn over itself, in one write; elsewhere a line comes
 * each minute. On a terminal messages stand above the screen, and are printed again when its size has
 * changed; somebody may listen to each. Nobody is held up by a terminal or a pipe that is not read: the
 * screen is left out, messages wait (outlet.h), and how many found no room is said when it is read again.
 */
#ifndef STSWEEP_LIVE_TERMINAL_H
#define STSWEEP_LIVE_TERMINAL_H

#include <pthread.h>
#include <stdio.h>

#include "output/live/outlet.h"
#include "output/live/screen.h"
#include "scanner/base/error.h"

enum terminal_mode {
    TERMINAL_LIVE,  /* the screen */
    TERMINAL_LINES, /* a line a minute */
    TERMINAL_QUIET  /* warnings, and what `said` takes */
};

enum { TERMINAL_EVERY_MS = 500, TERMINAL_LINE_EVERY_MS = 60000 };

/* Returns the mode that fits: is it a terminal that obeys escape sequences (TERM, which may be NULL)? */
enum terminal_mode terminal_mode_of(bool quiet, bool is_terminal, const char *term);

struct terminal {
    FILE *news; /* what may be told: with TERMINAL_QUIET only its lines with WARNING are shown */
    FILE *said; /* warnings, errors and how it ended: always shown */
    pthread_mutex_t mutex;
    int fd; /* whose size is asked for */
    struct outlet outlet;
    uint64_t lost; /* messages that found no room, and nobody was told of yet */
    enum terminal_mode mode;
    bool colour;
    struct terminal_part {
        struct terminal *terminal;
        bool is_news;
        struct buf line; /* that has no end yet */
    } parts[2];
    struct buf kept;  /* the last messages, for a terminal whose size has changed */
    struct buf frame; /* the screen as it stands, or nothing */
    size_t rows_open; /* of it */
    struct live_size size;
    int64_t shown_ms;
    void (*heard)(void *arg, bool is_news, const char *line);
    void *arg;
};

/* ERR_MEMORY: nothing is left. *terminal must stay where it is. */
enum error terminal_init(struct terminal *terminal, int fd, enum terminal_mode mode, bool colour,
                         int64_t now_ms);
void terminal_dispose(
    struct terminal *terminal); /* what stands open is closed and wiped off; also if zeroed */

/* Has each line that is said from now on told to heard, without its end, on the thread that said it and one
 * at a time. NULL: no more. */
void terminal_listen(struct terminal *terminal, void (*heard)(void *arg, bool is_news, const char *line),
                     void *arg);

/* Writes what waits, and draws, if it is time to or the terminal's size has changed. */
void terminal_show(struct terminal *terminal, const struct live_state *state);

/* Prints the lines of text.h once, whatever the mode. */
void terminal_print(struct terminal *terminal, const struct live_state *state);

/* Wipes the screen off the terminal, before others print. */
void terminal_clear(struct terminal *terminal);

#endif
