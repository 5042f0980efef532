/* The words of zone files. No I/O, no allocation. */
#include "input/zone_word.h"

#include <strings.h>

enum { NUMBER_NONE = -1, NUMBER_MOST = 65535 };

/* The types that IANA's registry has for zones, with their numbers. A word that is none of them is no record:
 * it may be a name that was broken. */
static const struct type_word {
    const char *word;
    int number;
} type_words[] = {
    {"NS", 2},          {"A", 1},        {"AAAA", 28},      {"DS", 43},         {"RRSIG", 46},
    {"NSEC3", 50},      {"NSEC", 47},    {"SOA", 6},        {"DNSKEY", 48},     {"TXT", 16},
    {"MX", 15},         {"CNAME", 5},    {"PTR", 12},       {"NSEC3PARAM", 51}, {"CDS", 59},
    {"CDNSKEY", 60},    {"ZONEMD", 63},  {"SRV", 33},       {"CAA", 257},       {"TLSA", 52},
    {"MD", 3},          {"MF", 4},       {"MB", 7},         {"MG", 8},          {"MR", 9},
    {"NULL", 10},       {"WKS", 11},     {"HINFO", 13},     {"MINFO", 14},      {"RP", 17},
    {"AFSDB", 18},      {"X25", 19},     {"ISDN", 20},      {"RT", 21},         {"NSAP", 22},
    {"NSAP-PTR", 23},   {"SIG", 24},     {"KEY", 25},       {"PX", 26},         {"GPOS", 27},
    {"LOC", 29},        {"NXT", 30},     {"EID", 31},       {"NIMLOC", 32},     {"ATMA", 34},
    {"NAPTR", 35},      {"KX", 36},      {"CERT", 37},      {"A6", 38},         {"DNAME", 39},
    {"SINK", 40},       {"APL", 42},     {"SSHFP", 44},     {"IPSECKEY", 45},   {"DHCID", 49},
    {"SMIMEA", 53},     {"HIP", 55},     {"NINFO", 56},     {"RKEY", 57},       {"TALINK", 58},
    {"OPENPGPKEY", 61}, {"CSYNC", 62},   {"SVCB", 64},      {"HTTPS", 65},      {"DSYNC", 66},
    {"HHIT", 67},       {"BRID", 68},    {"SPF", 99},       {"UINFO", 100},     {"UID", 101},
    {"GID", 102},       {"UNSPEC", 103}, {"NID", 104},      {"L32", 105},       {"L64", 106},
    {"LP", 107},        {"EUI48", 108},  {"EUI64", 109},    {"NXNAME", 128},    {"URI", 256},
    {"AVC", 258},       {"DOA", 259},    {"AMTRELAY", 260}, {"RESINFO", 261},   {"WALLET", 262},
    {"CLA", 263},       {"IPN", 264},    {"TA", 32768},     {"DLV", 32769},
};

static const struct class_word {
    const char *word;
    int number;
} class_words[] = {{"IN", 1}, {"CH", 3}, {"CHAOS", 3}, {"HS", 4}, {"HESIOD", 4}};

/* Is it the word, in whatever case? */
static bool is_word(struct bytes text, const char *word)
{
    for (size_t i = 0; i < text.len; i++) {
        int letter_bit = word[i] >= 'A' ? 0x20 : 0;
        if (word[i] == '\0' || ((text.data[i] ^ word[i]) & ~letter_bit) != 0)
            return false;
    }
    return word[text.len] == '\0';
}

/* Returns the number behind a prefix, as in TYPE65534, or NUMBER_NONE. */
static int number_behind(struct bytes text, const char *prefix)
{
    size_t len = strlen(prefix);
    int number = 0;
    if (text.len <= len || strncasecmp((const char *)text.data, prefix, len) != 0)
        return NUMBER_NONE;
    for (size_t i = len; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return NUMBER_NONE;
        number = number * 10 + (text.data[i] - '0');
        if (number > NUMBER_MOST)
            return NUMBER_NONE;
    }
    return number;
}

static int type_number(struct bytes text)
{
    for (size_t i = 0; i < sizeof type_words / sizeof type_words[0]; i++)
        if (is_word(text, type_words[i].word))
            return type_words[i].number;
    return number_behind(text, "TYPE");
}

static int class_number(struct bytes text)
{
    for (size_t i = 0; i < sizeof class_words / sizeof class_words[0]; i++)
        if (is_word(text, class_words[i].word))
            return class_words[i].number;
    return number_behind(text, "CLASS");
}

static enum zone_type type_of(int number)
{
    switch (number) {
    case 2:
        return ZONE_NS;
    case 6:
        return ZONE_SOA;
    case 1:
    case 28:
        return ZONE_ADDRESS;
    case 24: /* what DNSSEC had before RFC 4034 */
    case 25:
    case 30:
    case 43:
    case 46:
    case 47:
    case 48:
    case 50:
    case 51:
    case 59:
    case 60:
    case 32769:
        return ZONE_DNSSEC;
    default:
        return ZONE_OTHER;
    }
}

/* Returns the seconds of a unit, 0 if it is none. */
static uint64_t unit_of(uint8_t byte)
{
    switch (byte | 0x20) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    case 'w':
        return 604800;
    default:
        return 0;
    }
}

/* Takes digits off the text; false if there are none, or if they are too large. */
static bool take_number(struct bytes *text, uint64_t *number)
{
    size_t at = 0;
    for (*number = 0; at < text->len && text->data[at] >= '0' && text->data[at] <= '9'; at++) {
        *number = *number * 10 + (text->data[at] - '0');
        if (*number > UINT32_MAX)
            return false;
    }
    *text = bytes_make(text->data + at, text->len - at);
    return at > 0;
}

/* Is it a number of seconds, or numbers with a unit each (1h30m)? The sum has 32 bits. */
static bool is_ttl(struct bytes text)
{
    uint64_t number, sum = 0;
    bool is_first = true;
    for (; text.len > 0; is_first = false) {
        if (!take_number(&text, &number))
            return false;
        if (text.len == 0)
            return is_first;
        uint64_t unit = unit_of(text.data[0]);
        sum += number * unit;
        if (unit == 0 || sum > UINT32_MAX)
            return false;
        text = bytes_make(text.data + 1, text.len - 1);
    }
    return true;
}

struct zone_word_found zone_word_find(struct bytes text)
{
    struct zone_word_found found = {.word = ZONE_NO_WORD};
    if (text.len == 0)
        return found;
    if (text.data[0] >= '0' && text.data[0] <= '9') {
        found.word = is_ttl(text) ? ZONE_TTL : ZONE_NO_WORD;
        return found;
    }
    int number = class_number(text);
    if (number != NUMBER_NONE) {
        found.word = ZONE_CLASS;
        found.is_internet = number == 1;
        return found;
    }
    number = type_number(text);
    if (number != NUMBER_NONE) {
        found.word = ZONE_TYPE;
        found.type = type_of(number);
    }
    return found;
}
