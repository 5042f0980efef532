/* Looks for the words that mail servers use when they refuse an address. */
#include "scanner/wire/blocklist.h"

#include <strings.h>

/* Names of lists, and words that stand in refusals by whatever list. What is short, or a part of other words,
 * must stand alone. */
static const char *const marks[] = {
    "spamhaus",
    "spamcop",
    "barracudacentral",
    "sorbs.net",
    "uceprotect",
    "abuseat.org",
    "mailspike",
    "invaluement",
    "psbl.surriel",
    "s5h.net",
    "senderscore",
    "senderbase",
    "abusix",
    "hostkarma",
    "nixspam",
    "manitu.net",
    "dronebl",
    "backscatterer",
    "dnsbl",
    "blocklist",
    "block list",
    "block-list",
    "blacklist",
    "black list",
    "black-list",
    "blackhole",
    "denylist",
    "deny list",
    "blocked using",
    "banned sending ip",
    "reputation",
    "reverse dns",
    "reverse-dns",
    "rdns",
    "ptr record",
    "dns ptr",
    "reverse hostname",
    "reverse host name",
    "reverse lookup",
};
static const char *const words[] = {"rbl",       "rbls",      "sbl",       "xbl",
                                    "pbl",       "ptr",       "is listed", "listed at",
                                    "listed by", "listed in", "listed on", "blocked by"};

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

static bool is_at(struct bytes text, size_t place, const char *mark)
{
    size_t len = strlen(mark);
    return len <= text.len - place && strncasecmp((const char *)text.data + place, mark, len) == 0;
}

static bool is_word_at(struct bytes text, size_t place, const char *word)
{
    size_t end = place + strlen(word);
    bool begins = place == 0 || !is_letter(text.data[place - 1]);
    return begins && is_at(text, place, word) && (end == text.len || !is_letter(text.data[end]));
}

bool smtp_names_block_list(struct bytes refusal)
{
    for (size_t place = 0; place < refusal.len; place++) {
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
            if (is_at(refusal, place, marks[i]))
                return true;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (is_word_at(refusal, place, words[i]))
                return true;
    }
    return false;
}
