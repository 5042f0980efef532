/* Has one way for each form. */
#include "scanner/commands/diff_vantage_tell.h"

#include <inttypes.h>

#include "output/json/json_write.h"
#include "scanner/base/put_bytes.h"
#include "scanner/commands/diff.h"

enum { LINE_BYTES = 64 * 1024, HASH_SHOWN = 12 };

static void put_head(struct vantage_tell *tell)
{
    static const char *const first[] = {"kind", "host", "ip", "differs", "only"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        csv_out_text(&tell->csv, first[i]);
    for (unsigned place = 1; place <= 2; place++) {
        char head[32];
        (void)snprintf(head, sizeof head, "vantage_%u", place);
        csv_out_text(&tell->csv, head);
        for (unsigned aspect = 0; aspect < SEEN_ASPECTS; aspect++) {
            (void)snprintf(head, sizeof head, "%s_%u", seen_aspect_name((enum seen_aspect)aspect), place);
            csv_out_text(&tell->csv, head);
        }
    }
    csv_out_words_head(&tell->csv);
    csv_out_end_row(&tell->csv);
}

void vantage_tell_init(struct vantage_tell *tell, FILE *out, const struct diff_request *request,
                       const char *const places[2])
{
    *tell = (struct vantage_tell){.out = out, .form = request->form, .places = {places[0], places[1]}};
    buf_init(&tell->line, LINE_BYTES);
    if (tell->form != DIFF_CSV)
        return;
    csv_out_begin(&tell->csv, out, &request->csv);
    put_head(tell);
}

void vantage_tell_dispose(struct vantage_tell *tell)
{
    csv_out_dispose(&tell->csv);
    buf_dispose(&tell->line);
    spill_destroy(tell->alone);
}

/* ---- what was seen, in words --------------------------------------------------------------------------- */

static const char *kind_name(const struct seen *seen)
{
    return seen->is_policy ? "policy" : "mx";
}

static const char *offer_name(enum seen_offer offer)
{
    static const char *const names[] = {
        [OFFER_UNKNOWN] = "", [OFFER_NO] = "not offered", [OFFER_YES] = "offered"};
    return names[offer];
}

/* Returns what was seen of an aspect; "" if that is not known. */
static const char *word_of(const struct seen *seen, enum seen_aspect aspect)
{
    switch (aspect) {
    case SEEN_CODE:
        return failure_name(seen->code);
    case SEEN_STARTTLS:
        return offer_name(seen->starttls);
    case SEEN_TLS:
        return seen->version;
    case SEEN_CERTIFICATE:
        return seen->certificate;
    default:
        return seen->policy;
    }
}

static const char *ip_of(const struct seen *seen, char text[IP_TEXT_BYTES])
{
    return seen->ip.family == 0 ? "" : ip_format(&seen->ip, text);
}

/* ---- text ---------------------------------------------------------------------------------------------- */

static void put_who(struct buf *line, const struct seen *seen)
{
    char ip[IP_TEXT_BYTES];
    buf_printf(line, "%s %s", seen->host, seen->is_policy ? "policy" : ip_of(seen, ip));
}

static void put_aspect(struct vantage_tell *tell, const struct seen *const seen[2], enum seen_aspect aspect)
{
    const char *words[2] = {word_of(seen[0], aspect), word_of(seen[1], aspect)};
    int most = aspect == SEEN_CERTIFICATE || aspect == SEEN_POLICY ? HASH_SHOWN : INT16_MAX;
    buf_printf(&tell->line, "%s %.*s at %s, %.*s at %s", seen_aspect_name(aspect), most, words[0],
               tell->places[0], most, words[1], tell->places[1]);
}

static void tell_text(struct vantage_tell *tell, const struct seen *const seen[2], unsigned differs)
{
    const char *between = "  ";
    buf_reset(&tell->line);
    put_who(&tell->line, seen[0]);
    for (unsigned aspect = 0; aspect < SEEN_ASPECTS; aspect++) {
        if ((differs & 1u << aspect) == 0)
            continue;
        buf_text(&tell->line, between);
        put_aspect(tell, seen, (enum seen_aspect)aspect);
        between = "; ";
    }
    buf_byte(&tell->line, '\n');
    (void)put_bytes(tell->out, buf_bytes(&tell->line));
}

static enum error keep_alone(struct vantage_tell *tell, size_t place, const struct seen *seen,
                             struct buf *why)
{
    uint64_t at;
    buf_reset(&tell->line);
    put_who(&tell->line, seen);
    buf_printf(&tell->line, "  asked from %s alone: %s", tell->places[place], failure_name(seen->code));
    enum error error = tell->alone == NULL ? spill_create(&tell->alone, why) : ERR_OK;
    return error == ERR_OK ? spill_add(tell->alone, buf_bytes(&tell->line), &at, why) : error;
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static void put_place(struct json *json, const char *place, const struct seen *seen)
{
    char ip[IP_TEXT_BYTES];
    json_open(json, NULL);
    json_put_string(json, "vantage", place);
    if (seen->is_policy && seen->ip.family != 0)
        json_put_string(json, "ip", ip_of(seen, ip));
    json_put_string(json, "code", failure_name(seen->code));
    if (seen->starttls != OFFER_UNKNOWN)
        json_put_bool(json, "starttls", seen->starttls == OFFER_YES);
    if (seen->version[0] != 0)
        json_put_string(json, "tls", seen->version);
    if (seen->certificate[0] != 0)
        json_put_string(json, "certificate", seen->certificate);
    if (seen->policy[0] != 0)
        json_put_string(json, "policy", seen->policy);
    json_close(json);
}

/* One of the two may be NULL: then it was asked from the other alone. */
static void tell_json(struct vantage_tell *tell, const struct seen *const seen[2], unsigned differs)
{
    const struct seen *one = seen[0] != NULL ? seen[0] : seen[1];
    struct json json;
    char ip[IP_TEXT_BYTES];
    buf_reset(&tell->line);
    json_start(&json, &tell->line);
    json_open(&json, NULL);
    json_put_string(&json, "kind", kind_name(one));
    json_put_string(&json, "host", one->host);
    if (!one->is_policy)
        json_put_string(&json, "ip", ip_of(one, ip));
    json_open_array(&json, "differs");
    for (unsigned aspect = 0; aspect < SEEN_ASPECTS; aspect++)
        if ((differs & 1u << aspect) != 0)
            json_put_string(&json, NULL, seen_aspect_name((enum seen_aspect)aspect));
    json_close_array(&json);
    if (seen[0] == NULL || seen[1] == NULL)
        json_put_string(&json, "only", tell->places[seen[0] == NULL]);
    json_open_array(&json, "from");
    for (size_t place = 0; place < 2; place++)
        if (seen[place] != NULL)
            put_place(&json, tell->places[place], seen[place]);
    json_close_array(&json);
    json_close(&json);
    if (json_finish(&json))
        (void)put_bytes(tell->out, buf_bytes(&tell->line));
}

/* ---- CSV ----------------------------------------------------------------------------------------------- */

static void put_differs(struct vantage_tell *tell, unsigned differs)
{
    buf_reset(&tell->line);
    for (unsigned aspect = 0; aspect < SEEN_ASPECTS; aspect++)
        if ((differs & 1u << aspect) != 0)
            buf_printf(&tell->line, "%s%s", tell->line.len == 0 ? "" : " ",
                       seen_aspect_name((enum seen_aspect)aspect));
    csv_out_cell(&tell->csv, buf_bytes(&tell->line));
}

/* Puts what the codes say in words: of both places, if they are two. */
static void put_words(struct vantage_tell *tell, const struct seen *const seen[2])
{
    buf_reset(&tell->line);
    for (size_t place = 0; place < 2; place++)
        if (seen[place] != NULL)
            buf_printf(&tell->line, "%s%s", tell->line.len == 0 ? "" : " ", failure_name(seen[place]->code));
    csv_out_words(&tell->csv, buf_bytes(&tell->line));
}

static void tell_csv(struct vantage_tell *tell, const struct seen *const seen[2], unsigned differs)
{
    const struct seen *one = seen[0] != NULL ? seen[0] : seen[1];
    char ip[IP_TEXT_BYTES];
    csv_out_text(&tell->csv, kind_name(one));
    csv_out_text(&tell->csv, one->host);
    csv_out_text(&tell->csv, one->is_policy ? "" : ip_of(one, ip));
    put_differs(tell, differs);
    csv_out_text(&tell->csv, seen[0] == NULL ? tell->places[1] : seen[1] == NULL ? tell->places[0] : "");
    for (size_t place = 0; place < 2; place++) {
        csv_out_text(&tell->csv, tell->places[place]);
        for (unsigned aspect = 0; aspect < SEEN_ASPECTS; aspect++)
            csv_out_text(&tell->csv,
                         seen[place] == NULL ? "" : word_of(seen[place], (enum seen_aspect)aspect));
    }
    put_words(tell, seen);
    csv_out_end_row(&tell->csv);
}

/* ---- what is told -------------------------------------------------------------------------------------- */

void vantage_tell_both(struct vantage_tell *tell, const struct seen *const seen[2])
{
    struct vantage_counts *counts = &tell->counts[seen[0]->is_policy];
    unsigned differs = seen_differs(seen[0], seen[1]);
    counts->both++;
    counts->differ += differs != 0;
    for (unsigned aspect = 0; aspect < SEEN_ASPECTS; aspect++)
        counts->by_aspect[aspect] += (differs & 1u << aspect) != 0;
    if (differs == 0)
        return;
    if (tell->form == DIFF_JSON)
        tell_json(tell, seen, differs);
    else if (tell->form == DIFF_CSV)
        tell_csv(tell, seen, differs);
    else
        tell_text(tell, seen, differs);
}

enum error vantage_tell_alone(struct vantage_tell *tell, size_t place, const struct seen *seen,
                              struct buf *why)
{
    const struct seen *pair[2] = {NULL, NULL};
    pair[place] = seen;
    tell->counts[seen->is_policy].alone[place]++;
    if (tell->form == DIFF_TEXT)
        return keep_alone(tell, place, seen, why);
    if (tell->form == DIFF_JSON)
        tell_json(tell, pair, 0);
    else
        tell_csv(tell, pair, 0);
    return ERR_OK;
}

static enum error print_lines(void *arg, struct bytes lines)
{
    return put_bytes(arg, lines) ? ERR_OK : ERR_STOPPED;
}

static void print_sums(const struct vantage_tell *tell, bool of_policies)
{
    const struct vantage_counts *counts = &tell->counts[of_policies];
    (void)fprintf(tell->out, "%s: asked from both %" PRIu64 ", of which differ %" PRIu64,
                  of_policies ? "policy hosts" : "addresses of MX hosts", counts->both, counts->differ);
    for (unsigned aspect = 0; aspect < SEEN_ASPECTS; aspect++)
        if (counts->by_aspect[aspect] > 0)
            (void)fprintf(tell->out, ", %s %" PRIu64, seen_aspect_name((enum seen_aspect)aspect),
                          counts->by_aspect[aspect]);
    (void)fprintf(tell->out, "; from %s alone %" PRIu64 ", from %s alone %" PRIu64 "\n", tell->places[0],
                  counts->alone[0], tell->places[1], counts->alone[1]);
}

enum error vantage_tell_end(struct vantage_tell *tell, struct buf *why)
{
    enum error error = ERR_OK;
    if (tell->form != DIFF_TEXT)
        return ERR_OK;
    if (tell->alone != NULL)
        error = spill_flush(tell->alone, why);
    if (tell->alone != NULL && error == ERR_OK)
        error = spill_walk(tell->alone, print_lines, tell->out);
    if (error != ERR_OK)
        return error;
    print_sums(tell, false);
    print_sums(tell, true);
    return ERR_OK;
}

bool vantage_tell_differs(const struct vantage_tell *tell)
{
    return tell->counts[0].differ + tell->counts[1].differ > 0;
}
