/* Counts the groups of what is worse. */
#include "output/readback/worse_groups.h"

enum error worse_groups_init(struct worse_groups *worse)
{
    group_top_init(&worse->providers, WORSE_GROUPS_TOLD);
    group_top_init(&worse->hosts, WORSE_GROUPS_TOLD);
    worse->counts = group_counts_new(WORSE_GROUPS_BYTES, -1);
    return worse->counts == NULL ? ERR_MEMORY : ERR_OK;
}

void worse_groups_dispose(struct worse_groups *worse)
{
    group_counts_free(worse->counts);
    group_top_dispose(&worse->providers);
    group_top_dispose(&worse->hosts);
}

static enum error count(struct worse_groups *worse, enum group_kind kind, const struct stand *stand,
                        const char *name, struct buf *why)
{
    const struct group_member member = {.name = bytes_of(name)};
    return group_counts_add(worse->counts, kind, stand->outcome, &member, why);
}

enum error worse_groups_add(struct worse_groups *worse, const struct stand *stand, struct buf *why)
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
    struct worse_groups *worse = arg;
    bool kept = group_top_take(row->kind == BY_PROVIDER ? &worse->providers : &worse->hosts, row);
    return kept ? ERR_OK : ERR_MEMORY;
}

enum error worse_groups_end(struct worse_groups *worse, struct buf *why)
{
    enum error error = group_counts_end(worse->counts, take, worse, why);
    group_top_sort(&worse->providers);
    group_top_sort(&worse->hosts);
    return error;
}
