/* What happens in a world: each statement a function. What the DNS says and what peers do stands in script.c.
 */
#include <string.h>

#include "scanner/base/clock.h"
#include "tests/unit/reach/world/fake_clock.h"
#include "tests/unit/reach/world/fake_route.h"
#include "tests/unit/reach/world/script.h"
#include "tests/unit/reach/world/story.h"
#include "tests/unit/reach/world/world.h"

static bool is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

static bool do_domain(struct world *world, const struct line *line)
{
    world_start_domain(world, line->words[1], (struct bytes){NULL, 0});
    return true;
}

/* An earlier scan saw a policy there that enforces, with these patterns, a moment before the world began. */
static bool do_cached(struct world *world, const struct line *line)
{
    struct earlier_policy *earlier = arena_alloc(&world->arena, sizeof *earlier);
    char *rest = arena_string(&world->arena, line->words[2]);
    const char **mx = arena_array(&world->arena, strlen(rest) + 1, sizeof *mx);
    *earlier = (struct earlier_policy){.next = world->earlier, .domain = line->words[1]};
    earlier->policy = (struct cached_policy){.id = "earlier", .mode = STS_MODE_ENFORCE, .mx = mx};
    for (char *word = strtok_r(rest, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest))
        mx[earlier->policy.mx_count++] = word;
    earlier->policy.fetched = clock_wall_ms() - 1000;
    earlier->policy.max_age = 604800;
    world->earlier = earlier;
    return true;
}

/* A further pass: the loops hear of it before anybody is tried again. */
static bool do_pass(struct world *world, const struct line *line)
{
    (void)line;
    story_tell("a further pass");
    if (workers_new_pass(world->workers, world->count) != ERR_OK)
        return false;
    world_settle(world);
    world_start_put_off(world);
    return true;
}

/* After so many more events, of which no loop delivers what it posts to another. */
static bool do_stop(struct world *world, const struct line *line)
{
    int64_t events = 0;
    if (line->count > 1 && !words_number(line->words[1], &events))
        return false;
    while (events-- > 0 && fake_clock_turn()) {
    }
    story_tell("the loops end");
    world_stop(world);
    return true;
}

static bool do_pause(struct world *world, const struct line *line)
{
    int64_t us;
    (void)world;
    if (!words_time(line->words[1], &us))
        return false;
    story_tell("this process stands still for %s", line->words[1]);
    fake_clock_stop(us);
    return true;
}

static bool do_sleep(struct world *world, const struct line *line)
{
    int64_t us;
    (void)world;
    if (!words_time(line->words[1], &us))
        return false;
    story_tell("this machine sleeps for %s", line->words[1]);
    fake_clock_sleep(us);
    return true;
}

static bool do_clock(struct world *world, const struct line *line)
{
    int64_t us;
    (void)world;
    if (!words_time(line->words[1], &us))
        return false;
    story_tell("somebody sets the clock by %s", line->words[1]);
    fake_clock_set(us);
    return true;
}

/* As scanner/machine/watch says it. */
static bool do_doubt(struct world *world, const struct line *line)
{
    bool on = is(line->words[1], "on");
    atomic_store(&world->context.doubtful, on);
    if (!on)
        atomic_store(&world->context.doubt_ended_ms, clock_monotonic_ms());
    return on || is(line->words[1], "off");
}

static bool do_path(struct world *world, const struct line *line)
{
    atomic_store(&world->context.path_doubtful, is(line->words[1], "doubtful"));
    return is(line->words[1], "doubtful") || is(line->words[1], "clear");
}

static bool do_forget(struct world *world, const struct line *line)
{
    if (is(line->words[1], "failures"))
        return workers_forget_failures(world->workers, world->count) == ERR_OK;
    return is(line->words[1], "unoffered") &&
           workers_forget_unoffered(world->workers, world->count) == ERR_OK;
}

/* No route to these prefixes, until another of these lines. */
static bool do_noroute(struct world *world, const struct line *line)
{
    struct ip_set *set = &world->no_route;
    struct ip_prefix prefix;
    ip_set_dispose(set);
    fake_route_lack(set);
    for (size_t i = 1; i < line->count; i++)
        if (!ip_prefix_parse(line->words[i], &prefix) || ip_set_add(set, prefix) != ERR_OK)
            return false;
    return true;
}

/* An earlier run of the scan found it so. */
static bool do_silent(struct world *world, const struct line *line)
{
    struct ip_addr ip;
    if (!ip_parse(line->words[2], &ip))
        return false;
    pace_note_silent(world->workers, &ip, is(line->words[1], "smtp") ? PACE_SMTP : PACE_HTTPS);
    return true;
}

static bool do_expect(struct world *world, const struct line *line)
{
    world_expect(world, line);
    return true;
}

static const struct statement {
    const char *word;
    size_t least, most; /* words */
    bool needs_loops;
    bool (*run)(struct world *world, const struct line *line);
} statements[] = {
    {"dns", 3, SIZE_MAX, false, script_dns},
    {"smtp", 3, SIZE_MAX, false, script_smtp},
    {"https", 3, SIZE_MAX, false, script_https},
    {"policy", 3, 3, false, script_policy},
    {"cached", 3, 3, false, do_cached},
    {"domain", 2, 2, true, do_domain},
    {"contact", 4, SIZE_MAX, true, script_contact},
    {"pass", 1, 1, true, do_pass},
    {"stop", 1, 2, true, do_stop},
    {"pause", 2, 2, false, do_pause},
    {"sleep", 2, 2, false, do_sleep},
    {"clock", 2, 2, false, do_clock},
    {"doubt", 2, 2, false, do_doubt},
    {"path", 2, 2, false, do_path},
    {"forget", 2, 2, true, do_forget},
    {"noroute", 1, SIZE_MAX, false, do_noroute},
    {"silent", 3, 3, true, do_silent},
    {"expect", 2, SIZE_MAX, false, do_expect},
};

void world_do(struct world *world, const struct line *line)
{
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        const struct statement *statement = &statements[i];
        if (!is(statement->word, line->words[0]))
            continue;
        bool fits = line->count >= statement->least && line->count <= statement->most &&
                    (world->workers != NULL || !statement->needs_loops);
        if (!fits || !statement->run(world, line))
            world_miss(world, line, "this cannot be read, or not be done: %s", line->words[0]);
        return;
    }
    world_miss(world, line, "there is no such statement: %s", line->words[0]);
}
