/*
 * What reading our records costs by each JSON library there is here: every line of a file becomes the
 * library's own tree, each value of it is looked at once, and it is freed. The first is what the program
 * does: yajl's callbacks and a tree in an arena (scanner/json/json_tree). Usage: bench/json FILE.ndjson
 * [ROUNDS]
 *
 * HAVE_JSON_C, HAVE_CJSON, HAVE_YYJSON say which libraries it is built with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"

#ifdef HAVE_JSON_C
#include <json-c/json.h>
#endif
#ifdef HAVE_CJSON
#include <cjson/cJSON.h>
#endif
#ifdef HAVE_YYJSON
#include <yyjson.h>
#endif

enum { ROUNDS = 20, ARENA_BYTES = 64 << 20 };

struct lines {
    char *text;
    struct bytes *list;
    size_t count;
};

/* How many values a line has, so that nothing is skipped; 0: it was refused. */
typedef size_t (*reads)(struct bytes line);

/* ---- yajl, as the program uses it ---------------------------------------------------------------------- */

static struct arena arena;

static size_t count_nodes(const struct json_node *node)
{
    size_t count = 1;
    for (const struct json_node *child = node->first; child != NULL; child = child->next)
        count += count_nodes(child);
    return count;
}

static size_t by_yajl(struct bytes line)
{
    const struct json_node *root;
    arena_reset(&arena);
    return json_tree_parse(line, &arena, &root) == ERR_OK ? count_nodes(root) : 0;
}

static bool on_value(void *arg, const struct json_value *value)
{
    ++*(size_t *)arg;
    return value->kind != FIELD_STRING || strcmp(value->key, "outcome") != 0;
}

/* The quick reader, which stops early: no tree. */
static size_t by_yajl_until_outcome(struct bytes line)
{
    size_t count = 0;
    return json_read_line(line, on_value, &count) == ERR_OK ? count : 0;
}

/* ---- the others --------------------------------------------------------------------------------------- */

#ifdef HAVE_JSON_C
static size_t count_json_c(struct json_object *value)
{
    size_t count = 1;
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, child)
        {
            (void)key;
            count += count_json_c(child);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            count += count_json_c(json_object_array_get_idx(value, i));
    }
    return count;
}

static size_t by_json_c(struct bytes line)
{
    static struct json_tokener *parser;
    if (parser == NULL)
        parser = json_tokener_new();
    json_tokener_reset(parser);
    struct json_object *root = json_tokener_parse_ex(parser, (const char *)line.data, (int)line.len);
    size_t count = root == NULL ? 0 : count_json_c(root);
    (void)json_object_put(root);
    return count;
}
#endif

#ifdef HAVE_CJSON
static size_t count_cjson(const cJSON *value)
{
    size_t count = 1;
    for (const cJSON *child = value->child; child != NULL; child = child->next)
        count += count_cjson(child);
    return count;
}

static size_t by_cjson(struct bytes line)
{
    cJSON *root = cJSON_ParseWithLength((const char *)line.data, line.len);
    size_t count = root == NULL ? 0 : count_cjson(root);
    cJSON_Delete(root);
    return count;
}
#endif

#ifdef HAVE_YYJSON
static size_t count_yyjson(yyjson_val *value)
{
    size_t count = 1, i, most;
    yyjson_val *key, *child;
    if (yyjson_is_obj(value)) {
        yyjson_obj_foreach(value, i, most, key, child) count += count_yyjson(child);
    } else if (yyjson_is_arr(value)) {
        yyjson_arr_foreach(value, i, most, child) count += count_yyjson(child);
    }
    return count;
}

static size_t by_yyjson(struct bytes line)
{
    yyjson_doc *root = yyjson_read((const char *)line.data, line.len, 0);
    size_t count = root == NULL ? 0 : count_yyjson(yyjson_doc_get_root(root));
    yyjson_doc_free(root);
    return count;
}
#endif

/* ---- timing ------------------------------------------------------------------------------------------- */

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static struct lines read_lines(const char *path)
{
    struct lines lines = {0};
    size_t len = 0, room = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail(path);
    for (size_t got = 1; got > 0; len += got) {
        if (room - len < 1 << 20 && (lines.text = realloc(lines.text, room += 8 << 20)) == NULL)
            fail("memory");
        got = fread(lines.text + len, 1, room - len, file);
    }
    (void)fclose(file);
    lines.list = calloc(len + 1, sizeof *lines.list);
    if (lines.list == NULL)
        fail("memory");
    for (char *at = lines.text, *end; (end = memchr(at, '\n', (size_t)(lines.text + len - at))) != NULL;
         at = end + 1)
        lines.list[lines.count++] = bytes_make(at, (size_t)(end - at));
    return lines;
}

/* CPU time of the fastest round, in microseconds a line. */
static double measure(const struct lines *lines, reads read, unsigned rounds, size_t *values)
{
    double best = 1e9;
    for (unsigned round = 0; round < rounds; round++) {
        double start = seconds();
        *values = 0;
        for (size_t i = 0; i < lines->count; i++)
            *values += read(lines->list[i]);
        double took = seconds() - start;
        best = took < best ? took : best;
    }
    return best * 1e6 / (double)lines->count;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        reads read;
    } libraries[] = {
        {"yajl (the program)", by_yajl},
#ifdef HAVE_JSON_C
        {"json-c", by_json_c},
#endif
#ifdef HAVE_CJSON
        {"cJSON", by_cjson},
#endif
#ifdef HAVE_YYJSON
        {"yyjson", by_yyjson},
#endif
        {"yajl, stopping early", by_yajl_until_outcome},
    };
    double first = 0;
    if (argc < 2)
        return 2;
    struct lines lines = read_lines(argv[1]);
    unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : ROUNDS;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; lines.count > 0 && i < sizeof libraries / sizeof *libraries; i++) {
        size_t values = 0;
        double took = measure(&lines, libraries[i].read, rounds, &values);
        first = i == 0 ? took : first;
        printf("%-22s %8.2f us a record  %5.2f  (%zu values)\n", libraries[i].name, took, took / first,
               values);
    }
    arena_dispose(&arena);
    free(lines.list);
    free(lines.text);
    return lines.count > 0 ? 0 : 1;
}
