/* Counts and prints the groups of what is worse. */
#include "scanner/commands/diff_worse.h"

#include <inttypes.h>

enum error diff_worse_init(struct diff_worse *worse)
{
    group_top_init(&worse->providers, DIFF_GROUPS_SAID);
    group_top_init(&worse->hosts, DIFF_GROUPS_SAID);
    worse->counts = group_counts_new(DIFF_GROUPS_BYTES, -1);
    return worse->counts == NULL ? ERR_MEMORY : ERR_OK;
}

void diff_worse_dispose(struct diff_worse *worse)
{
    group_counts_free(worse->counts);
    group_top_dispose(&worse->providers);
    group_top_dispose(&worse->hosts);
}

static enum error count(struct diff_worse *worse, enum group_kind kind, const struct stand *stand,
                        const char *name, struct buf *why)
{
    const struct group_member member = {.name = bytes_of(name)};
    return group_counts_add(worse->counts, kind, stand->outcome, &member, why);
}

enum error diff_worse_add(struct diff_worse *worse, const struct stand *stand, struct buf *why)
{
    enum error error = ERR_OK;
    if (stand->provider[0] != 0)
        error = count(worse, BY_PROVIDER, stand, stand->provider, why);
    for (size_t i = 0; error == ERR_OK && i < stand->host_count; i++)
        error = count(worse, BY_MX_HOST, stand, stand->hosts[i].host, why);
    return error;
}

static enum error take(void *arg, const struct group_row *row)
{
    struct diff_worse *worse = arg;
    bool kept = group_top_take(row->kind == BY_PROVIDER ? &worse->providers : &worse->hosts, row);
    return kept ? ERR_OK : ERR_MEMORY;
}

static void tell(FILE *out, const char *verb, const char *what, struct group_top *top)
{
    group_top_sort(top);
    for (size_t i = 0; i < top->count && top->rows[i].domains > 1; i++) {
        struct bytes name = top->rows[i].name;
        (void)fprintf(out, "%" PRIu64 " domains %s with the %s ", top->rows[i].domains, verb, what);
        for (size_t j = 0; j < name.len; j++)
            (void)fputc(name.data[j] >= 0x20 && name.data[j] < 0x7F ? name.data[j] : '?', out);
        (void)fputc('\n', out);
    }
}

enum error diff_worse_tell(struct diff_worse *worse, const char *verb, FILE *out, struct buf *why)
{
    enum error error = group_counts_end(worse->counts, take, worse, why);
    if (error != ERR_OK)
        return error;
    tell(out, verb, "MX host", &worse->hosts);
    tell(out, verb, "provider", &worse->providers);
    return ERR_OK;
}
