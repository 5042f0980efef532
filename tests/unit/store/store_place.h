/*
 * A scan directory that a test of the store writes, under /tmp, and records to put there. cmocka's headers
 * come first.
 */
#ifndef STSWEEP_TESTS_STORE_PLACE_H
#define STSWEEP_TESTS_STORE_PLACE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "output/json/json.h"
#include "output/store/meta.h"
#include "output/store/store.h"

struct place {
    char above[64];
    char dir[80];
    struct buf why;
};

static inline int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL)
        return -1;
    strcpy(place->above, "/tmp/stsweep-store-XXXXXX");
    if (mkdtemp(place->above) == NULL)
        return -1;
    (void)snprintf(place->dir, sizeof place->dir, "%s/scan", place->above);
    buf_init(&place->why, 4096);
    *state = place;
    return 0;
}

static inline void remove_scan(const struct place *place)
{
    char file[512];
    DIR *listing = opendir(place->dir);
    if (listing == NULL)
        return;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        (void)snprintf(file, sizeof file, "%s/%s", place->dir, entry->d_name);
        (void)remove(file);
    }
    closedir(listing);
    rmdir(place->dir);
}

static inline int tear_down(void **state)
{
    struct place *place = *state;
    remove_scan(place);
    rmdir(place->above);
    buf_dispose(&place->why);
    free(place);
    return 0;
}

static inline struct store_options options_of(const struct place *place)
{
    return (struct store_options){
        .dir = place->dir, .level = 1, .frame_bytes = 4096, .part_bytes = 1 << 20, .flush_ms = 1000};
}

static inline struct store *opened(struct place *place,
                                   enum error (*open_store)(const struct store_options *options,
                                                            struct store **made, struct buf *why))
{
    struct store *store = NULL;
    struct store_options options = options_of(place);
    enum error error = open_store(&options, &store, &place->why);
    if (error != ERR_OK)
        fail_msg("%s: %s", error_text(error), buf_string(&place->why));
    return store;
}

static inline struct store *create(struct place *place)
{
    return opened(place, store_create);
}

static inline struct store *resume(struct place *place)
{
    return opened(place, store_resume);
}

static inline void assert_resume_fails(struct place *place, enum error expected, const char *words)
{
    struct store *store = NULL;
    struct store_options options = options_of(place);
    buf_reset(&place->why);
    assert_int_equal(store_resume(&options, &store, &place->why), expected);
    assert_null(store);
    if (strstr(buf_string(&place->why), words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", buf_string(&place->why), words);
    buf_reset(&place->why);
}

/* amounts: what the record files hold; NULL: it does not say. */
static inline enum error put_meta_of(struct store *store, const char *state, const struct amount *amounts,
                                     struct buf *why)
{
    struct buf text;
    struct meta_input input = {.path = "names.txt", .bytes = 10, .lines = 2, .inputs = 2, .sha256 = "ab"};
    struct meta meta = {.tool_version = "1",
                        .state = state,
                        .runs = 1,
                        .seed = 1,
                        .amounts = amounts,
                        .asked = {.inputs = &input, .input_count = 1}};
    buf_init(&text, 1 << 20);
    assert_true(meta_json(&text, &meta));
    enum error error = store_write_file(store, "meta.json", buf_bytes(&text), why);
    buf_dispose(&text);
    return error;
}

static inline enum error put_meta(struct store *store, const char *state, struct buf *why)
{
    return put_meta_of(store, state, NULL, why);
}

static inline enum error put_domain(struct store *store, uint64_t ordinal, int64_t now, struct buf *why)
{
    struct buf line;
    struct tally tally;
    struct domain_facts facts = {.ordinal = ordinal, .domain = "example.com", .tld = "com"};
    struct judgement judgement = {.outcome = ordinal % 2 == 0 ? OUTCOME_ABSENT : OUTCOME_PROTECTED,
                                  .provider_mx = "P"};
    summary_tally(&facts, &judgement, &tally);
    buf_init(&line, 1 << 20);
    assert_true(json_domain(&line, &facts, &judgement));
    enum error error = store_append(store, STORE_DOMAINS, buf_bytes(&line), &tally, now, why);
    buf_dispose(&line);
    return error;
}

/* The host record that domain `ordinal` refers to. */
static inline enum error put_host(struct store *store, uint64_t ordinal, struct buf *why)
{
    struct buf line;
    char host[32];
    struct probe_facts probe = {.host = host};
    (void)snprintf(host, sizeof host, "mx%llu", (unsigned long long)ordinal);
    buf_init(&line, 1 << 20);
    assert_true(json_host(&line, &probe, FAIL_NONE));
    enum error error = store_append(store, STORE_HOSTS, buf_bytes(&line), NULL, 0, why);
    buf_dispose(&line);
    return error;
}

static inline enum error put_cert(struct store *store, uint64_t number, struct buf *why)
{
    struct buf line;
    struct cert_facts cert = {.subject = "CN=x"};
    memcpy(cert.sha256 + 8, &number, sizeof number);
    if (!store_cert_is_new(store, cert.sha256))
        return ERR_OK;
    buf_init(&line, 1 << 20);
    assert_true(json_cert(&line, &cert));
    enum error error = store_append(store, STORE_CERTS, buf_bytes(&line), NULL, 0, why);
    buf_dispose(&line);
    return error;
}

static inline enum error put_reject(struct store *store, uint64_t line, struct buf *why)
{
    struct buf text;
    struct reject_line reject = {.ordinal = line, .file = "a", .line = line, .reason = FAIL_INPUT_BAD_NAME};
    buf_init(&text, 1 << 20);
    assert_true(json_reject(&text, &reject));
    enum error error = store_append(store, STORE_REJECTS, buf_bytes(&text), NULL, 0, why);
    buf_dispose(&text);
    return error;
}

static inline void ok(struct place *place, enum error error)
{
    if (error != ERR_OK)
        fail_msg("%s: %s", error_text(error), buf_string(&place->why));
}

static inline enum error count_line(void *arg, struct bytes line)
{
    (void)line;
    ++*(unsigned *)arg;
    return ERR_OK;
}

static inline unsigned count_records(struct place *place, const char *name)
{
    unsigned count = 0;
    int fd = open(place->dir, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    ok(place, frames_read(fd, name, count_line, &count, &place->why));
    close(fd);
    return count;
}

static inline void write_file(const struct place *place, const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", place->dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline bool exists(const struct place *place, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", place->dir, name);
    return access(path, F_OK) == 0;
}

#endif
