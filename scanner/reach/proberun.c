/* Goes from an address to the facts of a probe. */
#include "scanner/reach/proberun.h"

#include "scanner/base/clock.h"
#include "scanner/facts/fields.h"
#include "scanner/reach/worker.h"
#include "scanner/verdict/handshake.h"
#include "scanner/verdict/provider.h"

static struct probe_run *run_of(struct visit *visit)
{
    return (struct probe_run *)visit;
}

static void finish(struct probe_run *run)
{
    run->facts.ms_turn = run->visit.ms_turn;
    run->facts.ms_place = run->visit.ms_place;
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

/* Was no way found, or nothing heard any more? */
static bool is_broken(const struct probe_facts *facts)
{
    bool by_net = facts->end == SMTP_END_NET && (facts->net == NET_UNREACHABLE || facts->net == NET_TIMEOUT);
    return by_net || facts->end == SMTP_END_STEP_TIMEOUT;
}

/* Was it broken, or did the peer go away, as peers do of whom nothing is heard? */
static bool is_broken_off(const struct probe_facts *facts)
{
    bool by_net = facts->end == SMTP_END_NET && facts->net != NET_REFUSED;
    bool by_time = facts->end == SMTP_END_STEP_TIMEOUT || facts->end == SMTP_END_SESSION_DEADLINE ||
                   facts->end == SMTP_END_DRIPPING;
    bool by_tls =
        facts->end == SMTP_END_TLS && (facts->tls.end == TLS_TIMEOUT || facts->tls.end == TLS_CLOSED);
    return by_net || by_time || by_tls || facts->end == SMTP_END_CLOSED;
}

/* Takes note of port 25, by connections alone and at once: a session may take longer than a connection that
 * fails, or break off though it began well. */
static void on_connected(void *arg)
{
    struct probe_run *run = arg;
    run->visit.worker->counts.connects_made++;
    if (run->number != 0)
        worker_note_port(run->visit.worker, run->number, true);
}

/* Counts sessions without STARTTLS. Hosts of large providers all offer it: if they do not offer it to us,
 * that raises a suspicion (scanner/machine/watch). */
static void note_path(struct worker *worker, const struct probe_run *run, struct probe_facts *facts)
{
    bool lacks = facts->end == SMTP_END_NOT_OFFERED;
    facts->path_doubtful = lacks && atomic_load(&worker->context->path_doubtful);
    worker->counts.without_starttls += lacks && !facts->path_doubtful;
    if ((lacks || facts->starttls_offered) && provider_of_mx(run->host->host) != NULL) {
        worker->counts.known_sessions++;
        worker->counts.known_without += lacks;
    }
}

/* Takes the session with a small ClientHello for the first: what it found is what a sender meets that offers
 * the usual groups. */
static void keep_small(struct probe_run *run)
{
    const struct probe_facts *small = &run->second;
    run->facts = *small;
    run->facts.tls.hello_intolerant = small->tls.end == TLS_DONE;
}

/* Ends a run whose small ClientHello could not be sent. */
static void lack_small(struct probe_run *run, enum not_tried reason)
{
    if (handshake_leaves_open(&run->facts.tls))
        finish(run);
    else
        not_tried(run, reason);
}

/* Keeps the permissive session's handshake, if it came to one: else it says nothing of the server's TLS. */
static void keep_second(struct probe_run *run)
{
    if (run->second.tls.end == TLS_NOT_TRIED)
        return;
    run->facts.legacy = arena_alloc(&run->arena, sizeof *run->facts.legacy);
    if (run->facts.legacy != NULL)
        *run->facts.legacy = run->second.tls;
}

static bool wants_small(const struct probe_run *run)
{
    return run->session == PROBE_SESSION_FIRST && run->visit.worker->context->large_hello &&
           handshake_wants_small(&run->facts, run->earlier);
}

/* Begins the next session that is due, or ends the run. */
static void go_on(struct probe_run *run)
{
    if (wants_small(run))
        run->session = PROBE_SESSION_SMALL;
    else if (handshake_wants_second(&run->facts))
        run->session = PROBE_SESSION_PERMISSIVE;
    else {
        finish(run);
        return;
    }
    if (visit_again(&run->visit))
        return;
    if (run->session == PROBE_SESSION_SMALL)
        lack_small(run, NOT_TRIED_PACE);
    else
        finish(run);
}

static void on_probe(void *arg, struct probe_facts *facts)
{
    struct probe_run *run = arg;
    bool broken = is_broken(facts);
    const struct visit_signs signs = {
        .broken = broken, .broken_off = is_broken_off(facts), .silent = address_is_silent(facts)};
    run->seen = facts;
    enum not_tried reason = visit_end(&run->visit, &signs);
    note_path(run->visit.worker, run, facts);
    facts->pass = run->visit.worker->pass;
    /* What this machine lacks says nothing about port 25. */
    if (reason == TRIED && run->number != 0 && broken && facts->step == SMTP_CONNECT)
        worker_note_port(run->visit.worker, run->number, false);
    if (reason == NOT_TRIED_PAUSED) {
        not_tried(run, reason);
    } else if (run->session == PROBE_SESSION_PERMISSIVE) {
        keep_second(run);
        finish(run);
    } else if (reason != TRIED && run->session == PROBE_SESSION_SMALL) {
        lack_small(run, reason);
    } else if (reason != TRIED) {
        not_tried(run, reason);
    } else {
        if (run->session == PROBE_SESSION_SMALL)
            keep_small(run);
        go_on(run);
    }
}

/* ---- what a visit asks of the protocol ----------------------------------------------------------------- */

/* Asks for a turn. The name is known to the address already if it is asked again, or for a further session.
 */
static struct handle ask(struct visit *visit)
{
    struct probe_run *run = run_of(visit);
    if (run->leave == PROBE_SHARES)
        return pace_request_share(visit->worker, &visit->ip, run->domain, visit_turn, visit);
    if (run->leave == PROBE_AGAIN || run->session != PROBE_SESSION_FIRST)
        return pace_request_again(visit->worker, &visit->ip, run->domain, visit_turn, visit);
    return pace_request_name(visit->worker, &visit->ip, run->domain, run->leave == PROBE_ALWAYS, visit_turn,
                             visit);
}

static struct handle begin(struct visit *visit, const struct pace_turn *turn)
{
    struct probe_run *run = run_of(visit);
    run->wants_sample = turn->wants_sample;
    run->number = turn->first ? port_outage_begin(&visit->worker->port) : 0;
    const bool first = run->session == PROBE_SESSION_FIRST;
    const bool permissive = run->session == PROBE_SESSION_PERMISSIVE;
    if (!permissive)
        run->tried_ms = clock_monotonic_ms();
    const struct probe_request request = {.host = run->host->host,
                                          .ip = visit->ip,
                                          .tlsa = &run->host->tlsa,
                                          .arena = &run->arena,
                                          .facts = first ? &run->facts : &run->second,
                                          .permissive = permissive,
                                          .small = run->session == PROBE_SESSION_SMALL,
                                          .without_dh = run->facts.tls.limit == TLS_LIMIT_DH,
                                          .trace = visit->trace,
                                          .connected = on_connected,
                                          .done = on_probe,
                                          .arg = run};
    return probe_start(visit->worker->prober, &request);
}

static void refused(struct visit *visit, enum not_tried reason, const struct pace_turn *turn)
{
    struct probe_run *run = run_of(visit);
    if (run->session == PROBE_SESSION_SMALL) {
        lack_small(run, reason);
        return;
    }
    if (run->session == PROBE_SESSION_PERMISSIVE) { /* the first session's facts stand */
        finish(run);
        return;
    }
    if (turn != NULL && turn->sample != NULL)
        probe_sample_inherit(turn->sample, &run->arena, &run->facts);
    not_tried(run, reason);
}

static void cancel(struct visit *visit)
{
    struct probe_run *run = run_of(visit);
    run->seen = NULL;
    probe_cancel(visit->worker->prober, visit->session);
}

static void give_back(struct visit *visit, bool silent)
{
    struct probe_run *run = run_of(visit);
    bool brings_one = run->seen != NULL && run->wants_sample && run->session != PROBE_SESSION_PERMISSIVE;
    pace_release_probe(visit->worker, &visit->ip, run->domain, silent,
                       brings_one ? probe_sample_create(run->seen) : NULL);
}

static const struct visit_protocol smtp = {.name = "probe",
                                           .place = PLACE_SMTP,
                                           .port = KNOWN_SMTP,
                                           .ask = ask,
                                           .begin = begin,
                                           .refused = refused,
                                           .cancel = cancel,
                                           .give_back = give_back};

/* ---- start and end ------------------------------------------------------------------------------------- */

void probe_run_start(struct probe_run *run, struct worker *worker, struct trace *trace,
                     const struct host_facts *host, const struct ip_addr *ip, enum probe_leave leave,
                     const struct looks_again *again, void (*done)(void *arg), void *arg)
{
    *run = (struct probe_run){
        .visit = {.protocol = &smtp, .worker = worker, .trace = trace, .host = host->host, .ip = *ip},
        .host = host,
        .leave = leave,
        .earlier = looks_hello(again, ip),
        .done = done,
        .arg = arg};
    arena_init(&run->arena, PROBE_ARENA_BYTES);
    run->facts = (struct probe_facts){.host = host->host, .ip = *ip, .time = clock_wall_ms()};
    run->facts.tls.alert = -1;
    run->facts.pass = worker->pass;
    static const enum not_tried left[] = {[PROBE_NOT_WANTED] = NOT_TRIED_OFF,
                                          [PROBE_OPTED_OUT] = NOT_TRIED_OPTOUT,
                                          [PROBE_ELSEWHERE] = NOT_TRIED_ELSEWHERE};
    if (left[leave] != TRIED) {
        not_tried(run, left[leave]);
    } else {
        run->domain = pace_domain(worker, host->host);
        visit_start(&run->visit);
    }
}

void probe_run_dispose(struct probe_run *run)
{
    visit_cancel(&run->visit);
    arena_dispose(&run->arena);
}

bool probe_looks_for_anchors(const struct tlsa_facts *tlsa)
{
    for (size_t i = 0; i < tlsa->rr_count; i++)
        if (tlsa->rrs[i].usage == USAGE_DANE_TA)
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

/* Sets what the table cannot say: what is missing of a chain marks it, and the leaf's names are kept if they
 * may be compared. */
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
