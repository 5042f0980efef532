/* From an address to the facts of a probe. */
#include "scanner/reach/proberun.h"

#include "scanner/base/clock.h"
#include "scanner/facts/fields.h"
#include "scanner/reach/worker.h"
#include "scanner/verdict/handshake.h"
#include "scanner/verdict/provider.h"

static void set_state(struct probe_run *run, enum probe_run_state state)
{
    run->state = state;
}

static void finish(struct probe_run *run)
{
    set_state(run, RUN_DONE);
    run->facts.ms_turn = run->ms_turn;
    run->facts.ms_place = run->ms_place;
    run->done(run->arg);
}

static void not_tried(struct probe_run *run, enum not_tried reason)
{
    run->facts.not_tried = reason;
    finish(run);
}

/* Did the address itself not answer, so that nobody else need try it in this pass? */
static bool address_is_silent(const struct probe_facts *facts)
{
    return facts->step == SMTP_CONNECT && facts->end == SMTP_END_NET && facts->net == NET_TIMEOUT;
}

/* No way was found, or nothing was heard any more. */
static bool is_broken(const struct probe_facts *facts)
{
    bool by_net = facts->end == SMTP_END_NET && (facts->net == NET_UNREACHABLE || facts->net == NET_TIMEOUT);
    return by_net || facts->end == SMTP_END_STEP_TIMEOUT;
}

/* Likewise, or the peer went away: as peers do of whom nothing is heard. */
static bool is_broken_off(const struct probe_facts *facts)
{
    bool by_net = facts->end == SMTP_END_NET && facts->net != NET_REFUSED;
    bool by_time = facts->end == SMTP_END_STEP_TIMEOUT || facts->end == SMTP_END_SESSION_DEADLINE ||
                   facts->end == SMTP_END_DRIPPING;
    bool by_tls =
        facts->end == SMTP_END_TLS && (facts->tls.end == TLS_TIMEOUT || facts->tls.end == TLS_CLOSED);
    return by_net || by_time || by_tls || facts->end == SMTP_END_CLOSED;
}

/* Port 25 is told by connections alone, and at once: a session may take longer than a connection that fails,
 * or break off though it began well. */
static void on_connected(void *arg)
{
    struct probe_run *run = arg;
    run->worker->connects_made++;
    if (run->number != 0)
        worker_note_port(run->worker, run->number, true);
}

/* What this machine lacks says nothing about port 25. */
static void note_end(struct probe_run *run, const struct probe_facts *facts, bool cut_off)
{
    run->worker->routes_lacking += cut_off;
    if (run->number != 0 && !cut_off && facts->step == SMTP_CONNECT && is_broken(facts))
        worker_note_port(run->worker, run->number, false);
}

/* What hosts of large providers, which all offer STARTTLS, do not offer us raises a suspicion
 * (scanner/machine/watch). */
static void note_path(struct worker *worker, const struct probe_run *run, struct probe_facts *facts)
{
    bool lacks = facts->end == SMTP_END_NOT_OFFERED;
    facts->path_doubtful = lacks && atomic_load(&worker->context->path_doubtful);
    worker->without_starttls += lacks && !facts->path_doubtful;
    if ((lacks || facts->starttls_offered) && provider_of_mx(run->host->host) != NULL) {
        worker->known_sessions++;
        worker->known_without += lacks;
    }
}

static void on_turn(void *arg, const struct pace_turn *turn);

/* The second, permissive handshake: the name is known to the address already. */
static bool ask_again(struct probe_run *run)
{
    set_state(run, RUN_TURN);
    run->since_ms = clock_monotonic_ms();
    run->turn = pace_request_again(run->worker, &run->facts.ip, run->domain, on_turn, run);
    return handle_is_set(run->turn);
}

/* A session that came to no second handshake says nothing of the server's TLS. */
static void keep_second(struct probe_run *run)
{
    if (run->second.tls.end == TLS_NOT_TRIED)
        return;
    run->facts.legacy = arena_alloc(&run->arena, sizeof *run->facts.legacy);
    if (run->facts.legacy != NULL)
        *run->facts.legacy = run->second.tls;
}

static void on_probe(void *arg, struct probe_facts *facts)
{
    struct probe_run *run = arg;
    struct worker *worker = run->worker;
    bool paused = is_broken_off(facts) && worker_stood_still(worker, run->began_ms);
    bool cut_off = paused || (is_broken(facts) && worker_lacks_route(&facts->ip));
    if (!paused)
        note_end(run, facts, cut_off);
    note_path(worker, run, facts);
    pace_release_probe(worker, &facts->ip, run->domain, !cut_off && address_is_silent(facts),
                       run->wants_sample && !run->permissive ? probe_sample_create(facts) : NULL);
    run->facts.pass = worker->pass;
    if (paused) {
        not_tried(run, NOT_TRIED_PAUSED);
        return;
    }
    if (run->permissive) {
        keep_second(run);
        finish(run);
        return;
    }
    if (cut_off) {
        not_tried(run, NOT_TRIED_NO_ROUTE);
        return;
    }
    run->permissive = handshake_wants_second(facts);
    if (!run->permissive || !ask_again(run))
        finish(run);
}

/* What has been waited, for the turn and of that for the place. */
static void add_waited(struct probe_run *run, const struct pace_turn *turn)
{
    uint32_t waited = (uint32_t)(clock_monotonic_ms() - run->since_ms);
    uint32_t place = turn->ms_place < waited ? turn->ms_place : waited;
    run->ms_turn += waited - place;
    run->ms_place += place;
}

static void start_probe(struct probe_run *run)
{
    set_state(run, RUN_PROBE);
    run->began_ms = clock_boot_ms();
    if (!run->permissive)
        run->tried_ms = clock_monotonic_ms();
    run->number = run->counts ? port_outage_begin(&run->worker->port) : 0;
    struct probe_request request = {.host = run->host->host,
                                    .ip = run->facts.ip,
                                    .tlsa = &run->host->tlsa,
                                    .arena = &run->arena,
                                    .facts = run->permissive ? &run->second : &run->facts,
                                    .permissive = run->permissive,
                                    .without_dh = run->facts.tls.limit == TLS_LIMIT_DH,
                                    .connected = on_connected,
                                    .done = on_probe,
                                    .arg = run};
    run->probe = probe_start(run->worker->prober, &request);
}

static void on_turn(void *arg, const struct pace_turn *turn)
{
    static const enum not_tried reasons[] = {
        [PACE_TOO_LONG] = NOT_TRIED_PACE, [PACE_DEAD] = NOT_TRIED_DEAD, [PACE_BUDGET] = NOT_TRIED_BUDGET};
    struct probe_run *run = arg;
    add_waited(run, turn);
    if (turn->answer != PACE_GRANTED && run->permissive) {
        finish(run);
        return;
    }
    if (turn->answer != PACE_GRANTED) {
        if (turn->sample != NULL)
            probe_sample_inherit(turn->sample, &run->arena, &run->facts);
        not_tried(run, reasons[turn->answer]);
        return;
    }
    run->wants_sample = turn->wants_sample;
    run->counts = turn->first;
    start_probe(run);
}

void probe_run_start(struct probe_run *run, struct worker *worker, const struct host_facts *host,
                     const struct ip_addr *ip, enum probe_leave leave, void (*done)(void *arg), void *arg)
{
    *run = (struct probe_run){.worker = worker, .host = host, .done = done, .arg = arg};
    arena_init(&run->arena, PROBE_ARENA_BYTES);
    run->facts = (struct probe_facts){.host = host->host, .ip = *ip, .time = clock_wall_ms()};
    run->facts.tls.alert = -1;
    run->facts.pass = worker->pass;
    enum not_tried reason = leave == PROBE_NOT_WANTED  ? NOT_TRIED_OFF
                            : leave == PROBE_OPTED_OUT ? NOT_TRIED_OPTOUT
                                                       : worker_may_contact(worker, ip);
    if (reason == TRIED && worker_was_stuck_at(worker, PLACE_SMTP, ip))
        reason = NOT_TRIED_STUCK;
    if (reason == TRIED && worker_is_blocked(worker, KNOWN_SMTP, ip))
        reason = NOT_TRIED_PORT_BLOCKED;
    if (reason != TRIED) {
        not_tried(run, reason);
        return;
    }
    set_state(run, RUN_TURN);
    run->domain = pace_domain(worker, host->host);
    run->turn = leave == PROBE_AGAIN
                    ? pace_request_again(worker, ip, run->domain, on_turn, run)
                    : pace_request_name(worker, ip, run->domain, leave == PROBE_ALWAYS, on_turn, run);
    if (!handle_is_set(run->turn))
        not_tried(run, NOT_TRIED_PACE);
}

void probe_run_dispose(struct probe_run *run)
{
    struct worker *worker = run->worker;
    if (run->state == RUN_TURN) {
        pace_cancel(worker, run->turn);
    } else if (run->state == RUN_PROBE) {
        probe_cancel(worker->prober, run->probe);
        pace_release_probe(worker, &run->facts.ip, run->domain, false, NULL);
    }
    set_state(run, RUN_DONE);
    arena_dispose(&run->arena);
}

bool probe_looks_for_anchors(const struct tlsa_facts *tlsa)
{
    for (size_t i = 0; i < tlsa->rr_count; i++)
        if (tlsa->rrs[i].usage == 2)
            return true;
    return false;
}

static void copy_names(const struct cert_facts *from, struct arena *arena, struct cert_facts *to)
{
    if (from->dns_name_count == 0)
        return;
    to->dns_names = arena_array(arena, from->dns_name_count, sizeof *to->dns_names);
    for (size_t i = 0; to->dns_names != NULL && i < from->dns_name_count; i++)
        if ((to->dns_names[i] = arena_string(arena, from->dns_names[i])) != NULL)
            to->dns_name_count++;
        else
            break;
    to->names_cut = from->names_cut || to->dns_name_count < from->dns_name_count;
}

/* What the table cannot say: what is missing of a chain marks it, and the leaf's names are kept if they may
 * be compared. */
static void finish_handshake(const struct tls_facts *from, const struct host_facts *host, struct arena *arena,
                             struct tls_facts *to)
{
    to->truncated = from->truncated || to->cert_count < from->cert_count;
    if (to->cert_count > 0 && probe_looks_for_anchors(&host->tlsa))
        copy_names(&from->certs[0], arena, &to->certs[0]);
}

void probe_facts_compact(const struct probe_facts *from, const struct host_facts *host, struct arena *arena,
                         struct probe_facts *to)
{
    fields_copy(&fields_host, from, arena, KEPT_FOR_DOMAINS, to);
    to->host = host->host;
    finish_handshake(&from->tls, host, arena, &to->tls);
    if (to->legacy != NULL)
        finish_handshake(from->legacy, host, arena, to->legacy);
}
