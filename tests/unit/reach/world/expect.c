/* Expectations: each kind a function. What is not as it was said is a miss, with what there was instead. */
#include <inttypes.h>
#include <string.h>

#include "tests/unit/reach/world/contacts.h"
#include "tests/unit/reach/world/counted.h"
#include "tests/unit/reach/world/fake_clock.h"
#include "tests/unit/reach/world/script.h"
#include "tests/unit/reach/world/zone.h"

enum { TIMES_BYTES = 1 << 16 };

static bool is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

/* ---- numbers and times --------------------------------------------------------------------------------- */

/* KEY NUMBER, against what there was. */
static void want_number(struct world *world, const struct line *line, size_t at, int64_t was)
{
    int64_t wanted = 0;
    if (at + 1 >= line->count || !words_number(line->words[at + 1], &wanted))
        world_miss(world, line, "%s wants a number", line->words[at]);
    else if (wanted != was)
        world_miss(world, line, "%s %s: %s is %" PRId64 ", not %" PRId64, line->words[1], line->words[2],
                   line->words[at], was, wanted);
}

struct times {
    int64_t *us;
    size_t count;
};

static void print_times(const struct times *times)
{
    for (size_t i = 0; i < times->count; i++)
        printf("%s%.6gs", i == 0 ? "    but at " : " ", (double)times->us[i] / 1e6);
    printf("%s\n", times->count == 0 ? "    but never" : "");
}

/* The rest of the line: these times in their order, and no others. */
static void want_times(struct world *world, const struct line *line, size_t at, const struct times *was)
{
    bool same = line->count - at - 1 == was->count;
    for (size_t i = 0; same && i < was->count; i++) {
        int64_t wanted;
        same = words_time(line->words[at + 1 + i], &wanted) && wanted == was->us[i];
    }
    if (same)
        return;
    world_miss(world, line, "%s %s: not at these times", line->words[1], line->words[2]);
    print_times(was);
}

static struct times make_times(struct world *world, size_t most)
{
    struct times times = {.us = arena_array(&world->arena, most + 1, sizeof *times.us)};
    if (times.us == NULL)
        out_of_memory("times");
    return times;
}

/* ---- connections --------------------------------------------------------------------------------------- */

/* An address, the name of a host, or all. */
struct who {
    enum pace_class class;
    const char *word;
    struct ip_addr ip;
    bool by_ip, all;
};

static struct who read_who(const struct line *line)
{
    struct who who = {.class = is(line->words[1], "https") ? PACE_HTTPS : PACE_SMTP, .word = line->words[2]};
    who.by_ip = ip_parse(who.word, &who.ip);
    who.all = is(who.word, "all");
    return who;
}

static bool is_of(const struct who *who, const struct contact *contact)
{
    return contact->class == who->class &&
           (who->all || (who->by_ip ? ip_equal(&contact->ip, &who->ip) : is(contact->host, who->word)));
}

static struct times begins_of(struct world *world, const struct who *who)
{
    struct times times = make_times(world, contacts_count());
    for (size_t i = 0; i < contacts_count(); i++)
        if (is_of(who, contact_get(i)))
            times.us[times.count++] = contact_get(i)->began_us;
    return times;
}

static struct times ends_of(struct world *world, const struct who *who)
{
    struct times times = make_times(world, contacts_count());
    for (size_t i = 0; i < contacts_count(); i++)
        if (is_of(who, contact_get(i)))
            times.us[times.count++] = contact_get(i)->ended_us;
    return times;
}

static int64_t count_of(const struct who *who, bool (*counts)(const struct contact *contact))
{
    int64_t count = 0;
    for (size_t i = 0; i < contacts_count(); i++)
        count += is_of(who, contact_get(i)) && counts(contact_get(i));
    return count;
}

static bool is_any(const struct contact *contact)
{
    return contact != NULL;
}

static bool is_open(const struct contact *contact)
{
    return contact->ended_us < 0;
}

static bool is_permissive(const struct contact *contact)
{
    return contact->hello == HELLO_PERMISSIVE;
}

static bool is_small(const struct contact *contact)
{
    return contact->hello == HELLO_SMALL;
}

static bool is_cancelled(const struct contact *contact)
{
    return contact->cancelled;
}

/* The least from one to the next. */
static void want_apart(struct world *world, const struct line *line, size_t at, const struct times *was)
{
    int64_t wanted = 0;
    if (at + 1 >= line->count || !words_time(line->words[at + 1], &wanted))
        world_miss(world, line, "apart wants a time");
    for (size_t i = 1; i < was->count; i++)
        if (was->us[i] - was->us[i - 1] < wanted) {
            world_miss(world, line, "%s %s: not so far apart", line->words[1], line->words[2]);
            print_times(was);
            return;
        }
}

static void expect_contacts(struct world *world, const struct line *line)
{
    static const struct {
        const char *word;
        bool (*counts)(const struct contact *contact);
    } numbers[] = {{"times", is_any},
                   {"open", is_open},
                   {"permissive", is_permissive},
                   {"small", is_small},
                   {"cancelled", is_cancelled}};
    const struct who who = read_who(line);
    const struct times began = begins_of(world, &who), ended = ends_of(world, &who);
    for (size_t at = 3; at < line->count; at += 2) {
        const char *word = line->words[at];
        size_t i = 0;
        while (i < sizeof numbers / sizeof *numbers && !is(word, numbers[i].word))
            i++;
        if (i < sizeof numbers / sizeof *numbers) {
            want_number(world, line, at, count_of(&who, numbers[i].counts));
        } else if (is(word, "most")) {
            want_number(world, line, at, (int64_t)contacts_most(who.class, who.all ? NULL : &who.ip));
        } else if (is(word, "apart")) {
            want_apart(world, line, at, &began);
        } else if (is(word, "at") || is(word, "ends")) {
            want_times(world, line, at, is(word, "at") ? &began : &ended);
            return;
        } else {
            world_miss(world, line, "what does %s mean?", word);
        }
    }
}

/* ---- questions ----------------------------------------------------------------------------------------- */

static void expect_dns(struct world *world, const struct line *line)
{
    uint16_t type = line->count < 6 ? 0 : script_type(line->words[3]);
    struct times asked = make_times(world, zone_question_count());
    for (size_t i = 0; i < zone_question_count(); i++) {
        const struct zone_question *question = zone_question_get(i);
        if (question->type == type && is(question->name, line->words[2]))
            asked.us[asked.count++] = question->at_us;
    }
    if (type == 0)
        world_miss(world, line, "expect dns NAME TYPE times NUMBER, or at TIMES");
    else if (is(line->words[4], "times"))
        want_number(world, line, 4, (int64_t)asked.count);
    else if (is(line->words[4], "at"))
        want_times(world, line, 4, &asked);
    else
        world_miss(world, line, "what does %s mean?", line->words[4]);
}

/* ---- domains ------------------------------------------------------------------------------------------- */

static const struct seen_domain *find_domain(const struct world *world, const struct line *line)
{
    int64_t pass = 0;
    for (size_t i = 3; i < line->count; i++)
        if (words_value(line->words[i], "pass") != NULL)
            (void)words_number(words_value(line->words[i], "pass"), &pass);
    const struct seen_domain *seen = world->domains;
    while (seen != NULL && (!is(seen->name, line->words[2]) || (pass != 0 && seen->pass != (uint32_t)pass)))
        seen = seen->next;
    return seen;
}

/* KEY=VALUE, or a word of its own. False: neither. */
static bool is_so(const struct seen_domain *seen, const char *word, bool *so)
{
    const char *value;
    int64_t us;
    if ((value = words_value(word, "dane")) != NULL)
        *so = is(value, dane_outcome_name(seen->dane));
    else if ((value = words_value(word, "tls")) != NULL)
        *so = is(value, tls_outcome_name(seen->tls));
    else if ((value = words_value(word, "would_be")) != NULL)
        *so = is(value, outcome_name(seen->would_be));
    else if ((value = words_value(word, "at")) != NULL)
        *so = words_time(value, &us) && us == seen->at_us;
    else if ((value = words_value(word, "left")) != NULL)
        *so = words_number(value, &us) && (size_t)us == seen->policy_addresses;
    else if (is(word, "asked") || is(word, "changed"))
        *so = is(word, "asked") ? seen->asked && !seen->changed : seen->changed;
    else if (is(word, "complete") || is(word, "incomplete"))
        *so = seen->incomplete == is(word, "incomplete");
    else
        *so = words_value(word, "pass") != NULL;
    return value != NULL || *so || is(word, "asked") || is(word, "changed") || is(word, "complete") ||
           is(word, "incomplete");
}

/* A code that must be there, or with ! must not. False: there is no such code. */
static bool is_coded(const struct seen_domain *seen, const char *word, bool *so)
{
    bool wanted = word[0] != '!';
    const char *name = wanted ? word : word + 1;
    enum failure_code code = failure_find(name, strlen(name));
    *so = code != FAIL_COUNT && code_set_has(&seen->codes, code) == wanted;
    return code != FAIL_COUNT;
}

static void expect_domain(struct world *world, const struct line *line)
{
    const struct seen_domain *seen = find_domain(world, line);
    bool not_yet = line->count > 3 && is(line->words[3], "open");
    if (line->count < 4 || (seen == NULL) != not_yet) {
        world_miss(world, line, "%s has %sended", line->words[2], seen == NULL ? "not " : "");
        return;
    }
    if (seen != NULL && !is(line->words[3], outcome_name(seen->outcome)))
        world_miss(world, line, "%s is %s", seen->name, outcome_name(seen->outcome));
    for (size_t i = 4; seen != NULL && i < line->count; i++) {
        bool so = false;
        if (!is_so(seen, line->words[i], &so) && !is_coded(seen, line->words[i], &so))
            world_miss(world, line, "what does %s mean?", line->words[i]);
        else if (!so)
            world_miss(world, line, "%s: not so: %s", seen->name, line->words[i]);
    }
}

/* HOST IP CODE, in the last judgement that tells of it. */
static const struct seen_address *find_address(const struct world *world, const char *host,
                                               const struct ip_addr *ip)
{
    for (const struct seen_domain *seen = world->domains; seen != NULL; seen = seen->next)
        for (size_t i = 0; i < seen->address_count; i++)
            if (is(seen->addresses[i].host, host) && ip_equal(&seen->addresses[i].ip, ip))
                return &seen->addresses[i];
    return NULL;
}

static void expect_address(struct world *world, const struct line *line)
{
    struct ip_addr ip;
    const struct seen_address *seen = NULL;
    if (line->count >= 5 && ip_parse(line->words[3], &ip))
        seen = find_address(world, line->words[2], &ip);
    if (seen == NULL)
        world_miss(world, line, "no judgement tells of it: expect address HOST IP CODE");
    else if (!is(line->words[4], failure_name(seen->code)))
        world_miss(world, line, "it is %s", failure_name(seen->code));
    else if (line->count > 5 && is(line->words[5], "stale") != seen->stale)
        world_miss(world, line, "it is %sstale", seen->stale ? "" : "not ");
}

static bool was_written(const struct seen_host *seen)
{
    return seen != NULL;
}

static bool was_shared(const struct seen_host *seen)
{
    return seen->shared;
}

static bool was_again(const struct seen_host *seen)
{
    return seen->again;
}

static bool was_legacy(const struct seen_host *seen)
{
    return seen->legacy;
}

static int64_t records_of(const struct world *world, const struct who *who,
                          bool (*counts)(const struct seen_host *seen))
{
    int64_t count = 0;
    for (const struct seen_host *seen = world->hosts; seen != NULL; seen = seen->next) {
        bool is_one = who->all || (who->by_ip ? ip_equal(&seen->ip, &who->ip) : is(seen->host, who->word));
        count += is_one && counts(seen);
    }
    return count;
}

/* Records of an address, a host or all. */
static void expect_records(struct world *world, const struct line *line)
{
    static const struct {
        const char *word;
        bool (*counts)(const struct seen_host *seen);
    } numbers[] = {
        {"times", was_written}, {"shared", was_shared}, {"again", was_again}, {"legacy", was_legacy}};
    const struct who who = read_who(line);
    for (size_t at = 3; at < line->count; at += 2) {
        size_t i = 0;
        while (i < sizeof numbers / sizeof *numbers && !is(line->words[at], numbers[i].word))
            i++;
        if (i == sizeof numbers / sizeof *numbers)
            world_miss(world, line, "what does %s mean?", line->words[at]);
        else
            want_number(world, line, at, records_of(world, &who, numbers[i].counts));
    }
}

/* ---- what the program itself counts -------------------------------------------------------------------- */

static void expect_count(struct world *world, const struct line *line)
{
    int64_t was;
    if (line->count != 4 || world->workers == NULL || !counted(world, line->words[2], &was))
        world_miss(world, line, "expect count NAME NUMBER, of what is counted while the loops run");
    else
        want_number(world, line, 2, was);
}

void world_expect(struct world *world, const struct line *line)
{
    static const struct {
        const char *word;
        void (*check)(struct world *world, const struct line *line);
    } kinds[] = {{"smtp", expect_contacts}, {"https", expect_contacts},  {"dns", expect_dns},
                 {"domain", expect_domain}, {"address", expect_address}, {"records", expect_records},
                 {"count", expect_count}};
    for (size_t i = 0; line->count >= 3 && i < sizeof kinds / sizeof *kinds; i++)
        if (is(kinds[i].word, line->words[1])) {
            kinds[i].check(world, line);
            return;
        }
    world_miss(world, line, "there is no such expectation");
}
