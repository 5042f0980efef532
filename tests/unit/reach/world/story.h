/* What happens in a world, line by line with its time: for who reads why a world is not as its file says. */
#ifndef TESTS_REACH_WORLD_STORY_H
#define TESTS_REACH_WORLD_STORY_H

/* Forgets what was told. */
void story_begin(void);

/* Something happened, now. */
void story_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* On stdout. */
void story_print(void);

#endif
