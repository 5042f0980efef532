/* The parts of a round: each contact once, in the part that owns its address, in keyed order, within
 * limits.names_per_ip, and the same bytes whatever the order of their coming and the memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "output/readback/facts_read.h"
#include "scanner/facts/hostname.h"
#include "scanner/facts/part.h"
#include "scanner/stages/planmake.h"

enum { CEILING = 64 << 20, SEED = 77, MOST = 4096, NAME = 80 };

static char dir[] = "/tmp/test_planmake.XXXXXX";
static int dir_fd = -1;
static struct ip_set own;

/* ---- a disk that is full ------------------------------------------------------------------------------- */

static bool counts;
static unsigned calls_left;

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    errno = ENOSPC;
    if (counts && calls_left == 0)
        return -1;
    calls_left -= counts;
    return (ssize_t)syscall(SYS_pwrite64, fd, data, len, offset);
}

/* ---- a directory --------------------------------------------------------------------------------------- */

static int begin(void **state)
{
    (void)state;
    counts = false;
    memcpy(strrchr(dir, '.'), ".XXXXXX", 7);
    assert_non_null(mkdtemp(dir));
    dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir_fd < 0;
}

static void empty(void)
{
    DIR *listing = opendir(dir);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        (void)unlinkat(dir_fd, entry->d_name, 0);
    closedir(listing);
}

static int end(void **state)
{
    (void)state;
    empty();
    close(dir_fd);
    ip_set_dispose(&own);
    own = (struct ip_set){.count = 0};
    return rmdir(dir);
}

/* ---- contacts ------------------------------------------------------------------------------------------ */

/* A contact as a row has it. */
struct row {
    char name[NAME];
    const char *ip;
    enum contact_label label;
    bool opted_out;
    int64_t time; /* tells whose facts they are */
    size_t looks;
};

static enum error add(struct planmake *make, const struct row *row, struct buf *why)
{
    struct arena arena;
    struct probe_facts probe = {.host = row->name, .tls.alert = -1};
    struct host_facts host = {
        .host = row->name, .address.a.status = DNS_ANSWERED, .probes = &probe, .probe_count = 1};
    struct mx_host mx = {.host = row->name, .implicit = true, .facts = &host};
    struct look looks[4] = {{.host = row->name, .time = 1000}, {.host = row->name, .time = 2000}};
    struct contact contact = {.label = row->label, .name = row->name, .opted_out = row->opted_out};
    assert_true(ip_parse(row->ip, &contact.ip));
    looks[0].ip = looks[1].ip = contact.ip;
    probe.ip = contact.ip;
    probe.not_tried = row->opted_out ? NOT_TRIED_OPTOUT : NOT_TRIED_ELSEWHERE;
    host.address.ips = &contact.ip;
    host.address.ip_count = 1;
    contact.facts = (struct domain_facts){.domain = row->name,
                                          .tld = hostname_tld(row->name),
                                          .time = row->time,
                                          .label = contact_label_name(row->label),
                                          .policy.fetch.tls.alert = -1,
                                          .looks = looks,
                                          .look_count = row->looks};
    if (row->label == CONTACT_POLICY) {
        contact.facts.policy.host = "mta-sts.example";
        contact.facts.policy.fetch.not_tried = probe.not_tried;
        contact.facts.policy.address = host.address;
    } else {
        contact.facts.hosts = &mx;
        contact.facts.host_count = 1;
        contact.facts.mx.lookup.status = DNS_NODATA;
    }
    arena_init(&arena, CEILING);
    enum error error = planmake_add(make, &contact, &arena, why);
    arena_dispose(&arena);
    return error;
}

/* ---- what is read again -------------------------------------------------------------------------------- */

struct found {
    char text[MOST]; /* "PART: LABEL NAME IP, " each in its order */
    struct buf lines;
    struct arena arena;
    uint64_t seed, ordinal;
    uint32_t part, parts;
    int64_t time; /* of the last one */
    size_t looks;
    bool as_text;
};

static enum error on_line(void *arg, struct bytes line)
{
    struct found *found = arg;
    struct domain_facts facts;
    struct buf why;
    char text[IP_TEXT_BYTES];
    buf_init(&why, 1024);
    arena_reset(&found->arena);
    assert_int_equal(facts_read_domain(line, &found->arena, &facts, &why), ERR_OK);
    assert_int_equal(facts.ordinal, ++found->ordinal);
    const struct ip_addr *ip =
        facts.host_count == 0 ? &facts.policy.address.ips[0] : &facts.hosts[0].facts->probes[0].ip;
    assert_int_equal(part_of(ip, SEED, found->parts), found->part);
    size_t used = strlen(found->text);
    if (found->as_text)
        (void)snprintf(found->text + used, MOST - used, "%s%s %s %s", used > 0 ? ", " : "", facts.label,
                       facts.domain, ip_format(ip, text));
    found->time = facts.time;
    found->looks = facts.look_count;
    assert_true(buf_append(&found->lines, line.data, line.len) && buf_byte(&found->lines, '\n'));
    buf_dispose(&why);
    return ERR_OK;
}

struct asked {
    uint32_t parts;
    size_t memory, names, own_names;
};

static struct planmake *create(const struct asked *asked)
{
    const struct planmake_options options = {.dir_fd = dir_fd,
                                             .seed = SEED,
                                             .round = 1,
                                             .parts = asked->parts,
                                             .memory_bytes = asked->memory,
                                             .names_per_ip = asked->names,
                                             .own_names_per_ip = asked->own_names,
                                             .own = &own,
                                             .level = 1,
                                             .frame_bytes = 4096,
                                             .part_bytes = UINT64_C(1) << 40};
    struct planmake *make = planmake_create(&options);
    assert_non_null(make);
    return make;
}

/* Makes the parts of the rows, and reads them again. */
static void run(const struct row *rows, size_t count, const struct asked *asked, struct plan *plan,
                struct found *found)
{
    struct buf why;
    char name[PLAN_FILE_BYTES];
    struct planmake *make = create(asked);
    buf_init(&why, 1024);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(add(make, &rows[i], &why), ERR_OK);
    plan->part_count = asked->parts;
    assert_int_equal(planmake_write(make, plan, &why), ERR_OK);
    planmake_free(make);
    found->parts = asked->parts;
    found->text[0] = 0;
    buf_init(&found->lines, CEILING);
    arena_init(&found->arena, CEILING);
    for (found->part = 1; found->part <= asked->parts; found->part++) {
        found->ordinal = 0;
        assert_int_equal(frames_read(dir_fd, plandir_part_name(1, found->part, name), on_line, found, &why),
                         ERR_OK);
        assert_int_equal(found->ordinal, plan->parts[found->part - 1].contacts);
    }
    arena_dispose(&found->arena);
    buf_dispose(&why);
    empty();
}

static void test_each_once(void **state)
{
    (void)state;
    static const struct {
        struct row rows[6];
        size_t names;
        const char *text;
        uint64_t opted_out, over;
        int64_t time;
        size_t looks;
    } tables[] = {
        {{{"a.x", "192.0.2.1", CONTACT_ALL, false, 1000, 0}}, 9, "all a.x 192.0.2.1", 0, 0, 1000, 0},
        /* a better reason counts, whoever comes first, and the facts are those of the first */
        {{{"a.x", "192.0.2.1", CONTACT_ALL, false, 1000, 0},
          {"a.x", "192.0.2.1", CONTACT_INTENT, false, 2000, 0},
          {"a.x", "192.0.2.1", CONTACT_TLSA, false, 3000, 0}},
         9,
         "intent a.x 192.0.2.1",
         0,
         0,
         1000,
         0},
        {{{"a.x", "192.0.2.1", CONTACT_TLSA, false, 1000, 0},
          {"a.x", "192.0.2.1", CONTACT_ALL, false, 2000, 0}},
         9,
         "tlsa a.x 192.0.2.1",
         0,
         0,
         1000,
         0},
        /* whoever tells more looks is heard */
        {{{"a.x", "192.0.2.1", CONTACT_ALL, false, 1000, 0},
          {"a.x", "192.0.2.1", CONTACT_ALL, false, 2000, 2},
          {"a.x", "192.0.2.1", CONTACT_ALL, false, 3000, 1}},
         9,
         "all a.x 192.0.2.1",
         0,
         0,
         2000,
         2},
        /* one of the domains may be opted out, and is not asked for its reason */
        {{{"a.x", "192.0.2.1", CONTACT_INTENT, true, 1000, 0},
          {"a.x", "192.0.2.1", CONTACT_ALL, false, 2000, 0}},
         9,
         "all a.x 192.0.2.1",
         0,
         0,
         2000,
         0},
        {{{"a.x", "192.0.2.1", CONTACT_INTENT, true, 1000, 0}}, 9, "intent a.x 192.0.2.1", 1, 0, 1000, 0},
        /* beyond the limit; who must be probed counts first, and one that is opted out not at all */
        {{{"a.x", "192.0.2.1", CONTACT_ALL, false, 1000, 0},
          {"i.x", "192.0.2.1", CONTACT_INTENT, false, 1000, 0},
          {"o.x", "192.0.2.1", CONTACT_ALL, true, 1000, 0},
          {"p.x", "192.0.2.1", CONTACT_POLICY, false, 1000, 0}},
         1,
         "",
         1,
         1,
         1000,
         0},
        {{{"a.x", "192.0.2.1", CONTACT_ALL, false, 1000, 0},
          {"o.x", "192.0.2.1", CONTACT_INTENT, true, 1000, 0},
          {"a.x", "192.0.2.2", CONTACT_ALL, false, 1000, 0}},
         1,
         "",
         1,
         0,
         1000,
         0},
        {{{"i.x", "192.0.2.1", CONTACT_INTENT, false, 1000, 0},
          {"j.x", "192.0.2.1", CONTACT_TLSA, false, 1000, 0}},
         1,
         "",
         0,
         0,
         1000,
         0},
        /* an address of one's own has a limit of its own */
        {{{"a.x", "198.51.100.1", CONTACT_ALL, false, 1000, 0},
          {"b.x", "198.51.100.1", CONTACT_ALL, false, 1000, 0},
          {"c.x", "198.51.100.1", CONTACT_ALL, false, 1000, 0}},
         1,
         "",
         0,
         1,
         1000,
         0},
    };
    const char *bad;
    assert_int_equal(ip_set_parse("198.51.100.0/24", &own, &bad), ERR_OK);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct plan_part part;
        struct plan plan = {.parts = &part};
        struct found found = {.as_text = true};
        const struct asked asked = {1, 1 << 20, tables[i].names, 2};
        size_t count = 0;
        while (count < 6 && tables[i].rows[count].name[0] != 0)
            count++;
        run(tables[i].rows, count, &asked, &plan, &found);
        if ((tables[i].text[0] != 0 && strcmp(found.text, tables[i].text) != 0) ||
            plan.over != tables[i].over || plan.opted_out != tables[i].opted_out ||
            found.time != tables[i].time || found.looks != tables[i].looks)
            fail_msg("row %zu: %s; over %d, opted out %d, time %d", i, found.text, (int)plan.over,
                     (int)plan.opted_out, (int)found.time);
        buf_dispose(&found.lines);
    }
}

/* ---- many ---------------------------------------------------------------------------------------------- */

enum { MANY = 3000 };

static void make_many(struct row *rows, bool backwards)
{
    static const char *const ips[] = {"192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.77",
                                      "2001:db8::ffff"};
    for (size_t i = 0; i < MANY; i++) {
        struct row *row = &rows[backwards ? MANY - 1 - i : i];
        *row =
            (struct row){.ip = ips[i % 5], .label = i % 7 == 0 ? CONTACT_INTENT : CONTACT_ALL, .time = 5000};
        if (i % 11 == 0)
            row->label = CONTACT_POLICY;
        (void)snprintf(row->name, sizeof row->name, "h%zu.example", i % 1000);
    }
}

static void test_same_bytes(void **state)
{
    (void)state;
    static struct row rows[MANY];
    static const struct asked asks[] = {{4, 1 << 20, 50, 50}, {4, 1 << 20, 50, 50}, {4, 4096, 50, 50}};
    struct plan_part parts[3][4];
    struct plan plans[3];
    struct buf first;
    for (size_t i = 0; i < 3; i++) {
        struct found found = {.as_text = false};
        plans[i] = (struct plan){.parts = parts[i]};
        make_many(rows, i == 1);
        run(rows, MANY, &asks[i], &plans[i], &found);
        assert_memory_equal(parts[i], parts[0], sizeof parts[0]);
        assert_int_equal(plans[i].over, plans[0].over);
        if (i > 0) {
            assert_true(bytes_equal(buf_bytes(&found.lines), buf_bytes(&first)));
            buf_dispose(&found.lines);
        } else {
            first = found.lines;
        }
    }
    /* Each name of 1000 stands at one address of the five, as host or as policy or as both. */
    uint64_t contacts = 0, policies = 0, probed = 0;
    for (size_t i = 0; i < 4; i++) {
        contacts += parts[0][i].contacts;
        policies += parts[0][i].policies;
    }
    char *text = (char *)(uintptr_t)buf_string(&first), *at = text;
    for (; (at = strstr(at, "\"label\":\"all\"")) != NULL; at++)
        probed++;
    assert_true(plans[0].over > 0 && policies > 0 && contacts > 1000);
    assert_true(probed <= 250);
    buf_dispose(&first);
}

/* With another number of parts an address still stands in one of them, and no contact is lost. */
static void test_any_number_of_parts(void **state)
{
    (void)state;
    static struct row rows[MANY];
    static struct plan_part parts[100];
    uint64_t whole = 0;
    make_many(rows, false);
    const uint32_t counts_of[] = {1, 2, 3, 100};
    for (size_t i = 0; i < 4; i++) {
        struct plan plan = {.parts = parts};
        struct found found = {.as_text = false};
        const struct asked asked = {counts_of[i], 1 << 20, 50, 50};
        uint64_t contacts = 0;
        run(rows, MANY, &asked, &plan, &found);
        for (uint32_t k = 0; k < counts_of[i]; k++)
            contacts += parts[k].contacts;
        whole = i == 0 ? contacts : whole;
        assert_int_equal(contacts, whole);
        buf_dispose(&found.lines);
    }
}

/* Names of one address do not stand in a row. */
static void test_addresses_are_mixed(void **state)
{
    (void)state;
    static struct row rows[1000];
    struct plan_part part;
    struct plan plan = {.parts = &part};
    struct found found = {.as_text = false};
    const struct asked asked = {1, 1 << 20, 5000, 50};
    size_t runs = 1;
    for (size_t i = 0; i < 1000; i++) {
        rows[i] = (struct row){.ip = i < 500 ? "192.0.2.1" : "192.0.2.2", .label = CONTACT_ALL, .time = 5000};
        (void)snprintf(rows[i].name, sizeof rows[i].name, "h%zu.example", i);
    }
    run(rows, 1000, &asked, &plan, &found);
    const char *line = buf_string(&found.lines);
    for (bool before = strstr(line, "192.0.2.1\"") != NULL; *line != 0;) {
        const char *next = strchr(line, '\n') + 1;
        const char *at = strstr(line, "192.0.2.1\"");
        bool is_first = at != NULL && at < next;
        runs += is_first != before;
        before = is_first;
        line = next;
    }
    assert_true(runs > 400 && runs < 600);
    buf_dispose(&found.lines);
}

static void test_nothing(void **state)
{
    (void)state;
    struct plan_part parts[2];
    struct plan plan = {.parts = parts};
    struct found found = {.as_text = true};
    const struct asked asked = {2, 1 << 20, 50, 50};
    run(NULL, 0, &asked, &plan, &found);
    assert_int_equal(parts[0].contacts + parts[1].contacts, 0);
    assert_string_equal(parts[1].sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    buf_dispose(&found.lines);
}

/* Wherever the disk is full, that is said, and nothing counts as written. */
static void test_full_disk(void **state)
{
    (void)state;
    static struct row rows[MANY];
    const struct asked asked = {4, 4096, 50, 50};
    struct plan_part parts[4];
    make_many(rows, false);
    enum error error = ERR_FULL;
    for (unsigned after = 0; error != ERR_OK; after = after * 2 + 1) {
        struct plan plan = {.parts = parts, .part_count = 4};
        struct planmake *make = create(&asked);
        struct buf why;
        buf_init(&why, 1024);
        counts = true;
        calls_left = after;
        error = ERR_OK;
        for (size_t i = 0; i < MANY && error == ERR_OK; i++)
            error = add(make, &rows[i], &why);
        if (error == ERR_OK)
            error = planmake_write(make, &plan, &why);
        counts = false;
        assert_true(error == ERR_OK ||
                    (error == ERR_FULL && strstr(buf_string(&why), "No space left") != NULL));
        planmake_free(make);
        buf_dispose(&why);
        empty();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_once, begin, end),
        cmocka_unit_test_setup_teardown(test_same_bytes, begin, end),
        cmocka_unit_test_setup_teardown(test_any_number_of_parts, begin, end),
        cmocka_unit_test_setup_teardown(test_addresses_are_mixed, begin, end),
        cmocka_unit_test_setup_teardown(test_nothing, begin, end),
        cmocka_unit_test_setup_teardown(test_full_disk, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
