/* Writes plan-R.json with json_write, and believes one only if it is what that writes. */
#include "scanner/stages/plandir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "output/json/json_write.h"
#include "output/store/store_dir.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/shown.h"
#include "scanner/facts/record.h"
#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"
#include "scanner/stages/sha256.h"

enum { TEXT_BYTES = 64 << 20, TREE_BYTES = 256 << 20, SEED_BYTES = 24 };

const char *plandir_part_name(uint32_t round, uint32_t part, char name[PLAN_FILE_BYTES])
{
    (void)snprintf(name, PLAN_FILE_BYTES, "contacts-%" PRIu32 "-%" PRIu32, round, part);
    return name;
}

static const char *file_name(uint32_t round, char name[PLAN_FILE_BYTES])
{
    (void)snprintf(name, PLAN_FILE_BYTES, "plan-%" PRIu32 ".json", round);
    return name;
}

bool plandir_names_sum(const struct plan_names *names, uint32_t count, char sum[PLAN_SHA256_BYTES])
{
    struct sha256 *sha256 = sha256_begin();
    bool done = sha256 != NULL;
    for (uint32_t i = 0; done && i < count; i++)
        done = sha256_add(sha256, bytes_of(names[i].sha256));
    done = done && sha256_end(sha256, sum);
    sha256_free(sha256);
    return done;
}

bool plandir_meta(const struct plan *plan, uint32_t part, const char *vantage, struct meta_plan *meta)
{
    *meta = (struct meta_plan){.round = plan->round, .part = part, .parts = plan->part_count};
    memcpy(meta->id, plan->id, sizeof meta->id);
    memcpy(meta->before, plan->before, sizeof meta->before);
    (void)snprintf(meta->vantage, sizeof meta->vantage, "%s", vantage == NULL ? "" : vantage);
    return plandir_names_sum(plan->names, plan->shards, meta->names);
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static void write_names(struct json *json, const struct plan *plan)
{
    json_open_array(json, "names");
    for (uint32_t i = 0; i < plan->shards; i++) {
        json_open(json, NULL);
        json_put_unsigned(json, "shard", plan->names[i].shard);
        json_put_string(json, "sha256", plan->names[i].sha256);
        json_close(json);
    }
    json_close_array(json);
}

static void write_parts(struct json *json, const struct plan *plan)
{
    json_open_array(json, "parts");
    for (uint32_t i = 0; i < plan->part_count; i++) {
        json_open(json, NULL);
        json_put_unsigned(json, "part", i + 1);
        json_put_unsigned(json, "contacts", plan->parts[i].contacts);
        json_put_unsigned(json, "policies", plan->parts[i].policies);
        json_put_string(json, "sha256", plan->parts[i].sha256);
        json_close(json);
    }
    json_close_array(json);
}

/* Writes all of it, with an id or without. The seed is a text: readers of JSON lose digits beyond 2^53. */
static bool write_text(const struct plan *plan, const char *id, struct buf *text)
{
    struct json json;
    char seed[SEED_BYTES];
    (void)snprintf(seed, sizeof seed, "%" PRIu64, plan->seed);
    json_start(&json, text);
    json_indent(&json);
    json_open(&json, NULL);
    json_put_unsigned(&json, "schema", RECORD_SCHEMA_VERSION);
    json_put_unsigned(&json, "rules", plan->rules);
    json_put_optional(&json, "id", id);
    json_put_unsigned(&json, "round", plan->round);
    json_put_string(&json, "before", plan->before);
    json_put_string(&json, "seed", seed);
    json_put_unsigned(&json, "opted_out", plan->opted_out);
    json_put_unsigned(&json, "over", plan->over);
    write_parts(&json, plan);
    write_names(&json, plan);
    json_close(&json);
    return json_finish(&json);
}

bool plandir_text(struct plan *plan, struct buf *text)
{
    struct buf unnamed;
    buf_init(&unnamed, TEXT_BYTES);
    bool done = write_text(plan, NULL, &unnamed) && sha256_of(buf_bytes(&unnamed), plan->id) &&
                write_text(plan, plan->id, text);
    buf_dispose(&unnamed);
    return done;
}

enum error plandir_write(int dir_fd, struct plan *plan, struct buf *why)
{
    char name[PLAN_FILE_BYTES];
    struct buf text;
    const struct store_dir dir = {.fd = dir_fd, .lock = -1};
    buf_init(&text, TEXT_BYTES);
    enum error error = plandir_text(plan, &text) ? ERR_OK : ERR_MEMORY;
    if (error == ERR_OK)
        error = store_dir_write(&dir, file_name(plan->round, name), buf_bytes(&text), why);
    buf_dispose(&text);
    return error;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static const struct json_node *kind_at(const struct json_node *object, const char *key, enum json_kind kind)
{
    const struct json_node *node = json_tree_at(object, key);
    return node != NULL && node->kind == kind ? node : NULL;
}

static bool number_at(const struct json_node *object, const char *key, uint64_t *number)
{
    const struct json_node *node = kind_at(object, key, JSON_NUMBER);
    *number = 0;
    return node != NULL && json_read_number(node->text, number);
}

/* Reads a number within two bounds. */
static bool small_at(const struct json_node *object, const char *key, uint32_t least, uint32_t most,
                     uint32_t *number)
{
    uint64_t value;
    bool is_one = number_at(object, key, &value) && value >= least && value <= most;
    *number = is_one ? (uint32_t)value : 0;
    return is_one;
}

/* Reads a SHA-256 in hex; `may_lack` takes "" as well. */
static bool sum_at(const struct json_node *object, const char *key, bool may_lack,
                   char sum[PLAN_SHA256_BYTES])
{
    const struct json_node *node = kind_at(object, key, JSON_STRING);
    sum[0] = 0;
    if (node == NULL || node->text.len >= PLAN_SHA256_BYTES)
        return false;
    memcpy(sum, node->text.data, node->text.len);
    sum[node->text.len] = 0;
    return sha256_is_hex(sum) || (may_lack && node->text.len == 0);
}

static bool read_seed(const struct json_node *root, uint64_t *seed)
{
    const struct json_node *node = kind_at(root, "seed", JSON_STRING);
    *seed = 0;
    return node != NULL && json_read_number(node->text, seed);
}

/* Reads the shards, which are all there are, in order. */
static bool read_names(const struct json_node *root, struct arena *arena, struct plan *plan)
{
    const struct json_node *list = kind_at(root, "names", JSON_ARRAY);
    if (list == NULL || list->count == 0 || list->count > PLAN_SHARDS_MOST)
        return false;
    plan->names = arena_array(arena, list->count, sizeof *plan->names);
    if (plan->names == NULL)
        return false;
    for (const struct json_node *node = list->first; node != NULL; node = node->next) {
        struct plan_names *names = &plan->names[plan->shards++];
        if (!small_at(node, "shard", plan->shards, plan->shards, &names->shard) ||
            !sum_at(node, "sha256", false, names->sha256))
            return false;
    }
    return true;
}

static bool read_parts(const struct json_node *root, struct arena *arena, struct plan *plan)
{
    const struct json_node *list = kind_at(root, "parts", JSON_ARRAY);
    uint32_t number;
    if (list == NULL || list->count == 0 || list->count > PLAN_PARTS_MOST)
        return false;
    plan->parts = arena_array(arena, list->count, sizeof *plan->parts);
    if (plan->parts == NULL)
        return false;
    for (const struct json_node *node = list->first; node != NULL; node = node->next) {
        struct plan_part *part = &plan->parts[plan->part_count++];
        if (!small_at(node, "part", plan->part_count, plan->part_count, &number) ||
            !number_at(node, "contacts", &part->contacts) || !number_at(node, "policies", &part->policies) ||
            part->policies > part->contacts || !sum_at(node, "sha256", false, part->sha256))
            return false;
    }
    return true;
}

/* Reads everything but schema and rules. */
static bool read_plan(const struct json_node *root, struct arena *arena, struct plan *plan)
{
    return sum_at(root, "id", false, plan->id) &&
           small_at(root, "round", 1, PLAN_ROUNDS_MOST, &plan->round) &&
           sum_at(root, "before", plan->round == 1, plan->before) &&
           (plan->round > 1 || plan->before[0] == 0) && read_seed(root, &plan->seed) &&
           number_at(root, "opted_out", &plan->opted_out) && number_at(root, "over", &plan->over) &&
           read_parts(root, arena, plan) && read_names(root, arena, plan);
}

static enum error check_rules(const struct json_node *root, struct plan *plan, struct buf *why)
{
    uint32_t schema;
    if (!small_at(root, "schema", 1, UINT32_MAX, &schema) ||
        !small_at(root, "rules", 1, UINT32_MAX, &plan->rules)) {
        (void)buf_text(why, "it is no plan: schema or rules is missing or malformed");
        return ERR_CORRUPT;
    }
    if (schema == RECORD_SCHEMA_VERSION && plan->rules == RECORD_RULES)
        return ERR_OK;
    (void)buf_printf(why,
                     "a stsweep with schema %" PRIu32 " and rules %" PRIu32
                     " made it, this is stsweep " STSWEEP_VERSION
                     " with schema %d and rules %d, and two ways of judging do not mix: go on with that "
                     "program, or plan anew into another directory",
                     schema, plan->rules, RECORD_SCHEMA_VERSION, RECORD_RULES);
    return ERR_RULES;
}

/* Is the text, to the byte, what is written of what was read of it? So nothing else stands in it, no key
 * twice, and the id is that of all the rest. */
static enum error check_whole(struct bytes text, const struct plan *plan, struct buf *why)
{
    struct plan again = *plan;
    struct buf written;
    buf_init(&written, TEXT_BYTES);
    enum error error = plandir_text(&again, &written) ? ERR_OK : ERR_MEMORY;
    bool is_id = strcmp(again.id, plan->id) == 0;
    if (error == ERR_OK && !(is_id && bytes_equal(buf_bytes(&written), text))) {
        (void)buf_text(why, is_id ? "it says more than a plan does, or otherwise"
                                  : "its id is not that of what it says: it was changed or is damaged");
        error = ERR_CORRUPT;
    }
    buf_dispose(&written);
    return error;
}

enum error plandir_parse(struct bytes text, struct arena *arena, struct plan *plan, struct buf *why)
{
    struct arena tree;
    const struct json_node *root;
    *plan = (struct plan){.round = 0};
    arena_init(&tree, TREE_BYTES);
    enum error error = text.len > TEXT_BYTES ? ERR_LIMIT : json_tree_parse(text, &tree, &root);
    if (error == ERR_SYNTAX || error == ERR_LIMIT) {
        (void)buf_text(why, error == ERR_SYNTAX ? "it is no JSON object" : "it is too large, or too deep");
        error = ERR_CORRUPT;
    }
    if (error == ERR_OK)
        error = check_rules(root, plan, why);
    if (error == ERR_OK && !read_plan(root, arena, plan)) {
        (void)buf_text(why, "it is no plan: something is missing, malformed, or past its ceiling");
        error = arena->full ? ERR_MEMORY : ERR_CORRUPT;
    }
    if (error == ERR_OK)
        error = check_whole(text, plan, why);
    arena_dispose(&tree);
    return error;
}

/* Returns the last round there is of rounds without a gap; 0 for none. */
static uint32_t newest_round(int dir_fd)
{
    char name[PLAN_FILE_BYTES];
    uint32_t round = 0;
    while (round < PLAN_ROUNDS_MOST && disk_has(dir_fd, file_name(round + 1, name)))
        round++;
    return round;
}

static enum error read_file(int dir_fd, const char *name, struct buf *text, struct buf *why)
{
    enum error error = disk_read(dir_fd, name, text);
    int number = errno;
    if (error == ERR_OK)
        return ERR_OK;
    (void)buf_printf(why, "%s: %s", name, error == ERR_LIMIT ? "it is too large" : disk_said(number));
    return error == ERR_LIMIT ? ERR_CORRUPT : error == ERR_NOT_FOUND && number != ENOENT ? ERR_IO : error;
}

enum error plandir_read(int dir_fd, uint32_t round, struct arena *arena, struct plan *plan, struct buf *why)
{
    char name[PLAN_FILE_BYTES];
    struct buf text, reason;
    uint32_t wanted = round > 0 ? round : newest_round(dir_fd);
    *plan = (struct plan){.round = 0};
    if (wanted == 0) {
        (void)buf_text(
            why, "there is no plan (no plan-1.json): give a directory that `stsweep plan` made to its end");
        return ERR_NOT_FOUND;
    }
    buf_init(&text, TEXT_BYTES);
    buf_init(&reason, 1024);
    enum error error = read_file(dir_fd, file_name(wanted, name), &text, why);
    if (error == ERR_OK) {
        error = plandir_parse(buf_bytes(&text), arena, plan, &reason);
        if (error == ERR_OK && plan->round != wanted) {
            (void)buf_printf(&reason, "it is of round %" PRIu32, plan->round);
            error = ERR_CORRUPT;
        }
        if (error != ERR_OK)
            (void)buf_printf(why, "%s: %s", name, reason.len > 0 ? buf_string(&reason) : error_text(error));
    }
    buf_dispose(&text);
    buf_dispose(&reason);
    return error;
}

/* ---- what stands in the directory ---------------------------------------------------------------------- */

/* Calls visit with each name; an error of it ends the walk. */
static enum error
each_name(int dir_fd, enum error (*visit)(int dir_fd, const char *name, uint32_t round, struct buf *why),
          uint32_t round, struct buf *why)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    enum error error = ERR_OK;
    if (listing == NULL) {
        (void)buf_printf(why, "cannot list it: %s", errno_said(errno));
        if (fd >= 0)
            (void)close(fd);
        return ERR_IO;
    }
    for (struct dirent *entry = readdir(listing); entry != NULL && error == ERR_OK; entry = readdir(listing))
        error = visit(dir_fd, entry->d_name, round, why);
    (void)closedir(listing);
    return error;
}

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

static enum error check_name(int dir_fd, const char *name, uint32_t round, struct buf *why)
{
    (void)dir_fd, (void)round;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lock") == 0 ||
        begins(name, "plan-") || begins(name, "contacts-"))
        return ERR_OK;
    (void)buf_printf(why, "it is not empty and holds no plan (there is %s): give another directory",
                     shown(name));
    return ERR_EXISTS;
}

enum error plandir_check(int dir_fd, struct buf *why)
{
    return each_name(dir_fd, check_name, 0, why);
}

static enum error clear_name(int dir_fd, const char *name, uint32_t round, struct buf *why)
{
    char stem[PLAN_FILE_BYTES];
    (void)snprintf(stem, sizeof stem, "contacts-%" PRIu32 "-", round);
    if (!begins(name, stem) || unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
        return ERR_OK;
    (void)buf_printf(why, "%s: cannot remove it: %s", shown(name), errno_said(errno));
    return ERR_IO;
}

enum error plandir_clear(int dir_fd, uint32_t round, struct buf *why)
{
    return each_name(dir_fd, clear_name, round, why);
}
