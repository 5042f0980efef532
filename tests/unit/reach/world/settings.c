/* What a world's file says of options, loops and this machine. */
#include <string.h>

#include "tests/unit/reach/world/peers.h"
#include "tests/unit/reach/world/world.h"

static bool is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

static bool set_option(struct world *world, const struct line *line)
{
    struct buf why;
    buf_init(&why, 4096);
    bool good = config_set(&world->config, line->words[1], line->words[2], world->path, &why) == ERR_OK;
    if (!good)
        printf("%s", buf_string(&why));
    buf_dispose(&why);
    return good;
}

static bool set_loops(struct world *world, const struct line *line)
{
    int64_t count;
    bool good = words_number(line->words[1], &count) && count >= 1 && count <= 16;
    world->count = good ? (uint32_t)count : 1;
    return good;
}

static bool set_optout(struct world *world, const struct line *line)
{
    const char *word = line->words[1];
    struct ip_prefix prefix;
    if (word[0] == '.')
        return optout_add_suffix(world->context.optout, word + 1) == ERR_OK;
    if (ip_prefix_parse(word, &prefix))
        return optout_add_prefix(world->context.optout, &prefix) == ERR_OK;
    return optout_add_domain(world->context.optout, word) == ERR_OK;
}

static bool set_stuck(struct world *world, const struct line *line)
{
    struct place_at at = {.kind = is(line->words[1], "smtp") ? PLACE_SMTP : PLACE_POLICY};
    return ip_parse(line->words[2], &at.ip) && stuck_list_add(&world->stuck, &at);
}

static bool set_blocked(struct world *world, const struct line *line)
{
    enum known_port port = is(line->words[1], "smtp") ? KNOWN_SMTP : KNOWN_HTTPS;
    world->context.network.blocked[port][is(line->words[2], "ipv6") ? KNOWN_IPV6 : KNOWN_IPV4] = true;
    return true;
}

static bool set_without(struct world *world, const struct line *line)
{
    bool six = is(line->words[1], "ipv6");
    *(six ? &world->context.has_ipv6 : &world->context.has_ipv4) = false;
    return six || is(line->words[1], "ipv4");
}

/* Of a plan in so many parts, this one. */
static bool set_part(struct world *world, const struct line *line)
{
    int64_t index, count;
    bool good = words_number(line->words[1], &index) && words_number(line->words[2], &count) && index >= 1 &&
                index <= count;
    if (good)
        world->context.part = (struct part){(uint32_t)index, (uint32_t)count, 7};
    return good;
}

static bool set_round(struct world *world, const struct line *line)
{
    int64_t round;
    bool good = words_number(line->words[1], &round) && round >= 1;
    world->context.round = good ? (uint32_t)round : 1;
    return good;
}

static bool set_resumed(struct world *world, const struct line *line)
{
    (void)line;
    world->context.resumed = true;
    return true;
}

/* As `check` does it: all at once, and domains see all that was seen. */
static bool set_check(struct world *world, const struct line *line)
{
    (void)line;
    world->context.all_at_once = world->context.whole_facts = true;
    return true;
}

/* As with a hybrid group in tls.groups. */
static bool set_large(struct world *world, const struct line *line)
{
    (void)line;
    world->context.large_hello = true;
    peers_hello_large();
    return true;
}

static const struct setting {
    const char *word;
    size_t count; /* of words */
    bool (*set)(struct world *world, const struct line *line);
} settings[] = {
    {"set", 3, set_option},      {"loops", 2, set_loops},     {"optout", 2, set_optout},
    {"stuck", 3, set_stuck},     {"blocked", 3, set_blocked}, {"without", 2, set_without},
    {"resumed", 1, set_resumed}, {"check", 1, set_check},     {"large_hello", 1, set_large},
    {"part", 3, set_part},       {"round", 2, set_round},
};

static const struct setting *find(const struct line *line)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (is(settings[i].word, line->words[0]))
            return &settings[i];
    return NULL;
}

bool world_is_setting(const struct line *line)
{
    return find(line) != NULL;
}

void world_set(struct world *world, const struct line *line)
{
    const struct setting *setting = find(line);
    if (line->count != setting->count || !setting->set(world, line))
        world_miss(world, line, "this setting cannot be read: %s", line->words[0]);
}
