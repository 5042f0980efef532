/*
 * The statements that say what the DNS of a world answers and what its peers do: `dns`, `smtp`, `https`.
 * False: the line cannot be read.
 */
#ifndef TESTS_REACH_WORLD_SCRIPT_H
#define TESTS_REACH_WORLD_SCRIPT_H

#include "tests/unit/reach/world/world.h"

bool script_dns(struct world *world, const struct line *line);
bool script_smtp(struct world *world, const struct line *line);
bool script_https(struct world *world, const struct line *line);

/* `policy DOMAIN IP`: the record that says that there is one, and the address of its host. */
bool script_policy(struct world *world, const struct line *line);

/* `contact NAME IP,… LABEL …`: what the names and a plan say of it (planned.c). */
bool script_contact(struct world *world, const struct line *line);

/* "A", "MX", …; 0: none that a world knows. */
uint16_t script_type(const char *word);

#endif
