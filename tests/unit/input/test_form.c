/* What lists are taken for by their first lines, what is asked when that is not sure, and what is no list. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input/reader.h"
#include "scanner/machine/suffixes.h"
#include "tests/unit/told.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void on_told(void *arg, const char *text)
{
    struct told *told = arg;
    assert_true(buf_printf(&told->text, "%s\n", text));
}

/* A path is a word of its own in the command, whatever it is: within quotes a shell would run what is in it.
 */
static void expect_quoted(const struct refused *refused)
{
    static const char *const word = "'a $(b)'\\''c'";
    unsigned quotes[2] = {0};
    struct buf why;
    if (refused->command[0] == '\0')
        return;
    buf_init(&why, 4096);
    refused_write(refused, "a $(b)'c", "", &why);
    const char *command = strstr(buf_string(&why), ":\n  "), *at = strstr(command, word);
    if (at == NULL)
        fail_msg("%s: the path is not quoted", command);
    for (; command < at; command++) {
        quotes[0] += *command == '\'' && quotes[1] % 2 == 0;
        quotes[1] += *command == '"' && quotes[0] % 2 == 0;
    }
    if (quotes[0] % 2 != 0 || quotes[1] % 2 != 0)
        fail_msg("the path stands within quotes: %s", buf_string(&why));
    buf_dispose(&why);
}

/* Reads the text and writes down what the list was taken for and its inputs, or why it is refused. *form is
 * how it was read. */
static void read_text(struct told *told, struct bytes data, const struct input_asked *asked,
                      struct input_form *form)
{
    struct reader *reader = malloc(sizeof *reader);
    assert_non_null(reader);
    told_init(told);
    struct input_sink sink = sink_of(told);
    sink.told = on_told;
    reader_init(reader, "list", asked, form, &sink, 0);
    enum error error = reader_feed(reader, data);
    if (error == ERR_OK)
        error = reader_end(reader, true);
    if (reader->is_refused) {
        assert_int_equal(error, ERR_CONFIG);
        assert_int_equal(told->names + told->rejects, 0);
        refused_write(&reader->refused, "list", "", &told->text);
        expect_quoted(&reader->refused);
    } else {
        assert_int_equal(error, ERR_OK);
    }
    *form = reader->form;
    reader_dispose(reader);
    free(reader);
}

struct form_case {
    const char *text;
    const char *expected; /* a part of what is said */
};

static void expect_asked(const struct form_case *cases, size_t count, const struct input_asked *asked)
{
    for (size_t i = 0; i < count; i++) {
        struct told told, again;
        struct input_form form = {.format = INPUT_AUTO};
        read_text(&told, bytes_of(cases[i].text), asked, &form);
        if (strstr(buf_string(&told.text), cases[i].expected) == NULL)
            fail_msg("case %zu, \"%s\": \"%s\" is not in:\n%s", i, cases[i].text, cases[i].expected,
                     buf_string(&told.text));
        /* Who reads by the form that was told gets the same. */
        if (form.format != INPUT_AUTO) {
            read_text(&again, bytes_of(cases[i].text), asked, &form);
            assert_string_equal(buf_string(&told.text), buf_string(&again.text));
            buf_dispose(&again.text);
        }
        buf_dispose(&told.text);
    }
}

static void expect(const struct form_case *cases, size_t count)
{
    const struct input_asked asked = {.columns = ""};
    expect_asked(cases, count, &asked);
}

static void names_on_a_line(void **state)
{
    static const struct form_case cases[] = {
        {"example.com, example.net, example.org\n",
         "1 example.com 0 -\n2 example.net 0 -\n3 example.org 0 -\n"
         "list: several names a line; first names example.com, example.net, example.org\n"},
        {"example.com; example.net\n", "1 example.com 0 -\n2 example.net 0 -\nlist: several names a line"},
        {"example.com example.net\texample.org\n", "3 example.org 0 -\n"},
        {"a.example b.example\nc.example d.example\n", "4 d.example 0 -\n"},
        {"a.example,b.example,c.example\nd.example\n", "4 d.example 0 -\n"},
        {"a.example,b.example,c.example\nd.example, e.example\n", "5 e.example 0 -\n"},
        {"\"a.example\" 'b.example'\n", "2 b.example 0 -\n"},
        {"a.example, user@b.example\n", "1 a.example 0 -\n2! input.is-email 1 user@b.example\n"},
        {"mydestination = a.example, b.example, c.example\n", "3 c.example 0 -\nlist: several names a line"},
        {"mydestination = a.example\n", "1 a.example 0 -\nlist: several names a line"},
        {"# main.cf\nmydestination = $myhostname, localhost.$mydomain localhost,\n  a.example,\n\n# no\n"
         "\tb.example, hash:/etc/postfix/more\n",
         "1! input.bad-name 2 $myhostname\n2! input.bad-name 2 localhost.$mydomain\n"
         "3! input.bad-name 2 localhost\n4 a.example 0 -\n5 b.example 0 -\n"
         "6! input.is-url 6 hash:/etc/postfix/mo\n"},
        {"relay_domains=a.example\nvirtual_mailbox_domains=b.example,c.example\n", "3 c.example 0 -\n"},
        {"a.example,\nb.example,\n", "1 a.example 0 -\n2 b.example 0 -\nlist: CSV with commas"},
        /* A cell may hold several. */
        {"Domain;Firma\n\"a.example\nb.example\";Acme\n\"c.example, d.example\";Beta\n",
         "1 a.example 0 Acme\n2 b.example 0 Acme\n3 c.example 0 Beta\n"
         "list: CSV with semicolons: domain in column 1, label in column 2; header \"Domain;Firma\"; "
         "first names a.example, b.example, c.example\n4 d.example 0 Beta\n"},
        {"1,\"a.example, and more\"\n2,b.example\n", "1! input.bad-name 1 1,\"a.example, and m"},
    };
    (void)state;
    expect(cases, COUNT(cases));
}

/* The rank lists that surveys take, by their own columns. */
static void rank_lists(void **state)
{
    static const struct form_case cases[] = {
        /* Tranco, Umbrella */
        {"1,google.com\r\n2,cloudflare.com\r\n", "1 google.com 1 -\n2 cloudflare.com 2 -\nlist: CSV with "
                                                 "commas: domain in column 2, rank in column 1;"},
        {"1,google.com\n2,www.google.com\n3,a.root-servers.net\n", "3 a.root-servers.net 3 -\n"},
        /* Majestic */
        {"GlobalRank,TldRank,Domain,TLD,RefSubNets,RefIPs,IDN_Domain,IDN_TLD,PrevGlobalRank,PrevTldRank,"
         "PrevRefSubNets,PrevRefIPs\n"
         "1,1,google.com,com,496542,2468765,google.com,com,1,1,497066,2473231\n"
         "2,2,facebook.com,com,488421,2397421,facebook.com,com,2,2,488970,2401880\n"
         "31,1,wikipedia.org,org,312,1000,wikipedia.org,org,31,1,313,1001\n",
         "1 google.com 1 -\n2 facebook.com 2 -\n3 wikipedia.org 31 -\nlist: CSV with commas: domain in "
         "column 3, "
         "rank in column 1; header"},
        /* CrUX: origins, with the size of the bucket as rank */
        {"origin,rank\nhttps://www.google.com,1000\nhttps://m.example.org:8443,1000\nhttp://a.example,5000\n",
         "1 www.google.com 1000 -\n2 m.example.org 1000 -\n3 a.example 5000 -\nlist: CSV with commas: domain "
         "in "
         "column 1 (web origins), rank in column 2; header \"origin,rank\""},
        {"origin\nhttps://a.example\nhttps://b.example\n", "1 a.example 0 -\n2 b.example 0 -\n"},
        {"origin,rank\nhttps://a.example/path,1000\nhttps://b.example,1000\n",
         "1! input.is-url 2 https://a.example/pa\n2 b.example 1000 -\n"},
        /* DomCop */
        {"\"Rank\",\"Domain\",\"Open Page Rank\"\n\"1\",\"fonts.googleapis.com\",\"10.00\"\n"
         "\"2\",\"facebook.com\",\"10.00\"\n",
         "1 fonts.googleapis.com 1 -\n2 facebook.com 2 -\nlist: CSV with commas: domain in column 2, rank in "
         "column "
         "1; header"},
        /* Cloudflare Radar */
        {"domain\ngoogle.com\ngstatic.com\n", "1 google.com 0 -\n2 gstatic.com 0 -\n"},
        {"rank,domain,categories\n1,google.com,Search Engines;Technology\n2,apple.com,\n",
         "1 google.com 1 Search Engines;Technology\n2 apple.com 2 -\n"},
    };
    (void)state;
    expect(cases, COUNT(cases));
}

static void json_lines(void **state)
{
    static const struct form_case cases[] = {
        {"{\"domain\":\"a.example\"}\n{\"domain\":\"b.example\"}\n",
         "1 a.example 0 -\n2 b.example 0 -\nlist: JSON lines: the domain in the field domain; first names "
         "a.example"},
        {"{\"domain\":\"a.example\",\"rank\":7,\"customer\":\"Acme \\\"x\\\"\"}\n",
         "1 a.example 7 Acme \"x\"\n"},
        {"{\"name\":\"Acme\",\"site\":{\"host\":\"a.example\"}}\n",
         "1 a.example 0 Acme\nlist: JSON lines: the domain in the field site.host, label in the field name;"},
        {"{\"x\":\"a.example\"}\n", "list: JSON lines: the domain in the field x;"},
        {"{\"domains\":[\"a.example\",\"b.example\"]}\n", "1 a.example 0 -\n2 b.example 0 -\n"},
        {"{\"domain\":\"a.example\"}\n{\"other\":1}\n{\"domain\":\"B\\u00fccher.example\"}\nno JSON\n",
         "1 a.example 0 -\n2! input.bad-name 2 {\"other\":1}\n3 xn--bcher-kva.example 0 -\n"},
        {"{\"origin\":\"https://a.example\"}\n", "1 a.example 0 -\n"},
        /* Rank and label are the fields that are called so best, in every line. */
        {"{\"id\":\"17\",\"domain\":\"a.example\",\"customer\":\"ACME\"}\n"
         "{\"index\":0,\"domain\":\"b.example\",\"rank\":9,\"name\":\"zz\",\"customer\":\"Beta\"}\n"
         "{\"domain\":\"c.example\",\"customer\":\"Gamma\",\"id\":4}\n",
         "1 a.example 0 ACME\n2 b.example 9 Beta\n3 c.example 0 Gamma\nlist: JSON lines: the domain in the "
         "field "
         "domain, rank in the field rank, label in the field customer;"},
        {"{\"domain\":\"a.example\",\"id\":17}\n", "1 a.example 0 17\n"},
        {"{\"url\":\"https://a.example/\"}\n", "1! input.is-url 1 {\"url\":\"https://a.ex"},
        {"{\"a\":\"a.example\",\"b\":\"b.example\"}\n",
         "it is not sure which field holds the domain (a, b): --field NAME"},
        {"{\"a\":\"x\",\"b\":1}\n", "it is JSON, not a list of names"},
        {"{\n\"domain\": \"a.example\"\n}\n", "JSON"},
        {"[\"a.example\"]\n", "JSON"},
        {"{\"domain\":\"\"}\n{\"domain\":\"a.example\"}\n",
         "1! input.bad-name 1 {\"domain\":\"\"}\n2 a.example 0 -\n"},
    };
    static const struct form_case asked[] = {
        {"{\"a\":\"a.example\",\"b\":\"b.example\"}\n",
         "1 b.example 0 -\nlist: JSON lines: the domain in the field b;"},
        {"{\"a\":\"a.example\"}\n",
         "no text of its beginning stands in that field (a): --field NAME says which"},
    };
    static const struct form_case forced[] = {{"a.example\n", "no JSON objects, one a line"}};
    static const struct form_case others[] = {
        {"1,a.example\n2,b.example\n",
         "first names a.example, b.example; input.field is of JSON lines, and does not count here\n"},
    };
    (void)state;
    expect(cases, COUNT(cases));
    expect_asked(asked, COUNT(asked), &(struct input_asked){.columns = "", .field = "b"});
    expect_asked(forced, COUNT(forced), &(struct input_asked){.columns = "", .format = INPUT_JSON});
    expect_asked(others, COUNT(others), &(struct input_asked){.columns = "", .field = "b"});
}

static void headers(void **state)
{
    static const struct form_case cases[] = {
        {"origin\na.example\nb.example\n", "1 a.example 0 -\n2 b.example 0 -\nlist: a name a line; header "
                                           "\"origin\"; first names a.example, b.e"},
        {"Dom\xc3\xa4ne\na.example\n",
         "1 a.example 0 -\nlist: a name a line; header \"Dom\xc3\xa4ne\"; first"},
        {"DOM\xc3\x84NE\n", "list: a name a line; header \"DOM\xc3\x84NE\"; no name in it\n"},
        {"Dom\xe4ne;Kunde\na.example;M\xfcller\n", "1 a.example 0 M\xc3\xbcller\n"}, /* ISO 8859-1 */
        {"Customers of 2026\n\nas of today;\nDomain;Customer\na.example;x\nb.example;y\n",
         "1 a.example 0 x\n2 b.example 0 y\nlist: CSV with semicolons: domain in column 1, label in column "
         "2; "
         "header \"Domain;Customer\""},
        {"Customers\nDomain\na.example\n", "1 a.example 0 -\nlist: a name a line; header \"Domain\""},
        {"a.example\nDomain\n", "1 a.example 0 -\n2 domain 0 -\n"},
        {"Dom\xc3\xa4ne;Kunde\na.example;x\n", "1 a.example 0 x\n"},
        {"Kunde;Dom\xc3\xa4ne\nx;a.example\n", "1 a.example 0 x\n"},
        {"URL;Firma\na.example;x\nb.example;y\n", "1 a.example 0 x\n2 b.example 0 y\n"},
        {"URL;Firma\nhttps://a.example/;x\n", "1! input.is-url 2 https://a.example/;x\n"},
        {"E-Mail;Firma\nuser@a.example;x\n", "1! input.is-email 2 user@a.example;x\n"},
        {"E-Mail\nuser@a.example\n", "1! input.is-email 2 user@a.example\n"},
        {"Firma,Internetadresse,Ort\nAcme,a.example,Bonn\nBeta,b.example,Ulm\n",
         "1 a.example 0 Acme\n2 b.example 0 Beta\n"},
        {"Name;Adresse im Netz\nAcme;a.example\nBeta;b.example\n",
         "1 a.example 0 Acme\n2 b.example 0 Beta\n"},
        {"omena;p\xc3\xa4\xc3\xa4ryn\xc3\xa4\na.example;x\nb.example;y\n",
         "1 a.example 0 x\n2 b.example 0 y\n"},
        {"not a name\na.example\n", "1! input.bad-name 1 not a name\n2 a.example 0 -\n"},
        {"nom de domaine\na.example\nb.example\n", "1 a.example 0 -\n2 b.example 0 -\n"},
        {"Domain name\na.example\n", "1 a.example 0 -\n"},
        {"t.domain,t.owner\na.example,x\n", "1 a.example 0 x\n"},
        {"E-Mail,Domain,Website,X\ninfo@a.example,a.example,www.a.example,1\n", "1 a.example 0 -\n"},
        {"Domain,E-Mail,Website\na.example,info@a.example,www.a.example\n", "1 a.example 0 info@a.example\n"},
        {"Domain,\"Company\nname\",X\na.example,Acme,1\n", "1 a.example 0 Acme\n"},
        {"\xef\xbb\xbf\"Domain\";\"Kunde\"\r\n\"a.example\";\"x\"\r\n", "1 a.example 0 x\n"},
        {"tld\ncom\nnet\n", "1 com 0 -\n2 net 0 -\n"},
        {"com\na.example\n", "1 com 0 -\n2 a.example 0 -\n"},
        {"intranet\nserver\na.example\n", "1 intranet 0 -\n2 server 0 -\n3 a.example 0 -\n"},
        {"name\na.example\n", "list: its first line, name, may be a header or a top-level domain: "
                              "--input.header=yes or --input.header=no decides"},
        {"site\na.example\n", "may be a header or a top-level domain"},
        /* What may have been meant as a name is rejected, not skipped. */
        {"a.example#x\nb.example\n", "1! input.bad-name 1 a.example#x\n2 b.example 0 -\n"},
        {"a.example (main)\nb.example\n", "1! input.bad-name 1 a.example (main)\n"},
        {"user@@x\nb.example\n", "1! input.is-email 1 user@@x\n"},
    };
    (void)state;
    suffixes_load();
    expect(cases, COUNT(cases));
}

static void separators(void **state)
{
    static const struct form_case cases[] = {
        {"sep=;\na.example;x\nb.example;y\n",
         "1 a.example 0 x\n2 b.example 0 y\nlist: CSV with semicolons: d"},
        {"sep=;\r\nURL;Firma\r\na.example;x\r\n", "1 a.example 0 x\nlist: CSV with semicolons: domain in c"},
        {"\"sep=,\"\na.example,b.example\n", "columns 1 and 2 both hold names"},
        {"SEP=\t\nrank\tdomain\n1\ta.example\n", "1 a.example 1 -\n"},
        {"sep=|\na.example|x, y\n", "1 a.example 0 x, y\nlist: CSV with bars"},
        {"a.example|x\nb.example|y\n", "2 b.example 0 y\n"},
        {"1\ta.example\n2\tb.example\n", "1 a.example 1 -\n2 b.example 2 -\nlist: CSV with tabs: domain in "
                                         "column 2, rank in column 1; first names a.example, b.example\n"},
    };
    (void)state;
    expect(cases, COUNT(cases));
}

static void quotes_over_lines(void **state)
{
    static const struct form_case cases[] = {
        {"domain,label\na.example,\"one\r\n\r\n# two\"\r\nb.example,x\r\n",
         "1 a.example 0 one  # two\n2 b.example 0 x\n"},
        /* A quote that is never closed costs its own line. */
        {"1,a.example,\"x\n2,b.example,y\n3,c.example,z\n",
         "1! input.bad-name 1 1,a.example,\"x\n2 b.example 2 y\n3 c.example 3 z\n"},
        {"1,a.example,\"x\n2,b.example,\"y\n3,c.example,z\n",
         "1! input.bad-name 1 1,a.example,\"x\n2! input.bad-name 2 2,b.example,\"y\n3 c.example 3 z\n"},
        {"1,a.example,x\n2,\"b.example\n\",y\n3,c.example,z\n", "2 b.example 2 y\n3 c.example 3 z\n"},
    };
    (void)state;
    expect(cases, COUNT(cases));
}

static void what_could_be_two_things(void **state)
{
    static const struct form_case cases[] = {
        {"a.example,b.example\nc.example,d.example\n",
         "list: several names stand on each line, so it may be a list of names or columns of them: "
         "--input.format=names takes them all, --input.columns=domain,- the first column"},
        {"a.example\tmx.example\nc.example\tmx.example\n", "several names stand on each line"},
        {"1,a.example,mx.a.example\n2,b.example,mx.b.example\n",
         "list: columns 2 and 3 both hold names: --input.columns=-,domain,- takes column 2"},
        {"foo;bar\na.example;b.example\nc.example;d.example\n",
         "columns 1 and 2 both hold names: --input.columns=domain,- takes column 1"},
        {"a.example, b.example\ntwo words\n", "both hold names"},
        /* Only one of the columns holds names. */
        {"a.example,192.0.2.1\nb.example,192.0.2.2\n", "1 a.example 0 192.0.2.1\n2 b.example 0 192.0.2.2\n"},
        {"info@a.example;a.example\ninfo@b.example;b.example\n", "1 a.example 0 info@a.example\n"},
        {"NULL\n", "list: no line of its beginning is a domain name, as an export that failed leaves it (it "
                   "begins with \"NULL\"); --input.format=plain takes such words as names"},
        {"error\nfailed\n", "no line of its beginning is a domain name"},
        {"Verkn\xc3\xbcpfung\n", "no line of its beginning is a domain name"},
    };
    (void)state;
    expect(cases, COUNT(cases));
}

static void what_the_operator_says(void **state)
{
    static const struct form_case plain[] = {{"NULL\nnet\n", "1! input.bad-name 1 NULL\n2 net 0 -\n"},
                                             {"name\na.example\n", "1 name 0 -\n"},
                                             {"{\"a\"\n", "1! input.bad-name 1 {\"a\"\n"},
                                             {"a.example,b.example\n", "1! input.bad-name 1 a.example,b"}};
    static const struct form_case names[] = {
        {"a.example,b.example\nc.example,d.example\n", "4 d.example 0 -\n"},
        {"a.example and b.example\n", "2! input.bad-name 1 and\n"}};
    static const struct form_case columns[] = {
        {"a.example,b.example\nc.example,d.example\n", "1 a.example 0 -\n2 c.example 0 -\n"},
        {"a.example;b.example\nc.example;d.example\n",
         "list: CSV with semicolons: domain in column 1; first"},
        {"foo;bar\na.example;b.example\n", "1 a.example 0 -\nlist: CSV with semicolons: domain in column 1; "
                                           "header \"foo;bar\"; first name a.example\n"}};
    static const struct form_case second[] = {{"x;17;b.example;c.example\n", "1 b.example 17 x\n"}};
    static const struct form_case with[] = {{"name\na.example\n", "1 a.example 0 -\n"},
                                            {"a.example,x\nb.example,y\n", "1 b.example 0 y\n"}};
    static const struct form_case without[] = {{"name\na.example\n", "1 name 0 -\n2 a.example 0 -\n"},
                                               {"domain,label\na.example,y\n", "1 domain 0 label\n2 a.exa"}};
    (void)state;
    expect_asked(plain, COUNT(plain), &(struct input_asked){.format = INPUT_PLAIN, .columns = ""});
    expect_asked(names, COUNT(names), &(struct input_asked){.format = INPUT_NAMES, .columns = ""});
    expect_asked(columns, COUNT(columns), &(struct input_asked){.columns = "domain,-"});
    expect_asked(second, COUNT(second), &(struct input_asked){.columns = "label,rank,domain"});
    expect_asked(with, COUNT(with), &(struct input_asked){.header = INPUT_HEADER_YES, .columns = ""});
    expect_asked(without, COUNT(without), &(struct input_asked){.header = INPUT_HEADER_NO, .columns = ""});
}

static void lenient_lists(void **state)
{
    static const struct form_case cases[] = {
        {"URL;Firma\nhttps://www.a.example/x;y\nhttp://user:pw@b.example:8080?q@r;z\n",
         "1 www.a.example 0 y\n2 b.example 0 z\n"},
        {"user@a.example\n\"A B\" <x@b.example>\nmailto:y@c.example?subject=z\n//d.example/\ne.example/path\n"
         "f.example:443\n\"a@b\"@g.example\n",
         "1 a.example 0 -\n2 b.example 0 -\n3 c.example 0 -\nlist: a name a line; first names a.example, "
         "b.example, c.example\n4 d.example 0 -\n5 e.example 0 -\n6 f.example 0 -\n7 g.example 0 -\n"},
        {"user@\nhttps://\nhttps://192.0.2.1/\nuser@[192.0.2.1]\n192.0.2.1\na.example\n",
         "1! input.bad-name 1 user@\n2! input.bad-name 2 https://\n3! input.is-address 3 https://192.0.2.1/\n"
         "4! input.is-address 4 user@[192.0.2.1]\n5! input.is-address 5 192.0.2.1\n6 a.example 0 -\n"},
        {"hash:/etc/aliases\na/b\nb.example\n",
         "1! input.is-url 1 hash:/etc/aliases\n2! input.is-url 2 a/b\n"},
        {"a@a.example, b@b.example\n", "1 a.example 0 -\n2 b.example 0 -\n"},
    };
    (void)state;
    expect_asked(cases, COUNT(cases), &(struct input_asked){.lenient = true, .columns = ""});
}

static void what_is_no_list(void **state)
{
    static const struct form_case cases[] = {
        {"127.0.0.1 localhost\n0.0.0.0 a.example b.example # x\n",
         "list: it is a hosts file (addresses and names), not a list of names; this makes one of it:\n  awk "
         "'{ "
         "sub(/#.*/, \"\"); for (i = 2; i <= NF; i++) print $i }' list >names.txt"},
        {"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n0.0.0.0\ta.example\n", "it is a hosts file"},
        {"      3 a.example\n     12 b.example\n", "it is counts and names, as uniq -c writes them, not a "
                                                   "list of names; this makes one of it:\n  awk '{ "
                                                   "print $2 }' list >names.txt"},
        {"a.example 17\nb.example 3\n", "columns between blanks, with names in column 1"},
        {"- a.example\n- b.example\n", "awk '{ print $2 }' list >names.txt"},
        {"a.example. 3600 IN MX 10 mx.a.example.\nb.example. 3600 IN MX 10 ns.b.example.\n",
         "awk '{ print $1 }' list"},
        {"[\"a.example\",\"b.example\"]\n", "jq -r '.. | strings | select(contains(\".\"))' list >names.txt"},
        {"[{\"rank\":1,\"domain\":\"a.example\"},\n{\"rank\":2,\"domain\":\"b.example\"}]\n",
         "it is JSON, not a list of names; this makes one of it:\n  jq -r '.. | objects | .domain // empty | "
         ".. "
         "| strings' list >names.txt"},
        {"[\n  {\n    \"host\": \"a.example\",\n", "| .host // empty"},
        {"[]\n", "it is JSON"},
        {"{}", "it is JSON"},
        {"[{\"it's\":\"a.example\"}]", "jq -r '.. | strings | select"},
        {"<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n",
         "list: it is an HTML or XML page, as a download that failed may leave it, not a list of names"},
        {"\n  <?xml version=\"1.0\"?>\n", "an HTML or XML page"},
        {"PK\x03\x04\n\n names.txt", "this makes one of it:\n  unzip -p list >names.txt"},
        {"PK\x03\x04\x14 [Content_Types].xml\n",
         "a spreadsheet (XLSX), not a list of names; this makes one of "
         "it:\n  unzip -p list xl/sharedStrings.xml"},
        {"PK\x03\x04\x14 mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "a spreadsheet (ODS)"},
        {"PAR1\x15\x04", "a Parquet file, not a list of names; this makes one of it:\n  duckdb "},
        {"BZh91AY&SY", "bzcat list >names.txt"},
        {"\xfd"
         "7zXZ",
         "xzcat list >names.txt"},
        {"SQLite format 3", "a SQLite database"},
        {"%PDF-1.7\n", "pdftotext list - | grep"},
        {"a.example\rb.example\rc.example\r", "tr '\\r' '\\n' <list >names.txt"},
        {"||a.example^\n||b.example^$third-party\n", "a filter list of an ad blocker"},
        {"address=/a.example/0.0.0.0\naddress=/b.example/0.0.0.0\n", "awk -F/ '{ print $2 }' list"},
        {"zone \"a.example\" { type master; };\nzone \"b.example\" { type master; };\n", "of BIND"},
    };
    (void)state;
    expect(cases, COUNT(cases));
}

static void zone_files(void **state)
{
    static const struct form_case cases[] = {
        {"com. 900 in soa a. b. 1 2 3 4 5\ncom. 1 in ns a.gtld.\na.com. 1 in ns ns.a.com.\nns.a.com. 1 in a "
         "192.0.2.1\n",
         "1 a.com 0 -\nlist: a zone file, whose delegations are taken; first name a.com\n"
         "list: the zone com: 1 names in 1 NS records; passed over: 1 NS of its own, 1 A and AAAA, 1 "
         "others\n"},
        {"a.com.\t172800\tin\tns\tns.b.net.\nb.com.\t172800\tin\tns\tns.b.net.\n",
         "2 b.com 0 -\nlist: a zone file, whose delegations are taken; first names a.com, b.com\n"
         "list: records of no zone that it names: 2 names in 2 NS records\n"},
        {"; <<>> DiG 9.18.33 <<>> axfr com.\ncom. 5 IN SOA a. b. 1 2 3 4 5\na.com. 5 IN NS n.\na.com. CH TXT "
         "x\n"
         "net. IN NS x.\ncom. 5 IN SOA a. b. 1 2 3 4 5\n",
         "the zone com: 1 names in 1 NS records; passed over: 1 NS outside of it, 2 others, 1 of other "
         "classes"},
        {"# ours\n$ORIGIN com.\n\na NS n\n# more\njunk\n", "1! input.bad-record 6 junk\n2 a.com 0 -\n"},
        {". IN SOA a. b. 1 2 3 4 5\ncom. IN NS n.\n", "list: the zone of the root: 1 names"},
        {"b. IN SOA a. b. 1 2 3 4 5\nc. IN SOA a. b. 1 2 3 4 5\n", "list: 2 zones: 0 names in 0 NS records"},
        /* What is refused has its line, and a way on. */
        {"$TTL 1h\n$INCLUDE a.zone\n", "list:2: $INCLUDE takes names from another file"},
        {"a 1h IN NS n\n", "list:1: a is a relative name, and no $ORIGIN says to what: put \"$ORIGIN .\""},
        /* These are none: words that are types as well. */
        {"a.example ns\nb.example ns\n", "awk '{ print $1 }' list"},
        {"ns a.example\nns b.example\n", "awk '{ print $2 }' list"},
        {"a.example ns ns1.a.example\nb.example ns ns1.b.example\n", "awk '{ print $1 }' list"},
        {"192.0.2.1 a a.example.\n192.0.2.2 a b.example.\n", "a hosts file"},
    };
    static const struct form_case forced[] = {
        {"$ORIGIN com.\na ns n\n", "1 a.com 0 -\nlist: a zone file"},
        {"a.com\n", "1! input.bad-record 1 a.com\n"},
    };
    (void)state;
    expect(cases, COUNT(cases));
    expect_asked(forced, COUNT(forced), &(struct input_asked){.format = INPUT_ZONE, .columns = ""});
}

/* A line that is longer than the others may be is read all the same, once it is known what it stands in. */
static void long_lines_of_zone_files(void **state)
{
    static const struct input_asked auto_asked = {.columns = ""},
                                    zone_asked = {.format = INPUT_ZONE, .columns = ""};
    static const struct {
        const char *before, *behind;
        const struct input_asked *asked;
        const char *expected;
    } rows[] = {
        {"com. 1 in soa a. b. 1 2 3 4 5\ncom. 1 in txt ", "\na.com. 1 in ns n.\n", &auto_asked,
         "1 a.com 0 -\n"},
        {"com. 1 in txt ", "\na.com. 1 in ns n.\n", &auto_asked,
         "list:1: the line is too long to tell what the list is; --input.format=zone"},
        {"com. 1 in txt ", "\na.com. 1 in ns n.\n", &zone_asked, "1 a.com 0 -\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct told told;
        struct buf text;
        struct input_form form = {.format = INPUT_AUTO};
        buf_init(&text, 4 * LINE_BYTES);
        buf_text(&text, rows[i].before);
        for (size_t byte = 0; byte < 3 * LINE_BYTES; byte++)
            buf_byte(&text, 'x');
        buf_text(&text, rows[i].behind);
        read_text(&told, buf_bytes(&text), rows[i].asked, &form);
        if (strncmp(buf_string(&told.text), rows[i].expected, strlen(rows[i].expected)) != 0)
            assert_string_equal(buf_string(&told.text), rows[i].expected);
        buf_dispose(&told.text);
        buf_dispose(&text);
    }
}

static void commands_for_files_and_pipes(void **state)
{
    static const struct {
        const char *command, *path, *unpacker, *expected;
    } rows[] = {
        {"awk x %s", "a b", "", "\n  awk x 'a b' >names.txt"},
        {"awk x %s", "-x'\ny", "", "\n  awk x '-x'\\''?y' >names.txt"},
        {"awk x %s", "a.gz", "zcat", "\n  zcat a.gz | awk x >names.txt"},
        {"tr x <%s", "a.gz", "zstdcat", "\n  zstdcat a.gz | tr x >names.txt"},
        {"awk x %s", "-", "", "\n  awk x >names.txt"},
        {"tr x <%s", "-", "zcat", "\n  tr x >names.txt"},
        {"unzip -p %f x", "a.zip", "", "\n  unzip -p a.zip x >names.txt"},
        {"unzip -p %f", "-", "", "\n  unzip -p FILE >names.txt"},
        {"tar -xOf %f", "a.tgz", "zcat", "\n  tar -xOf a.tgz >names.txt"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct refused refused;
        struct buf why;
        buf_init(&why, 4096);
        refused_say(&refused, rows[i].command, "no\nlist\xc2\x9b");
        assert_string_equal(refused.text, "no?list??");
        refused_write(&refused, rows[i].path, rows[i].unpacker, &why);
        const char *found = strstr(buf_string(&why), "\n  ");
        assert_non_null(found);
        assert_string_equal(found, rows[i].expected);
        buf_dispose(&why);
    }
}

/* A resume reads by the form that meta.json has, whatever the first lines look like now. */
static void the_form_that_is_given(void **state)
{
    static const struct {
        struct input_form form;
        const char *text, *expected;
    } rows[] = {
        {{.format = INPUT_PLAIN}, "domain\na.example,x\n", "1 domain 0 -\n2! input.bad-name 2 a.example,x\n"},
        {{.format = INPUT_PLAIN, .skip = 1},
         "a.example\n\nb.example\n",
         "1 b.example 0 -\nlist: a name a line"},
        {{.format = INPUT_NAMES}, "name\na.example b.example\n", "2 a.example 0 -\n3 b.example 0 -\n"},
        {{.format = INPUT_CSV, .separator = ';', .skip = 2, .columns = {1, -1, 0}},
         "sep=,\n\"a\nb\"\nx;a.example\n{}\n",
         "1 a.example 0 x\n2! input.bad-name 5 {}\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct told told;
        struct input_form form = rows[i].form;
        read_text(&told, bytes_of(rows[i].text), &(struct input_asked){.columns = ""}, &form);
        if (strstr(buf_string(&told.text), rows[i].expected) == NULL)
            fail_msg("row %zu:\n%s", i, buf_string(&told.text));
        assert_memory_equal(&form.columns, &rows[i].form.columns, sizeof form.columns);
        buf_dispose(&told.text);
    }
}

static void columns_are_parsed(void **state)
{
    static const char *const bad[] = {"",         "domain,domain", "rank",    "-",
                                      "domain,x", "domain,",       ",domain", "Domain"};
    struct input_columns columns;
    (void)state;
    assert_true(input_columns_parse("rank,domain,-,label", &columns));
    assert_true(columns.rank == 0 && columns.domain == 1 && columns.label == 3);
    assert_true(input_columns_parse("domain", &columns));
    assert_true(columns.rank == -1 && columns.domain == 0 && columns.label == -1);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(input_columns_parse(bad[i], NULL));
    char many[2 * INPUT_COLUMNS + 8] = "";
    for (int i = 0; i < INPUT_COLUMNS; i++)
        (void)strcat(many, i == 0 ? "domain" : ",-");
    assert_true(input_columns_parse(many, NULL));
    (void)strcat(many, ",-");
    assert_false(input_columns_parse(many, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_on_a_line),
        cmocka_unit_test(headers),
        cmocka_unit_test(rank_lists),
        cmocka_unit_test(json_lines),
        cmocka_unit_test(separators),
        cmocka_unit_test(quotes_over_lines),
        cmocka_unit_test(what_could_be_two_things),
        cmocka_unit_test(what_the_operator_says),
        cmocka_unit_test(lenient_lists),
        cmocka_unit_test(what_is_no_list),
        cmocka_unit_test(zone_files),
        cmocka_unit_test(long_lines_of_zone_files),
        cmocka_unit_test(commands_for_files_and_pipes),
        cmocka_unit_test(the_form_that_is_given),
        cmocka_unit_test(columns_are_parsed),
    };
    return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
