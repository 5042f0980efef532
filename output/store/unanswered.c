/* Reads records for addresses that did not answer. */
#include "output/store/unanswered.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/json/json_read.h"
#include "scanner/facts/failure.h"

enum { CAPACITY_FIRST = 256 };

/* Further addresses are not remembered over a stop: they are tried again. */
enum { CEILING = 1 << 24 };

struct reader {
    const char *object; /* "" for the top level */
    enum failure_code silence;
    struct ip_addr ip;
    bool has_ip, has_code, silent;
};

static bool on_value(void *arg, const struct json_value *value)
{
    struct reader *reader = arg;
    bool inside = reader->object[0] != 0;
    const char *name = inside ? value->sub : value->key;
    if (value->kind != FIELD_STRING ||
        (inside ? strcmp(value->key, reader->object) != 0 : value->sub[0] != 0))
        return true;
    if (strcmp(name, "ip") == 0)
        reader->has_ip = ip_parse_bytes(value->text, &reader->ip);
    if (strcmp(name, "code") == 0) {
        reader->has_code = true;
        reader->silent = bytes_equal(value->text, bytes_of(failure_name(reader->silence)));
    }
    return !(reader->has_code && (reader->has_ip || !reader->silent));
}

static enum error add(struct unanswered *list, const struct ip_addr *ip)
{
    if (list->count == CEILING)
        return ERR_OK;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? CAPACITY_FIRST : list->capacity * 2;
        struct ip_addr *grown = realloc(list->ips, capacity * sizeof *grown);
        if (grown == NULL)
            return ERR_MEMORY;
        list->ips = grown;
        list->capacity = capacity;
    }
    list->ips[list->count++] = *ip;
    return ERR_OK;
}

static enum error read_line(struct unanswered *list, struct bytes line, struct reader *reader)
{
    enum error error = json_read_line(line, on_value, reader);
    if (error != ERR_OK)
        return error;
    return reader->has_ip && reader->silent ? add(list, &reader->ip) : ERR_OK;
}

void unanswered_dispose(struct unanswered *list)
{
    free(list->ips);
    *list = (struct unanswered){0};
}

enum error unanswered_host(struct unanswered *list, struct bytes line)
{
    struct reader reader = {.object = "", .silence = FAIL_SMTP_TCP_TIMEOUT};
    return read_line(list, line, &reader);
}

enum error unanswered_policy(struct unanswered *list, struct bytes line)
{
    struct reader reader = {.object = "policy", .silence = FAIL_POLICY_TCP_TIMEOUT};
    return read_line(list, line, &reader);
}
