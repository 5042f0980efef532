/* What holds in every world, whatever its file says. */
#include "tests/unit/reach/world/contacts.h"
#include "tests/unit/reach/world/fake_clock.h"
#include "tests/unit/reach/world/fake_fetch.h"
#include "tests/unit/reach/world/fake_lookup.h"
#include "tests/unit/reach/world/fake_probe.h"
#include "tests/unit/reach/world/world.h"

#include "scanner/reach/paces.h"

/* ---- manners ------------------------------------------------------------------------------------------- */

static const struct contact *earlier_at(size_t number)
{
    const struct contact *contact = contact_get(number);
    for (size_t i = number; i-- > 0;) {
        const struct contact *earlier = contact_get(i);
        if (earlier->class == contact->class && ip_equal(&earlier->ip, &contact->ip))
            return earlier;
    }
    return NULL;
}

/* Nobody is contacted who must not be, more often than may be, or more than once at a time. */
static void check_contact(struct world *world, size_t number)
{
    const struct contact *contact = contact_get(number);
    bool own = ip_set_contains(&world->context.own, &contact->ip);
    const struct paces paces = own ? paces_own(&world->config) : paces_of(&world->config);
    const struct contact *earlier = earlier_at(number);
    char ip[IP_TEXT_BYTES];
    (void)ip_format(&contact->ip, ip);
    if (!ip_may_reach(&contact->ip, &world->context.allow) ||
        optout_has_ip(world->context.optout, &contact->ip))
        world_miss(world, NULL, "%s was contacted, which may not be", ip);
    if (!part_owns(&world->context.part, &contact->ip))
        world_miss(world, NULL, "%s was contacted, which is another part's", ip);
    if (contact->open_there > paces.connections[contact->class])
        world_miss(world, NULL, "%s had more connections at a time than limits allow", ip);
    if (earlier != NULL && contact->began_us - earlier->began_us < paces.interval_us[contact->class])
        world_miss(world, NULL, "%s was contacted again sooner than limits allow", ip);
}

static void check_manners(struct world *world)
{
    for (size_t i = 0; i < contacts_count(); i++)
        check_contact(world, i);
    if (contacts_most(PACE_SMTP, NULL) > (size_t)world->config.smtp_live)
        world_miss(world, NULL, "more SMTP sessions at a time than smtp.live");
    if (contacts_most(PACE_HTTPS, NULL) > (size_t)world->config.policy_live)
        world_miss(world, NULL, "more fetches at a time than policy.live");
}

/* ---- balance ------------------------------------------------------------------------------------------- */

static void want_none(struct world *world, size_t left, const char *what)
{
    if (left > 0)
        world_miss(world, NULL, "%zu left at the end: %s", left, what);
}

/* While the loops still run: all that was taken has been given back. */
void world_check_books(struct world *world)
{
    check_manners(world);
    if (world->workers == NULL)
        return;
    for (uint32_t i = 0; i < world->count; i++) {
        struct worker *worker = &world->workers[i];
        want_none(world, pacer_open(worker->pacer, PACE_SMTP), "turns at MX hosts");
        want_none(world, pacer_open(worker->pacer, PACE_HTTPS), "turns at policy hosts");
        want_none(world, lookup_pending(worker->dns), "lookups of a loop");
        want_none(world, fetch_live(worker->fetcher), "fetches of a loop");
        want_none(world, probe_live(worker->prober), "probes of a loop");
        want_none(world, worker->domains.used, "domains of a loop");
        want_none(world, worker->contacts.used, "contacts of a loop");
    }
    want_none(world, atomic_load(&world->context.parked), "parked domains");
    want_none(world, atomic_load(&world->context.own_waiting), "who wait at addresses of one's own");
    if (workers_counters(world->workers, world->count).visits != contacts_count())
        world_miss(world, NULL, "the loops count another number of visits than there were connections");
    if (world->ended != world->started || world->released != world->started)
        world_miss(world, NULL, "%zu domains began, %zu ended, %zu left their place in flight",
                   world->started, world->ended, world->released);
}

/* When they are gone, whatever was under way. */
void world_check_left(struct world *world)
{
    want_none(world, fake_lookups_live(), "lookups");
    want_none(world, fake_fetches_live(), "fetches");
    want_none(world, fake_probes_live(), "probes");
    want_none(world, fake_clock_timers(), "timers");
    want_none(world, atomic_load(&world->context.parked), "parked domains");
    want_none(world, atomic_load(&world->context.own_waiting), "who wait at addresses of one's own");
    for (size_t i = 0; i < contacts_count(); i++)
        want_none(world, contact_get(i)->ended_us < 0, "connections");
}
