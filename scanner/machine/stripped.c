/* Follows a suspicion to its end. */
#include "scanner/machine/stripped.h"

void stripped_init(struct stripped *stripped, bool on)
{
    *stripped = (struct stripped){.state = on ? STRIPPED_ON : STRIPPED_NOT, .quiet_until_ms = INT64_MIN};
    outage_window_init(&stripped->window, STRIPPED_WINDOW_MS);
}

static bool many_lack_it(const struct stripped *stripped, const struct outage_counts *counts)
{
    struct outage_counts late = outage_window_since(&stripped->window, counts, STRIPPED_LEAST);
    return late.ended >= STRIPPED_LEAST && late.failed * 100 > late.ended * STRIPPED_SHARE_PERCENT;
}

enum stripped_state stripped_count(struct stripped *stripped, const struct outage_counts *counts, int64_t now)
{
    if (stripped->state == STRIPPED_NOT && now >= stripped->quiet_until_ms &&
        many_lack_it(stripped, counts)) {
        stripped->state = STRIPPED_SUSPECTED;
        stripped->ask_at_ms = now;
    }
    outage_window_add(&stripped->window, counts, now);
    return stripped->state;
}

bool stripped_wants_look(const struct stripped *stripped, int64_t now)
{
    return stripped->state != STRIPPED_NOT && now >= stripped->ask_at_ms;
}

enum stripped_state stripped_looked(struct stripped *stripped, enum stripped_answer answer, int64_t now)
{
    stripped->ask_at_ms = now + STRIPPED_ASK_MS;
    if (answer == STRIPPED_LACKING) {
        stripped->state = STRIPPED_ON;
    } else if (answer == STRIPPED_OFFERED) {
        if (stripped->state == STRIPPED_SUSPECTED)
            stripped->quiet_until_ms = now + STRIPPED_QUIET_MS;
        stripped->state = STRIPPED_NOT;
        outage_window_init(&stripped->window, STRIPPED_WINDOW_MS);
    }
    return stripped->state;
}
