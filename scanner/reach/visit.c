/* Leads every connection along one way: asked for, let in, over. */
#include "scanner/reach/visit.h"

#include "scanner/base/clock.h"
#include "scanner/base/state.h"

static void set_state(struct visit *visit, enum visit_state state)
{
    static const char *const list[] = {"new", "turn", "session", "done"};
    static const struct state_names names = {"visit", list};
    visit->state = state_enter(&names, visit->trace, visit->host, &visit->ip, visit->state, state);
}

static void refuse(struct visit *visit, enum not_tried reason, const struct pace_turn *turn)
{
    if (visit->trace != NULL)
        trace_say(visit->trace, visit->host, &visit->ip, "no %s: %s", visit->protocol->name,
                  not_tried_name(reason));
    set_state(visit, VISIT_DONE);
    visit->protocol->refused(visit, reason, turn);
}

/* May the address be contacted from here? TRIED, or why not; decided before anything is asked of it. */
static enum not_tried may_contact(const struct visit *visit)
{
    const struct worker *worker = visit->worker;
    enum not_tried reason = worker_may_contact(worker, &visit->ip);
    if (reason == TRIED && worker_was_stuck_at(worker, visit->protocol->place, &visit->ip))
        reason = NOT_TRIED_STUCK;
    if (reason == TRIED && worker_is_blocked(worker, visit->protocol->port, &visit->ip))
        reason = NOT_TRIED_PORT_BLOCKED;
    return reason;
}

bool visit_again(struct visit *visit)
{
    set_state(visit, VISIT_TURN);
    visit->since_ms = clock_monotonic_ms();
    visit->turn = visit->protocol->ask(visit);
    return handle_is_set(visit->turn);
}

void visit_start(struct visit *visit)
{
    enum not_tried reason = may_contact(visit);
    if (reason != TRIED)
        refuse(visit, reason, NULL);
    else if (!visit_again(visit))
        refuse(visit, NOT_TRIED_PACE, NULL);
}

/* Adds up how long it waited for the turn and, apart from that, for the place. */
static void add_waited(struct visit *visit, const struct pace_turn *turn)
{
    uint32_t waited = (uint32_t)(clock_monotonic_ms() - visit->since_ms);
    uint32_t place = turn->ms_place < waited ? turn->ms_place : waited;
    visit->ms_turn += waited - place;
    visit->ms_place += place;
    if (visit->trace != NULL)
        trace_say(visit->trace, visit->host, &visit->ip, "waited %u ms for its turn, %u ms for a place",
                  (unsigned)(waited - place), (unsigned)place);
}

void visit_turn(void *arg, const struct pace_turn *turn)
{
    static const enum not_tried reasons[] = {
        [PACE_TOO_LONG] = NOT_TRIED_PACE, [PACE_DEAD] = NOT_TRIED_DEAD, [PACE_BUDGET] = NOT_TRIED_BUDGET};
    struct visit *visit = arg;
    add_waited(visit, turn);
    if (turn->answer != PACE_GRANTED) {
        refuse(visit, reasons[turn->answer], turn);
        return;
    }
    visit->worker->counts.visits++;
    set_state(visit, VISIT_SESSION);
    visit->began_ms = clock_boot_ms();
    visit->session = visit->protocol->begin(visit, turn);
}

enum not_tried visit_end(struct visit *visit, const struct visit_signs *signs)
{
    struct worker *worker = visit->worker;
    bool paused = signs->broken_off && worker_stood_still(worker, visit->began_ms);
    bool cut_off = !paused && signs->broken && worker_lacks_route(&visit->ip);
    worker->counts.routes_lacking += cut_off;
    visit->protocol->give_back(visit, signs->silent && !paused && !cut_off);
    set_state(visit, VISIT_DONE);
    return paused ? NOT_TRIED_PAUSED : cut_off ? NOT_TRIED_NO_ROUTE : TRIED;
}

void visit_cancel(struct visit *visit)
{
    if (visit->state == VISIT_TURN) {
        pace_cancel(visit->worker, visit->turn);
    } else if (visit->state == VISIT_SESSION) {
        visit->protocol->cancel(visit);
        visit->protocol->give_back(visit, false);
    } else {
        return;
    }
    set_state(visit, VISIT_DONE);
}
