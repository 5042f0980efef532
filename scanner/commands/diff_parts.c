/* Writes hosts, and the groups at the end. */
#include "scanner/commands/diff_parts.h"

#include <inttypes.h>

#include "output/readback/facts_fields.h"

/* A name with a prefix before it. */
enum { AT_BYTES = NAME_CEILING_BYTES + 16 };

void diff_put_hosts(struct json *json, const struct stand *stand)
{
    if (stand->host_count == 0)
        return;
    json_open_array(json, "hosts");
    for (size_t i = 0; i < stand->host_count; i++) {
        json_open(json, NULL);
        json_put_string(json, "host", stand->hosts[i].host);
        json_put_string(json, "code", failure_name(stand->hosts[i].code));
        json_close(json);
    }
    json_close_array(json);
}

void diff_put_causes(struct json *json, const struct causes *causes)
{
    if (causes->count == 0)
        return;
    json_open_array(json, "causes");
    for (size_t i = 0; i < causes->count; i++) {
        const struct cause *cause = &causes->list[i];
        char at[AT_BYTES];
        (void)snprintf(at, sizeof at, "%s%s", cause->prefix, cause->host);
        json_open(json, NULL);
        json_put_string(json, "at", at);
        json_put_string(json, "code", failure_name(cause->code));
        json_close(json);
    }
    json_close_array(json);
}

static void tell_groups(FILE *out, const char *verb, const char *what, const struct group_top *top)
{
    for (size_t i = 0; i < top->count && top->rows[i].domains > 1; i++) {
        struct bytes name = top->rows[i].name;
        (void)fprintf(out, "%" PRIu64 " domains %s with the %s ", top->rows[i].domains, verb, what);
        for (size_t j = 0; j < name.len; j++)
            (void)fputc(name.data[j] >= 0x20 && name.data[j] < 0x7F ? name.data[j] : '?', out);
        (void)fputc('\n', out);
    }
}

enum error diff_put_worse(FILE *out, const char *verb, struct worse_groups *worse, struct buf *why)
{
    enum error error = worse_groups_end(worse, why);
    if (error != ERR_OK)
        return error;
    tell_groups(out, verb, "MX host", &worse->hosts);
    tell_groups(out, verb, "provider", &worse->providers);
    return ERR_OK;
}
