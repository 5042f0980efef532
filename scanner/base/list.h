/* Implements a doubly linked intrusive list with a sentinel, for queues that any member may leave at any
 * time. */
#ifndef STSWEEP_BASE_LIST_H
#define STSWEEP_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next;
    struct list *previous;
};

/* Returns the struct that holds the link. */
#define list_entry(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
    list->next = list;
    list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

/* Adds a link at the end. */
static inline void list_add(struct list *list, struct list *link)
{
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

/* Takes a link out; harmless for one that is in no list but was initialised. */
static inline void list_remove(struct list *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    list_init(link);
}

static inline struct list *list_first(const struct list *list)
{
    return list->next == list ? NULL : list->next;
}

#endif
