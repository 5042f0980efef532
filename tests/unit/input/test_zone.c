/* Zone files to delegated names: each form that RFC 1035 section 5 allows, and what is refused. No files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "input/zone.h"
#include "scanner/base/buf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { TEXT_BYTES = 1 << 16 };

struct run {
    struct zone zone;
    struct lines lines;
    struct buf text; /* "a.example b.example 3!input.bad-name" */
};

static void put(struct run *run, const char *separator)
{
    if (run->text.len > 0)
        buf_text(&run->text, separator);
}

static enum error on_name(void *arg, const char *domain)
{
    struct run *run = arg;
    put(run, " ");
    buf_text(&run->text, domain);
    return ERR_OK;
}

static enum error on_reject(void *arg, const struct line *line, enum failure_code reason)
{
    struct run *run = arg;
    put(run, " ");
    buf_printf(&run->text, "%llu!%s", (unsigned long long)line->number, failure_name(reason) + 6);
    return ERR_OK;
}

static enum error on_line(void *arg, const struct line *line)
{
    struct run *run = arg;
    return zone_take(&run->zone, line);
}

/* Reads the text in pieces, and writes names, rejects and what it was refused with. */
static void read_pieces(struct run *run, struct bytes data, size_t piece)
{
    struct zone_sink sink = {on_name, on_reject, run};
    enum error error = ERR_OK;
    zone_init(&run->zone, &sink);
    lines_init(&run->lines, on_line, run);
    buf_reset(&run->text);
    for (size_t at = 0; at < data.len && error == ERR_OK; at += piece)
        error = lines_feed(&run->lines,
                           bytes_make(data.data + at, data.len - at < piece ? data.len - at : piece));
    if (error == ERR_OK)
        error = lines_end(&run->lines);
    if (error == ERR_OK)
        error = zone_end(&run->zone, true);
    assert_true(error == ERR_OK || error == ERR_CONFIG);
    if (error == ERR_OK)
        return;
    put(run, " ");
    buf_printf(&run->text, "%llu: %s", (unsigned long long)run->zone.refused.line, run->zone.refused.text);
}

static struct run *run_make(void)
{
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    buf_init(&run->text, TEXT_BYTES);
    return run;
}

static void run_free(struct run *run)
{
    buf_dispose(&run->text);
    free(run);
}

static void expect_bytes(struct bytes data, const char *expected)
{
    static const size_t pieces[] = {SIZE_MAX / 2, 1, 7};
    struct run *run = run_make();
    for (size_t i = 0; i < COUNT(pieces); i++) {
        read_pieces(run, data, pieces[i]);
        /* Of a reason, how it begins. */
        bool is_same = strncmp(buf_string(&run->text), expected, strlen(expected)) == 0 &&
                       (strstr(expected, ": ") != NULL || run->text.len == strlen(expected));
        if (!is_same)
            assert_string_equal(buf_string(&run->text), expected);
    }
    run_free(run);
}

struct zone_case {
    const char *text, *expected;
};

static void expect_all(const struct zone_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_bytes(bytes_of(cases[i].text), cases[i].expected);
}

#define SOA "com. 900 in soa a.gtld. nstld. 1 1800 900 604800 86400\ncom. 172800 in ns a.gtld.\n"

/* As CZDS and registries hand them out. */
static void whole_names(void **state)
{
    static const struct zone_case cases[] = {
        {"", ""},
        {SOA, ""},
        {SOA "a.com.\t172800\tin\tns\tns1.b.net.\na.com.\t172800\tin\tns\tns2.b.net.\n", "a.com"},
        {SOA "a.com. 1 in ns n.\na.com. 1 in ds 1 13 2 00\na.com. 1 in ns n2.\nb.com. 1 in ns n.\n",
         "a.com b.com"},
        /* Glue between the NS records of one name does not make two of it, another name does. */
        {SOA "a.com. 1 in ns n.\nns.a.com. 1 in a 192.0.2.1\nA.com. 1 in ns n2.\n", "a.com"},
        {SOA "a.com. 1 in ns n.\nb.com. 1 in ns n.\na.com. 1 in ns n2.\n", "a.com b.com a.com"},
        /* Glue and signatures of names that nobody delegates. */
        {SOA "ns.a.com. 1 in a 192.0.2.1\nns.a.com. 1 in aaaa ::1\nx.com. 1 in ds 1 13 2 00\n"
             "h.com. 1 in nsec3 1 1 0 - 00 ns\ny.com. 1 in rrsig ns 8 2 1 2 3 4 com. xx==\n",
         ""},
        {SOA "a.com. 1 in ns n.", "a.com"},
        {SOA "a.com. 1 in ns n.\r\nb.com. 1 in ns n.\r\n", "a.com b.com"},
        {"\xef\xbb\xbf" SOA "a.com. 1 in ns n.\n", "a.com"},
        /* The root zone delegates the TLDs, and a name is not below another that it only ends like. */
        {". 1 in soa a. b. 1 2 3 4 5\n. 1 in ns a.root.\ncom. 1 in ns a.gtld.\n", "com"},
        {SOA "a.xcom. 1 in ns n.\ncom.net. 1 in ns n.\nb.a.com. 1 in ns n.\n", "b.a.com"},
        /* A-labels, underscores, digits. */
        {SOA "xn--mller-kva.com. 1 in ns n.\n_tcp.com. 1 in ns n.\n163.com. 1 in ns n.\n",
         "xn--mller-kva.com _tcp.com 163.com"},
        {SOA "*.com. 1 in ns n.\na,b.com. 1 in ns n.\nm\xc3\xbcl.com. 1 in ns n.\n",
         "3!bad-name 4!bad-name 5!bad-name"},
        {". 1 in soa a. b. 1 2 3 4 5\n1. 1 in ns n.\n", "2!bad-name"},
    };
    (void)state;
    expect_all(cases, COUNT(cases));
}

/* As they are written by hand: RFC 1035 section 5.1. */
static void short_forms(void **state)
{
    static const struct zone_case cases[] = {
        {"$ORIGIN COM.\n@ IN SOA A.GTLD. NSTLD. ( 1 ; serial\n 1800 900 ; more )\n 604800 86400 )\n NS "
         "A.GTLD.\n"
         "$TTL 172800\nEXAMPLE NS NS1.EXAMPLE\n NS NS2.EXAMPLE\nNS1.EXAMPLE A 192.0.2.1\nOTHER NS "
         "NS1.EXAMPLE\n",
         "example.com other.com"},
        {SOA "$ORIGIN com.\na ns n\n$ORIGIN a\nb ns n\n$ORIGIN .\nc.com ns n\n@ ns n\n",
         "a.com b.a.com c.com"},
        {SOA "$origin com.\n$ttl 1h\na ns n ; a comment ( \" \\\n", "a.com"},
        /* Owners that are left out take the one before, by the origin of then. */
        {SOA "$ORIGIN com.\na ds 1 13 2 00\n$ORIGIN net.\n ns n\nb ns n\n", "a.com"},
        {SOA "$ORIGIN com.\na ns n\n$ORIGIN x.com.\na ns n\n", "a.com a.x.com"},
        /* TTL and class in any order, or none of them. */
        {SOA "a.com. ns n.\nb.com. in ns n.\nc.com. 1h30m ns n.\nd.com. 5 in ns n.\ne.com. in 5 ns n.\n"
             "f.com. 1w2D3h4M5s CLASS1 TYPE2 n.\n",
         "a.com b.com c.com d.com e.com f.com"},
        /* What stands first on a line is the owner, whatever it looks like. */
        {SOA "$ORIGIN com.\nin ns n\nns ns n\n3600 ns n\nns 5 ns n\na in ns n\nsoa ns n\n",
         "in.com ns.com 3600.com ns.com a.com soa.com"},
        {SOA "$ORIGIN com.\na ns ( n )\nb ( 5\n\n  in ; x )\n ns ) n\nc (\nns n)\n(d ns n)\n",
         "a.com b.com c.com d.com"},
        {SOA "a.com. ns \\# 3 01 61 00\na.com. TYPE65534 \\# 1 00\nb.com. ns n.\n", "a.com b.com"},
        /* Escapes: of a letter, of a dot that parts no labels, of an @ that is no origin. */
        {SOA "\\097.com. ns n.\n\\b.com. ns n.\nx\\.y.com. ns n.\n", "a.com b.com 5!bad-name"},
        {SOA "$ORIGIN com.\n\\@ ns n\na\\ b ns n\na\\256 ns n\na\\1 ns n\n\\046 ns n\na ns n\n",
         "4!bad-name 5!bad-name 6!bad-name 7!bad-name 8!bad-name a.com"},
        {SOA "a.com. ns n\\ m.\nb.com. ns n\\;m.\nc.com. ns n;m\n", "a.com b.com c.com"},
        {SOA "t.com. txt \"a;b\" \"( \\\" ( \" x\na.com. ns n.\n", "a.com"},
        /* Names that people write with # as in other lists. */
        {SOA "a.com. CH ns n.\nb.com. HS 5 ns n.\nc.com. CLASS32 ns n.\nd.com. ns n.\n", "d.com"},
    };
    (void)state;
    expect_all(cases, COUNT(cases));
}

/* How the apex is known. */
static void apexes(void **state)
{
    static const struct zone_case cases[] = {
        /* In the order of names and types, NS stands before SOA. */
        {"com. ns a.gtld.\ncom. ns b.gtld.\ncom. soa a. b. 1 2 3 4 5\na.com. ns n.\n", "a.com"},
        {"a.com. ns n.\ncom. soa a. b. 1 2 3 4 5\nb.com. ns n.\n", "a.com b.com"},
        {"a.net. ns n.\ncom. soa a. b. 1 2 3 4 5\nb.com. ns n.\n", "b.com"},
        /* Without a SOA: by $ORIGIN, by the first two owners, or not at all. */
        {"$ORIGIN com.\n@ ns n\na ns n\nb.net. ns n\n", "a.com"},
        {"$ORIGIN com.\na ns n\nb ns n\n@ ns n\n", "a.com b.com"},
        {"com. ns n.\na.com. ns n.\nb.com. ns n.\ncom. ns n2.\n", "a.com b.com"},
        {"a.com. ns n.\nb.com. ns n.\n", "a.com b.com"},
        {"$ORIGIN .\na.com ns n\nb.com ns n\n", "a.com b.com"},
        {"$ORIGIN com.\na.net. ns n\nb ns n\n", "a.net b.com"},
        {"a.com. ns n.\n", "a.com"},
        {"$ORIGIN com.\n@ ns n.\n", ""},
        {". ns n.\n", "1!bad-name"},
        /* A zone behind a zone; a SOA below the apex is none of its own. */
        {SOA "a.com. ns n.\nnet. soa a. b. 1 2 3 4 5\nnet. ns n.\na.net. ns n.\nb.com. ns n.\n",
         "a.com a.net"},
        {SOA "a.com. soa a. b. 1 2 3 4 5\na.com. ns n.\nb.com. ns n.\n", "a.com b.com"},
        {"a.com. ns n.\nb.com. ns n.\ncom. soa a. b. 1 2 3 4 5\n",
         "a.com b.com 3: the SOA stands behind names"},
        {"com. ns n.\na.com. ns n.\nnet. soa a. b. 1 2 3 4 5\n", "a.com 3: the SOA stands behind names"},
        {"com. ns n.\na.com. ns n.\ncom. soa a. b. 1 2 3 4 5\nb.com. ns n.\n", "a.com b.com"},
    };
    (void)state;
    expect_all(cases, COUNT(cases));
}

/* A line that is no record is a reject, and those behind it count. */
static void faults(void **state)
{
    static const struct zone_case cases[] = {
        {SOA "a.com.\nb.com. 1 in\nc.com. 1 in ns\nd.com. ns n. m.\ne.com. ns n.\n",
         "3!bad-record 4!bad-record 5!bad-record 6!bad-record e.com"},
        {SOA "a.com. frobnicate x\nb.com. 5 5 ns n.\nc.com. in in ns n.\nd.com. 1x ns n.\ne.com. 99999999999 "
             "ns n.\n",
         "3!bad-record 4!bad-record 5!bad-record 6!bad-record 7!bad-record"},
        {SOA "e.com. 1h30 ns n.\nf.com. TYPE65536 x\ng.com. TYPE x\nh.com. CLASSX ns n.\ni.com. 4294967296s "
             "ns n.\n",
         "3!bad-record 4!bad-record 5!bad-record 6!bad-record 7!bad-record"},
        {" ns n.\n" SOA "a.com. ns n.\n", "1!bad-record a.com"},
        /* Whose the second record is, is not known. */
        {SOA "a.com. frobnicate x\n ns n.\nb.com. ns n.\n", "3!bad-record b.com"},
        {SOA "a.com. ns\n ns n.\na.com. ns n.\n", "3!bad-record a.com"},
        {SOA "a.com. frobnicate x\na.com. ns n.\n", "3!bad-record a.com"},
        /* One name that is none is one reject, however many records it has. */
        {SOA "a..com. ns n.\na..com. ns m.\n ns o.\n.com. ns n.\na..com. a 192.0.2.1\n",
         "3!bad-name 6!bad-name"},
        {SOA "*.com. ns n.\n*.com. ns m.\n", "3!bad-name"},
        /* A quote that is not closed ends with its line; one in the head is no word. */
        {SOA "t.com. txt \"a\nb.com. ns n.\n", "3!bad-record b.com"},
        {SOA "t.com. txt ( \"a\n \"b\" )\nb.com. ns n.\n", "4!bad-record b.com"},
        {SOA "\"a\".com. ns n.\n ns n.\nb.com. \"in\" ns n.\nc.com. ns n.\n",
         "3!bad-record 5!bad-record c.com"},
        {SOA "a.com. ns n. )\nb.com. ) ns n.\n)\nc.com. ns n.\n",
         "3!bad-record 4!bad-record 5!bad-record c.com"},
        {SOA "()\n( )\nc.com. ns n.\n", "c.com"},
    };
    (void)state;
    expect_all(cases, COUNT(cases));
}

/* What hides names ends the reading, with the line. */
static void refusals(void **state)
{
    static const struct zone_case cases[] = {
        {SOA "$INCLUDE other.zone\n", "3: $INCLUDE takes names from another file"},
        {SOA "a.com. ns n.\n$generate 1-9 h$ ns n.\n", "a.com 4: $GENERATE makes names"},
        {SOA "$UNIQUE\n", "3: $UNIQUE is not known"},
        {SOA "$DATE 20261130000000\na.com. ns n.\n", "a.com"},
        {"a 5 in ns n\n", "1: a is a relative name, and no $ORIGIN says to what"},
        {"@ 5 in soa a. b. 1 2 3 4 5\n", "1: @ is a relative name"},
        {"$ORIGIN com\n", "1: com is a relative name"},
        {"$ORIGIN\n", "1: $ORIGIN is to have one name"},
        {"$ORIGIN a. b.\n", "1: $ORIGIN is to have one name"},
        {"$ORIGIN \"a.\"\n", "1: $ORIGIN is to have one name"},
        {"$ORIGIN a..b.\n", "1: $ORIGIN has no name"},
        {SOA "a.com. ns (\nb.com. ns n.\n", "3: the parenthesis that opens here is not closed"},
    };
    (void)state;
    expect_all(cases, COUNT(cases));
}

/* As `dig axfr` writes it, with what it says of failures. */
static void transfers(void **state)
{
#define DIG "\n; <<>> DiG 9.18.33 <<>> @127.0.0.1 axfr com.\n; (1 server found)\n;; global options: +cmd\n"
    static const struct zone_case cases[] = {
        {DIG SOA "a.com.\t\t900\tIN\tNS\tn.\n" SOA ";; Query time: 0 msec\n;; XFR size: 4 records\n\n",
         "a.com"},
        {DIG SOA "a.com. 900 IN NS n.\n; Transfer failed.\n", "a.com 8: dig says that the transfer failed"},
        {DIG "; Transfer failed.\n", "5: dig says that the transfer failed"},
        {DIG SOA "a.com. 900 IN NS n.\n", "a.com 0: dig's transfer is cut off"},
        {DIG SOA "net. soa a. b. 1 2 3 4 5\n", "7: dig's transfer of the zone before is cut off"},
        {"; <<>> DiG 9.18.33 <<>> com. ixfr=1\n" SOA, "1: it is an incremental transfer"},
        {"; <<>> DiG 9.18.33 <<>> com. ns axfr.com\n;; ANSWER SECTION:\ncom. 5 IN NS n.\n", "com"},
        {SOA "; Transfer failed. Or not.\n", "3: dig says"},
        {SOA " ; Transfer failed.\n(\n; Transfer failed.\n)\n", ""},
    };
    (void)state;
    expect_all(cases, COUNT(cases));
}

/* Long lines come in pieces; a record has a ceiling. */
static void long_records(void **state)
{
    struct buf text;
    (void)state;
    buf_init(&text, 4 * ZONE_RECORD_BYTES);
    /* Quotes and an escape over the ends of pieces. */
    for (size_t len = LINE_BYTES - 20; len < LINE_BYTES + 4; len++) {
        buf_reset(&text);
        buf_text(&text, SOA "t.com. txt \"");
        for (size_t i = 0; i < len; i++)
            buf_byte(&text, 'x');
        buf_text(&text, "\\\"; (\" \\( ( \n x )\na.com. ns n.\n");
        expect_bytes(buf_bytes(&text), "a.com");
    }
    /* The data of an NS record is one word, wherever it is cut. */
    for (size_t len = LINE_BYTES - 12; len < LINE_BYTES + 4; len++) {
        buf_reset(&text);
        buf_text(&text, SOA "a.com. ns ");
        for (size_t i = 0; i < len; i++)
            buf_byte(&text, ' ');
        buf_text(&text, "n.example.\nb.com. ns n.\n");
        expect_bytes(buf_bytes(&text), "a.com b.com");
    }
    buf_reset(&text);
    buf_text(&text, SOA "a.com. ");
    for (size_t i = 0; i < LINE_BYTES; i++)
        buf_byte(&text, '1');
    buf_text(&text, " ns n.\nb.com. ns n.\n");
    expect_bytes(buf_bytes(&text), "3!bad-record b.com");
    buf_reset(&text);
    buf_text(&text, SOA);
    for (size_t i = 0; i < 2 * LINE_BYTES; i++)
        buf_text(&text, "a.");
    buf_text(&text, " ns n.\n;");
    for (size_t i = 0; i < ZONE_RECORD_BYTES + 10; i++)
        buf_byte(&text, 'x');
    buf_text(&text, "\nb.com. ns n.\n");
    expect_bytes(buf_bytes(&text), "3!bad-record b.com");
    buf_dispose(&text);
}

static void ceilings(void **state)
{
    struct buf text;
    (void)state;
    buf_init(&text, 4 * ZONE_RECORD_BYTES);
    buf_text(&text, SOA "t.com. txt ( ");
    for (size_t i = 0; i < ZONE_RECORD_BYTES / 2; i++)
        buf_text(&text, "x\n");
    buf_text(&text, ")\nb.com. ns n.\n");
    expect_bytes(buf_bytes(&text), "3: the parenthesis that opens here is not closed");
    buf_reset(&text);
    buf_text(&text, SOA "t.com. txt ");
    for (size_t i = 0; i < ZONE_RECORD_BYTES; i++)
        buf_byte(&text, 'x');
    buf_text(&text, "\nb.com. ns n.\n");
    expect_bytes(buf_bytes(&text), "3!too-long b.com");
    buf_dispose(&text);
}

/* RFC 1035 section 3.1: labels of 63 bytes, names of 255 with lengths and root. */
static void lengths(void **state)
{
    struct buf text;
    (void)state;
    buf_init(&text, TEXT_BYTES);
    for (int longer = 0; longer < 2; longer++) {
        buf_reset(&text);
        buf_text(&text, SOA);
        for (int i = 0; i < 63 + longer; i++)
            buf_text(&text, "\\097");
        buf_text(&text, ".com. ns n.\n$ORIGIN com.\n");
        for (int i = 0; i < 125; i++)
            buf_text(&text, i == 124 && longer ? "bb" : i == 124 ? "b" : "b.");
        buf_text(&text, " ns n.\n");
        struct run *run = run_make();
        read_pieces(run, buf_bytes(&text), SIZE_MAX / 2);
        assert_string_equal(longer                                        ? buf_string(&run->text)
                            : strchr(buf_string(&run->text), ' ') == NULL ? ""
                                                                          : "two names",
                            longer ? "3!label-too-long 5!too-long" : "two names");
        run_free(run);
    }
    buf_dispose(&text);
}

static void counts(void **state)
{
    struct run *run = run_make();
    const struct input_zone *found = &run->zone.counts;
    (void)state;
    read_pieces(run,
                bytes_of(SOA "com. ns b.gtld.\na.com. ns n.\na.com. ns m.\n*.com. ns n.\nx.net. ns n.\n"
                             "n.com. a 192.0.2.1\nn.com. aaaa ::1\na.com. ds 1 2 3 00\ncom. dnskey 1 2 3 00\n"
                             "com. mx 1 n.\nb. CH txt x\njunk\n$TTL 5\n"),
                SIZE_MAX / 2);
    assert_string_equal(found->apex_name, "com");
    assert_int_equal(found->zones, 1);
    assert_int_equal(found->apex, 2);
    assert_int_equal(found->delegating, 3);
    assert_int_equal(found->outside, 1);
    assert_int_equal(found->addresses, 2);
    assert_int_equal(found->dnssec, 2);
    assert_int_equal(found->others, 2);
    assert_int_equal(found->other_classes, 1);
    assert_int_equal(found->records, 13);
    assert_int_equal(run->zone.faults, 1);
    run_free(run);
}

/* Every type that zones have is known, by its word and by its number. */
static void words(void **state)
{
    static const struct {
        const char *text;
        enum zone_word word;
        enum zone_type type;
    } cases[] = {
        {"NS", ZONE_TYPE, ZONE_NS},
        {"ns", ZONE_TYPE, ZONE_NS},
        {"TYPE2", ZONE_TYPE, ZONE_NS},
        {"type000002", ZONE_TYPE, ZONE_NS},
        {"Soa", ZONE_TYPE, ZONE_SOA},
        {"AAAA", ZONE_TYPE, ZONE_ADDRESS},
        {"type28", ZONE_TYPE, ZONE_ADDRESS},
        {"nsec3param", ZONE_TYPE, ZONE_DNSSEC},
        {"CDNSKEY", ZONE_TYPE, ZONE_DNSSEC},
        {"DLV", ZONE_TYPE, ZONE_DNSSEC},
        {"TXT", ZONE_TYPE, ZONE_OTHER},
        {"NSAP-PTR", ZONE_TYPE, ZONE_OTHER},
        {"NSAP\rPTR", ZONE_NO_WORD, ZONE_OTHER},
        {"NSAPPTR", ZONE_NO_WORD, ZONE_OTHER},
        {"N", ZONE_NO_WORD, ZONE_OTHER},
        {"NSX", ZONE_NO_WORD, ZONE_OTHER},
        {"N3", ZONE_NO_WORD, ZONE_OTHER},
        {"TYPE", ZONE_NO_WORD, ZONE_OTHER},
        {"TYPE-1", ZONE_NO_WORD, ZONE_OTHER},
        {"IN", ZONE_CLASS, ZONE_OTHER},
        {"Chaos", ZONE_CLASS, ZONE_OTHER},
        {"class255", ZONE_CLASS, ZONE_OTHER},
        {"0", ZONE_TTL, ZONE_OTHER},
        {"4294967295", ZONE_TTL, ZONE_OTHER},
        {"4294967296", ZONE_NO_WORD, ZONE_OTHER},
        {"1w", ZONE_TTL, ZONE_OTHER},
        {"7102W", ZONE_NO_WORD, ZONE_OTHER},
        {"w", ZONE_NO_WORD, ZONE_OTHER},
        {"1ww", ZONE_NO_WORD, ZONE_OTHER},
        {"1\x13", ZONE_NO_WORD, ZONE_OTHER},
        {"", ZONE_NO_WORD, ZONE_OTHER},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct zone_word_found found = zone_word_find(bytes_of(cases[i].text));
        if (found.word != cases[i].word || found.type != cases[i].type)
            fail_msg("%s: %d %d", cases[i].text, (int)found.word, (int)found.type);
    }
    assert_int_equal(zone_word_find(bytes_make("SOA\0\0\0\0\0", 8)).word, ZONE_NO_WORD);
    assert_true(zone_word_find(bytes_of("CLASS1")).is_internet);
    assert_false(zone_word_find(bytes_of("HS")).is_internet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_names),  cmocka_unit_test(short_forms), cmocka_unit_test(apexes),
        cmocka_unit_test(faults),       cmocka_unit_test(refusals),    cmocka_unit_test(transfers),
        cmocka_unit_test(long_records), cmocka_unit_test(ceilings),    cmocka_unit_test(lengths),
        cmocka_unit_test(counts),       cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
