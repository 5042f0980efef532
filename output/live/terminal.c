/* Puts messages and the screen together, so that each change is one write. */
#include "output/live/terminal.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output/live/text.h"

enum {
    LINE_BYTES = 64 * 1024,
    FRAME_BYTES = 64 * 1024,
    KEPT_BYTES = 64 * 1024,
    OUT_BYTES = 192 * 1024, /* finds room where nothing waits */
    SEQUENCES_BYTES = 64,
    LOST_BYTES = 128,
    ROWS_UNKNOWN = 24,
    COLUMNS_UNKNOWN = 80,
    COLUMNS_LEAST = 20
};

static const char WARNING[] = "WARNING";

enum terminal_mode terminal_mode_of(bool quiet, bool is_terminal, const char *term)
{
    if (quiet)
        return TERMINAL_QUIET;
    bool obeys = term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
    return is_terminal && obeys ? TERMINAL_LIVE : TERMINAL_LINES;
}

/* Writes it, or lets it wait. */
static void write_out(struct terminal *terminal, struct buf *out)
{
    (void)outlet_put(&terminal->outlet, buf_bytes(out));
    buf_dispose(out);
}

/* ---- the screen ---------------------------------------------------------------------------------------- */

/* Asks for the size anew each time: a window changes. true: it is another than before. */
static bool take_size(struct terminal *terminal)
{
    struct winsize found;
    struct live_size size = {ROWS_UNKNOWN, COLUMNS_UNKNOWN, terminal->colour};
    if (ioctl(terminal->fd, TIOCGWINSZ, &found) == 0 && found.ws_col > 0 && found.ws_row > 0)
        size = (struct live_size){found.ws_row, found.ws_col, terminal->colour};
    if (size.columns < COLUMNS_LEAST)
        size.columns = COLUMNS_LEAST;
    bool changed = size.rows != terminal->size.rows || size.columns != terminal->size.columns;
    terminal->size = size;
    return changed;
}

/* Makes the frame: the screen, or on a small terminal as many of the lines as have room. */
static void make_frame(struct terminal *terminal, const struct live_state *state)
{
    const struct live_size *size = &terminal->size;
    buf_reset(&terminal->frame);
    if (size->rows >= SCREEN_ROWS_LEAST && size->columns >= SCREEN_COLUMNS_LEAST) {
        live_screen(state, size, &terminal->frame);
        return;
    }
    live_text(state, size->columns - 1, &terminal->frame);
    size_t rows = 0;
    for (size_t i = 0; i < terminal->frame.len; i++)
        if (terminal->frame.data[i] == '\n' && ++rows + 1 >= size->rows) {
            terminal->frame.len = i + 1;
            return;
        }
}

/* Appends the frame, each row over what stood in its place. */
static void draw(struct terminal *terminal, struct buf *out)
{
    size_t rows = 0;
    for (size_t i = 0; i < terminal->frame.len; i++) {
        if (terminal->frame.data[i] == '\n') {
            rows++;
            (void)buf_text(out, "\033[K");
        }
        (void)buf_byte(out, terminal->frame.data[i]);
    }
    (void)buf_text(out, rows > 0 ? "\033[J" : "");
    terminal->rows_open = rows;
}

static void go_up(struct terminal *terminal, struct buf *out)
{
    if (terminal->rows_open > 0)
        (void)buf_printf(out, "\033[%zuA\r", terminal->rows_open);
}

/* Returns from where on the kept messages fit into so many rows. */
static size_t fits_from(const struct buf *kept, size_t rows, size_t columns)
{
    size_t from = kept->len, end = kept->len, used = 0;
    while (end > 0) {
        size_t begin = end - 1; /* where the newline is */
        while (begin > 0 && kept->data[begin - 1] != '\n')
            begin--;
        used += (end - begin - 1) / columns + 1;
        if (used > rows)
            break;
        from = end = begin;
    }
    return from;
}

/* Wipes the whole terminal, as nobody knows how it has moved the rows about, and says again what was said
 * last. */
static void begin_anew(struct terminal *terminal, struct buf *out)
{
    size_t rows =
        terminal->size.rows > terminal->rows_open + 1 ? terminal->size.rows - terminal->rows_open - 1 : 0;
    size_t from = fits_from(&terminal->kept, rows, terminal->size.columns);
    (void)buf_text(out, "\033[H\033[J");
    (void)buf_append(out, terminal->kept.data + from, terminal->kept.len - from);
}

static void wipe(struct terminal *terminal, struct buf *out)
{
    go_up(terminal, out);
    if (terminal->rows_open > 0)
        (void)buf_text(out, "\033[J");
    terminal->rows_open = 0;
}

void terminal_clear(struct terminal *terminal)
{
    struct buf out;
    buf_init(&out, OUT_BYTES);
    (void)pthread_mutex_lock(&terminal->mutex);
    wipe(terminal, &out);
    buf_reset(&terminal->frame);
    write_out(terminal, &out);
    (void)pthread_mutex_unlock(&terminal->mutex);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

/* Keeps a message; the oldest go. */
static void keep(struct terminal *terminal, struct bytes text)
{
    struct buf *kept = &terminal->kept;
    if (text.len > KEPT_BYTES / 2)
        return;
    while (kept->len + text.len > KEPT_BYTES / 2) {
        const uint8_t *end = memchr(kept->data, '\n', kept->len);
        buf_consume(kept, end == NULL ? kept->len : (size_t)(end - kept->data) + 1);
    }
    (void)buf_append(kept, text.data, text.len);
}

/* Prints messages above the screen; if nobody reads, they wait, and the screen is drawn again when somebody
 * does. */
static void print_above(struct terminal *terminal, struct bytes text)
{
    struct buf out;
    bool flows = outlet_flush(&terminal->outlet);
    if (terminal->mode == TERMINAL_LIVE)
        keep(terminal, text);
    if (!flows && !outlet_has_room(&terminal->outlet, text.len + SEQUENCES_BYTES)) {
        terminal->lost++;
        return;
    }
    buf_init(&out, OUT_BYTES);
    if (flows && terminal->rows_open > 0 && take_size(terminal)) {
        begin_anew(terminal, &out);
    } else {
        wipe(terminal, &out);
        (void)buf_append(&out, text.data, text.len);
    }
    if (flows)
        draw(terminal, &out);
    write_out(terminal, &out);
}

/* Says how many messages found no room while nobody read. */
static void say_lost(struct terminal *terminal)
{
    char text[LOST_BYTES];
    if (terminal->lost == 0)
        return;
    (void)snprintf(text, sizeof text,
                   "stsweep: WARNING: %llu messages are missing here, as nobody read standard error\n",
                   (unsigned long long)terminal->lost);
    terminal->lost = 0;
    print_above(terminal, bytes_of(text));
}

static void say(struct terminal_part *part, const char *line, size_t len)
{
    struct terminal *terminal = part->terminal;
    bool warns = memmem(line, len, WARNING, sizeof WARNING - 1) != NULL;
    if (!part->is_news || warns || terminal->mode != TERMINAL_QUIET)
        print_above(terminal, bytes_make((const uint8_t *)line, len));
}

/* Says all lines of a part that have their ends. */
static void say_lines(struct terminal_part *part)
{
    struct terminal *terminal = part->terminal;
    size_t from = 0;
    const uint8_t *end;
    while ((end = memchr(part->line.data + from, '\n', part->line.len - from)) != NULL) {
        size_t to = (size_t)(end - part->line.data);
        const char *line = (const char *)part->line.data + from;
        say(part, line, to + 1 - from);
        part->line.data[to] = '\0';
        if (terminal->heard != NULL)
            terminal->heard(terminal->arg, part->is_news, line);
        from = to + 1;
    }
    buf_consume(&part->line, from);
}

static ssize_t take(void *cookie, const char *data, size_t len)
{
    struct terminal_part *part = cookie;
    (void)pthread_mutex_lock(&part->terminal->mutex);
    if (len > 0 && !buf_append(&part->line, data, len)) { /* a line without an end: what there is, is said */
        buf_reset(&part->line);
        say(part, data, len);
    }
    if (part->line.len > 0)
        say_lines(part);
    (void)pthread_mutex_unlock(&part->terminal->mutex);
    return (ssize_t)len;
}

/* ---- as time goes by ------------------------------------------------------------------------------------ */

void terminal_show(struct terminal *terminal, const struct live_state *state)
{
    struct buf out;
    buf_init(&out, OUT_BYTES);
    (void)pthread_mutex_lock(&terminal->mutex);
    bool flows = outlet_flush(&terminal->outlet);
    if (flows)
        say_lost(terminal);
    if (!flows || terminal->mode == TERMINAL_QUIET) {
        (void)pthread_mutex_unlock(&terminal->mutex);
        return;
    }
    bool live = terminal->mode == TERMINAL_LIVE;
    bool changed = live && take_size(terminal) && terminal->rows_open > 0;
    int64_t every_ms = live ? TERMINAL_EVERY_MS : TERMINAL_LINE_EVERY_MS;
    if (changed || state->now_ms - terminal->shown_ms >= every_ms) {
        terminal->shown_ms = state->now_ms;
        if (live)
            make_frame(terminal, state);
        else
            live_line(state, &out);
        if (changed)
            begin_anew(terminal, &out);
        else if (live)
            go_up(terminal, &out);
        if (live)
            draw(terminal, &out);
    }
    write_out(terminal, &out);
    (void)pthread_mutex_unlock(&terminal->mutex);
}

/* ---- birth and death ----------------------------------------------------------------------------------- */

static FILE *open_part(struct terminal *terminal, struct terminal_part *part, bool is_news)
{
    *part = (struct terminal_part){.terminal = terminal, .is_news = is_news};
    buf_init(&part->line, LINE_BYTES);
    FILE *file = fopencookie(part, "w", (cookie_io_functions_t){.write = take});
    if (file != NULL)
        (void)setvbuf(file, NULL, _IOLBF, BUFSIZ);
    return file;
}

enum error terminal_init(struct terminal *terminal, int fd, enum terminal_mode mode, bool colour,
                         int64_t now_ms)
{
    *terminal = (struct terminal){.fd = fd, .mode = mode, .colour = colour, .shown_ms = now_ms};
    (void)pthread_mutex_init(&terminal->mutex, NULL);
    outlet_init(&terminal->outlet, fd);
    buf_init(&terminal->kept, KEPT_BYTES);
    buf_init(&terminal->frame, FRAME_BYTES);
    terminal->news = open_part(terminal, &terminal->parts[0], true);
    terminal->said = open_part(terminal, &terminal->parts[1], false);
    if (terminal->news != NULL && terminal->said != NULL)
        return ERR_OK;
    terminal_dispose(terminal);
    return ERR_MEMORY;
}

void terminal_listen(struct terminal *terminal, void (*heard)(void *arg, bool is_news, const char *line),
                     void *arg)
{
    (void)pthread_mutex_lock(&terminal->mutex);
    terminal->heard = heard;
    terminal->arg = arg;
    (void)pthread_mutex_unlock(&terminal->mutex);
}

void terminal_print(struct terminal *terminal, const struct live_state *state)
{
    struct buf text;
    buf_init(&text, OUT_BYTES);
    live_text(state, 0, &text);
    (void)pthread_mutex_lock(&terminal->mutex);
    print_above(terminal, buf_bytes(&text));
    (void)pthread_mutex_unlock(&terminal->mutex);
    buf_dispose(&text);
}

void terminal_dispose(struct terminal *terminal)
{
    if (terminal->parts[0].terminal == NULL)
        return;
    terminal_clear(terminal);
    if (terminal->news != NULL)
        (void)fclose(terminal->news);
    if (terminal->said != NULL)
        (void)fclose(terminal->said);
    for (size_t i = 0; i < sizeof terminal->parts / sizeof *terminal->parts; i++) {
        struct terminal_part *part = &terminal->parts[i];
        if (part->line.len > 0 && part->terminal != NULL)
            (void)take(part, "\n", 1);
        buf_dispose(&part->line);
    }
    if (outlet_drain(&terminal->outlet)) {
        say_lost(terminal);
        (void)outlet_drain(&terminal->outlet);
    }
    outlet_dispose(&terminal->outlet);
    buf_dispose(&terminal->kept);
    buf_dispose(&terminal->frame);
    (void)pthread_mutex_destroy(&terminal->mutex);
    *terminal = (struct terminal){0};
}
