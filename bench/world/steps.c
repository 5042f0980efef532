/* Counts over the names of the world. */
#include "bench/world/steps.h"

#include <inttypes.h>
#include <string.h>

enum { FAMILIES = 2 };

/* What has been looked at once for all. */
struct seen {
    bool providers[FIG_PROVIDERS];
    uint32_t shared[FIG_SHARED_HOSTS]; /* host names at an address of shared hosting */
    uint32_t parked[FIG_PARKING_HOSTS];
};

static void add_provider(uint32_t provider, bool probed, struct seen *seen, struct steps *steps)
{
    uint32_t hosts = internet_provider_hosts(provider);
    if (provider >= FIG_PROVIDERS || seen->providers[provider])
        return;
    seen->providers[provider] = true;
    steps->questions += (uint64_t)hosts * FAMILIES;
    steps->handshakes += probed ? (uint64_t)hosts * internet_provider_addresses(provider) : 0;
}

static void add_host(const struct site *site, bool probed, uint32_t budget, struct seen *seen,
                     struct steps *steps)
{
    if (site->mail == MAIL_PROVIDER) {
        add_provider(site->provider, probed, seen, steps);
    } else if (probed && site->mail == MAIL_OWN && !site->plain) {
        steps->handshakes++;
    } else if (probed && site->mail == MAIL_SHARED) {
        uint32_t *names = &seen->shared[internet_mail_address(site) % FIG_SHARED_HOSTS];
        steps->handshakes += (*names)++ < budget ? 1 : 0;
    } else if (probed && site->mail == MAIL_PARKED) {
        uint32_t *names = &seen->parked[internet_mail_address(site) % FIG_PARKING_HOSTS];
        steps->failures += (*names)++ < budget ? 1 : 0;
    } else if (probed && site->mail == MAIL_DEAD) {
        steps->failures++;
    }
}

static bool is_fetched(const struct site *site)
{
    return site->sts != STS_ABSENT && site->sts != STS_TXT_BAD && site->sts != STS_TXT_TWO &&
           site->sts != STS_NO_ADDRESS;
}

void steps_of(const struct internet *internet, uint64_t names, const struct bound_scan *scan, uint32_t budget,
              struct steps *steps)
{
    static struct seen seen;
    memset(&seen, 0, sizeof seen);
    *steps = (struct steps){0};
    for (uint64_t i = 0; i < names; i++) {
        char name[NAME_BYTES];
        struct site site;
        internet_name(internet, i, name);
        internet_site(internet, name, &site);
        steps->questions += bound_questions(&site, scan);
        steps->fetches += is_fetched(&site) ? 1 : 0;
        add_host(&site, !scan->intent || site.sts != STS_ABSENT, budget, &seen, steps);
    }
}

void steps_print(const struct steps *steps, FILE *out)
{
    (void)fprintf(out,
                  "{\"questions\":%" PRIu64 ",\"handshakes\":%" PRIu64 ",\"failures\":%" PRIu64
                  ",\"fetches\":%" PRIu64 "}\n",
                  steps->questions, steps->handshakes, steps->failures, steps->fetches);
}
