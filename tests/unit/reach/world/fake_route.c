#include "tests/unit/reach/world/fake_route.h"

#include "scanner/reach/worker.h"

static const struct ip_set *lacking;

void fake_route_lack(const struct ip_set *prefixes)
{
    lacking = prefixes;
}

bool worker_lacks_route(const struct ip_addr *ip)
{
    return lacking != NULL && ip_set_contains(lacking, ip);
}
