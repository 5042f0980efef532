/* Prints docs/senders.md from the table of senders. */
#include <stdio.h>

#include "scanner/verdict/senders.h"

static const char *dane_words(enum sender_dane dane)
{
    static const char *const words[] = {
        [DANE_NEVER] = "no",
        [DANE_SIGNED_MX] = "yes",
        [DANE_ANY_MX] = "yes, also if the MX answer is unsigned",
    };
    return words[dane];
}

static void print_hours(unsigned hours)
{
    if (hours == 0)
        printf("not documented");
    else
        printf("%u h", hours);
}

int main(void)
{
    size_t count = 0;
    const struct sender *rows = senders_all(&count);
    puts("# Senders as they are\n");
    puts("Made from `scanner/verdict/senders.def` by `make docs`; do not edit.\n");
    puts(
        "What a domain's record says of senders (`senders`, [fields.md](fields.md)) and what `check` says "
        "is\n"
        "judged by the ways of this table, by default and without a policy from before. A record has a view\n"
        "for each way, of which only what differs is written. `dane` of the record stays as RFC 7672 has "
        "it:\n"
        "who applies TLSA records under an unsigned MX answer has a way of its own.\n");
    puts("| sender | way in the record | MTA-STS | DANE | keeps mail for | what it does | source |");
    puts("|---|---|---|---|---|---|---|");
    for (size_t i = 0; i < count; i++) {
        const struct sender_way *way = sender_way(rows[i].kind);
        printf("| %s | `%s` | %s | %s | ", rows[i].name, sender_kind_name(rows[i].kind),
               way->mta_sts ? "yes" : "no", dane_words(way->dane));
        print_hours(rows[i].hours);
        printf(" | %s | <%s> |\n", rows[i].does, rows[i].source);
    }
    puts("\nTwo things of RFC 7672 are judged otherwise than a sender does them. The handshake asks for the\n"
         "MX host's name, while a DANE sender asks for the TLSA base domain (section 8.1): if they differ,\n"
         "`dane.sni-not-tried` says so. And TLS 1.0 counts, which services that ask for more do not take\n"
         "([judging.md](internals/judging.md#dane)).");
    return 0;
}
