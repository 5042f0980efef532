#include "scanner/commands/show_optout.h"

#include <inttypes.h>
#include <string.h>

#include "output/json/json_write.h"
#include "output/readback/optout_counts.h"
#include "scanner/base/put_bytes.h"
#include "scanner/base/utf8.h"
#include "scanner/machine/setup.h"

enum { COLUMNS = 7, CELL_BYTES = 512, LINE_BYTES = 4096 };

static const char *const columns[COLUMNS] = {"entry",    "since",     "domains", "policies",
                                             "mx_hosts", "addresses", "comment"};

/* One line of what is shown. */
struct row {
    const char *entry, *since, *comment;
    const char *kind;
    uint64_t line;
    bool removed;
    uint64_t domains;
    struct optout_tally tally;
};

/* A walk over the domains. */
struct counting {
    struct scanview *view;
    struct optout_counts counts;
};

static enum error on_line(void *arg, struct bytes line)
{
    struct counting *counting = arg;
    return scanview_refuse(counting->view, optout_counts_add(&counting->counts, line), NULL);
}

/* Where it goes. */
struct printed {
    FILE *out;
    enum show_form form;
    struct csv_out *csv; /* of SHOW_CSV */
};

/* ---- forms --------------------------------------------------------------------------------------------- */

/* Prints text that may be anybody's. */
static void print_text(FILE *out, const char *text)
{
    char shown[CELL_BYTES];
    struct bytes bytes = bytes_of(text);
    if (bytes.len >= CELL_BYTES)
        bytes.len = CELL_BYTES - 1;
    utf8_show(bytes, '?', shown);
    (void)fputs(shown, out);
}

static void cell(const struct row *row, size_t column, char text[CELL_BYTES])
{
    const uint64_t numbers[COLUMNS] = {
        [2] = row->domains, [3] = row->tally.policies, [4] = row->tally.hosts, [5] = row->tally.addresses};
    const char *texts[COLUMNS] = {[0] = row->entry, [1] = row->since, [6] = row->comment};
    if (texts[column] != NULL)
        (void)snprintf(text, CELL_BYTES, "%s", texts[column]);
    else
        (void)snprintf(text, CELL_BYTES, "%" PRIu64, numbers[column]);
}

static void print_csv(struct csv_out *csv, const struct row *row)
{
    char text[CELL_BYTES];
    for (size_t i = 0; i < COLUMNS; i++) {
        cell(row, i, text);
        csv_out_text(csv, text);
    }
    csv_out_end_row(csv);
}

static void print_json(FILE *out, const struct row *row)
{
    struct buf line;
    struct json json;
    buf_init(&line, LINE_BYTES);
    json_start(&json, &line);
    json_open(&json, NULL);
    json_put_string(&json, "entry", row->entry);
    json_put_string(&json, "kind", row->kind);
    json_put_unsigned(&json, "line", row->line);
    json_put_optional(&json, "since", row->since[0] == 0 ? NULL : row->since);
    json_put_optional(&json, "comment", row->comment[0] == 0 ? NULL : row->comment);
    json_put_flag(&json, "removed", row->removed);
    json_put_unsigned(&json, "domains", row->domains);
    json_put_unsigned(&json, "policies", row->tally.policies);
    json_put_unsigned(&json, "mx", row->tally.mx);
    json_put_unsigned(&json, "mx_hosts", row->tally.hosts);
    json_put_unsigned(&json, "addresses", row->tally.addresses);
    json_close(&json);
    if (json_finish(&json))
        (void)put_bytes(out, buf_bytes(&line));
    buf_dispose(&line);
}

static void print_row(const struct printed *printed, const struct row *row)
{
    FILE *out = printed->out;
    if (printed->form == SHOW_CSV) {
        print_csv(printed->csv, row);
    } else if (printed->form == SHOW_JSON) {
        print_json(out, row);
    } else {
        char entry[CELL_BYTES];
        utf8_show(bytes_of(row->entry), '?', entry); /* 256 bytes at most */
        (void)fprintf(out, "%-32s %-10s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "%s", entry,
                      row->since, row->domains, row->tally.policies, row->tally.hosts, row->tally.addresses,
                      row->comment[0] != 0 || row->removed ? "  " : "");
        print_text(out, row->comment);
        (void)fprintf(out, "%s\n", row->removed ? " (no longer in the list)" : "");
    }
}

static void print_head(const struct printed *printed)
{
    if (printed->form == SHOW_CSV) {
        for (size_t i = 0; i < COLUMNS; i++)
            csv_out_text(printed->csv, columns[i]);
        csv_out_end_row(printed->csv);
    } else if (printed->form == SHOW_TEXT) {
        (void)fprintf(printed->out, "%-32s %-10s %9s %9s %9s %9s  %s\n", "kept out by", "since", "domains",
                      "policies", "MX hosts", "addresses", "comment");
    }
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static void add(struct optout_tally *sum, const struct optout_tally *tally)
{
    sum->policies += tally->policies;
    sum->mx += tally->mx;
    sum->hosts += tally->hosts;
    sum->addresses += tally->addresses;
}

static void print_all(const struct printed *printed, const struct optout_kept *kept,
                      const struct optout_counts *counts)
{
    size_t count = optout_count(kept->optout);
    struct row all = {.entry = "all", .since = "", .comment = "", .kind = "all"};
    print_head(printed);
    for (size_t i = 0; i <= count; i++) {
        struct row row = {.entry = "(no entry explains it)", .since = "", .comment = "", .kind = "none"};
        const struct optout_entry *entry = i < count ? optout_entry(kept->optout, i) : NULL;
        if (entry != NULL)
            row = (struct row){.entry = entry->text,
                               .since = entry->since,
                               .comment = entry->comment,
                               .kind = optout_kind_name(entry->kind),
                               .line = entry->line,
                               .removed = kept->removed[i],
                               .domains = kept->domains[i]};
        row.tally = counts->tallies[i];
        all.domains += row.domains;
        add(&all.tally, &row.tally);
        if (entry != NULL || row.tally.policies + row.tally.mx > 0)
            print_row(printed, &row);
    }
    if (printed->form == SHOW_TEXT)
        print_row(printed, &all);
}

static void print(const struct show_request *request, const struct optout_kept *kept,
                  const struct optout_counts *counts, FILE *out)
{
    struct csv_out csv = {.out = NULL};
    const struct printed printed = {.out = out, .form = request->form, .csv = &csv};
    if (request->form == SHOW_CSV)
        csv_out_begin(&csv, out, &request->csv);
    print_all(&printed, kept, counts);
    csv_out_dispose(&csv);
}

enum error show_optout(const struct show_request *request, struct scanview *view, FILE *out, struct buf *why)
{
    struct optout_kept kept = {0};
    struct counting counting = {.view = view};
    enum error error = scanview_optout(view, &kept, why);
    if (error == ERR_OK)
        error = optout_counts_init(&counting.counts, kept.optout, setup_random());
    if (error == ERR_OK) {
        error = scanview_lines(view, VIEW_DOMAINS, on_line, &counting, why);
        if (error == ERR_OK || error == ERR_CORRUPT)
            print(request, &kept, &counting.counts, out);
    }
    optout_counts_dispose(&counting.counts);
    optout_kept_dispose(&kept);
    return error;
}
