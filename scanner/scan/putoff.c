/* Sends domains back to the feeder, and counts them. */
#include "scanner/scan/putoff.h"

#include <inttypes.h>
#include <time.h>

#include "scanner/reach/looks.h"
#include "scanner/scan/records.h"

void put_off_init(struct put_off *put_off)
{
    atomic_init(&put_off->domains, 0);
    atomic_init(&put_off->looks, 0);
}

void put_off_domain(struct put_off *put_off, struct feeder *feeder, const struct domain_facts *facts,
                    const struct judgement *judgement)
{
    struct buf looks;
    struct input_name name = {
        .ordinal = facts->ordinal, .domain = facts->domain, .rank = facts->rank, .label = facts->label};
    buf_init(&looks, LOOKS_BYTES);
    (void)looks_write(&looks, facts, judgement);
    name.source = facts->source;
    name.note = buf_bytes(&looks);
    atomic_fetch_add(&put_off->domains, 1);
    atomic_fetch_add(&put_off->looks, judgement->look_due);
    if (feeder_put_off(feeder, &name) != ERR_OK)
        records_lost(facts->domain);
    buf_dispose(&looks);
}

void put_off_print_wait(const struct put_off *put_off, int64_t wait_ms, int64_t wall_ms, FILE *out)
{
    uint64_t looks = atomic_load(&put_off->looks), domains = atomic_load(&put_off->domains);
    (void)fprintf(out, "stsweep: could not be determined: %" PRIu64 " domains", domains - looks);
    if (looks > 0)
        (void)fprintf(out, ", and by one look only: %" PRIu64, looks);
    (void)fprintf(out, "; they are tried again in %.*f s", wait_ms % 1000 == 0 ? 0 : 1,
                  (double)wait_ms / 1000.0);
    time_t at = (time_t)((wall_ms + wait_ms) / 1000);
    char text[32];
    struct tm clock;
    if (localtime_r(&at, &clock) != NULL && strftime(text, sizeof text, ", at %H:%M:%S %Z", &clock) > 0)
        (void)fputs(text, out);
    (void)fputc('\n', out);
}

void put_off_print(const struct put_off *put_off, FILE *out)
{
    uint64_t looks = atomic_load(&put_off->looks);
    if (looks > 0)
        (void)fprintf(
            out,
            "stsweep: domains looked at a second time, as one look does not decide that mail is lost: "
            "%" PRIu64 "\n",
            looks);
}
