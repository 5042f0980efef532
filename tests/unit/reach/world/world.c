/* The life of a world: read, made, turned until nothing is left to happen, checked, ended. */
#include "tests/unit/reach/world/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/reach/world/contacts.h"
#include "tests/unit/reach/world/fake_clock.h"
#include "tests/unit/reach/world/fake_route.h"
#include "tests/unit/reach/world/peers.h"
#include "tests/unit/reach/world/story.h"
#include "tests/unit/reach/world/zone.h"

enum { WORLD_BYTES = 64 << 20, FILE_BYTES = 1 << 20 };

/* Nothing that reach/ does takes so long. */
#define LONGEST_US (INT64_C(48) * 3600 * 1000000)

/* ---- what is said -------------------------------------------------------------------------------------- */

void world_miss(struct world *world, const struct line *line, const char *format, ...)
{
    va_list args;
    world->misses++;
    printf("%s:%u: ", world->path, line == NULL ? 0 : line->number);
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    printf("\n");
}

/* ---- time ---------------------------------------------------------------------------------------------- */

void world_settle(struct world *world)
{
    for (bool quiet = false; !quiet;) {
        quiet = true;
        for (uint32_t i = 0; world->workers != NULL && i < world->count; i++) {
            if (!mailbox_has_mail(&world->workers[i].loop.mailbox))
                continue;
            (void)event_base_loop(world->workers[i].loop.base, EVLOOP_NONBLOCK);
            quiet = false;
        }
    }
}

void world_stop(struct world *world)
{
    workers_destroy(world->workers, world->count);
    world->workers = NULL;
}

static bool is_over(const struct world *world)
{
    return world->script_left == 0 && (world->workers == NULL || world->ended == world->started);
}

static void run(struct world *world)
{
    world_settle(world);
    while (!is_over(world)) {
        if (!fake_clock_turn() || fake_clock_us() > LONGEST_US) {
            world_miss(world, NULL, "%zu domains have begun and %zu ended, and nothing happens any more",
                       world->started, world->ended);
            return;
        }
        world_settle(world);
    }
}

/* ---- the script ---------------------------------------------------------------------------------------- */

struct appointment {
    struct world *world;
    struct line line;
    struct loop_timer *timer;
};

static void on_time(void *arg)
{
    struct appointment *appointment = arg;
    struct world *world = appointment->world;
    loop_timer_free(appointment->timer);
    world->script_left--;
    world_do(world, &appointment->line);
}

/* `at TIME STATEMENT` waits for its time; a domain or contact that begins at once, for the time 0. */
static void arrange(struct world *world, const struct line *line, size_t skip, int64_t at_us)
{
    struct appointment *appointment = arena_alloc(&world->arena, sizeof *appointment);
    *appointment = (struct appointment){.world = world, .line = *line};
    appointment->line.words += skip;
    appointment->line.count -= skip;
    appointment->timer = loop_timer_create(NULL, on_time, appointment);
    loop_timer_set(appointment->timer, at_us);
    world->script_left++;
}

static void begin_line(struct world *world, const struct line *line)
{
    int64_t at_us;
    if (strcmp(line->words[0], "at") == 0 && line->count > 2 && words_time(line->words[1], &at_us))
        arrange(world, line, 2, at_us);
    else if (strcmp(line->words[0], "domain") == 0 || strcmp(line->words[0], "contact") == 0)
        arrange(world, line, 0, 0);
    else if (strcmp(line->words[0], "expect") != 0 && !world_is_setting(line))
        world_do(world, line);
}

static void expect_at_the_end(struct world *world)
{
    for (const struct line *line = world->lines; line != NULL; line = line->next)
        if (strcmp(line->words[0], "expect") == 0)
            world_expect(world, line);
}

/* ---- birth and end ------------------------------------------------------------------------------------- */

static bool read_file(struct world *world)
{
    char *text = arena_alloc(&world->arena, FILE_BYTES);
    FILE *file = fopen(world->path, "re");
    unsigned wrong = 0;
    size_t len = file == NULL ? 0 : fread(text, 1, FILE_BYTES - 1, file);
    if (file != NULL)
        (void)fclose(file);
    text[len] = '\0';
    world->lines = words_read(text, &world->arena, &wrong);
    if (world->lines == NULL)
        world_miss(world, &(struct line){.number = wrong}, "cannot be read");
    return world->lines != NULL;
}

/* Options and the machine's state first, whatever stands before them. */
static bool make_workers(struct world *world)
{
    const char *why = NULL;
    for (const struct line *line = world->lines; line != NULL; line = line->next)
        if (world_is_setting(line))
            world_set(world, line);
    optout_finish(world->context.optout);
    world->context.results = world_results(world);
    if (ip_set_parse(world->config.safety_allow, &world->context.allow, &why) != ERR_OK)
        world_miss(world, NULL, "safety.allow: %s", why);
    else if (ip_set_parse(world->config.limits_own, &world->context.own, &why) != ERR_OK)
        world_miss(world, NULL, "limits.own: %s", why);
    else if ((world->workers = workers_create(world->count, &world->context, &why)) == NULL)
        world_miss(world, NULL, "%s", why);
    return world->workers != NULL;
}

/* Addresses that the world's files may use, as nobody has them. */
static void allow_documentation(struct config *config)
{
    struct buf why;
    buf_init(&why, 1024);
    if (config_set(config, "safety.allow", "192.0.2.0/24,198.51.100.0/24,203.0.113.0/24,2001:db8::/32", "",
                   &why) != ERR_OK)
        out_of_memory("the configuration");
    buf_dispose(&why);
}

static void begin(struct world *world, const char *path)
{
    *world = (struct world){.path = path, .count = 1};
    arena_init(&world->arena, WORLD_BYTES);
    if (config_init(&world->config) != ERR_OK)
        out_of_memory("the configuration");
    allow_documentation(&world->config);
    world->context = (struct scan_context){.config = &world->config,
                                           .stuck = &world->stuck,
                                           .optout = optout_create(),
                                           .has_ipv4 = true,
                                           .has_ipv6 = true,
                                           .hash_seed = 7};
    fake_clock_begin();
    story_begin();
    contacts_begin();
    peers_begin();
    zone_begin();
    fake_route_lack(NULL);
}

static void end(struct world *world)
{
    contacts_begin();
    peers_begin();
    zone_begin();
    fake_route_lack(NULL);
    ip_set_dispose(&world->no_route);
    ip_set_dispose(&world->context.allow);
    ip_set_dispose(&world->context.own);
    optout_destroy(world->context.optout);
    config_dispose(&world->config);
    arena_dispose(&world->arena);
}

static void live(struct world *world)
{
    for (const struct line *line = world->lines; line != NULL; line = line->next)
        begin_line(world, line);
    run(world);
    expect_at_the_end(world);
    world_check_books(world);
    world_stop(world);
    world_check_left(world);
}

unsigned world_run(const char *path, bool verbose)
{
    struct world world;
    begin(&world, path);
    if (read_file(&world) && make_workers(&world))
        live(&world);
    if (verbose || world.misses > 0) {
        printf("%s: what happened:\n", path);
        story_print();
    }
    end(&world);
    return world.misses;
}
