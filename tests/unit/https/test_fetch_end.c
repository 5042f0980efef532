/* An HTTP answer line by line, and how the end of a transfer becomes facts; no network. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/facts/record_kept.h"
#include "scanner/https/fetch_end.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OK_LINE      "HTTP/1.1 200 OK\r\n"

enum { BODY_MAX = 16, LINES_MOST = 5, NO_ALERT = -1, ALERT = SSL3_AD_HANDSHAKE_FAILURE };

/* What becomes of header lines; `framed`: the body has a length or is chunked, and how can be read. */
static const struct {
    const char *name;
    const char *lines[LINES_MOST];
    int status;
    bool ended, framed;
    const char *location;
} answers[] = {
    {"POL-1 a whole one", {OK_LINE, "Content-Length: 3\r\n", "\r\n"}, 200, true, true, NULL},
    {"POL-1 in chunks", {OK_LINE, "Transfer-Encoding: CHUNKED\r\n", "\r\n"}, 200, true, true, NULL},
    {"POL-1 in chunks, and twice",
     {OK_LINE, "Transfer-Encoding: identity,, chunked , chunked\r\n", "\r\n"},
     200,
     true,
     true,
     NULL},
    {"POL-1 no coding", {OK_LINE, "Transfer-Encoding: identity\r\n", "\r\n"}, 200, true, false, NULL},
    {"POL-1 a coding that nobody asked for",
     {OK_LINE, "Transfer-Encoding: gzip, CHUNKED\r\n", "\r\n"},
     200,
     true,
     false,
     NULL},
    {"POL-1 chunked not last", {OK_LINE, "Transfer-Encoding: chunked, gzip\r\n"}, 200, false, false, NULL},
    {"POL-1 a coding that begins so",
     {OK_LINE, "Transfer-Encoding: chunkedx\r\n", "\r\n"},
     200,
     true,
     false,
     NULL},
    {"POL-1 a coding of three letters", {OK_LINE, "Transfer-Encoding: abc\r\n"}, 200, false, false, NULL},
    {"POL-1 a length stays told",
     {OK_LINE, "Content-Length: 3\r\n", "Transfer-Encoding: identity\r\n"},
     200,
     false,
     true,
     NULL},
    {"POL-1 the first target counts",
     {"HTTP/1.0 301 x\r\n", "location:\t a \r\n", "Location: b\r\n"},
     301,
     false,
     false,
     "a"},
    {"POL-1 an empty target is none",
     {"HTTP/1.1 302 x\r\n", "Location: \r\n", "Location: b\r\n"},
     302,
     false,
     false,
     "b"},
    {"POL-1 an interim answer is forgotten",
     {"HTTP/1.1 103 x\r\n", "Location: a\r\n", "\r\n"},
     0,
     false,
     false,
     NULL},
    {"POL-1 switching protocols is an end", {"HTTP/1.1 101 x\r\n", "\r\n"}, 101, true, false, NULL},
    {"POL-1 trailers change nothing",
     {OK_LINE, "\r\n", "Content-Length: 1\r\n", "Location: a\r\n"},
     200,
     true,
     false,
     NULL},
    {"POL-1 no status line", {"SMTP 200\r\n"}, 0, false, false, NULL},
    {"POL-1 a short line", {"HTT"}, 0, false, false, NULL},
    {"POL-1 no status", {"HTTP/1.1\r\n"}, 0, false, false, NULL},
    {"POL-1 two digits", {"HTTP/1.1 20\r\n"}, 0, false, false, NULL},
    {"POL-1 a letter first", {"HTTP/1.1 x00\r\n"}, 0, false, false, NULL},
    {"POL-1 a letter among the digits", {"HTTP/1.1 2x0\r\n"}, 0, false, false, NULL},
    {"POL-1 a sign below the digits", {"HTTP/1.1 20-\r\n"}, 0, false, false, NULL},
    {"POL-1 four digits", {"HTTP/1.1 2000\r\n"}, 0, false, false, NULL},
    {"POL-1 letters behind the digits", {"HTTP/1.1 200OK\r\n"}, 0, false, false, NULL},
    {"POL-1 bytes behind the digits", {"HTTP/1.1 200\x99 OK\r\n"}, 0, false, false, NULL},
    {"POL-1 a tab behind the digits", {"HTTP/1.1 200\tOK\r\n"}, 200, false, false, NULL},
    {"POL-1 LF behind the digits", {"HTTP/1.1 200\n"}, 200, false, false, NULL},
    {"POL-1 below 100", {"HTTP/1.1 099 x\r\n"}, 0, false, false, NULL},
    {"POL-1 two blanks", {"HTTP/1.1  200 OK\r\n"}, 200, false, false, NULL},
    {"POL-1 a tab", {"HTTP/1.1\t200 OK\r\n"}, 200, false, false, NULL},
    {"POL-1 a tab and a blank", {"HTTP/1.1\t 404\r\n"}, 404, false, false, NULL},
    {"POL-1 no blank", {"HTTP/1.1200 OK\r\n"}, 0, false, false, NULL},
    {"POL-1 another blank", {"HTTP/1.1\v200 OK\r\n"}, 0, false, false, NULL},
    {"POL-1 blanks alone", {"HTTP/1.1   \r\n"}, 0, false, false, NULL},
    {"POL-1 blanks and two digits", {"HTTP/1.1   20\r\n"}, 0, false, false, NULL},
    {"POL-1 blanks and four digits", {"HTTP/1.1  2000\r\n"}, 0, false, false, NULL},
    {"POL-1 another version", {"HTTP/1.2 200 OK\r\n"}, 200, false, false, NULL},
    {"POL-1 the last version", {"HTTP/1.9 200\r\n"}, 200, false, false, NULL},
    {"POL-1 a version of two digits", {"HTTP/1.10 200\r\n"}, 0, false, false, NULL},
    {"POL-1 a version with a letter", {"HTTP/1.x 200\r\n"}, 0, false, false, NULL},
    {"POL-1 half a version", {"HTTP/1 200 OK\r\n"}, 0, false, false, NULL},
    {"POL-1 an earlier version", {"HTTP/0.9 200 OK\r\n"}, 0, false, false, NULL},
    {"POL-1 a version that is not asked for", {"HTTP/2 200\r\n"}, 0, false, false, NULL},
    {"POL-1 small letters", {"http/1.1 200 OK\r\n"}, 0, false, false, NULL},
    {"POL-1 the least digits", {"HTTP/1.1 200\r\n"}, 200, false, false, NULL},
    {"POL-1 a colon above the digits", {"HTTP/1.1 20:\r\n"}, 0, false, false, NULL},
    {"POL-1 zeros and nines", {"HTTP/1.1 409 x\r\n"}, 409, false, false, NULL},
    {"POL-1 the bare name", {"HTTP/\r\n"}, 0, false, false, NULL},
    {"POL-1 the field's name alone", {OK_LINE, "Content-Length\r\n"}, 200, false, false, NULL},
    {"POL-1 chunked and no more", {OK_LINE, "Transfer-Encoding: chunked\r\n"}, 200, false, true, NULL},
    {"POL-1 chunked, then another coding",
     {OK_LINE, "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: x\r\n"},
     200,
     false,
     false,
     NULL},
    {"POL-1 a line's end alone", {OK_LINE, "\n"}, 200, true, false, NULL},
    {"POL-1 blanks do not end headers", {OK_LINE, "X: y\r\n", " \t\r\n"}, 200, false, false, NULL},
    {"POL-1 a blank does not end headers", {OK_LINE, "X: y\r\n", " \n"}, 200, false, false, NULL},
    {"POL-1 two CR do not end headers", {OK_LINE, "\r\r\n"}, 200, false, false, NULL},
    {"POL-9 a length behind blanks counts",
     {OK_LINE, "X: y\r\n", "\t\r\n", "Content-Length: 3\r\n", "\r\n"},
     200,
     true,
     true,
     NULL},
    {"POL-1 a coding that is folded",
     {OK_LINE, "Transfer-Encoding:\r\n", " chunked\r\n", "\r\n"},
     200,
     true,
     false,
     NULL},
    {"POL-1 a coding with more behind it",
     {OK_LINE, "Transfer-Encoding: chunked\r\n", "\t, gzip\r\n", "\r\n"},
     200,
     true,
     false,
     NULL},
    {"POL-1 a coding with blanks behind it",
     {OK_LINE, "Transfer-Encoding: chunked\r\n", " \r\n", "\r\n"},
     200,
     true,
     true,
     NULL},
    {"POL-1 a folded line frames nothing",
     {OK_LINE, "X: y\r\n", " Transfer-Encoding: chunked\r\n", "\tContent-Length: 3\r\n", "\r\n"},
     200,
     true,
     false,
     NULL},
    {"POL-1 a folded target",
     {"HTTP/1.1 301 x\r\n", "Location:\r\n", " a\r\n", "Location: b\r\n"},
     301,
     false,
     false,
     "a"},
    {"POL-1 a target in two lines",
     {"HTTP/1.1 301 x\r\n", "Location: a\r\n", "  b \r\n"},
     301,
     false,
     false,
     "a b"},
    {"POL-1 a fold behind the second target",
     {"HTTP/1.1 301 x\r\n", "Location: a\r\n", "Location: b\r\n", " c\r\n"},
     301,
     false,
     false,
     "a"},
    {"POL-1 a fold behind another field",
     {"HTTP/1.1 301 x\r\n", "Location: a\r\n", "X: b\r\n", " c\r\n"},
     301,
     false,
     false,
     "a"},
    {"POL-1 199 is no answer yet",
     {"HTTP/1.1 199 x\r\n", "Content-Length: 3\r\n", "\r\n"},
     0,
     false,
     false,
     NULL},
    {"POL-1 an answer behind an interim one",
     {"HTTP/1.1 100 x\r\n", "\r\n", OK_LINE, "\r\n"},
     200,
     true,
     false,
     NULL},
    {"POL-1 a field that only begins so", {OK_LINE, "Content-Lengthy: 3\r\n"}, 200, false, false, NULL},
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct arena arena;
        struct fetch_answer answer;
        arena_init(&arena, 1 << 16);
        fetch_answer_init(&answer, BODY_MAX, &arena);
        for (size_t j = 0; j < LINES_MOST && answers[i].lines[j] != NULL; j++)
            (void)fetch_answer_header(&answer, bytes_of(answers[i].lines[j]));
        bool as_told =
            answer.status == answers[i].status && answer.headers_ended == answers[i].ended &&
            (fetch_answer_is_framed(&answer) && !fetch_answer_is_misframed(&answer)) == answers[i].framed &&
            bytes_equal(buf_bytes(&answer.location),
                        answers[i].location == NULL ? bytes_make(NULL, 0) : bytes_of(answers[i].location));
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
        if (!as_told)
            fail_msg("%s", answers[i].name);
    }
}

/* POL-9: what fits is kept, and no more is read. */
static void test_body_ceiling(void **state)
{
    (void)state;
    struct arena arena;
    struct fetch_answer answer;
    arena_init(&arena, 1 << 16);
    fetch_answer_init(&answer, BODY_MAX, &arena);
    assert_true(fetch_answer_header(&answer, bytes_of(OK_LINE)));
    assert_true(fetch_answer_header(&answer, bytes_of("\r\n")));
    assert_true(fetch_answer_body(&answer, bytes_of("0123456789")));
    assert_true(fetch_answer_body(&answer, bytes_of("012345")));
    assert_false(answer.too_large);
    assert_false(fetch_answer_body(&answer, bytes_of("6")));
    assert_true(answer.too_large);
    assert_int_equal(answer.body.len, BODY_MAX);
    fetch_answer_dispose(&answer);
    arena_dispose(&arena);
}

/* RFC 9112 section 6.3: equal lengths are one, and any others leave it open where the body ends. */
static void test_lengths(void **state)
{
    static const struct {
        const char *first, *second;
        bool bad;
    } rows[] = {
        {"Content-Length: 3\r\n", NULL, false},
        {"Content-Length: 3\r\n", "content-length:3\r\n", false},
        {"Content-Length: 3, 3\r\n", NULL, false},
        {"Content-Length: 3,03\r\n", "Content-Length: 3\r\n", false},
        {"Content-Length: 3\r\n", "Content-Length: 4\r\n", true},
        {"Content-Length: 3, 4\r\n", NULL, true},
        {"Content-Length: 3,\r\n", NULL, true},
        {"Content-Length: ,\r\n", NULL, true},
        {"Content-Length:\r\n", NULL, true},
        {"Content-Length: -3\r\n", NULL, true},
        {"Content-Length: +3\r\n", NULL, true},
        {"Content-Length: 0x3\r\n", NULL, true},
        {"Content-Length: 3 3\r\n", NULL, true},
        {"Content-Length: 3.0\r\n", NULL, true},
        {"Content-Length: 9999999999999999999\r\n", NULL, false},
        {"Content-Length: 10000000000000000000\r\n", NULL, true},
        {"Content-Length: 00000000000000000003\r\n", "Content-Length: 3\r\n", false},
        {"Content-Length: 000000000000000000000000000000\r\n", "Content-Length: 3\r\n", true},
        {"Content-Length: 09999999999999999999\r\n", NULL, false},
        {"Content-Length: 010000000000000000000\r\n", NULL, true},
        {"Content-Length: 3\r\n", " 4\r\n", true},
        {"Content-Length:\r\n", " 3\r\n", true},
        {"Content-Length: 3\r\n", "\t3\r\n", true},
        {"Content-Length: 3\r\n", " \t\r\n", false},
        {"Content-Length: 3, 4\r\n", "Transfer-Encoding: chunked\r\n", false},
        {"Transfer-Encoding: chunked\r\n", "Content-Length: x\r\n", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct fetch_answer answer;
        arena_init(&arena, 1 << 16);
        fetch_answer_init(&answer, BODY_MAX, &arena);
        (void)fetch_answer_header(&answer, bytes_of(OK_LINE));
        (void)fetch_answer_header(&answer, bytes_of(rows[i].first));
        if (rows[i].second != NULL)
            (void)fetch_answer_header(&answer, bytes_of(rows[i].second));
        bool more = fetch_answer_header(&answer, bytes_of("\r\n"));
        if (fetch_answer_has_no_length(&answer) != rows[i].bad || more == rows[i].bad)
            fail_msg("row %zu: %s", i, rows[i].first);
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
    }
}

/* RFC 9113 section 4.1: what a server that speaks HTTP/2 alone says first, and what only looks like it. */
static void test_frames(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool is_frame;
    } rows[] = {
        {"\0\0\0\4\0\0\0\0\0", 9, true},
        {"\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64", 15, true},
        {"\0\0\x12\4\0\0\0\0\0", 9, true},
        {"\0\0\0\4\1\0\0\0\0", 9, true},
        {"\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\1", 17, true},
        {"\0\0\0\4\0\0\0\0", 8, false},
        {"\0\0\5\4\0\0\0\0\0", 9, false},
        {"\0\0\0\4\0\0\0\0\1", 9, false},
        {"\0\0\7\7\0\0\0\0\0", 9, false},
        {"\0\0\0\1\0\0\0\0\0", 9, false},
        {"version: STSv1", 14, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct fetch_answer answer;
        arena_init(&arena, 1 << 16);
        fetch_answer_init(&answer, BODY_MAX, &arena);
        assert_false(fetch_answer_body(&answer, bytes_make(rows[i].bytes, rows[i].len)));
        if (answer.http2 != rows[i].is_frame)
            fail_msg("row %zu", i);
        assert_int_equal(answer.body.len, 0);
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
    }
}

/* Header lines that a stranger makes as many and as long as they may be: what is kept has its ceiling, and a
 * list of codings that is cut is not taken for a shorter one. */
static void test_fields_are_bounded(void **state)
{
    (void)state;
    struct arena arena;
    struct fetch_answer answer;
    arena_init(&arena, 1 << 20);
    fetch_answer_init(&answer, BODY_MAX, &arena);
    (void)fetch_answer_header(&answer, bytes_of("HTTP/1.1 403 x\r\n"));
    for (int i = 0; i < 100; i++) {
        assert_true(fetch_answer_header(&answer, bytes_of("Server: \1\2\3\4\r\n")));
        assert_true(fetch_answer_header(&answer, bytes_of("Content-Encoding: gzip\r\n")));
    }
    assert_true(fetch_answer_header(&answer, bytes_of("\r\n")));
    assert_in_range(answer.signs.len, POLICY_SIGNS_BYTES / 2, POLICY_SIGNS_BYTES);
    assert_in_range(answer.coding.len, POLICY_CODING_BYTES / 2, POLICY_CODING_BYTES);
    assert_true(answer.coding_cut);
    fetch_answer_dispose(&answer);
    arena_dispose(&arena);
}

/* As many interim answers as fit, each with lines that are kept: the arena has only what is concluded. */
static void test_interim_answers_take_no_memory(void **state)
{
    enum { ARENA_BYTES = 16 << 10, ROUNDS = 102, LINES = 38 };
    (void)state;
    struct arena arena;
    struct fetch_answer answer;
    struct fetch_facts facts = {.tls.alert = NO_ALERT};
    struct fetch_tls tls = {.facts = &facts.tls, .started = true, .done = true, .late_alert = NO_ALERT};
    struct fetch_end end = {.cause = CAUSE_TRANSFER, .result = CURLE_WRITE_ERROR, .url = ""};
    arena_init(&arena, ARENA_BYTES);
    fetch_answer_init(&answer, BODY_MAX, &arena);
    for (int i = 0; i < ROUNDS; i++) {
        assert_true(fetch_answer_header(&answer, bytes_of("HTTP/1.1 103 x\r\n")));
        for (int j = 0; j < LINES; j++)
            assert_true(fetch_answer_header(
                &answer, bytes_of(j % 2 == 0 ? "Server:abcdefg\r\n" : "Content-Type:x\r\n")));
        assert_true(fetch_answer_header(&answer, bytes_of("\r\n")));
    }
    assert_int_equal(arena.held_bytes, 0);
    assert_int_equal(answer.signs.len + answer.media_type.len, 0);
    assert_true(fetch_answer_header(&answer, bytes_of("HTTP/1.1 403 x\r\n")));
    assert_true(fetch_answer_header(&answer, bytes_of("Server: last\r\n")));
    assert_true(fetch_answer_header(&answer, bytes_of("\r\n")));
    fetch_conclude(&end, &tls, &answer, &facts);
    assert_string_equal(facts.signs, "Server: last");
    assert_null(facts.media_type);
    fetch_answer_dispose(&answer);
    arena_dispose(&arena);
}

/* RFC 9112 section 5.2: what a fold adds to a field that frames no body. */
static void test_folds(void **state)
{
    static const struct {
        const char *lines[LINES_MOST];
        const char *media_type, *coding, *signs;
    } rows[] = {
        {{"Content-Type: text/plain;\r\n", " charset=utf-8\r\n"}, "text/plain; charset=utf-8", "", ""},
        {{"Content-Type: a/b\r\n", "Content-Type:\r\n", "\ttext/plain\r\n"}, "text/plain", "", ""},
        {{"Content-Type: a/b\r\n", "X: y\r\n", " c\r\n"}, "a/b", "", ""},
        {{"Content-Encoding:\r\n", " gzip\r\n"}, "", "gzip", ""},
        {{"Content-Encoding: gzip,\r\n", "\tbr\r\n", "Content-Encoding: br\r\n"}, "", "gzip, br, br", ""},
        {{"Server:\r\n", " \r\n", " cloudflare\r\n", "X-Iinfo: 1\r\n"},
         "",
         "",
         "Server: cloudflare; X-Iinfo: 1"},
        {{"X: y\r\n", " Server: cloudflare\r\n"}, "", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct fetch_answer answer;
        arena_init(&arena, 1 << 16);
        fetch_answer_init(&answer, BODY_MAX, &arena);
        assert_true(fetch_answer_header(&answer, bytes_of("HTTP/1.1 403 x\r\n")));
        for (size_t j = 0; j < LINES_MOST && rows[i].lines[j] != NULL; j++)
            assert_true(fetch_answer_header(&answer, bytes_of(rows[i].lines[j])));
        if (!bytes_equal(buf_bytes(&answer.media_type), bytes_of(rows[i].media_type)) ||
            !bytes_equal(buf_bytes(&answer.coding), bytes_of(rows[i].coding)) ||
            !bytes_equal(buf_bytes(&answer.signs), bytes_of(rows[i].signs)))
            fail_msg("row %zu: \"%s\", \"%s\", \"%s\"", i, buf_string(&answer.media_type),
                     buf_string(&answer.coding), buf_string(&answer.signs));
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
    }
}

/* A fold behind a sign that is not kept is not another sign's. */
static void test_fold_behind_a_long_sign(void **state)
{
    (void)state;
    char line[POLICY_SIGNS_BYTES + 16];
    struct arena arena;
    struct fetch_answer answer;
    arena_init(&arena, 1 << 16);
    fetch_answer_init(&answer, BODY_MAX, &arena);
    memset(line, 's', sizeof line);
    memcpy(line, "Server: ", 8);
    assert_true(fetch_answer_header(&answer, bytes_of("HTTP/1.1 403 x\r\n")));
    assert_true(fetch_answer_header(&answer, bytes_of("X-Iinfo: 1\r\n")));
    assert_true(fetch_answer_header(&answer, bytes_make(line, sizeof line)));
    assert_true(fetch_answer_header(&answer, bytes_of(" 2\r\n")));
    assert_true(fetch_answer_header(&answer, bytes_of("X-DD-B: 1\r\n")));
    assert_string_equal(buf_string(&answer.signs), "X-Iinfo: 1; X-DD-B: 1");
    fetch_answer_dispose(&answer);
    arena_dispose(&arena);
}

/* A fold with no field before it: clients disagree, and libcurl 7 refuses the answer. */
static void test_fold_without_a_field(void **state)
{
    static const char *const folds[] = {" Content-Length: 3\r\n", "\t\r\n", " X: y\r\n"};
    (void)state;
    for (size_t i = 0; i < COUNT(folds); i++) {
        struct arena arena;
        struct fetch_answer answer;
        arena_init(&arena, 1 << 16);
        fetch_answer_init(&answer, BODY_MAX, &arena);
        assert_true(fetch_answer_header(&answer, bytes_of(OK_LINE)));
        assert_false(fetch_answer_header(&answer, bytes_of(folds[i])));
        assert_true(answer.not_http && answer.status == 200 && !answer.headers_ended);
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
    }
}

/* Of a long body so much is kept as is judged, whole characters, and how long it was. */
static void test_body_is_cut_between_characters(void **state)
{
    (void)state;
    enum { LONG = POLICY_BYTES_JUDGED + 100 };
    static char body[LONG];
    for (size_t shift = 0; shift < 4; shift++) {
        struct arena arena;
        struct fetch_answer answer;
        struct fetch_facts facts = {.tls.alert = NO_ALERT};
        struct fetch_tls tls = {.facts = &facts.tls, .started = true, .done = true, .close_notify = true};
        struct fetch_end end = {.cause = CAUSE_TRANSFER, .url = "https://mta-sts.example/"};
        memset(body, 'a', LONG);
        memcpy(body + POLICY_BYTES_JUDGED - shift, "\xF0\x9F\x98\x80", 4);
        arena_init(&arena, 1 << 20);
        fetch_answer_init(&answer, 1 << 20, &arena);
        assert_true(fetch_answer_header(&answer, bytes_of(OK_LINE)));
        assert_true(fetch_answer_header(&answer, bytes_of("\r\n")));
        assert_true(fetch_answer_body(&answer, bytes_make(body, LONG)));
        fetch_conclude(&end, &tls, &answer, &facts);
        assert_int_equal(facts.step, FETCH_DONE);
        assert_false(facts.too_large);
        assert_int_equal(facts.body.len, POLICY_BYTES_JUDGED - shift);
        assert_int_equal(facts.body_bytes, LONG);
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
    }
}

/* A body for which there is no memory is one that was cut here, and never an answer without one. */
static void test_body_without_room(void **state)
{
    (void)state;
    struct arena arena;
    struct fetch_answer answer;
    struct fetch_facts facts = {.tls.alert = NO_ALERT};
    struct fetch_tls tls = {.facts = &facts.tls, .started = true, .done = true, .close_notify = true};
    struct fetch_end end = {.cause = CAUSE_TRANSFER, .url = "https://mta-sts.example/"};
    arena_init(&arena, 16);
    fetch_answer_init(&answer, 1 << 20, &arena);
    assert_true(fetch_answer_header(&answer, bytes_of(OK_LINE)));
    assert_true(fetch_answer_header(&answer, bytes_of("\r\n")));
    assert_true(fetch_answer_body(&answer, bytes_of("version: STSv1\r\nmode: none\r\n")));
    fetch_conclude(&end, &tls, &answer, &facts);
    assert_true(facts.too_large && facts.step == FETCH_BODY && facts.net == NET_OK);
    assert_int_equal(facts.body.len, 0);
    fetch_answer_dispose(&answer);
    arena_dispose(&arena);
}

/* What stands where nothing is told: of a handshake that is not done, of no answer. */
struct end_case {
    const char *name;
    enum fetch_cause cause;
    CURLcode result;
    int sys_errno;
    bool started, done;
    enum tls_end tls;
    size_t wire_bytes;
    bool headers; /* a 200 whose headers have ended */
    bool close_notify;
    const char *framed; /* the header line that frames its body, or NULL */
    const char *fold;   /* header lines behind that one, or NULL */
    const char *body;   /* what of it came, or NULL */
    int late_alert;
    /* what comes of it */
    enum fetch_step step;
    enum net_error net;
    enum tls_end tls_after;
    bool deadline, truncated, protocol, flooded, too_large, bad_length;
};

#define CONNECTING  .late_alert = NO_ALERT
#define SHAKING     .started = true, .late_alert = NO_ALERT
#define SPEAKING    .started = true, .done = true, .tls = TLS_DONE, .tls_after = TLS_DONE
#define CHUNKED     .framed = "Transfer-Encoding: chunked\r\n"
#define COUNTED     .framed = "Content-Length: 3\r\n"
#define FAILED_WITH .cause = CAUSE_TRANSFER, .result = CURLE_COULDNT_CONNECT, .sys_errno

static const struct end_case ends[] = {
    {"refused", FAILED_WITH = ECONNREFUSED, CONNECTING, .step = FETCH_CONNECT, .net = NET_REFUSED},
    {"timed out there", FAILED_WITH = ETIMEDOUT, CONNECTING, .step = FETCH_CONNECT, .net = NET_TIMEOUT},
    {"reset", FAILED_WITH = ECONNRESET, CONNECTING, .step = FETCH_CONNECT, .net = NET_RESET},
    {"broken pipe", FAILED_WITH = EPIPE, CONNECTING, .step = FETCH_CONNECT, .net = NET_RESET},
    {"aborted", FAILED_WITH = ECONNABORTED, CONNECTING, .step = FETCH_CONNECT, .net = NET_RESET},
    {"no route to the net", FAILED_WITH = ENETUNREACH, CONNECTING, .step = FETCH_CONNECT,
     .net = NET_UNREACHABLE},
    {"no route to the host", FAILED_WITH = EHOSTUNREACH, CONNECTING, .step = FETCH_CONNECT,
     .net = NET_UNREACHABLE},
    {"net down", FAILED_WITH = ENETDOWN, CONNECTING, .step = FETCH_CONNECT, .net = NET_UNREACHABLE},
    {"host down", FAILED_WITH = EHOSTDOWN, CONNECTING, .step = FETCH_CONNECT, .net = NET_UNREACHABLE},
    {"not let out", FAILED_WITH = EACCES, CONNECTING, .step = FETCH_CONNECT, .net = NET_UNREACHABLE},
    {"something else", FAILED_WITH = EPROTO, CONNECTING, .step = FETCH_CONNECT, .net = NET_OTHER},
    {"no descriptor of ours", FAILED_WITH = EMFILE, CONNECTING, .step = FETCH_CONNECT, .net = NET_RESOURCES},
    {"no buffer of ours", FAILED_WITH = ENOBUFS, CONNECTING, .step = FETCH_CONNECT, .net = NET_RESOURCES},
    {"our deadline", .cause = CAUSE_TIMEOUT, CONNECTING, .step = FETCH_CONNECT, .net = NET_TIMEOUT},
    {"libcurl's deadline", .cause = CAUSE_TRANSFER, .result = CURLE_OPERATION_TIMEDOUT, CONNECTING,
     .step = FETCH_CONNECT, .net = NET_TIMEOUT},
    {"not started", .cause = CAUSE_UNSTARTED, CONNECTING, .step = FETCH_CONNECT, .net = NET_OTHER},
    {"POL-9 our deadline in the handshake", .cause = CAUSE_TIMEOUT, SHAKING, .step = FETCH_TLS,
     .tls_after = TLS_TIMEOUT, .deadline = true},
    {"the handshake is a flood", .cause = CAUSE_FLOOD, .result = CURLE_SSL_CONNECT_ERROR, SHAKING,
     .step = FETCH_TLS, .tls_after = TLS_FLOODED},
    {"lost in the handshake", FAILED_WITH = 0, SHAKING, .step = FETCH_TLS, .net = NET_RESET,
     .tls_after = TLS_CLOSED},
    {"timed out in the handshake", FAILED_WITH = ETIMEDOUT, SHAKING, .step = FETCH_TLS, .net = NET_TIMEOUT,
     .tls_after = TLS_TIMEOUT},
    {"closed in the handshake", FAILED_WITH = 0, SHAKING, .tls = TLS_CLOSED, .step = FETCH_TLS,
     .net = NET_RESET, .tls_after = TLS_CLOSED},
    {"POL-3 a handshake that fails", FAILED_WITH = 0, SHAKING, .tls = TLS_FAILED, .step = FETCH_TLS,
     .tls_after = TLS_FAILED},
    {"POL-3 a no after our side is done", .cause = CAUSE_TRANSFER, .result = CURLE_RECV_ERROR,
     .started = true, .done = true, .tls = TLS_DONE, .late_alert = ALERT, .step = FETCH_TLS,
     .tls_after = TLS_FAILED},
    {"POL-9 our deadline in the answer", .cause = CAUSE_TIMEOUT, SPEAKING, .late_alert = NO_ALERT,
     .step = FETCH_HEADERS, .deadline = true},
    {"a flood for an answer", .cause = CAUSE_FLOOD, .result = CURLE_RECV_ERROR, SPEAKING,
     .late_alert = NO_ALERT, .step = FETCH_HEADERS, .flooded = true},
    {"POL-9 nothing came", .cause = CAUSE_TRANSFER, .result = CURLE_GOT_NOTHING, SPEAKING,
     .late_alert = NO_ALERT, .step = FETCH_HEADERS, .truncated = true},
    {"POL-9 reset inside the body", .cause = CAUSE_TRANSFER, .result = CURLE_RECV_ERROR,
     .sys_errno = ECONNRESET, SPEAKING, .late_alert = NO_ALERT, .headers = true, .step = FETCH_BODY,
     .net = NET_RESET, .truncated = true},
    {"reset before the answer", .cause = CAUSE_TRANSFER, .result = CURLE_RECV_ERROR, .sys_errno = ECONNRESET,
     SPEAKING, .late_alert = NO_ALERT, .step = FETCH_HEADERS, .net = NET_RESET},
    {"POL-1 bad chunks", .cause = CAUSE_TRANSFER, .result = CURLE_WRITE_ERROR, SPEAKING,
     .late_alert = NO_ALERT, .headers = true, CHUNKED, .body = "3\r\nabc!", .step = FETCH_BODY,
     .protocol = true},
    {"POL-1 bad chunks, and then a reset", .cause = CAUSE_TRANSFER, .result = CURLE_RECV_ERROR,
     .sys_errno = ECONNRESET, SPEAKING, .late_alert = NO_ALERT, .headers = true, CHUNKED, .body = "x",
     .step = FETCH_BODY, .protocol = true},
    {"POL-1 a coding that nobody asked for", .cause = CAUSE_TRANSFER, .result = CURLE_WRITE_ERROR, SPEAKING,
     .late_alert = NO_ALERT, .headers = true, .framed = "Transfer-Encoding: gzip\r\n", .step = FETCH_BODY,
     .protocol = true},
    {"POL-1 a folded length", .cause = CAUSE_TRANSFER, .result = CURLE_OK, SPEAKING, .late_alert = NO_ALERT,
     .headers = true, .framed = "Content-Length: 3\r\n", .fold = " 4\r\n", .body = "abc", .step = FETCH_BODY,
     .bad_length = true},
    {"POL-1 a folded coding", .cause = CAUSE_TRANSFER, .result = CURLE_OK, SPEAKING, .late_alert = NO_ALERT,
     .headers = true, .framed = "Transfer-Encoding:\r\n", .fold = " chunked\r\n", .body = "0\r\n\r\n",
     .step = FETCH_BODY, .protocol = true},
    {"POL-9 shorter than it says behind a line of blanks", .cause = CAUSE_TRANSFER, .result = CURLE_OK,
     SPEAKING, .late_alert = NO_ALERT, .close_notify = true, .headers = true, .framed = "X: y\r\n",
     .fold = " \r\nContent-Length: 3\r\n", .body = "ab", .step = FETCH_BODY, .truncated = true},
    {"POL-1 all chunks", .cause = CAUSE_TRANSFER, .result = CURLE_WRITE_ERROR, SPEAKING,
     .late_alert = NO_ALERT, .headers = true, CHUNKED, .body = "3\r\nabc\r\n0\r\n", .step = FETCH_DONE},
    {"POL-9 chunks without an end", .cause = CAUSE_TRANSFER, .result = CURLE_OK, SPEAKING,
     .late_alert = NO_ALERT, .headers = true, CHUNKED, .body = "3\r\nabc\r\n", .step = FETCH_BODY,
     .truncated = true},
    {"POL-9 chunks without an end, as libcurl says it", .cause = CAUSE_TRANSFER, .result = CURLE_PARTIAL_FILE,
     SPEAKING, .late_alert = NO_ALERT, .headers = true, CHUNKED, .body = "3\r\nab", .step = FETCH_BODY,
     .truncated = true},
    {"POL-1 as long as it says", .cause = CAUSE_TRANSFER, .result = CURLE_WRITE_ERROR, SPEAKING,
     .late_alert = NO_ALERT, .headers = true, COUNTED, .body = "abc", .step = FETCH_DONE},
    {"POL-1 longer than it says", .cause = CAUSE_TRANSFER, .result = CURLE_WRITE_ERROR, SPEAKING,
     .late_alert = NO_ALERT, .headers = true, COUNTED, .body = "abcd", .step = FETCH_DONE},
    {"POL-1 all of it, and then a reset", .cause = CAUSE_TRANSFER, .result = CURLE_RECV_ERROR,
     .sys_errno = ECONNRESET, SPEAKING, .late_alert = NO_ALERT, .headers = true, COUNTED, .body = "abc",
     .step = FETCH_DONE},
    {"POL-9 shorter than it says", .cause = CAUSE_TRANSFER, .result = CURLE_OK, SPEAKING,
     .late_alert = NO_ALERT, .headers = true, COUNTED, .body = "ab", .step = FETCH_BODY, .truncated = true},
    {"POL-1 a body of no bytes", .cause = CAUSE_TRANSFER, .result = CURLE_WRITE_ERROR, SPEAKING,
     .late_alert = NO_ALERT, .headers = true, .framed = "Content-Length: 0\r\n", .step = FETCH_DONE},
    {"POL-1 no status line", .cause = CAUSE_TRANSFER, .result = CURLE_UNSUPPORTED_PROTOCOL, SPEAKING,
     .late_alert = NO_ALERT, .step = FETCH_HEADERS, .protocol = true},
    {"POL-1 a header line without end", .cause = CAUSE_TRANSFER, .result = CURLE_OUT_OF_MEMORY, SPEAKING,
     .wire_bytes = HEADERS_BYTES_MAX + 1, .late_alert = NO_ALERT, .step = FETCH_HEADERS, .too_large = true},
    {"POL-1 a header line without end, as libcurl 8.6 says it", .cause = CAUSE_TRANSFER,
     .result = (CURLcode)100, SPEAKING, .late_alert = NO_ALERT, .step = FETCH_HEADERS, .too_large = true},
    {"no memory", .cause = CAUSE_TRANSFER, .result = CURLE_OUT_OF_MEMORY, SPEAKING, .late_alert = NO_ALERT,
     .step = FETCH_HEADERS, .too_large = true},
    {"no memory in the body", .cause = CAUSE_TRANSFER, .result = CURLE_OUT_OF_MEMORY, SPEAKING,
     .wire_bytes = HEADERS_BYTES_MAX + 1, .late_alert = NO_ALERT, .headers = true, .step = FETCH_BODY,
     .too_large = true},
    {"POL-9 neither length nor close_notify", .cause = CAUSE_TRANSFER, .result = CURLE_OK, SPEAKING,
     .late_alert = NO_ALERT, .headers = true, .step = FETCH_BODY, .truncated = true},
    {"POL-1 not HTTP", .cause = CAUSE_TRANSFER, .result = CURLE_WEIRD_SERVER_REPLY, SPEAKING,
     .late_alert = NO_ALERT, .step = FETCH_HEADERS, .protocol = true},
};

static void conclude(const struct end_case *row, struct arena *arena, struct fetch_facts *facts)
{
    struct fetch_answer answer;
    fetch_answer_init(&answer, BODY_MAX, arena);
    if (row->headers) {
        assert_true(fetch_answer_header(&answer, bytes_of(OK_LINE)));
        if (row->framed != NULL)
            assert_true(fetch_answer_header(&answer, bytes_of(row->framed)));
        for (const char *line = row->fold, *next; line != NULL && *line != '\0'; line = next) {
            next = strchr(line, '\n') + 1;
            assert_true(fetch_answer_header(&answer, bytes_make(line, (size_t)(next - line))));
        }
        (void)fetch_answer_header(&answer, bytes_of("\r\n"));
        if (row->body != NULL)
            (void)fetch_answer_body(&answer, bytes_of(row->body));
    }
    *facts = (struct fetch_facts){.tls = {.end = row->tls, .alert = NO_ALERT}};
    struct fetch_tls tls = {.facts = &facts->tls,
                            .started = row->started,
                            .done = row->done,
                            .wire_bytes = row->wire_bytes,
                            .close_notify = row->close_notify,
                            .late_alert = row->late_alert};
    struct fetch_end end = {.cause = row->cause,
                            .result = row->result,
                            .sys_errno = row->sys_errno,
                            .url = "https://mta-sts.example/"};
    fetch_conclude(&end, &tls, &answer, facts);
    fetch_answer_dispose(&answer);
}

static void test_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct arena arena;
        struct fetch_facts facts;
        arena_init(&arena, 1 << 16);
        conclude(&ends[i], &arena, &facts);
        bool as_told = facts.step == ends[i].step && facts.net == ends[i].net &&
                       facts.tls.end == ends[i].tls_after && facts.deadline == ends[i].deadline &&
                       facts.truncated == ends[i].truncated && facts.protocol == ends[i].protocol &&
                       facts.flooded == ends[i].flooded && facts.too_large == ends[i].too_large &&
                       facts.bad_length == ends[i].bad_length;
        arena_dispose(&arena);
        if (!as_told)
            fail_msg("%s: step %d net %d tls %d deadline %d truncated %d protocol %d", ends[i].name,
                     (int)facts.step, (int)facts.net, (int)facts.tls.end, facts.deadline, facts.truncated,
                     facts.protocol);
    }
}

/* POL-1, POL-2: what is made of the target and the media type; status and headers as they came. */
static void test_redirects(void **state)
{
    static const struct {
        const char *status, *location, *redirect; /* NULL: none */
    } rows[] = {
        {"299", "/a", NULL},
        {"300", "/a", "https://mta-sts.example/a"},
        {"399", "b?c#d", "https://mta-sts.example/.well-known/b?c#d"},
        {"400", "/a", NULL},
        {"301", "//www.example/x", "https://www.example/x"},
        {"301", "http://www.example:8080/", "http://www.example:8080/"},
        {"301", "mailto:a@b.example", "mailto:a@b.example"},
        {"301", "/a b", "https://mta-sts.example/a%20b"},
        {"301", "\\\\www.example", "\\092\\092www.example"},
        {"301", "https://[::x/", "https://[::x/"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char line[256];
        struct arena arena;
        struct fetch_answer answer;
        struct fetch_facts facts = {.tls.alert = NO_ALERT};
        struct fetch_tls tls = {.facts = &facts.tls, .started = true, .done = true, .late_alert = NO_ALERT};
        struct fetch_end end = {.cause = CAUSE_TRANSFER,
                                .result = CURLE_WRITE_ERROR,
                                .url = "https://mta-sts.example/.well-known/mta-sts.txt"};
        arena_init(&arena, 1 << 16);
        fetch_answer_init(&answer, BODY_MAX, &arena);
        (void)snprintf(line, sizeof line, "HTTP/1.1 %s x\r\n", rows[i].status);
        assert_true(fetch_answer_header(&answer, bytes_of(line)));
        (void)snprintf(line, sizeof line, "Location: %s\r\n", rows[i].location);
        assert_true(fetch_answer_header(&answer, bytes_of(line)));
        assert_false(fetch_answer_header(&answer, bytes_of("\r\n"))); /* no body is wanted */
        assert_true(fetch_answer_says_no(&answer));
        fetch_conclude(&end, &tls, &answer, &facts);
        assert_int_equal(facts.step, FETCH_DONE);
        assert_int_equal(facts.http_status, atoi(rows[i].status));
        assert_null(facts.media_type);
        if ((facts.redirect == NULL) != (rows[i].redirect == NULL) ||
            (facts.redirect != NULL && strcmp(facts.redirect, rows[i].redirect) != 0))
            fail_msg("%s %s: %s", rows[i].status, rows[i].location, facts.redirect);
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
    }
}

/* POL-2: the last media type that says something counts, as much of it as is kept. */
static void test_media_type_is_cut(void **state)
{
    (void)state;
    for (size_t len = 255; len <= 257; len++) {
        char text[300];
        struct arena arena;
        struct fetch_answer answer;
        struct fetch_facts facts = {.tls.alert = NO_ALERT};
        struct fetch_tls tls = {.facts = &facts.tls, .started = true, .done = true, .late_alert = NO_ALERT};
        struct fetch_end end = {.cause = CAUSE_TRANSFER, .url = ""};
        arena_init(&arena, 1 << 16);
        fetch_answer_init(&answer, BODY_MAX, &arena);
        int head = snprintf(text, sizeof text, "Content-Type: ");
        memset(text + head, 't', len);
        text[(size_t)head + len] = '\0';
        assert_true(fetch_answer_header(&answer, bytes_of("HTTP/1.1 199 x\r\n"))); /* not the answer yet */
        assert_true(fetch_answer_header(&answer, bytes_of("Content-Type: text/interim\r\n")));
        fetch_conclude(&end, &tls, &answer, &facts);
        assert_null(facts.media_type);
        assert_int_equal(facts.http_status, 0);
        assert_int_equal(facts.step, FETCH_HEADERS);
        assert_true(facts.truncated);
        assert_true(fetch_answer_header(&answer, bytes_of("\r\n")));
        assert_true(fetch_answer_header(&answer, bytes_of(OK_LINE)));
        assert_true(fetch_answer_header(&answer, bytes_of("Content-Type: text/first\r\n")));
        assert_true(fetch_answer_header(&answer, bytes_of(text)));
        assert_true(fetch_answer_header(&answer, bytes_of("Content-Type: \r\n")));
        fetch_conclude(&end, &tls, &answer, &facts);
        assert_int_equal(strlen(facts.media_type), len < 256 ? len : 256);
        assert_int_equal(facts.media_type[0], 't');
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
    }
}

/* A handle is used again if libcurl or the body's own count says that nothing failed. */
static void test_clean_ends(void **state)
{
    static const struct {
        enum fetch_cause cause;
        CURLcode result;
        const char *body;
        bool clean;
    } rows[] = {
        {CAUSE_TRANSFER, CURLE_OK, "", true},
        {CAUSE_TRANSFER, CURLE_WRITE_ERROR, "abc", true},
        {CAUSE_TRANSFER, CURLE_WRITE_ERROR, "ab", false},
        {CAUSE_TRANSFER, CURLE_RECV_ERROR, "abc", false},
        {CAUSE_TIMEOUT, CURLE_OK, "abc", false},
        {CAUSE_FLOOD, CURLE_WRITE_ERROR, "abc", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct fetch_answer answer;
        struct fetch_end end = {.cause = rows[i].cause, .result = rows[i].result, .url = ""};
        arena_init(&arena, 1 << 16);
        fetch_answer_init(&answer, BODY_MAX, &arena);
        assert_true(fetch_answer_header(&answer, bytes_of(OK_LINE)));
        assert_true(fetch_answer_header(&answer, bytes_of("Content-Length: 3\r\n")));
        assert_true(fetch_answer_header(&answer, bytes_of("\r\n")));
        (void)fetch_answer_body(&answer, bytes_of(rows[i].body));
        if (fetch_end_is_clean(&end, &answer) != rows[i].clean)
            fail_msg("row %zu", i);
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
    }
}

/* POL-1: the status is known before the headers have ended; that of an interim answer is none. */
static void test_status_amid_headers(void **state)
{
    static const struct {
        const char *line;
        int status;
    } rows[] = {{"HTTP/1.1 199 x\r\n", 0}, {"HTTP/1.1 200 x\r\n", 200}, {"HTTP/1.1 201 x\r\n", 201}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct fetch_answer answer;
        struct fetch_facts facts = {.tls.alert = NO_ALERT};
        struct fetch_tls tls = {.facts = &facts.tls, .started = true, .done = true, .late_alert = NO_ALERT};
        struct fetch_end end = {.cause = CAUSE_TIMEOUT, .url = ""};
        arena_init(&arena, 1 << 16);
        fetch_answer_init(&answer, BODY_MAX, &arena);
        assert_true(fetch_answer_header(&answer, bytes_of(rows[i].line)));
        fetch_conclude(&end, &tls, &answer, &facts);
        assert_int_equal(facts.http_status, rows[i].status);
        assert_true(facts.deadline);
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
    }
}

/* POL-9: header lines of all answers together, to the byte; trailers count too. */
static void test_headers_ceiling(void **state)
{
    static char line[HEADERS_BYTES_MAX];
    struct arena arena;
    struct fetch_answer answer;
    (void)state;
    memset(line, 'x', sizeof line);
    for (int more = 0; more < 2; more++) {
        arena_init(&arena, 1 << 20);
        fetch_answer_init(&answer, BODY_MAX, &arena);
        assert_true(fetch_answer_header(&answer, bytes_of(OK_LINE)));
        assert_true(fetch_answer_header(&answer, bytes_of("\r\n")));
        size_t left = sizeof line - strlen(OK_LINE) - 2;
        assert_true(fetch_answer_header(&answer, bytes_make(line, left - 1)));
        assert_int_equal(answer.header_bytes, HEADERS_BYTES_MAX - 1);
        assert_int_equal(fetch_answer_header(&answer, bytes_make(line, 1 + (size_t)more)), more == 0);
        assert_int_equal(answer.headers_too_large, more == 1);
        struct fetch_facts facts = {.tls.alert = NO_ALERT};
        struct fetch_tls tls = {.facts = &facts.tls, .started = true, .done = true, .late_alert = NO_ALERT};
        struct fetch_end end = {.cause = CAUSE_TRANSFER, .result = CURLE_WRITE_ERROR, .url = ""};
        fetch_conclude(&end, &tls, &answer, &facts);
        assert_int_equal(facts.too_large, more == 1);
        assert_int_equal(facts.protocol, more == 0);
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
    }
}

/* The target of a redirect, of which 2,048 bytes are kept. */
static void test_location_is_cut(void **state)
{
    (void)state;
    for (size_t len = 2047; len <= 2049; len++) {
        char line[2100];
        struct arena arena;
        struct fetch_answer answer;
        arena_init(&arena, 1 << 16);
        fetch_answer_init(&answer, BODY_MAX, &arena);
        assert_true(fetch_answer_header(&answer, bytes_of("HTTP/1.1 301 x\r\n")));
        strcpy(line, "LOCATION:");
        memset(line + 9, 'l', len);
        strcpy(line + 9 + len, "\r\n");
        assert_true(fetch_answer_header(&answer, bytes_of(line)));
        assert_true(fetch_answer_header(&answer, bytes_of(" folded\r\n")));
        assert_int_equal(answer.location.len, len < 2048 ? len : 2048);
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
    }
}

/* A body that is as long as what is judged is kept whole, and nothing said of its length. */
static void test_body_as_long_as_is_judged(void **state)
{
    static char body[POLICY_BYTES_JUDGED + 1];
    (void)state;
    memset(body, 'a', sizeof body);
    for (size_t len = POLICY_BYTES_JUDGED - 1; len <= POLICY_BYTES_JUDGED + 1; len++) {
        struct arena arena;
        struct fetch_answer answer;
        struct fetch_facts facts = {.tls.alert = NO_ALERT};
        struct fetch_tls tls = {
            .facts = &facts.tls, .started = true, .done = true, .close_notify = true, .late_alert = NO_ALERT};
        struct fetch_end end = {.cause = CAUSE_TRANSFER, .url = "https://mta-sts.example/"};
        arena_init(&arena, 1 << 20);
        fetch_answer_init(&answer, len, &arena);
        assert_true(fetch_answer_header(&answer, bytes_of(OK_LINE)));
        assert_true(fetch_answer_header(&answer, bytes_of("\r\n")));
        assert_true(fetch_answer_body(&answer, bytes_make(body, len)));
        answer.body.data[len] = 0x80; /* behind it stands nothing of a character */
        fetch_conclude(&end, &tls, &answer, &facts);
        assert_int_equal(facts.step, FETCH_DONE);
        assert_int_equal(facts.body.len, len <= POLICY_BYTES_JUDGED ? len : POLICY_BYTES_JUDGED);
        assert_int_equal(facts.body_bytes, len <= POLICY_BYTES_JUDGED ? 0 : len);
        assert_false(facts.too_large || facts.truncated);
        fetch_answer_dispose(&answer);
        arena_dispose(&arena);
    }
}

/* POL-3: what a no after the handshake is, in OpenSSL's numbers and words. */
static void test_late_alert(void **state)
{
    (void)state;
    struct arena arena;
    struct fetch_facts facts;
    const struct end_case row = {
        .cause = CAUSE_TRANSFER, .result = CURLE_RECV_ERROR, SPEAKING, .late_alert = ALERT};
    arena_init(&arena, 1 << 16);
    conclude(&row, &arena, &facts);
    assert_int_equal(facts.tls.alert, ALERT);
    assert_int_equal(facts.tls.error_reason, 1000 + ALERT);
    assert_string_equal(facts.tls.error_text, "alert handshake failure");
    arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_body_ceiling),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_fields_are_bounded),
        cmocka_unit_test(test_interim_answers_take_no_memory),
        cmocka_unit_test(test_folds),
        cmocka_unit_test(test_fold_behind_a_long_sign),
        cmocka_unit_test(test_fold_without_a_field),
        cmocka_unit_test(test_body_is_cut_between_characters),
        cmocka_unit_test(test_body_without_room),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_media_type_is_cut),
        cmocka_unit_test(test_clean_ends),
        cmocka_unit_test(test_status_amid_headers),
        cmocka_unit_test(test_headers_ceiling),
        cmocka_unit_test(test_location_is_cut),
        cmocka_unit_test(test_body_as_long_as_is_judged),
        cmocka_unit_test(test_late_alert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
