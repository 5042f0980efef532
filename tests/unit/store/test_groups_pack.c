/* output/store/groups_pack and summary_groups: what is packed of facts is what would be read of their record;
 * and however a scan's records come to be counted, the groups are the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "output/json/json.h"
#include "output/store/groups_pack.h"
#include "output/store/store.h"
#include "scanner/facts/suffix.h"
#include "scanner/verdict/provider.h"
#include "scanner/verdict/verdict.h"
#include "tests/unit/commands/scan_place.h"
#include "tests/unit/random_facts.h"

enum { ARENA_BYTES = 64 << 20, LINE_BYTES = 16 << 20, RECORDS = 3000, SCANNED = 300 };

/* ---- facts and their record ---------------------------------------------------------------------------- */

static void same_text(uint64_t seed, const char *what, struct bytes a, struct bytes b)
{
    if (!bytes_equal(a, b))
        fail_msg("seed %u: %s: “%.*s” of the facts, “%.*s” of the record", (unsigned)seed, what, (int)a.len,
                 (const char *)a.data, (int)b.len, (const char *)b.data);
}

static void same_number(uint64_t seed, const char *what, uint64_t a, uint64_t b)
{
    if (a != b)
        fail_msg("seed %u: %s: %u of the facts, %u of the record", (unsigned)seed, what, (unsigned)a,
                 (unsigned)b);
}

static void same_ips(uint64_t seed, const struct group_ip *a, const struct group_ip *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        assert_true(ip_equal(&a->ip, &b->ip));
        same_number(seed, "code of an address", a->code, b->code);
    }
    same_number(seed, "more addresses", a != NULL, b != NULL);
}

static void same_hosts(uint64_t seed, const struct group_host *a, const struct group_host *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        same_text(seed, "host", a->name, b->name);
        same_number(seed, "code of a host", a->code, b->code);
        same_number(seed, "unmatched", a->unmatched, b->unmatched);
        same_ips(seed, a->ips, b->ips);
    }
    same_number(seed, "more hosts", a != NULL, b != NULL);
}

static void same_policy(uint64_t seed, const struct group_record *a, const struct group_record *b)
{
    same_number(seed, "looked for a policy", a->looked_for_policy, b->looked_for_policy);
    same_text(seed, "policy host", a->policy_host, b->policy_host);
    same_text(seed, "policy's provider", a->policy_provider, b->policy_provider);
    same_number(seed, "family of the policy's address", a->policy_ip.family, b->policy_ip.family);
    assert_true(a->policy_ip.family == 0 || ip_equal(&a->policy_ip, &b->policy_ip));
    same_number(seed, "handshake", a->policy_handshake, b->policy_handshake);
    same_number(seed, "policy's code", a->policy_code, b->policy_code);
    same_number(seed, "mode", a->mode, b->mode);
    if (a->policy_handshake)
        same_text(seed, "key exchange", a->policy_exchange, b->policy_exchange);
}

static void same_record(uint64_t seed, const struct group_record *a, const struct group_record *b)
{
    same_text(seed, "tld", a->tld, b->tld);
    same_text(seed, "label", a->label, b->label);
    same_number(seed, "outcome", a->outcome, b->outcome);
    same_number(seed, "would_be", a->would_be, b->would_be);
    assert_memory_equal(&a->codes, &b->codes, sizeof a->codes);
    same_number(seed, "txt", a->txt, b->txt);
    same_number(seed, "txt's code", a->txt_code, b->txt_code);
    same_number(seed, "mx", a->mx, b->mx);
    same_policy(seed, a, b);
    same_hosts(seed, a->hosts, b->hosts);
}

struct random_record {
    struct arena arena;
    struct buf line;
    struct domain_facts facts;
    struct judgement judgement;
};

static void record_begin(struct random_record *record, uint64_t seed)
{
    arena_init(&record->arena, ARENA_BYTES);
    buf_init(&record->line, LINE_BYTES);
    random_domain(seed, &record->arena, &record->facts);
    record->facts.ordinal = seed;
    verdict_judge(&record->facts, BY_OWN_TIME, &record->arena, &record->judgement);
    assert_true(json_domain(&record->line, &record->facts, &record->judgement));
}

static void record_end(struct random_record *record)
{
    arena_dispose(&record->arena);
    buf_dispose(&record->line);
}

static void facts_are_as_their_record(void **state)
{
    size_t labels = 0, policies = 0, hosts = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= RECORDS; seed++) {
        struct random_record made;
        struct group_record of_facts, of_line;
        struct buf packed, again;
        record_begin(&made, seed);
        buf_init(&packed, GROUPS_PACK_BYTES);
        buf_init(&again, GROUPS_PACK_BYTES);
        struct bytes line = bytes_make(made.line.data, made.line.len - 1);
        assert_int_equal(group_record_of(&made.facts, &made.judgement, &made.arena, &of_facts), ERR_OK);
        assert_int_equal(group_record_read(line, &made.arena, &of_line), ERR_OK);
        same_record(seed, &of_facts, &of_line);
        assert_int_equal(
            groups_pack_facts(&made.facts, &made.judgement, provider_of_mx, &made.arena, &packed), ERR_OK);
        assert_int_equal(groups_pack_domain(&of_line, provider_of_mx, &made.arena, &again), ERR_OK);
        same_text(seed, "what is packed", buf_bytes(&packed), buf_bytes(&again));
        labels += made.facts.label != NULL && !json_is_text(bytes_of(made.facts.label));
        policies += of_facts.policy_handshake;
        hosts += of_facts.hosts != NULL && of_facts.hosts->next != NULL;
        buf_dispose(&packed);
        buf_dispose(&again);
        record_end(&made);
    }
    assert_true(labels > 10 && policies > 100 && hosts > 100);
}

/* ---- packed and unpacked ------------------------------------------------------------------------------- */

static enum error write_member(void *arg, enum group_kind kind, enum outcome outcome,
                               const struct group_member *member)
{
    struct buf *text = arg;
    buf_printf(text, "%s %s %.*s%s", group_kind_name(kind), outcome_name(outcome), (int)member->name.len,
               (const char *)member->name.data, member->gains ? "*" : "");
    for (const struct group_failure *failure = member->failures; failure != NULL; failure = failure->next)
        buf_printf(text, " %s%s", failure_name(failure->code), failure->open ? "?" : "");
    buf_text(text, "\n");
    return text->len > 260 ? ERR_FULL : ERR_OK;
}

static void write_exchange(void *arg, bool of_policy, struct bytes group)
{
    buf_printf(arg, "%s %.*s\n", of_policy ? "policy" : "session", (int)group.len, (const char *)group.data);
}

static void what_is_packed_is_unpacked(void **state)
{
    static const char line[] =
        "{\"domain\":\"a.example\",\"tld\":\"example\",\"outcome\":\"refused\",\"codes\":[\"smtp.tls."
        "expired\"],"
        "\"txt\":{\"lookup\":\"answered\",\"code\":\"ok\"},\"policy\":{\"host\":\"mta-sts.a.example\","
        "\"code\":"
        "\"ok\",\"mode\":\"enforce\",\"tls\":{\"end\":\"done\",\"group\":\"x25519\"}},\"mx\":{\"lookup\":"
        "\"answered\",\"hosts\":[{\"host\":\"mx.example.net\",\"code\":\"ok\",\"policy_match\":true,\"ips\":["
        "{"
        "\"ip\":\"192.0.2.1\",\"code\":\"smtp.tls.expired\"}]}]}}";
    struct arena arena;
    struct group_record record;
    struct buf packed, text;
    struct probe_facts probe = {.tls = {.end = TLS_DONE, .group = "X25519MLKEM768"}};
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&packed, GROUPS_PACK_BYTES);
    buf_init(&text, 4096);
    const struct groups_unpack take = {&text, write_member, write_exchange};
    assert_int_equal(group_record_read(bytes_of(line), &arena, &record), ERR_OK);
    assert_int_equal(groups_pack_domain(&record, provider_of_mx, &arena, &packed), ERR_OK);
    assert_int_equal(groups_unpack(buf_bytes(&packed), &take), ERR_FULL); /* the first error ends it */
    assert_string_equal(buf_string(&text), "policy x25519\n"
                                           "mx-host refused mx.example.net* smtp.tls.expired\n"
                                           "mx-operator refused example.net* smtp.tls.expired\n"
                                           "policy-host refused mta-sts.a.example\n"
                                           "ip refused 192.0.2.1* smtp.tls.expired\n"
                                           "network refused 192.0.2.0/24* smtp.tls.expired\n"
                                           "tld refused example* smtp.tls.expired\n");
    buf_reset(&text);
    assert_int_equal(groups_pack_host(&probe, &packed), ERR_OK);
    assert_int_equal(groups_unpack(buf_bytes(&packed), &take), ERR_OK);
    probe.tls.group = NULL; /* keys were exchanged by RSA */
    assert_int_equal(groups_pack_host(&probe, &packed), ERR_OK);
    assert_int_equal(groups_unpack(buf_bytes(&packed), &take), ERR_OK);
    probe.tls.end = TLS_CLOSED; /* no handshake was completed */
    assert_int_equal(groups_pack_host(&probe, &packed), ERR_OK);
    assert_int_equal(groups_unpack(buf_bytes(&packed), &take), ERR_OK);
    assert_string_equal(buf_string(&text), "session X25519MLKEM768\nsession \n");
    struct buf small;
    buf_init(&small, 40);
    assert_int_equal(groups_pack_domain(&record, provider_of_mx, &arena, &small), ERR_MEMORY);
    buf_dispose(&small);
    buf_dispose(&packed);
    buf_dispose(&text);
    arena_dispose(&arena);
}

/* ---- however a scan's records come --------------------------------------------------------------------- */

enum way { BY_FACTS, BY_LINE };

static void add_record(struct store *store, uint64_t seed, enum way way, struct buf *why)
{
    struct random_record made;
    struct tally tally;
    struct buf packed;
    record_begin(&made, seed);
    buf_init(&packed, GROUPS_PACK_BYTES);
    summary_tally(&made.facts, &made.judgement, &tally);
    struct bytes line = buf_bytes(&made.line);
    assert_int_equal(store_append(store, STORE_DOMAINS, line, &tally, 0, why), ERR_OK);
    assert_int_equal(groups_pack_facts(&made.facts, &made.judgement, provider_of_mx, &made.arena, &packed),
                     ERR_OK);
    if (way == BY_FACTS)
        store_count(store, buf_bytes(&packed));
    else
        store_count_line(store, STORE_DOMAINS, line);
    buf_dispose(&packed);
    record_end(&made);
}

/* A host's record of one of a few groups. */
static void add_host(struct store *store, uint64_t number, enum way way, struct buf *why)
{
    static const char *const groups[] = {"x25519", "secp256r1", NULL};
    struct probe_facts probe = {
        .host = "mx.example.net",
        .ip = {.family = 4, .bytes = {192, 0, 2, 1}},
        .tls = {.end = TLS_DONE, .version = 0x0304, .group = groups[number % 3], .alert = -1}};
    struct buf line, packed;
    buf_init(&line, LINE_BYTES);
    buf_init(&packed, GROUPS_PACK_BYTES);
    assert_true(json_host(&line, &probe, FAIL_NONE));
    assert_int_equal(store_append(store, STORE_HOSTS, buf_bytes(&line), NULL, 0, why), ERR_OK);
    assert_int_equal(groups_pack_host(&probe, &packed), ERR_OK);
    if (way == BY_FACTS)
        store_count(store, buf_bytes(&packed));
    else
        store_count_line(store, STORE_HOSTS, buf_bytes(&line));
    buf_dispose(&line);
    buf_dispose(&packed);
}

static struct store *open_store_with(const struct scan_place *place, bool resume, size_t groups_bytes,
                                     struct buf *why)
{
    const struct store_options options = {.dir = place->path,
                                          .level = 1,
                                          .frame_bytes = 8 << 20,
                                          .part_bytes = 1 << 20,
                                          .flush_ms = 1000,
                                          .provider = provider_of_mx,
                                          .groups_bytes = groups_bytes};
    struct store *store = NULL;
    enum error error = resume ? store_resume(&options, &store, why) : store_create(&options, &store, why);
    if (error != ERR_OK)
        fail_msg("%s", buf_string(why));
    return store;
}

static struct store *open_store(const struct scan_place *place, bool resume, struct buf *why)
{
    return open_store_with(place, resume, 0, why);
}

static bool no_signal(void)
{
    return false;
}

static bool a_signal(void)
{
    return true;
}

/* Writes what summary.json says of groups, and closes the store. */
static void close_store(struct store *store, struct buf *out, struct buf *why)
{
    struct summary_groups groups;
    summary_groups_init(&groups);
    assert_int_equal(store_commit(store, why), ERR_OK);
    assert_int_equal(store_groups(store, &groups, no_signal, why), ERR_OK);
    assert_int_equal(why->len, 0);
    struct summary nothing = {.records = 0};
    assert_true(summary_json(out, &nothing, &groups));
    summary_groups_dispose(&groups);
    store_destroy(store);
}

/* Removes the directory with all that is in it. */
static void clear_place(struct scan_place *place)
{
    DIR *listing = opendir(place->path);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        (void)unlinkat(place->fd, entry->d_name, 0);
    (void)closedir(listing);
    place_end(place);
}

/* Counts all of a scan directory once more, from what stands there. */
static void count_directory(const struct scan_place *place, struct buf *out, struct buf *why)
{
    struct summary_groups groups;
    struct summary nothing = {.records = 0};
    summary_groups_init(&groups);
    assert_int_equal(summary_groups_count(&groups, place->fd, provider_of_mx, why), ERR_OK);
    assert_true(summary_json(out, &nothing, &groups));
    summary_groups_dispose(&groups);
}

static void the_groups_are_the_same_however_they_come(void **state)
{
    struct buf whole, other, resumed, read, why;
    struct scan_place place;
    (void)state;
    struct buf *all[] = {&whole, &other, &resumed, &read, &why};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_init(all[i], LINE_BYTES);
    for (enum way way = BY_FACTS; way <= BY_LINE; way++) {
        place_begin(&place);
        struct store *store = open_store(&place, false, &why);
        for (uint64_t seed = 1; seed <= SCANNED; seed++) {
            add_host(store, seed, way, &why);
            add_record(store, seed, way, &why);
        }
        close_store(store, way == BY_FACTS ? &whole : &other, &why);
        if (way == BY_LINE)
            count_directory(&place, &read, &why);
        clear_place(&place);
    }
    /* A scan in three runs: two thirds are read back at the end. */
    place_begin(&place);
    struct store *store = open_store(&place, false, &why);
    place_meta_state(&place, 1, "stopped");
    for (uint64_t seed = 1; seed <= SCANNED; seed++) {
        add_host(store, seed, BY_FACTS, &why);
        add_record(store, seed, BY_FACTS, &why);
        if (seed % (SCANNED / 3) != 0 || seed == SCANNED)
            continue;
        assert_int_equal(store_commit(store, &why), ERR_OK);
        store_destroy(store);
        store = open_store(&place, true, &why);
        assert_int_equal(store_groups_unread(store), seed);
    }
    close_store(store, &resumed, &why);
    clear_place(&place);
    assert_true(strstr(buf_string(&whole), "\"x25519\":") != NULL && whole.len > 10000);
    assert_string_equal(buf_string(&other), buf_string(&whole));
    assert_string_equal(buf_string(&read), buf_string(&whole));
    assert_string_equal(buf_string(&resumed), buf_string(&whole));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_dispose(all[i]);
}

/* Writes so many records, from one on. */
static void add_records(struct store *store, uint64_t from, uint64_t count, struct buf *why)
{
    for (uint64_t seed = from; seed < from + count; seed++) {
        add_host(store, seed, BY_FACTS, why);
        add_record(store, seed, BY_FACTS, why);
    }
}

/* A counter with so little memory that it makes many runs says the same; and one that cannot make any counts
 * at the end, when it can. */
static void counting_that_fails_costs_no_record(void **state)
{
    struct buf whole, small, later, why;
    struct buf *all[] = {&whole, &small, &later, &why};
    struct buf *outs[] = {&whole, &small, &later};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_init(all[i], LINE_BYTES);
    for (size_t i = 0; i < sizeof outs / sizeof *outs; i++) {
        struct scan_place place;
        struct rlimit open_files;
        place_begin(&place);
        struct store *store = open_store_with(&place, false, i == 0 ? 0 : 4096, &why);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &open_files), 0);
        const struct rlimit none = {.rlim_cur = 0, .rlim_max = open_files.rlim_max};
        if (i == 2)
            assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        add_records(store, 1, SCANNED, &why);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &open_files), 0);
        assert_int_equal(store_groups_unread(store), i == 2 ? SCANNED : 0);
        close_store(store, outs[i], &why);
        clear_place(&place);
    }
    assert_string_equal(buf_string(&small), buf_string(&whole));
    assert_string_equal(buf_string(&later), buf_string(&whole));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_dispose(all[i]);
}

/* A record that cannot be read back, of before a resume, is not passed over. */
static void damage_behind_a_resume_is_found(void **state)
{
    struct buf why;
    struct scan_place place;
    struct summary_groups groups;
    (void)state;
    buf_init(&why, 4096);
    place_begin(&place);
    struct store *store = open_store(&place, false, &why);
    place_meta_state(&place, 1, "stopped");
    add_records(store, 1, 20, &why);
    assert_int_equal(store_commit(store, &why), ERR_OK);
    store_destroy(store);
    store = open_store(&place, true, &why);
    add_records(store, 21, 20, &why);
    assert_int_equal(store_commit(store, &why), ERR_OK);
    int fd = openat(place.fd, "domains.ndjson.zst", O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "damage", 6, 40), 6);
    assert_int_equal(close(fd), 0);
    summary_groups_init(&groups);
    assert_int_equal(store_groups(store, &groups, no_signal, &why), ERR_CORRUPT);
    assert_non_null(strstr(buf_string(&why), "domains.ndjson.zst: frame 1 at offset 0 is damaged"));
    summary_groups_dispose(&groups);
    store_destroy(store);
    clear_place(&place);
    buf_dispose(&why);
}

/* What is no record cannot be counted, and is said. */
static void what_is_no_record(void **state)
{
    static const struct {
        const char *stream, *line, *said;
    } rows[] = {{"domains", "{\"tld\":7}\n", "a domain record cannot be read back"},
                {"hosts", "{\"tls\":\n", "a host record cannot be read back"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const lines[] = {rows[i].line, NULL};
        struct scan_place place;
        struct summary_groups groups;
        struct buf why;
        buf_init(&why, 4096);
        place_begin(&place);
        place_lines(&place, rows[i].stream, lines);
        summary_groups_init(&groups);
        assert_int_equal(summary_groups_count(&groups, place.fd, provider_of_mx, &why), ERR_CORRUPT);
        assert_non_null(strstr(buf_string(&why), rows[i].said));
        summary_groups_dispose(&groups);
        clear_place(&place);
        buf_dispose(&why);
    }
}

static void counting_ends(void **state)
{
    struct buf why;
    struct scan_place place;
    struct summary_groups groups;
    (void)state;
    buf_init(&why, 4096);
    place_begin(&place);
    struct store *store = open_store(&place, false, &why);
    place_meta_state(&place, 1, "stopped");
    add_record(store, 1, BY_FACTS, &why);
    assert_int_equal(store_commit(store, &why), ERR_OK);
    store_destroy(store);
    store = open_store(&place, true, &why);
    summary_groups_init(&groups);
    assert_int_equal(store_groups(store, &groups, a_signal, &why), ERR_STOPPED);
    assert_int_equal(groups.kinds[BY_TLD].count, 0);
    summary_groups_dispose(&groups);
    store_destroy(store);
    clear_place(&place);
    buf_dispose(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_as_their_record),
        cmocka_unit_test(what_is_packed_is_unpacked),
        cmocka_unit_test(the_groups_are_the_same_however_they_come),
        cmocka_unit_test(counting_that_fails_costs_no_record),
        cmocka_unit_test(damage_behind_a_resume_is_found),
        cmocka_unit_test(what_is_no_record),
        cmocka_unit_test(counting_ends),
    };
    suffix_use(psl_builtin());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
