/* A list that only grows. */
#include "tests/unit/reach/world/contacts.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/reach/world/fake_clock.h"
#include "tests/unit/reach/world/story.h"

static struct contact *list;
static size_t count, capacity;

void contacts_begin(void)
{
    free(list);
    list = NULL;
    count = capacity = 0;
}

static void tell(const struct contact *contact, const char *what)
{
    char ip[IP_TEXT_BYTES];
    story_tell("%s %s %s at %s", contact->class == PACE_SMTP ? "smtp" : "https", what, contact->host,
               ip_format(&contact->ip, ip));
}

static void count_open(struct contact *contact)
{
    for (const struct contact *other = list; other <= contact; other++) {
        bool is_open = other->class == contact->class && other->ended_us < 0;
        contact->open_in_all += is_open;
        contact->open_there += is_open && ip_equal(&other->ip, &contact->ip);
    }
}

size_t contact_open(enum pace_class class, const struct ip_addr *ip, const char *host, enum peer_hello hello)
{
    if (count == capacity) {
        capacity = capacity == 0 ? 64 : 2 * capacity;
        list = realloc(list, capacity * sizeof *list);
        if (list == NULL)
            out_of_memory("a contact");
    }
    static const char *const words[] = {"connects to", "connects, small, to", "connects, permissive, to"};
    struct contact *contact = &list[count];
    *contact = (struct contact){
        .class = class, .ip = *ip, .hello = hello, .began_us = fake_clock_us(), .ended_us = -1};
    (void)snprintf(contact->host, sizeof contact->host, "%s", host);
    count_open(contact);
    tell(contact, words[hello]);
    return count++;
}

void contact_close(size_t number, bool cancelled)
{
    list[number].ended_us = fake_clock_us();
    list[number].cancelled = cancelled;
    tell(&list[number], cancelled ? "cancelled:" : "over:");
}

size_t contacts_count(void)
{
    return count;
}

const struct contact *contact_get(size_t number)
{
    return &list[number];
}

size_t contacts_most(enum pace_class class, const struct ip_addr *ip)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t open = ip == NULL ? list[i].open_in_all : list[i].open_there;
        bool counts = list[i].class == class && (ip == NULL || ip_equal(&list[i].ip, ip));
        if (counts && open > most)
            most = open;
    }
    return most;
}
