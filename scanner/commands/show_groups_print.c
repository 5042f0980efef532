/* Prints groups: as two lines each for a person, as CSV, or as JSON. */
#include <inttypes.h>

#include "output/json/json_group.h"
#include "scanner/base/put_bytes.h"
#include "scanner/commands/show_groups.h"

enum { LINE_WIDTH = 79, NAME_LEAST = 20, TEXT_BYTES = 64 << 10, JSON_BYTES = 16 << 10 };

/* The order of harm: what is lost first. */
static const enum outcome by_harm[] = {OUTCOME_REFUSED, OUTCOME_PARTIAL,   OUTCOME_BROKEN,
                                       OUTCOME_TESTING, OUTCOME_PROTECTED, OUTCOME_OFF,
                                       OUTCOME_ABSENT,  OUTCOME_UNKNOWN,   OUTCOME_NO_MAIL};
_Static_assert(sizeof by_harm / sizeof *by_harm == OUTCOME_COUNT - 1, "each outcome has its place");

/* How a group is spoken of: what is to be mended there. */
static const char *const mendings[GROUP_KIND_COUNT][2] = {
    [BY_PROVIDER] = {"what fails at the provider ", ""},
    [BY_MX_HOST] = {"what fails at the MX host ", ""},
    [BY_MX_OPERATOR] = {"what fails at the MX hosts of ", ""},
    [BY_POLICY_HOST] = {"the policies served by ", ""},
    [BY_IP] = {"what fails at the address ", ""},
    [BY_NETWORK] = {"what fails in the network ", ""},
    [BY_TLD] = {"all that fails under .", ""},
    [BY_LABEL] = {"all that fails of the label ", ""},
    [BY_WHO] = {"what ", " has to mend"},
    [BY_CODE] = {"", ", wherever it stands"},
};

/* ---- text ---------------------------------------------------------------------------------------------- */

static void add_name(struct buf *text, struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] >= 0x20 && name.data[i] < 0x7F)
            (void)buf_byte(text, name.data[i]);
        else
            (void)buf_printf(text, "\\%03u", name.data[i]);
    }
}

/* Prints text folded at blanks, further lines indented. A word that is longer than a line stays whole. */
static void print_folded(FILE *out, const char *text, size_t width, size_t indent)
{
    size_t column = indent;
    (void)fprintf(out, "%*s", (int)indent, "");
    for (const char *place = text; *place != 0;) {
        size_t len = strcspn(place, " ");
        bool first = column == indent;
        if (!first && column + 1 + len > width) {
            (void)fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        (void)fprintf(out, "%s%.*s", first ? "" : " ", (int)len, place);
        column += len + !first;
        place += len + (place[len] == ' ');
    }
    (void)fputc('\n', out);
}

static void print_first_line(const struct show_groups *groups, size_t width, FILE *out)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    const struct group_row *row = groups->top.count == 0 ? NULL : &groups->top.rows[0];
    if (row == NULL || row->gain == 0) {
        (void)buf_text(&text, "No single mending among these would make a domain good that is not.");
    } else {
        (void)buf_printf(&text, "Mend first %s", mendings[groups->kind][0]);
        add_name(&text, row->name);
        (void)buf_printf(&text, "%s: that alone makes %" PRIu64 " domain%s good.", mendings[groups->kind][1],
                         row->gain, row->gain == 1 ? "" : "s");
        if (groups->kind != BY_CODE)
            (void)buf_printf(&text, " Most there fail by %s.", failure_name(row->failure));
        (void)buf_printf(&text, " What mends it: %s", failure_get(row->failure)->mend);
    }
    print_folded(out, buf_string(&text), width, 0);
    buf_dispose(&text);
}

struct widths {
    size_t name, gain, domains, failure;
};

static size_t digits(uint64_t number)
{
    size_t count = 1;
    for (; number >= 10; number /= 10)
        count++;
    return count;
}

static void widen(size_t *width, size_t wanted)
{
    *width = wanted > *width ? wanted : *width;
}

/* Returns how wide the columns are: the names get what the others leave. */
static struct widths widths_of(const struct show_groups *groups, size_t width)
{
    struct widths widths = {sizeof "mx-operator" - 1, sizeof "gain" - 1, sizeof "domains" - 1,
                            sizeof "commonest failure" - 1};
    for (size_t i = 0; i < groups->top.count; i++) {
        const struct group_row *row = &groups->top.rows[i];
        widen(&widths.name, row->name.len);
        widen(&widths.gain, digits(row->gain));
        widen(&widths.domains, digits(row->domains));
        widen(&widths.failure, strlen(failure_name(row->failure)) + row->open);
    }
    size_t others = widths.gain + widths.domains + widths.failure + 3;
    size_t room = others + NAME_LEAST < width ? width - others : NAME_LEAST;
    widths.name = widths.name < room ? widths.name : room;
    return widths;
}

static void print_outcomes(const struct group_row *row, size_t width, FILE *out)
{
    struct buf text;
    const char *between = "";
    buf_init(&text, TEXT_BYTES);
    for (size_t i = 0; i < sizeof by_harm / sizeof *by_harm; i++) {
        if (row->outcomes[by_harm[i]] == 0)
            continue;
        (void)buf_printf(&text, "%s%s %" PRIu64, between, outcome_name(by_harm[i]),
                         row->outcomes[by_harm[i]]);
        between = ", ";
    }
    print_folded(out, buf_string(&text), width, 2);
    buf_dispose(&text);
}

/* Prints a row; on a terminal a name that does not fit its column is cut with a >. */
static void print_row(const struct group_row *row, const struct widths *widths, bool cut, FILE *out)
{
    struct buf name;
    buf_init(&name, TEXT_BYTES);
    add_name(&name, row->name);
    bool too_long = cut && name.len > widths->name;
    (void)fprintf(out, "%-*.*s%s %*" PRIu64 " %*" PRIu64 " %s%s\n", (int)(widths->name - too_long),
                  (int)(too_long ? widths->name - 1 : name.len), buf_string(&name), too_long ? ">" : "",
                  (int)widths->gain, row->gain, (int)widths->domains, row->domains,
                  row->failure == FAIL_NONE ? "-" : failure_name(row->failure), row->open ? "?" : "");
    buf_dispose(&name);
}

static void print_left_out(const struct show_groups *groups, FILE *out)
{
    (void)fprintf(out, "%zu of %" PRIu64 " groups", groups->top.count, groups->top.groups);
    if (groups->top.count < groups->top.groups)
        (void)fprintf(out, " (%" PRIu64 " left out; --top N shows more)",
                      groups->top.groups - groups->top.count);
}

static void print_text(const struct show_groups *groups, size_t width, FILE *out)
{
    size_t folded = width == 0 ? LINE_WIDTH : width;
    struct widths widths = widths_of(groups, folded);
    bool open = false;
    print_first_line(groups, folded, out);
    if (groups->top.count > 0)
        (void)fprintf(out, "%-*s %*s %*s commonest failure\n", (int)widths.name,
                      group_kind_name(groups->kind), (int)widths.gain, "gain", (int)widths.domains,
                      "domains");
    for (size_t i = 0; i < groups->top.count; i++) {
        print_row(&groups->top.rows[i], &widths, width > 0, out);
        print_outcomes(&groups->top.rows[i], folded, out);
        open = open || groups->top.rows[i].open;
    }
    if (open)
        (void)fputs("?: what is met there could not be determined, so it is no failure yet.\n", out);
    print_left_out(groups, out);
    (void)fprintf(out, "; %" PRIu64 " records are in none.", groups->outside);
    (void)fputs(groups->kind < BY_TLD || groups->kind > BY_LABEL
                    ? "\nA domain counts in each of its groups, so groups add up to more than records.\n"
                    : "\n",
                out);
}

/* ---- for programs -------------------------------------------------------------------------------------- */

static void put_csv_head(struct csv_out *csv)
{
    static const char *const before[] = {"by", "group", "gain", "domains"};
    static const char *const behind[] = {"failure", "failing", "open"};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        csv_out_text(csv, before[i]);
    for (size_t i = 0; i < sizeof by_harm / sizeof *by_harm; i++)
        csv_out_text(csv, outcome_name(by_harm[i]));
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++)
        csv_out_text(csv, behind[i]);
    csv_out_words_head(csv);
    csv_out_end_row(csv);
}

static void put_csv_row(struct csv_out *csv, const struct group_row *row)
{
    bool fails = row->failure != FAIL_NONE;
    const char *failure = fails ? failure_name(row->failure) : "";
    csv_out_text(csv, group_kind_name(row->kind));
    csv_out_cell(csv, row->name);
    csv_out_number(csv, row->gain);
    csv_out_number(csv, row->domains);
    for (size_t i = 0; i < sizeof by_harm / sizeof *by_harm; i++)
        csv_out_number(csv, row->outcomes[by_harm[i]]);
    csv_out_text(csv, failure);
    if (fails)
        csv_out_number(csv, row->failing);
    else
        csv_out_text(csv, "");
    csv_out_text(csv, fails && row->open ? "true" : "");
    csv_out_words(csv, bytes_of(failure));
    csv_out_end_row(csv);
}

static void print_csv(const struct show_groups *groups, const struct csv_style *style, FILE *out)
{
    struct csv_out csv;
    csv_out_begin(&csv, out, style);
    put_csv_head(&csv);
    for (size_t i = 0; i < groups->top.count; i++)
        put_csv_row(&csv, &groups->top.rows[i]);
    csv_out_dispose(&csv);
}

static enum error print_json(const struct show_groups *groups, FILE *out)
{
    struct buf text;
    enum error error = ERR_OK;
    buf_init(&text, JSON_BYTES);
    for (size_t i = 0; error == ERR_OK && i < groups->top.count; i++) {
        struct json json;
        buf_reset(&text);
        json_start(&json, &text);
        json_group(&json, &groups->top.rows[i], true);
        error = json_finish(&json) ? ERR_OK : ERR_MEMORY;
        (void)put_bytes(out, buf_bytes(&text));
    }
    buf_dispose(&text);
    return error;
}

static enum error take_row(void *arg, const struct group_row *row)
{
    return group_top_take(arg, row) ? ERR_OK : ERR_MEMORY;
}

enum error show_groups_print(struct show_groups *groups, const struct show_request *request, size_t width,
                             FILE *out, FILE *err, struct buf *why)
{
    enum error error = group_counts_end(groups->counts, take_row, &groups->top, why);
    if (error != ERR_OK)
        return error;
    group_top_sort(&groups->top);
    if (request->form == SHOW_TEXT) {
        print_text(groups, width, out);
        return ERR_OK;
    }
    if (groups->top.count < groups->top.groups) {
        (void)fputs("stsweep: ", err);
        print_left_out(groups, err);
        (void)fputc('\n', err);
    }
    if (request->form == SHOW_JSON)
        return print_json(groups, out);
    print_csv(groups, &request->csv, out);
    return ERR_OK;
}
