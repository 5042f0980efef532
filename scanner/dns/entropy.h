/* Gives unpredictable numbers for ids and the choice of sockets: the kernel's, fetched by the kilobyte. One a
 * loop. */
#ifndef STSWEEP_DNS_ENTROPY_H
#define STSWEEP_DNS_ENTROPY_H

#include <stdbool.h>
#include <stdint.h>

struct entropy {
    uint32_t words[256];
    uint32_t left;
};

/* Fetches the first numbers; false if the kernel gives none. Afterwards entropy_next never fails. */
bool entropy_init(struct entropy *entropy);
uint32_t entropy_next(struct entropy *entropy);

#endif
