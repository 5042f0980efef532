/* Counts records by groups; show_groups_print.c prints them. */
#include "scanner/commands/show_groups.h"

#include "output/readback/facts_read.h"
#include "scanner/machine/suffixes.h"
#include "scanner/verdict/provider.h"

enum error show_groups_init(struct show_groups *groups, const struct show_request *request)
{
    *groups = (struct show_groups){.kind = request->by};
    arena_init(&groups->arena, READ_ARENA_BYTES);
    group_top_init(&groups->top, (size_t)request->top);
    if (groups->kind == BY_MX_OPERATOR)
        suffixes_load();
    groups->counts = group_counts_new(SHOW_GROUPS_BYTES, -1);
    return groups->counts == NULL ? ERR_MEMORY : ERR_OK;
}

void show_groups_dispose(struct show_groups *groups)
{
    group_counts_free(groups->counts);
    group_top_dispose(&groups->top);
    arena_dispose(&groups->arena);
    groups->counts = NULL;
}

enum error show_groups_read(struct show_groups *groups, struct bytes line)
{
    arena_reset(&groups->arena);
    return group_record_read(line, &groups->arena, &groups->record);
}

enum error show_groups_count(struct show_groups *groups, struct buf *why)
{
    struct troubles troubles;
    struct group_members members;
    enum error error = ERR_OK;
    if (!troubles_find(&groups->record, &groups->arena, &troubles) ||
        !groups_of(&groups->record, &troubles, groups->kind, provider_of_mx, &groups->arena, &members))
        return ERR_MEMORY;
    groups->records++;
    groups->outside += members.count == 0;
    for (size_t i = 0; error == ERR_OK && i < members.count; i++)
        error = group_counts_add(groups->counts, groups->kind, groups->record.outcome, &members.list[i], why);
    return error;
}
