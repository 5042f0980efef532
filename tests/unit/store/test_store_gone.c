/* A resume of a scan of whose files something is gone, or whose last frame is bad: nothing of it is taken for
 * a torn tail where there can be none, and what is not there is said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/json/json.h"
#include "output/readback/meta_read.h"
#include "output/store/meta.h"
#include "output/store/store.h"

#define HOST   "{\"schema\":1,\"host\":\"a.b\",\"ip\":\"192.0.2.%u\",\"code\":\"ok\"}\n"
#define CERT   "{\"schema\":1,\"sha256\":\"%064u\"}\n"
#define REJECT "{\"schema\":1,\"ordinal\":%u,\"line\":1,\"reason\":\"input.bad-name\"}\n"

enum { WHY_BYTES = 4096, TEXT_BYTES = 1 << 20 };

struct place {
    char dir[64];
    off_t first_bytes[STORE_STREAMS]; /* of each file, after its first frame */
    struct buf why;
};

static const char *const files[STORE_STREAMS] = {[STORE_REJECTS] = "rejects.ndjson.zst",
                                                 [STORE_CERTS] = "certs.ndjson.zst",
                                                 [STORE_HOSTS] = "hosts.ndjson.zst",
                                                 [STORE_DOMAINS] = "domains.ndjson.zst"};

/* ---- a scan -------------------------------------------------------------------------------------------- */

static void remove_all(const struct place *place)
{
    char path[512];
    DIR *listing = opendir(place->dir);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        (void)snprintf(path, sizeof path, "%s/%s", place->dir, entry->d_name);
        (void)remove(path);
    }
    (void)closedir(listing);
    assert_int_equal(rmdir(place->dir), 0);
}

static struct store_options options_of(const struct place *place)
{
    return (struct store_options){
        .dir = place->dir, .level = 1, .frame_bytes = 4096, .part_bytes = 1 << 20, .flush_ms = 1000};
}

static void put_domain(struct place *place, struct store *store, unsigned number)
{
    const struct domain_facts facts = {.ordinal = number, .domain = "example.com", .tld = "com"};
    const struct judgement judgement = {.outcome = OUTCOME_ABSENT, .provider_mx = "P"};
    struct tally tally;
    struct buf line;
    buf_init(&line, TEXT_BYTES);
    summary_tally(&facts, &judgement, &tally);
    assert_true(json_domain(&line, &facts, &judgement));
    assert_int_equal(store_append(store, STORE_DOMAINS, buf_bytes(&line), &tally, 0, &place->why), ERR_OK);
    buf_dispose(&line);
}

static void put(struct place *place, struct store *store, enum store_stream stream, unsigned number)
{
    static const char *const lines[] = {[STORE_REJECTS] = REJECT, [STORE_CERTS] = CERT, [STORE_HOSTS] = HOST};
    char line[256];
    if (stream == STORE_DOMAINS) {
        put_domain(place, store, number);
        return;
    }
    (void)snprintf(line, sizeof line, lines[stream], number);
    assert_int_equal(store_append(store, stream, bytes_of(line), NULL, 0, &place->why), ERR_OK);
}

static void put_meta(struct place *place, struct store *store, const char *state)
{
    struct buf text;
    struct meta_input input = {.path = "names.txt", .bytes = 10, .lines = 2, .inputs = 2, .sha256 = "ab"};
    struct amount amounts[AMOUNT_STREAMS];
    store_amounts(store, state, amounts);
    struct meta meta = {.tool_version = "1",
                        .state = state,
                        .runs = 1,
                        .seed = 1,
                        .amounts = amounts,
                        .asked = {.inputs = &input, .input_count = 1}};
    buf_init(&text, TEXT_BYTES);
    assert_true(meta_json(&text, &meta));
    assert_int_equal(store_write_file(store, "meta.json", buf_bytes(&text), &place->why), ERR_OK);
    buf_dispose(&text);
}

/* Makes a scan with two frames in each file, as a scan leaves it in this state. */
static void make(struct place *place, const char *state)
{
    struct store *store;
    struct store_options options = options_of(place);
    assert_non_null(mkdtemp(strcpy(place->dir, "/tmp/stsweep-gone-XXXXXX")));
    buf_init(&place->why, WHY_BYTES);
    assert_int_equal(store_create(&options, &store, &place->why), ERR_OK);
    for (unsigned number = 1; number <= 2; number++) {
        for (enum store_stream i = 0; i < STORE_STREAMS; i++)
            put(place, store, i, number);
        assert_int_equal(store_commit(store, &place->why), ERR_OK);
        for (enum store_stream i = 0; i < STORE_STREAMS && number == 1; i++) {
            struct stat status;
            assert_int_equal(fstatat(store_dir_fd(store), files[i], &status, 0), 0);
            place->first_bytes[i] = status.st_size;
        }
    }
    assert_int_equal(store_complete(store, &place->why), ERR_OK);
    put_meta(place, store, state);
    if (strcmp(state, "done") == 0)
        assert_int_equal(store_write_file(store, "summary.json", bytes_of("{}\n"), &place->why), ERR_OK);
    store_destroy(store);
}

/* ---- harm ---------------------------------------------------------------------------------------------- */

enum harm { LAST_FRAME_BAD, LAST_FRAME_CUT, LAST_FRAME_GONE, EMPTY, FILE_GONE, HARMS };

static const char *const harm_names[HARMS] = {"a bad last frame", "half of the last frame", "no last frame",
                                              "an empty file", "no file"};

static void harm(const struct place *place, enum store_stream stream, enum harm how)
{
    char path[128], byte = 0;
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/%s", place->dir, files[stream]);
    assert_int_equal(stat(path, &status), 0);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    const off_t last = status.st_size - 3;
    assert_true(fd >= 0 && pread(fd, &byte, 1, last) == 1);
    byte ^= 4;
    if (how == LAST_FRAME_BAD)
        assert_int_equal(pwrite(fd, &byte, 1, last), 1);
    else if (how == LAST_FRAME_CUT)
        assert_int_equal(ftruncate(fd, last), 0);
    else if (how == LAST_FRAME_GONE)
        assert_int_equal(ftruncate(fd, place->first_bytes[stream]), 0);
    else if (how == EMPTY)
        assert_int_equal(ftruncate(fd, 0), 0);
    else
        assert_int_equal(unlink(path), 0);
    (void)close(fd);
}

static struct store *resume(struct place *place)
{
    struct store *store = NULL;
    struct store_options options = options_of(place);
    enum error error = store_resume(&options, &store, &place->why);
    if (error != ERR_OK)
        fail_msg("%s: %s", error_text(error), buf_string(&place->why));
    return store;
}

/* May a file of a scan in this state end anywhere, as one that is killed leaves it? */
static bool may_be_torn(const char *state, enum store_stream stream)
{
    return strcmp(state, "scanning") == 0 && stream != STORE_REJECTS;
}

static void expect(struct place *place, const char *state, enum store_stream stream, enum harm how)
{
    struct store *store = resume(place);
    const bool said = strstr(store_damage(store), files[stream]) != NULL;
    const uint64_t left = how >= EMPTY ? 0 : 1;
    if (said == may_be_torn(state, stream))
        fail_msg("%s, %s, %s: said is “%s”", state, files[stream], harm_names[how], store_damage(store));
    if (stream == STORE_REJECTS) /* they are written again */
        assert_true(!store_rejects_done(store) && store_lines(store, stream) == 0);
    else
        assert_true(store_rejects_done(store) && store_lines(store, stream) == left);
    assert_int_equal(store_is_done(store, 2), stream != STORE_DOMAINS);
    assert_int_equal(store_is_done(store, 1), stream != STORE_DOMAINS || left == 1);
    store_destroy(store);
    store = resume(place); /* it has been said, and nothing else is amiss */
    assert_string_equal(store_damage(store), "");
    store_destroy(store);
}

static void each_harm_is_said(void **state)
{
    static const char *const states[] = {"scanning", "stopped", "done"};
    (void)state;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        for (enum store_stream stream = 0; stream < STORE_STREAMS; stream++)
            for (enum harm how = 0; how < HARMS; how++) {
                struct place place;
                make(&place, states[i]);
                harm(&place, stream, how);
                expect(&place, states[i], stream, how);
                remove_all(&place);
                buf_dispose(&place.why);
            }
}

static void what_is_whole_is_resumed_without_a_word(void **state)
{
    static const char *const states[] = {"scanning", "stopped", "done"};
    (void)state;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct place place;
        make(&place, states[i]);
        struct store *store = resume(&place);
        assert_string_equal(store_damage(store), "");
        assert_true(store_rejects_done(store) && store_is_done(store, 2));
        store_destroy(store);
        remove_all(&place);
        buf_dispose(&place.why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_harm_is_said),
        cmocka_unit_test(what_is_whole_is_resumed_without_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
