/*
 * Holds what `show --by` says that mendings gain to the verdict: for each group the facts of every domain are
 * mended there, and nowhere else, and judged again.
 *
 *     gains DIR KIND < GAINS     GAINS: a line a group, its gain, a tab, its name
 *
 * Exit 0 if all are the same and no domain is without a group that gains it where the verdict has one.
 */
#include <inttypes.h>

#include "output/readback/scanview.h"
#include "scanner/machine/suffixes.h"
#include "tests/unit/mending.h"

enum { GROUPS_MOST = 10000, NAME_BYTES = 1200, ARENA_BYTES = 256 << 20 };

struct group {
    char *name;
    uint64_t said, found;
};

struct check {
    enum group_kind kind;
    struct group groups[GROUPS_MOST];
    size_t count;
    uint64_t judged;
};

static void read_groups(struct check *check)
{
    char line[NAME_BYTES];
    while (check->count < GROUPS_MOST && fgets(line, sizeof line, stdin) != NULL) {
        char *name = strchr(line, '\t');
        if (name == NULL)
            continue;
        name[strcspn(name, "\n")] = 0;
        check->groups[check->count++] = (struct group){strdup(name + 1), strtoull(line, NULL, 10), 0};
    }
}

static void judge_domain(void *arg, const struct domain_facts *facts, struct arena *arena,
                         struct judgement *judgement)
{
    struct check *check = arg;
    verdict_judge(facts, BY_OWN_TIME, arena, judgement);
    check->judged++;
    for (size_t i = 0; i < check->count; i++) {
        struct arena mended;
        arena_init(&mended, ARENA_BYTES);
        const struct mending mending = {check->kind, check->groups[i].name, facts, judgement, &mended};
        check->groups[i].found += mending_gains(&mending, BY_OWN_TIME);
        arena_dispose(&mended);
    }
}

static enum failure_code judge_host(void *arg, const struct probe_facts *probe)
{
    (void)arg;
    return verdict_probe(probe, BY_OWN_TIME);
}

static enum error pass_over(void *arg, const struct view_record *record)
{
    (void)arg;
    if (record->found == VIEW_JUDGED)
        return ERR_OK;
    (void)fprintf(stderr, "a record could not be judged: %s\n", record->reason);
    return ERR_CORRUPT;
}

/* Returns how many groups gain something else than was said. */
static size_t tell(const struct check *check)
{
    size_t wrong = 0;
    uint64_t gains = 0;
    for (size_t i = 0; i < check->count; i++) {
        const struct group *group = &check->groups[i];
        gains += group->found;
        wrong += group->said != group->found;
        if (group->said != group->found)
            (void)printf("%s %s: it says %" PRIu64 ", the verdict %" PRIu64 "\n",
                         group_kind_name(check->kind), group->name, group->said, group->found);
    }
    (void)printf("%s: %zu groups of %" PRIu64 " domains gain %" PRIu64 ", %zu of them are wrong\n",
                 group_kind_name(check->kind), check->count, check->judged, gains, wrong);
    return wrong;
}

int main(int argc, char **argv)
{
    static struct check check;
    const struct view_judge judge = {&check, judge_domain, judge_host};
    struct scanview *view = NULL;
    struct buf why;
    if (argc != 3 || (check.kind = group_kind_find(argv[2])) == GROUP_KIND_COUNT)
        return 2;
    buf_init(&why, 1 << 16);
    suffixes_load();
    read_groups(&check);
    enum error error = scanview_open(argv[1], &view, &why);
    if (error == ERR_OK)
        error = scanview_judge(view, &judge, &why);
    if (error == ERR_OK)
        error = scanview_records(view, VIEW_DOMAINS, pass_over, NULL, &why);
    if (error != ERR_OK)
        (void)fprintf(stderr, "%s: %s\n", argv[1], why.len > 0 ? buf_string(&why) : error_text(error));
    size_t wrong = tell(&check);
    scanview_close(view);
    buf_dispose(&why);
    for (size_t i = 0; i < check.count; i++)
        free(check.groups[i].name);
    return error == ERR_OK && wrong == 0 ? 0 : 1;
}
