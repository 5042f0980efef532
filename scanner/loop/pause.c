/* Notices gaps between two turns of a loop. */
#include "scanner/loop/pause.h"

bool pause_turn(struct pause *pause, int64_t now_ms)
{
    int64_t gap_ms = now_ms - pause->turned_ms;
    bool stood_still = pause->turned_ms != 0 && gap_ms > PAUSE_MS;
    pause->turned_ms = now_ms;
    if (!stood_still)
        return false;
    pause->ended_ms = now_ms;
    pause->lasted_ms = gap_ms;
    pause->count++;
    return true;
}

bool pause_struck(const struct pause *pause, int64_t began_ms)
{
    return pause->ended_ms != 0 && began_ms < pause->ended_ms;
}
