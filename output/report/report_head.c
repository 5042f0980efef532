/* Writes the head of the page: style and script, what this is, and the answer in five numbers. */
#include <openssl/evp.h>
#include <string.h>

#include "output/report/html.h"
#include "output/report/report_page.h"
#include "output/report/report_words.h"
#include "scanner/base/put_bytes.h"

/* Takes style and script into the program as they stand (Makefile names them). */
#define TAKE_IN(id, path)                                                                                    \
    __asm__(".pushsection .rodata\n"                                                                         \
            ".balign 16\n"                                                                                   \
            "stsweep_report_" #id ":\n"                                                                      \
            ".incbin \"" path "\"\n"                                                                         \
            "stsweep_report_end_" #id ":\n"                                                                  \
            ".byte 0\n"                                                                                      \
            ".popsection\n");                                                                                \
    extern const char stsweep_report_##id[], stsweep_report_end_##id[];
TAKE_IN(style, "output/report/page.css")
TAKE_IN(script, "output/report/page.js")
#undef TAKE_IN

#define TAKEN(id) bytes_make(stsweep_report_##id, (size_t)(stsweep_report_end_##id - stsweep_report_##id))

enum { HASH_BYTES = 32, HASH_TEXT_BYTES = 64, BELOW_BYTES = 256 };

/* Writes 'sha256-…', by which a policy of contents lets one text pass and no other. */
static void put_hash(FILE *out, struct bytes text)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned char shown[HASH_TEXT_BYTES];
    unsigned len = 0;
    if (EVP_Digest(text.data, text.len, hash, &len, EVP_sha256(), NULL) != 1 || len != HASH_BYTES)
        return;
    (void)EVP_EncodeBlock(shown, hash, (int)len);
    (void)fprintf(out, "'sha256-%s'", (const char *)shown);
}

static void put_policy(FILE *out)
{
    (void)fputs("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ", out);
    put_hash(out, TAKEN(style));
    (void)fputs("; script-src ", out);
    put_hash(out, TAKEN(script));
    (void)fputs("; base-uri 'none'; form-action 'none'\">\n", out);
}

static void put_within(FILE *out, const char *tag, struct bytes text)
{
    (void)fprintf(out, "<%s>", tag);
    (void)put_bytes(out, text);
    (void)fprintf(out, "</%s>\n", tag);
}

static struct bytes meta_text(const struct report_page *page, const char *key)
{
    const struct json_node *node = json_tree_at(page->meta, key);
    return node != NULL && node->kind == JSON_STRING ? node->text : bytes_of("");
}

static struct bytes day_of(struct bytes time)
{
    return time.len >= 10 ? bytes_make(time.data, 10) : time;
}

/* ---- what this is -------------------------------------------------------------------------------------- */

static const char intro[] =
    "<p>Mail between companies is encrypted only if both servers offer it, and somebody on the way can take "
    "the offer out without anybody noticing. With <b>MTA-STS</b> (RFC 8461) a domain publishes a policy that "
    "says: deliver mail for us only encrypted, to these servers, and check their certificates. Large senders "
    "such as Exchange Online and Gmail go by it. It protects, and it has an edge: if a policy is "
    "<em>enforced</em> and the servers do not pass it, these senders deliver nothing. That is what this "
    "report "
    "calls <b>refused</b>: mail that waits, and after a day or so comes back to whoever wrote it. So look at "
    "the refused first, then at the policies that do not work (broken, partial), then at the rest.</p>\n";

static void put_sample(const struct report_page *page)
{
    const struct meta_sample *sample = page->sample;
    bool by_strata = sample->strata[0] != 0 && strcmp(sample->strata, "none") != 0;
    if (sample->take[0] == 0)
        return;
    (void)fputs("<p class=\"note\">This scan is of a sample of its list (", page->out);
    html_string(page->out, sample->take);
    html_string(page->out, by_strata ? ", by " : "");
    html_string(page->out, by_strata ? sample->strata : "");
    (void)fputs("): all numbers are of the names that were drawn. ", page->out);
    (void)fputs(page->has_intervals
                    ? "What they say of all names stands in the <a href=\"#outcomes\">table of outcomes</a>."
                    : "What they say of all names cannot be told, as not all records of the sample are here.",
                page->out);
    (void)fputs("</p>\n", page->out);
}

/* Tells of lines that are in none of the numbers. */
static void put_unreadable(const struct report_page *page)
{
    uint64_t lines = page->counts->unreadable;
    if (lines == 0)
        return;
    (void)fputs("<p class=\"note\">", page->out);
    html_count(page->out, lines);
    (void)fprintf(page->out,
                  " line%s of the scan %s no record%s, or of an outcome that this program does not know, and "
                  "count%s in none of the numbers.</p>\n",
                  lines == 1 ? "" : "s", lines == 1 ? "is" : "are", lines == 1 ? "" : "s",
                  lines == 1 ? "s" : "");
}

static void put_state(const struct report_page *page)
{
    FILE *out = page->out;
    if (page->state != VIEW_DONE)
        (void)fprintf(out,
                      "<p class=\"note\">This scan %s: the report tells of the records that it has by now, "
                      "and says nothing of those that are to come.</p>\n",
                      page->state == VIEW_STOPPED ? "was stopped before its end"
                                                  : "still runs, or was cut off");
    if (page->damage[0] == 0)
        return;
    (void)fputs(
        "<p class=\"note\">Some of the scan's files are damaged, and what stood there is missing here:</p>"
        "<pre>",
        out);
    for (const char *at = page->damage; *at != 0; at += strcspn(at, "\n"), at += *at == '\n') {
        html_text(out, bytes_make(at, strcspn(at, "\n")));
        (void)fputc('\n', out);
    }
    (void)fputs("</pre>\n", out);
}

void report_begin(FILE *out, struct bytes title, const char *below)
{
    (void)fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", out);
    put_policy(out);
    (void)fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
                out);
    html_text(out, title);
    (void)fputs("</title>\n", out);
    put_within(out, "style", TAKEN(style));
    (void)fputs("</head>\n<body>\n<a class=\"skip\" href=\"#answer\">To the answer</a>\n<header>\n<h1>", out);
    html_text(out, title);
    (void)fprintf(out, "</h1>\n<p class=\"sub\">%s</p>\n</header>\n<main>\n", below);
}

void report_end(FILE *out, const char *dir)
{
    (void)fputs("</main>\n<footer><p>Made by stsweep " STSWEEP_VERSION " from the scan directory ", out);
    html_string(out, dir);
    (void)fputs(".</p></footer>\n", out);
    put_within(out, "script", TAKEN(script));
    (void)fputs("</body>\n</html>\n", out);
}

void report_put_day(const struct report_page *page, struct buf *text)
{
    struct bytes day = day_of(meta_text(page, "started"));
    bool is_day = day.len == 10 && strspn((const char *)day.data, "0123456789-") >= 10;
    (void)buf_printf(text, "%.*s (UTC)", is_day ? 10 : 1, is_day ? (const char *)day.data : "?");
}

/* What stands below a page's title. */
static const char *below_title(const struct report_page *page, struct buf *below)
{
    uint64_t records = page->counts->summary.records;
    (void)buf_printf(below, "%" PRIu64 " domain%s, scanned on ", records, records == 1 ? "" : "s");
    report_put_day(page, below);
    return buf_string(below);
}

/* Writes what there is on the page. */
static void put_contents(const struct report_page *page)
{
    const struct {
        const char *id, *name;
        bool is_there;
    } parts[] = {{"answer", "The answer", true},
                 {"changed", "What changed", page->since != NULL},
                 {"trend", "Over time", page->scan_count > 0},
                 {"first", "What to mend first", true},
                 {"outcomes", "Adoption", true},
                 {"spread", "Where it is deployed", true},
                 {"failures", "What fails", true},
                 {"beside", "DANE and TLSRPT", true},
                 {"hosts", "Mail servers", report_has_hosts(page)},
                 {"open", "Not determined", true},
                 {"how", "How it was run", true}};
    (void)fputs("<nav aria-label=\"On this page\">", page->out);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].is_there)
            (void)fprintf(page->out, "<a href=\"#%s\">%s</a>\n", parts[i].id, parts[i].name);
    if (page->owners != NULL)
        (void)fputs("<a href=\"owners.html\">All owners</a>\n", page->out);
    (void)fputs("</nav>\n", page->out);
}

void report_head(const struct report_page *page)
{
    struct buf below;
    buf_init(&below, BELOW_BYTES);
    report_begin(page->out, bytes_of("Mail transport security"), below_title(page, &below));
    put_sample(page);
    put_state(page);
    put_unreadable(page);
    (void)fputs(intro, page->out);
    put_contents(page);
    buf_dispose(&below);
}

void report_command(const struct report_page *page, const char *rest)
{
    const struct html_flag flags[] = {{"--except", page->except}, {"--as-prefixes", page->as_prefixes}};
    html_command(page->out, page->dir, rest, flags, sizeof flags / sizeof *flags);
}

void report_listed_by(const struct report_page *page, const char *before, const char *rest,
                      const char *behind)
{
    (void)fprintf(page->out, "<p class=\"how\">%s", before);
    report_command(page, rest);
    (void)fprintf(page->out, "%s</p>\n", behind);
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

struct answer {
    uint64_t count;
    const char *kind, *says, *lists;
};

void report_number(FILE *out, const char *kind, uint64_t count)
{
    (void)fprintf(out, "<li class=\"%s\"><span class=\"count\"><b>", kind);
    html_count(out, count);
    (void)fputs("</b>", out);
}

static void put_answer(const struct report_page *page, const struct answer *answer)
{
    FILE *out = page->out;
    report_number(out, answer->kind, answer->count);
    (void)fputs(" <small>", out);
    html_share(out, answer->count, page->counts->summary.records);
    (void)fputs("</small></span> <span>", out);
    html_string(out, answer->says);
    (void)fputs("<br>", out);
    report_command(page, answer->lists);
    (void)fputs("</span></li>\n", out);
}

/* Tells of those that stand well in the numbers above, or open, and have trouble by an earlier policy. */
static void put_cached(const struct report_page *page)
{
    if (page->counts->cached_beside == 0)
        return;
    (void)fputs("<p class=\"note\">", page->out);
    html_count(page->out, page->counts->cached_beside);
    (void)fputs(" more meet trouble by an earlier policy that senders remember: ", page->out);
    report_command(page, "--code cached.refused,cached.partial --outcome "
                         "protected,testing,broken,off,absent,no-mail,unknown");
    (void)fputs("</p>\n", page->out);
}

void report_answer(const struct report_page *page)
{
    const struct summary *summary = &page->counts->summary;
    const uint64_t *outcomes = summary->outcomes;
    const struct answer answers[] = {
        {outcomes[OUTCOME_REFUSED], "bad",
         "lose mail now: their policy is enforced, and no mail server passes it", "--outcome refused"},
        {outcomes[OUTCOME_PARTIAL] + outcomes[OUTCOME_BROKEN], "warn",
         "have MTA-STS that does not work as it should: some mail servers fail, or the policy cannot be had",
         "--outcome partial,broken"},
        {outcomes[OUTCOME_PROTECTED], "good",
         "are protected: the policy is enforced, and the mail servers pass it", "--outcome protected"},
        {outcomes[OUTCOME_ABSENT] + outcomes[OUTCOME_OFF] + outcomes[OUTCOME_TESTING], "none",
         "do not enforce anything: no MTA-STS, switched off, or tried out", "--outcome absent,off,testing"},
        {outcomes[OUTCOME_UNKNOWN], "open", "could not be determined, which says nothing of them",
         "--outcome unknown"},
    };
    report_section(page, "answer", "The answer in five numbers",
                   "Of all domains that were scanned. Below each number stands the command that lists its "
                   "domains.");
    (void)fputs("<ul class=\"answer\">\n", page->out);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        put_answer(page, &answers[i]);
    (void)fputs("</ul>\n", page->out);
    if (outcomes[OUTCOME_NO_MAIL] > 0) {
        (void)fputs("<p class=\"how\">The rest, ", page->out);
        html_count(page->out, outcomes[OUTCOME_NO_MAIL]);
        (void)fprintf(page->out, ", receive%s no mail.</p>\n", outcomes[OUTCOME_NO_MAIL] == 1 ? "s" : "");
    }
    put_cached(page);
    report_section_end(page);
}

void report_section(const struct report_page *page, const char *id, const char *head, const char *lead)
{
    (void)fprintf(page->out, "<section id=\"%s\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">%s</h2>\n", id,
                  id, id, head);
    if (lead != NULL)
        (void)fprintf(page->out, "<p class=\"lead\">%s</p>\n", lead);
}

void report_section_end(const struct report_page *page)
{
    (void)fputs("</section>\n", page->out);
}

void report_foot(const struct report_page *page)
{
    report_end(page->out, page->dir);
}
