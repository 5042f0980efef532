/* Fills a grid of characters, and prints it. */
#include "output/live/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "output/live/text.h"
#include "scanner/base/shown.h"
#include "scanner/base/utf8.h"

enum {
    GRID_ROWS = 40,
    GRID_COLUMNS = 132, /* of a wider terminal no more is used */
    LEFT_FREE = 4,      /* rows: for messages, and for the cursor */
    ROOMY_ROWS = 30,    /* from here on blank rows stand between the parts */
    WIDE_COLUMNS = 120, /* from here on failures stand in two columns, and outcomes with their shares */
    PART_ROWS_MOST = 8,
    FIXED_ROWS = 13, /* but those of failures and resolvers, and blank ones */
    BLANK_ROWS = 3,
    TITLE = 10,   /* columns */
    MIDDLE = 42,  /* where the right half of the table begins */
    NUMBER = 12,  /* columns */
    RATE_AT = 23, /* where the rate ends, from the title on */
    COUNT = 11,   /* columns of the count of an outcome or a failure */
    OUTCOMES_A_ROW = 3,
    RESOLVER_NUMBERS = 4,
    RESOLVER_NUMBER = 11, /* columns */
    PATH_AT = 45,
    WIDE_CHARACTER = 2, /* columns that any character beyond ASCII may take */
    TEXT_BYTES = 512,
    GIB_SHIFT = 20
};

struct grid {
    size_t rows, columns; /* used */
    char cells[GRID_ROWS][GRID_COLUMNS];
    bool title[GRID_ROWS]; /* the first columns are a title */
};

/* ---- the grid ------------------------------------------------------------------------------------------ */

/* Puts text at a place; what does not fit before `end` is cut. */
static void put(struct grid *grid, size_t row, size_t column, size_t end, const char *text)
{
    for (size_t i = 0; text[i] != '\0' && column + i < end && column + i < grid->columns; i++)
        grid->cells[row][column + i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
}

/* Puts text so that it ends before `end`. */
static void put_right(struct grid *grid, size_t row, size_t end, const char *text)
{
    size_t len = strlen(text);
    put(grid, row, len < end ? end - len : 0, end, text);
}

static void put_number(struct grid *grid, size_t row, size_t end, uint64_t number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    put_right(grid, row, end, text);
}

static void put_title(struct grid *grid, size_t row, const char *title)
{
    put(grid, row, 0, TITLE - 1, title);
    grid->title[row] = true;
}

static void put_duration(struct grid *grid, size_t row, size_t end, double seconds)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    live_duration(&text, (uint64_t)seconds);
    put_right(grid, row, end, buf_string(&text));
    buf_dispose(&text);
}

/* ---- the parts ----------------------------------------------------------------------------------------- */

struct layout {
    size_t blank; /* rows between parts */
    size_t failures, resolvers;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static struct layout lay_out(const struct live_state *state, const struct live_size *size)
{
    struct layout layout = {.blank = size->rows >= ROOMY_ROWS};
    size_t left = size->rows - LEFT_FREE - FIXED_ROWS - layout.blank * BLANK_ROWS;
    layout.failures = least(PART_ROWS_MOST, (left + 1) / 2);
    layout.resolvers = least(least(PART_ROWS_MOST, left - layout.failures), state->resolver_count);
    return layout;
}

static void put_head(struct grid *grid, const struct live_state *state)
{
    char text[TEXT_BYTES];
    (void)snprintf(text, sizeof text, "%s%s%s", live_phase_name(state->phase),
                   state->cut_off != NULL ? ", cut off: " : "", state->cut_off != NULL ? state->cut_off : "");
    put_title(grid, 0, "stsweep");
    put(grid, 0, TITLE, PATH_AT - 1, text);
    put_title(grid, 1, "");
}

/* How far: a bar with numbers behind it, or how much of the input was read. */
static void put_far(struct grid *grid, const struct live_state *state)
{
    char text[TEXT_BYTES];
    size_t width = grid->columns >= WIDE_COLUMNS - 1 ? 60 : 30;
    uint64_t done = state->before + state->done;
    if (state->total == 0) {
        struct buf reading;
        buf_init(&reading, TEXT_BYTES);
        live_reading(&state->read, &reading);
        put(grid, 1, 0, grid->columns, buf_string(&reading));
        buf_dispose(&reading);
        return;
    }
    uint64_t shown_done = done < state->total ? done : state->total;
    size_t filled = (size_t)((double)shown_done / (double)state->total * (double)width);
    put(grid, 1, 0, 1, "[");
    for (size_t i = 0; i < width; i++)
        put(grid, 1, 1 + i, 2 + i, i < filled ? "#" : ".");
    put(grid, 1, 1 + width, 2 + width, "]");
    uint64_t permille = shown_done * 1000 / state->total; /* rounded down: 100 % is the end */
    (void)snprintf(text, sizeof text, "%3llu.%llu %%  %llu of %llu", (unsigned long long)(permille / 10),
                   (unsigned long long)(permille % 10), (unsigned long long)done,
                   (unsigned long long)state->total);
    put(grid, 1, width + 3, grid->columns, text);
}

static void put_stages(struct grid *grid, size_t row, const struct live_state *state)
{
    char rate[32];
    put_title(grid, row, "stage");
    put_right(grid, row, TITLE + NUMBER, "in all");
    put_right(grid, row, TITLE + RATE_AT, "a second");
    for (size_t i = 0; i < RATE_COUNT; i++) {
        put_title(grid, row + 1 + i, live_rate_name((enum live_rate)i));
        put_number(grid, row + 1 + i, TITLE + NUMBER, live_stage_count(state, (enum live_rate)i));
        (void)snprintf(rate, sizeof rate, state->rates[i] < 10 ? "%.1f" : "%.0f", state->rates[i]);
        put_right(grid, row + 1 + i, TITLE + RATE_AT, state->has_rates ? rate : "-");
    }
}

static void put_disk(struct grid *grid, size_t row, size_t end, const struct live_state *state)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.1f GiB",
                   (double)(state->disk_free_bytes >> GIB_SHIFT) / (double)(1 << (30 - GIB_SHIFT)));
    put_right(grid, row, end, state->disk_known ? text : "-");
}

static void put_under_way(struct grid *grid, size_t row, const struct live_state *state)
{
    static const char *const labels[] = {"time left", "in flight",      "parked",
                                         "again",     "tried again in", "disk left"};
    const size_t end = MIDDLE + 15 + NUMBER;
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        put(grid, row + i, MIDDLE, end, labels[i]);
    if (state->left_s >= 0 && state->total > 0)
        put_duration(grid, row, end, state->left_s + (state->left_s > 0));
    else
        put_right(grid, row, end, "-");
    put_number(grid, row + 1, end, state->in_flight);
    put_number(grid, row + 2, end, state->parked);
    put_number(grid, row + 3, end, state->again);
    if (state->again > 0 && state->rest_ms > 0 && state->pass_left_s >= 0)
        put_duration(grid, row + 4, end, state->pass_left_s + (double)state->rest_ms / 1000 + 1);
    else
        put_right(grid, row + 4, end, "-");
    put_disk(grid, row + 5, end, state);
}

static void put_outcomes(struct grid *grid, size_t row, const struct live_state *state)
{
    size_t width = (grid->columns - TITLE) / OUTCOMES_A_ROW;
    uint64_t all = 0;
    put_title(grid, row, "outcomes");
    for (size_t i = 0; i < LIVE_OUTCOMES; i++)
        all += state->counts.outcomes[live_outcomes[i]];
    for (size_t i = 0; i < LIVE_OUTCOMES; i++) {
        size_t at = TITLE + i / OUTCOMES_A_ROW * width;
        uint64_t count = state->counts.outcomes[live_outcomes[i]];
        char share[16];
        put(grid, row + i % OUTCOMES_A_ROW, at, at + width, outcome_name(live_outcomes[i]));
        put_number(grid, row + i % OUTCOMES_A_ROW, at + TITLE + COUNT, count);
        if (grid->columns < WIDE_COLUMNS - 1 || all == 0)
            continue;
        (void)snprintf(share, sizeof share, "%.2f %%", (double)count * 100 / (double)all);
        put_right(grid, row + i % OUTCOMES_A_ROW, at + TITLE + COUNT + TITLE, share);
    }
}

static void put_failures(struct grid *grid, size_t row, size_t rows, const struct live_state *state)
{
    enum failure_code codes[2 * PART_ROWS_MOST];
    size_t columns = grid->columns >= WIDE_COLUMNS - 1 ? 2 : 1;
    size_t width = columns == 2 ? (grid->columns - TITLE) / 2 : MIDDLE + 15 + NUMBER - TITLE;
    size_t count = live_failures(&state->counts, rows * columns, codes);
    put_title(grid, row, "failures");
    if (count == 0)
        put(grid, row, TITLE, grid->columns, "none so far");
    for (size_t i = 0; i < count; i++) {
        size_t at = TITLE + i / rows * width;
        size_t end = at + width - (columns == 2 ? 3 : 0);
        put(grid, row + i % rows, at, end - COUNT, failure_name(codes[i]));
        put_number(grid, row + i % rows, end, state->counts.codes[codes[i]]);
    }
}

/* The embedded resolver asks whoever serves a name: there is nobody to name. */
static void put_embedded(struct grid *grid, size_t row, const struct live_state *state)
{
    char text[TEXT_BYTES];
    (void)snprintf(
        text, sizeof text, "embedded: it asks the name servers itself; of %llu questions %llu failed",
        (unsigned long long)state->counts.lookups, (unsigned long long)state->counts.lookups_failed);
    put_title(grid, row, "resolver");
    put(grid, row, TITLE, grid->columns, text);
}

static void put_resolvers(struct grid *grid, size_t row, size_t rows, const struct live_state *state)
{
    static const char *const heads[RESOLVER_NUMBERS] = {"median", "latest", "failed", "answers"};
    size_t indexes[PART_ROWS_MOST];
    size_t count = live_slowest(state, rows, indexes);
    size_t end = grid->columns >= WIDE_COLUMNS - 1 ? grid->columns - TITLE : grid->columns;
    char text[TEXT_BYTES];
    if (state->embedded) {
        put_embedded(grid, row, state);
        return;
    }
    size_t numbers = end - RESOLVER_NUMBERS * RESOLVER_NUMBER;
    put_title(grid, row, "resolvers");
    (void)snprintf(text, sizeof text, count < state->resolver_count ? "slowest %zu of %zu" : "%zu", count,
                   state->resolver_count);
    put(grid, row, TITLE, numbers, text);
    for (size_t i = 0; i < RESOLVER_NUMBERS; i++)
        put_right(grid, row, numbers + (i + 1) * RESOLVER_NUMBER, heads[i]);
    for (size_t i = 0; i < count; i++) {
        const struct resolver_counts *counts = &state->counts.resolvers[indexes[i]];
        const uint64_t values[] = {resolver_counts_median(counts), state->resolvers[indexes[i]].latest_ms,
                                   live_resolver_failures(counts), counts->answers};
        put(grid, row + 1 + i, TITLE, numbers, state->resolvers[indexes[i]].name);
        for (size_t j = 0; j < RESOLVER_NUMBERS; j++) {
            (void)snprintf(text, sizeof text, "%llu%s", (unsigned long long)values[j], j < 2 ? " ms" : "");
            put_right(grid, row + 1 + i, numbers + (j + 1) * RESOLVER_NUMBER,
                      j < 2 && counts->answers == 0 ? "-" : text);
        }
    }
}

/* ---- printing ------------------------------------------------------------------------------------------ */

/* Appends the time and the directory behind the first row: the only text of somebody else's, whose columns
 * are counted so that it never is wider than the terminal. */
static void print_place(const struct live_state *state, size_t columns, struct buf *out)
{
    char text[TEXT_BYTES];
    (void)snprintf(text, sizeof text, "pass %llu, ",
                   (unsigned long long)(state->pass == 0 ? 1 : state->pass));
    size_t used = PATH_AT, before = out->len;
    (void)buf_text(out, text);
    live_duration(out, (uint64_t)state->run_ms / 1000);
    (void)buf_text(out, "  ");
    used += out->len - before;
    struct bytes path = bytes_of(shown_within(state->directory, TEXT_BYTES - 1));
    while (path.len > 0) {
        size_t len = utf8_shown_len(path);
        size_t wide = len > 1 ? WIDE_CHARACTER : 1;
        if (len == 0 || used + wide > columns)
            return;
        (void)buf_append(out, path.data, len);
        path = bytes_behind(path, len);
        used += wide;
    }
}

static void print_row(const struct grid *grid, size_t row, const struct live_state *state, bool colour,
                      struct buf *out)
{
    const char *cells = grid->cells[row];
    size_t len = row == 0 ? PATH_AT : grid->columns, title = grid->title[row] && row != 1 ? TITLE : 0;
    bool alarm = row == 0 && state->cut_off != NULL;
    while (row != 0 && len > 0 && cells[len - 1] == ' ')
        len--;
    title = alarm ? PATH_AT : title;
    if (title > len || !colour)
        title = colour ? len : 0;
    if (title > 0)
        (void)buf_text(out, alarm ? "\033[1;31m" : "\033[1m");
    (void)buf_append(out, cells, title);
    if (title > 0)
        (void)buf_text(out, "\033[0m");
    (void)buf_append(out, cells + title, len - title);
    if (row == 0)
        print_place(state, grid->columns, out);
    (void)buf_byte(out, '\n');
}

void live_screen(const struct live_state *state, const struct live_size *size, struct buf *out)
{
    struct live_size used = *size;
    used.rows = least(used.rows, GRID_ROWS);
    const struct layout layout = lay_out(state, &used);
    struct grid grid = {.columns = least(used.columns - 1, GRID_COLUMNS)};
    memset(grid.cells, ' ', sizeof grid.cells);
    size_t row = 2 + 1;
    put_head(&grid, state);
    put_far(&grid, state);
    put_stages(&grid, row, state);
    put_under_way(&grid, row, state);
    row += 1 + RATE_COUNT + layout.blank;
    put_outcomes(&grid, row, state);
    row += OUTCOMES_A_ROW + layout.blank;
    put_failures(&grid, row, layout.failures, state);
    row += layout.failures + layout.blank;
    put_resolvers(&grid, row, layout.resolvers, state);
    grid.rows = row + 1 + layout.resolvers;
    for (size_t i = 0; i < grid.rows; i++)
        print_row(&grid, i, state, size->colour, out);
}
