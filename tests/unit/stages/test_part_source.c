/* The contacts of a part as a source: what is a contact, in which order they come, which are left out, and
 * what is refused before the first of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "scanner/facts/part.h"
#include "scanner/reach/contact.h"
#include "scanner/reach/domain.h"
#include "scanner/stages/contacts.h"
#include "scanner/stages/part_source.h"
#include "scanner/stages/sha256.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { TEXT_BYTES = 1 << 20, MOST = 64, SEED = 7, FRAME_BYTES = 700 };

static char dir[] = "/tmp/test_part_source.XXXXXX";
static int dir_fd = -1;
static struct buf text; /* of the part's lines */
static uint64_t lines;
static struct plan_part planned;
static struct plan plan = {.round = 2, .seed = SEED, .parts = &planned, .part_count = 1};

/* ---- lines --------------------------------------------------------------------------------------------- */

#define LOOKUPS "\"lookup_a\":\"answered\",\"lookup_aaaa\":\"nodata\""
#define HEAD                                                                                                 \
    "\"tld\":\"example\",\"time\":\"2026-11-30T12:00:00.000Z\",\"ms\":0,\"outcome\":\"unknown\",\"dane\":"   \
    "\"absent\","                                                                                            \
    "\"tls\":\"unknown\",\"codes\":[],\"rfc8460\":[],\"provider\":{\"mx\":null,\"policy\":null},"
#define HOST(ordinal, name, label, ip)                                                                       \
    "{\"schema\":1,\"ordinal\":" ordinal ",\"domain\":\"" name "\",\"label\":\"" label "\"," HEAD            \
    "\"txt\":{\"lookup\":\"not-asked\"},\"mx\":{\"lookup\":\"nodata\",\"hosts\":[{\"host\":\"" name "\","    \
    "\"pref\":0,\"implicit\":true," LOOKUPS ",\"ips\":[{\"ip\":\"" ip "\",\"code\":\"ok\","                  \
    "\"not_tried\":\"elsewhere\"}]}]},\"dnssec\":{}}"
#define POLICY(ordinal, name, addresses)                                                                     \
    "{\"schema\":1,\"ordinal\":" ordinal ",\"domain\":\"" name "\",\"label\":\"policy\"," HEAD               \
    "\"txt\":{\"lookup\":\"answered\",\"rrs\":[\"v=STSv1; id=1;\"]},\"policy\":{\"host\":\"mta-sts." name    \
    "\",\"code\":\"ok\"," LOOKUPS "," addresses "\"not_tried\":\"elsewhere\",\"step\":\"none\",\"ms\":0},"   \
    "\"mx\":{\"lookup\":\"not-asked\"},\"dnssec\":{}}"

static const char good_host[] = HOST("1", "mx.example", "all", "192.0.2.1");
static const char good_policy[] = POLICY("1", "a.example", "\"addresses\":[\"192.0.2.1\"],");

static enum error read_line(const char *line, struct domain_facts *facts, struct arena *arena,
                            struct buf *why)
{
    return contact_read(bytes_of(line), 1, arena, facts, why);
}

static void assert_refused(const char *line, const char *reason)
{
    struct domain_facts facts;
    struct arena arena;
    struct buf why;
    arena_init(&arena, DOMAIN_ARENA_BYTES);
    buf_init(&why, 1024);
    enum error error = read_line(line, &facts, &arena, &why);
    if (error != ERR_CORRUPT || strstr(buf_string(&why), reason) == NULL)
        fail_msg("%s\n  ends with %d: %s, not %s", line, error, buf_string(&why), reason);
    buf_dispose(&why);
    arena_dispose(&arena);
}

/* Returns the line with one text in place of another, in space of its own. */
static const char *with(const char *line, const char *old, const char *new)
{
    static char made[4096];
    const char *at = strstr(line, old);
    assert_non_null(at);
    (void)snprintf(made, sizeof made, "%.*s%s%s", (int)(at - line), line, new, at + strlen(old));
    return made;
}

static void test_what_is_a_contact(void **state)
{
    static const struct {
        const char *line, *old, *new, *reason;
    } rows[] = {
        {good_host, "\"ordinal\":1", "\"ordinal\":2", "not its place"},
        {good_host, "\"ordinal\":1", "\"ordinal\":0", "no ordinal"},
        {good_host, "\"label\":\"all\",", "", "label is none"},
        {good_host, "\"all\"", "\"some\"", "label is none"},
        {good_host, "\"implicit\":true,", "", "its own only MX host"},
        {good_host, "\"host\":\"mx.example\"", "\"host\":\"my.example\"", "its own only MX host"},
        {good_host, "elsewhere", "pace", "none that is to be probed"},
        {good_host, "\"not_tried\":\"elsewhere\"", "\"code\":\"ok\"", "none that is to be probed"},
        {good_host, "\"ips\":[", "\"ips\":[{\"ip\":\"192.0.2.2\",\"code\":\"ok\"},", "not one address"},
        {good_host, "\"ips\"", "\"addresses\":[\"192.0.2.9\"],\"ips\"", "none that is to be probed"},
        {good_host, "\"all\"", "\"policy\"", "has MX hosts"},
        {good_policy, "\"domain\":\"a.example\"", "\"domain\":\"a/b.example\"", "no domain name"},
        {good_policy, "\"domain\":\"a.example\"", "\"domain\":\"A.example\"", "no domain name"},
        {good_policy, "\"addresses\":[\"192.0.2.1\"],", "", "no address"},
        {good_policy, "\"step\":\"none\"", "\"step\":\"done\"", "has been fetched"},
        {good_policy, "\"policy\"", "\"tlsa\"", "its own only MX host"},
        {good_host, "{", "", ""},
        {good_host, "\"tld\"", "\"x\":{\"label\":\"policy\"},\"tld\"", "in another place"},
        {good_host, "\"tld\"", "\"x\":{\"label\":\"over\"},\"tld\"", "in another place"},
        {good_host, "\"label\":\"all\"", "\"label\":{\"base64\":\"b3Zlcg==\"}", "in another place"},
        {good_host, "\"all\"", "\"all\",\"x\":[{\"ips\":[{\"ip\":\"::1\"}]}]", "in another place"},
        {good_host, "\"all\"", "\"all\",\"x\":{\"not_tried\":\"optout\"}", "in another place"},
        {good_policy, "\"policy\":", "\"x\":{\"addresses\":[\"::1\"]},\"policy\":", "in another place"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_refused(with(rows[i].line, rows[i].old, rows[i].new), rows[i].reason);
    struct domain_facts facts;
    struct arena arena;
    struct buf why;
    arena_init(&arena, DOMAIN_ARENA_BYTES);
    buf_init(&why, 1024);
    assert_int_equal(read_line(good_host, &facts, &arena, &why), ERR_OK);
    assert_string_equal(facts.hosts[0].facts->host, "mx.example");
    assert_int_equal(read_line(good_policy, &facts, &arena, &why), ERR_OK);
    assert_string_equal(facts.policy.host, "mta-sts.a.example");
    /* Whom the plan's opt-out list names is a contact too, which is handed on. */
    assert_int_equal(read_line(with(good_host, "elsewhere", "optout"), &facts, &arena, &why), ERR_OK);
    assert_true(contact_is_opted_out(&facts));
    assert_int_equal(read_line(with(good_policy, "elsewhere", "optout"), &facts, &arena, &why), ERR_OK);
    assert_true(contact_is_opted_out(&facts));
    /* The trouble at an address of an earlier round is none of the whole contact's. */
    const char *trouble = with(good_policy, "\"elsewhere\"", "\"optout\",\"ip\":\"192.0.2.8\"");
    assert_int_equal(read_line(trouble, &facts, &arena, &why), ERR_OK);
    assert_false(contact_is_opted_out(&facts));
    buf_dispose(&why);
    arena_dispose(&arena);
}

/* The text alone says what the facts say. */
static void test_a_glance(void **state)
{
    static const struct {
        const char *line, *old, *new;
        struct contact_glance wanted;
    } rows[] = {
        {good_host, "", "", {.family = 4}},
        {good_host, "\"all\"", "\"over\"", {.over = true, .family = 4}},
        {good_host, "192.0.2.1", "2001:db8::1", {.family = 6}},
        {good_host, "elsewhere", "optout", {.opted_out = true, .family = 4}},
        {good_policy, "", "", {.policy = true, .family = 4}},
        {good_policy, "[\"192.0.2.1\"", "[\"2001:db8::1\",\"192.0.2.1\"", {.policy = true, .family = 6}},
        {good_policy, "[\"192.0.2.1\"", "[\"192.0.2.1\",\"2001:db8::1\"", {.policy = true, .family = 4}},
        {good_policy, "elsewhere", "optout", {.policy = true, .opted_out = true, .family = 4}},
        {good_policy, "\"elsewhere\"", "\"optout\",\"ip\":\"192.0.2.8\"", {.policy = true, .family = 4}},
        {good_policy,
         "\"elsewhere\"",
         "\"optout\",\"looks\":[{\"ip\":\"192.0.2.8\"}]",
         {.policy = true, .opted_out = true, .family = 4}},
        {"", "", "", {.family = 4}},
        {"\"label\":\"policy\"\"addresses\":[\"", "", "", {.policy = true, .family = 4}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct contact_glance glance =
            contact_glance(bytes_of(with(rows[i].line, rows[i].old, rows[i].new)));
        if (glance.policy != rows[i].wanted.policy || glance.over != rows[i].wanted.over ||
            glance.opted_out != rows[i].wanted.opted_out || glance.family != rows[i].wanted.family)
            fail_msg("row %zu: %d %d %d %d", i, glance.policy, glance.over, glance.opted_out, glance.family);
    }
}

static void test_a_line_has_a_ceiling(void **state)
{
    struct domain_facts facts;
    struct arena arena;
    struct buf why;
    (void)state;
    char *line = malloc(CONTACT_LINE_BYTES + 64);
    assert_non_null(line);
    memset(line, ' ', CONTACT_LINE_BYTES + 64);
    memcpy(line, good_host, strlen(good_host));
    arena_init(&arena, DOMAIN_ARENA_BYTES);
    buf_init(&why, 1024);
    assert_int_equal(contact_read(bytes_make(line, CONTACT_LINE_BYTES), 1, &arena, &facts, &why), ERR_OK);
    assert_int_equal(contact_read(bytes_make(line, CONTACT_LINE_BYTES + 1), 1, &arena, &facts, &why),
                     ERR_CORRUPT);
    buf_dispose(&why);
    arena_dispose(&arena);
    free(line);
}

/* ---- a part -------------------------------------------------------------------------------------------- */

static void add(const char *line)
{
    assert_true(buf_printf(&text, "%s\n", line));
    lines++;
}

static void remove_files(void)
{
    char path[128];
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(path, sizeof path,
                       i == 0 ? "%s/contacts-2-1.ndjson.zst" : "%s/contacts-2-1.%04u.ndjson.zst", dir, i);
        (void)unlink(path);
    }
}

/* Writes the lines in small frames and small files, and the plan as it is of them. */
static void write_part(uint64_t part_bytes)
{
    const struct frames_options options = {.dir_fd = dir_fd,
                                           .name = "contacts-2-1",
                                           .level = 3,
                                           .frame_bytes = FRAME_BYTES,
                                           .part_bytes = part_bytes};
    struct frames *frames;
    struct buf why;
    bool full = false;
    buf_init(&why, 1024);
    assert_int_equal(frames_create(&options, &frames, &why), ERR_OK);
    for (struct bytes left = buf_bytes(&text); left.len > 0;) {
        const uint8_t *end = memchr(left.data, '\n', left.len);
        const size_t len = (size_t)(end - left.data) + 1;
        assert_int_equal(frames_append(frames, bytes_make(left.data, len), &full), ERR_OK);
        if (full)
            assert_int_equal(frames_commit(frames, &why), ERR_OK);
        left = bytes_make(left.data + len, left.len - len);
    }
    assert_int_equal(frames_commit(frames, &why), ERR_OK);
    assert_int_equal(frames_complete(frames, &why), ERR_OK);
    frames_destroy(frames);
    buf_dispose(&why);
    planned = (struct plan_part){.contacts = lines};
    assert_true(sha256_of(buf_bytes(&text), planned.sha256));
}

static int set_up(void **state)
{
    (void)state;
    buf_reset(&text);
    lines = 0;
    plan.part_count = 1;
    remove_files();
    return 0;
}

static struct part_source *make(void)
{
    const struct part_options options = {.dir_fd = dir_fd, .plan = &plan, .part = 1};
    struct part_source *source = part_source_create(&options);
    assert_non_null(source);
    return source;
}

/* Takes a whole pass; the ordinals in their order, and 0 behind them. */
static void take(const struct source *source, uint64_t ordinals[MOST])
{
    struct input_name name;
    size_t count = 0;
    enum error error;
    while ((error = source->next(source->arg, &name)) == ERR_OK) {
        assert_true(count + 1 < MOST);
        const struct contact_made *contact = name.made.object;
        assert_int_equal(contact->facts.ordinal, name.ordinal);
        assert_string_equal(contact->facts.domain, name.domain);
        ordinals[count++] = name.ordinal;
        owned_dispose(&name.made);
    }
    assert_int_equal(error, ERR_NOT_FOUND);
    ordinals[count] = 0;
}

static void assert_order(const uint64_t ordinals[MOST], const uint64_t *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(ordinals[i], wanted[i]);
    assert_int_equal(ordinals[count], 0);
}

static void add_mixed(void)
{
    add(HOST("1", "mx1.example", "over", "192.0.2.1"));
    add(HOST("2", "mx2.example", "all", "192.0.2.1"));
    add(POLICY("3", "a.example", "\"addresses\":[\"192.0.2.3\",\"2001:db8::3\"],"));
    add(HOST("4", "mx4.example", "over", "192.0.2.1"));
    add(HOST("5", "mx5.example", "tlsa", "2001:db8::5"));
}

/* Those that share come last, when there is something to share; what was put off comes again, and nothing
 * else. */
static void test_in_which_order(void **state)
{
    static const uint64_t first[] = {2, 3, 5, 1, 4}, second[] = {5, 4};
    uint64_t ordinals[MOST];
    struct part_needs needs;
    (void)state;
    add_mixed();
    write_part(1); /* each frame is a file */
    struct part_source *made = make();
    assert_int_equal(part_source_check(made, &needs), ERR_OK);
    assert_int_equal(needs.contacts, 5);
    assert_int_equal(needs.over, 2);
    assert_int_equal(needs.smtp[0], 1);
    assert_int_equal(needs.smtp[1], 1);
    assert_int_equal(needs.https[0], 1);
    assert_int_equal(needs.https[1], 0);
    assert_int_equal(needs.bytes, text.len);
    const struct source source = part_source_of(made);
    take(&source, ordinals);
    assert_order(ordinals, first, COUNT(first));
    for (size_t i = 0; i < COUNT(second); i++)
        assert_int_equal(source.put_off(source.arg, &(struct input_name){.ordinal = second[i]}), ERR_OK);
    assert_int_equal(source.end(source.arg), ERR_OK);
    take(&source, ordinals);
    assert_order(ordinals, second, COUNT(second));
    assert_int_equal(source.end(source.arg), ERR_OK);
    take(&source, ordinals);
    assert_order(ordinals, NULL, 0);
    part_source_destroy(made);
}

static void assert_check(enum error wanted, const char *reason)
{
    struct part_needs needs;
    struct part_source *made = make();
    enum error error = part_source_check(made, &needs);
    if (error != wanted || strstr(part_source_reason(made), reason) == NULL)
        fail_msg("ends with %d: %s, not %s", error, part_source_reason(made), reason);
    part_source_destroy(made);
}

/* Goes through the pass until the source ends it. */
static void assert_next(enum error wanted, const char *reason)
{
    struct part_needs needs;
    struct input_name name;
    enum error error;
    struct part_source *made = make();
    assert_int_equal(part_source_check(made, &needs), ERR_OK);
    const struct source source = part_source_of(made);
    while ((error = source.next(source.arg, &name)) == ERR_OK)
        owned_dispose(&name.made);
    if (error != wanted || strstr(part_source_reason(made), reason) == NULL)
        fail_msg("ends with %d: %s, not %s", error, part_source_reason(made), reason);
    part_source_destroy(made);
}

/* What is wrong is said with file and line. */
static void test_what_is_refused(void **state)
{
    (void)state;
    add_mixed();
    write_part(1 << 20);
    planned.contacts++;
    assert_check(ERR_CORRUPT, "its 5 contacts are not the 6 that the plan was made with");
    planned.contacts--;
    planned.sha256[0] = planned.sha256[0] == '0' ? '1' : '0';
    assert_check(ERR_CORRUPT, "not the 5 that the plan was made with");
    remove_files();
    assert_check(ERR_CORRUPT, "contacts-2-1.ndjson.zst: it is not there");
    (void)set_up(NULL);
    add(good_host);
    add(HOST("3", "mx2.example", "all", "192.0.2.2"));
    write_part(1 << 20);
    assert_next(ERR_CORRUPT, "contacts-2-1.ndjson.zst: contact 2: its ordinal is not its place");
    (void)set_up(NULL);
    add(good_host);
    add("{\"ordinal\":2}");
    write_part(1 << 20);
    assert_next(ERR_CORRUPT, "contacts-2-1.ndjson.zst: contact 2: ");
}

/* An address of another part in this one's file is no reason to contact it. */
static void test_whose_it_is(void **state)
{
    const struct part second = {2, 2, SEED};
    struct ip_addr ip;
    (void)state;
    assert_true(ip_parse("192.0.2.2", &ip) && part_owns(&second, &ip));
    add(good_host);
    add(HOST("2", "mx2.example", "all", "192.0.2.2"));
    write_part(1 << 20);
    plan.part_count = 2;
    assert_next(ERR_CORRUPT, "contact 2: its address is another part's");
}

static void test_damage(void **state)
{
    char path[128];
    (void)state;
    add_mixed();
    write_part(1 << 20);
    (void)snprintf(path, sizeof path, "%s/contacts-2-1.ndjson.zst", dir);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0 && pwrite(fd, "\xff\xff", 2, 40) == 2);
    assert_int_equal(close(fd), 0);
    assert_check(ERR_CORRUPT, "contacts-2-1.ndjson.zst: frame 1 at offset 0 is damaged");
}

/* Who changes the file after it was checked is found when the contact's turn comes. */
static void test_changed_meanwhile(void **state)
{
    struct part_needs needs;
    struct input_name name;
    (void)state;
    add(good_host);
    write_part(1 << 20);
    struct part_source *made = make();
    assert_int_equal(part_source_check(made, &needs), ERR_OK);
    remove_files();
    const struct source source = part_source_of(made);
    assert_int_equal(source.next(source.arg, &name), ERR_OK); /* it is open */
    owned_dispose(&name.made);
    assert_int_equal(source.end(source.arg), ERR_CORRUPT);
    assert_non_null(strstr(part_source_reason(made), "it is not there"));
    part_source_destroy(made);
}

static void test_an_empty_part(void **state)
{
    uint64_t ordinals[MOST];
    struct part_needs needs;
    (void)state;
    write_part(1 << 20);
    for (unsigned i = 0; i < 2; i++) {
        struct part_source *made = make();
        assert_int_equal(part_source_check(made, &needs), ERR_OK);
        const struct source source = part_source_of(made);
        take(&source, ordinals);
        assert_order(ordinals, NULL, 0);
        part_source_destroy(made);
        remove_files(); /* it may have no file either */
    }
}

static bool at_once(void *arg)
{
    (void)arg;
    return true;
}

static void test_stopped(void **state)
{
    struct part_needs needs;
    (void)state;
    add_mixed();
    write_part(1 << 20);
    const struct part_options options = {.dir_fd = dir_fd, .plan = &plan, .part = 1, .stopped = at_once};
    struct part_source *made = part_source_create(&options);
    assert_non_null(made);
    assert_int_equal(part_source_check(made, &needs), ERR_STOPPED);
    part_source_destroy(made);
}

static int begin(void **state)
{
    (void)state;
    buf_init(&text, TEXT_BYTES);
    if (mkdtemp(dir) == NULL)
        return 1;
    dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir_fd < 0;
}

static int end(void **state)
{
    (void)state;
    remove_files();
    buf_dispose(&text);
    (void)close(dir_fd);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_a_contact),
        cmocka_unit_test(test_a_glance),
        cmocka_unit_test(test_a_line_has_a_ceiling),
        cmocka_unit_test_setup(test_in_which_order, set_up),
        cmocka_unit_test_setup(test_what_is_refused, set_up),
        cmocka_unit_test_setup(test_whose_it_is, set_up),
        cmocka_unit_test_setup(test_damage, set_up),
        cmocka_unit_test_setup(test_changed_meanwhile, set_up),
        cmocka_unit_test_setup(test_an_empty_part, set_up),
        cmocka_unit_test_setup(test_stopped, set_up),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
