/* At most so many of a class open on this loop; the others wait in order. */
#include "scanner/gate.h"

void gate_init(struct gate *gate, size_t ceiling)
{
    *gate = (struct gate){.ceiling = ceiling == 0 ? 1 : ceiling};
    list_init(&gate->waiting);
}

void gate_wait_init(struct gate_wait *wait, void (*enter)(void *arg), void *arg)
{
    list_init(&wait->link);
    wait->enter = enter;
    wait->arg = arg;
}

static void drain(struct gate *gate)
{
    if (gate->draining)
        return;
    gate->draining = true;
    struct list *link;
    while (gate->open < gate->ceiling && (link = list_first(&gate->waiting)) != NULL) {
        struct gate_wait *wait = list_entry(link, struct gate_wait, link);
        list_remove(link);
        gate->open++;
        wait->enter(wait->arg);
    }
    gate->draining = false;
}

void gate_enter(struct gate *gate, struct gate_wait *wait)
{
    list_add(&gate->waiting, &wait->link);
    drain(gate);
}

void gate_leave(struct gate *gate)
{
    gate->open--;
    drain(gate);
}

void gate_close(struct gate *gate)
{
    gate->draining = true;
}

void gate_cancel(struct gate_wait *wait)
{
    list_remove(&wait->link);
}
