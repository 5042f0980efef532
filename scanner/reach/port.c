#include "scanner/reach/port.h"

uint64_t port_outage_begin(struct port_outage *port)
{
    return ++port->begun;
}

/* Were connections made in this pass, before those that failed of late? */
static bool port_is_usual(const struct port_outage *port)
{
    uint64_t made = port->pass.ended - port->pass.failed;
    return made > 0 && made * 100 >= (port->pass.ended - port->failed) * PORT_USUAL_PERCENT;
}

static void port_made(struct port_outage *port, uint64_t number)
{
    port->made += port->lost;
    if (port->made >= PORT_FOUND)
        port->lost = false;
    port->good = number;
    port->failed = 0;
    port->in_doubt = false;
}

static void port_failed(struct port_outage *port)
{
    port->failed++;
    if (port->lost || !port_is_usual(port))
        return;
    if (port->begun - port->good >= OUTAGE_FEW)
        port->in_doubt = true;
    if (port->failed >= PORT_LEAST) {
        port->lost = true;
        port->made = 0;
    }
}

void port_outage_end(struct port_outage *port, uint64_t number, bool made)
{
    port->pass.ended++;
    port->pass.failed += !made;
    if (number <= port->good) /* it began before, and says nothing about now */
        return;
    if (made)
        port_made(port, number);
    else
        port_failed(port);
}

void port_outage_new_pass(struct port_outage *port)
{
    *port = (struct port_outage){
        .begun = port->begun, .good = port->begun, .made = port->made, .lost = port->lost};
}
