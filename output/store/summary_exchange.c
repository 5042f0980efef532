/* Counts by the table's rows, so that no peer can crowd a group of the table out. */
#include "output/store/summary_exchange.h"

#include <string.h>

#include "output/store/summary_ranked.h"
#include "scanner/json/json_read.h"
#include "scanner/facts/record_names.h"
#include "scanner/facts/tls_group.h"

static bool is_name(struct bytes text, const char *name)
{
    return strlen(name) == text.len && memcmp(name, text.data, text.len) == 0;
}

/* Counts a group that has no row. Its name is cut, so that none is a reader's surprise. */
static void count_other(struct exchange_counts *counts, struct bytes group)
{
    bool fits = group.len < EXCHANGE_NAME_BYTES && !is_name(group, "other") && !is_name(group, "none");
    size_t place = 0;
    while (fits && place < counts->other_count && !is_name(group, counts->others[place].name))
        place++;
    if (!fits || place == EXCHANGE_OTHERS) {
        counts->rest++;
        return;
    }
    if (place == counts->other_count) {
        memcpy(counts->others[place].name, group.data, group.len);
        counts->others[place].name[group.len] = '\0';
        counts->other_count++;
    }
    counts->others[place].count++;
}

void exchange_count(struct exchange_counts *counts, struct bytes group)
{
    const struct tls_group *rows;
    size_t count = tls_group_rows(&rows);
    if (group.len == 0) {
        counts->none++;
        return;
    }
    for (size_t i = 0; i < count && i < EXCHANGE_ROWS; i++)
        if (is_name(group, rows[i].name)) {
            counts->rows[i]++;
            return;
        }
    count_other(counts, group);
}

/* ---- from a host record -------------------------------------------------------------------------------- */

enum { LINE, TLS, TLS_ENDED, GROUP };

static const struct json_want wants[] = {{LINE, TLS, "tls"}, {TLS, TLS_ENDED, "end"}, {TLS, GROUP, "group"}};

struct handshake {
    bool done;
    char group[EXCHANGE_NAME_BYTES];
    size_t len;
};

/* Reads as far as the end of the handshake. */
static bool on_pick(void *arg, const struct json_pick *pick)
{
    struct handshake *handshake = arg;
    if (pick->kind == FIELD_STRING && pick->id == TLS_ENDED)
        handshake->done = is_name(pick->text, tls_end_name(TLS_DONE));
    if (pick->kind == FIELD_STRING && pick->id == GROUP) {
        handshake->len = pick->text.len < sizeof handshake->group ? pick->text.len : sizeof handshake->group;
        memcpy(handshake->group, pick->text.data, handshake->len);
    }
    return pick->kind != FIELD_END || pick->id != TLS;
}

enum error exchange_count_host(struct summary_exchange *exchange, struct bytes line)
{
    struct handshake handshake = {.done = false};
    enum error error = json_pick_line(line, wants, sizeof wants / sizeof *wants, on_pick, &handshake);
    if (error == ERR_OK && handshake.done)
        exchange_count(&exchange->mx_sessions, bytes_make(handshake.group, handshake.len));
    return error;
}

/* ---- as JSON ------------------------------------------------------------------------------------------- */

static void write_counts(struct json *json, const char *key, const struct exchange_counts *counts)
{
    struct ranked ranked[EXCHANGE_ROWS + EXCHANGE_OTHERS + 1];
    const struct tls_group *rows;
    size_t known = tls_group_rows(&rows), count = 0;
    for (size_t i = 0; i < known && i < EXCHANGE_ROWS; i++)
        if (counts->rows[i] > 0)
            ranked[count++] = (struct ranked){rows[i].name, counts->rows[i]};
    for (size_t i = 0; i < counts->other_count; i++)
        ranked[count++] = (struct ranked){counts->others[i].name, counts->others[i].count};
    if (counts->none > 0)
        ranked[count++] = (struct ranked){"none", counts->none};
    ranked_json(json, key, ranked, count, counts->rest);
}

void exchange_json(struct json *json, const struct summary_exchange *exchange)
{
    json_open(json, "key_exchange");
    write_counts(json, "mx_sessions", &exchange->mx_sessions);
    write_counts(json, "policy_fetches", &exchange->policy_fetches);
    json_close(json);
}
