/* Finds the words of header lines. No I/O, no allocation. */
#include "input/words.h"

#include "scanner/base/trim.h"
#include "scanner/facts/hostname.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { WORD_BYTES = 32 };

/* The words stand in order of preference, in lower case, without what fold leaves out. */
struct word {
    const char *text;
    bool is_tld; /* a top-level domain has the same name */
};

static const struct word domain_words[] = {
    {"domain", false},       {"domains", true},      {"domainname", false},  {"domainnames", false},
    {"rootdomain", false},   {"maildomain", false},  {"emaildomain", false}, {"domäne", false},
    {"domänen", false},      {"domaene", false},     {"domänenname", false}, {"domaine", false},
    {"nomdedomaine", false}, {"dominio", false},     {"domínio", false},     {"dominios", false},
    {"domein", false},       {"domeinnaam", false},  {"domena", false},      {"doména", false},
    {"domän", false},        {"domæne", false},      {"domene", false},      {"домен", false},
    {"域名", false},         {"ドメイン", false},    {"도메인", false},      {"fqdn", false},
    {"hostname", false},     {"hostnames", false},   {"host", true},         {"hosts", false},
    {"origin", false},       {"origins", false},     {"zone", true},         {"apex", false},
    {"tld", false},          {"dnsname", false},     {"website", true},      {"websites", false},
    {"webseite", false},     {"webadresse", false},  {"homepage", false},    {"internetadresse", false},
    {"siteweb", false},      {"sitioweb", false},    {"sitoweb", false},     {"site", true},
    {"url", false},          {"urls", false},        {"link", true},         {"web", true},
    {"www", false},          {"email", true},        {"emails", false},      {"emailaddress", false},
    {"emailadresse", false}, {"mail", false},        {"mailadresse", false}, {"correo", false},
    {"courriel", false},     {"adressemail", false}, {"name", true},
};
static const struct word rank_words[] = {
    {"rank", false}, {"globalrank", false}, {"trancorank", false}, {"position", false},
    {"no", true},    {"nr", true},          {"rang", false},       {"platz", false},
    {"pos", false},  {"ranking", false},    {"index", false},
};
static const struct word label_words[] = {
    {"label", false},        {"customer", false},
    {"customerid", false},   {"customername", false},
    {"client", false},       {"clientid", false},
    {"clientname", false},   {"supplier", false},
    {"supplierid", false},   {"suppliername", false},
    {"vendor", false},       {"vendorid", false},
    {"vendorname", false},   {"account", false},
    {"accountname", false},  {"group", true},
    {"tag", false},          {"organisation", false},
    {"organization", false}, {"company", true},
    {"companyname", false},  {"owner", false},
    {"tenant", false},       {"kunde", false},
    {"kunden", false},       {"kundenname", false},
    {"kundennummer", false}, {"kundennr", false},
    {"kundenid", false},     {"firma", false},
    {"firmenname", false},   {"unternehmen", false},
    {"lieferant", false},    {"mandant", false},
    {"gruppe", false},       {"inhaber", false},
    {"société", false},      {"societe", false},
    {"entreprise", false},   {"fournisseur", false},
    {"cliente", false},      {"empresa", false},
    {"proveedor", false},    {"fornecedor", false},
    {"azienda", false},      {"fornitore", false},
    {"klant", false},        {"bedrijf", false},
    {"leverancier", false},  {"klient", false},
    {"zákazník", false},     {"kund", false},
    {"företag", false},      {"asiakas", false},
    {"клиент", false},       {"公司", false},
    {"会社", false},         {"id", true},
    {"name", true},
};

static const struct {
    const struct word *words;
    size_t count;
} kinds[] = {
    [WORD_DOMAIN] = {domain_words, COUNT(domain_words)},
    [WORD_RANK] = {rank_words, COUNT(rank_words)},
    [WORD_LABEL] = {label_words, COUNT(label_words)},
};

/* Folds a cell into a word: "Customer ID" and customer_id are one. Letters of Latin-1 are folded too, as the
 * UTF-8 that they are. */
static void fold(struct bytes cell, char word[WORD_BYTES])
{
    size_t len = 0;
    word[0] = '\0';
    for (size_t i = 0; i < cell.len; i++) {
        uint8_t byte = cell.data[i];
        if (byte == ' ' || byte == '_' || byte == '-' || byte == '.' || byte == ':' || byte == '\n')
            continue;
        bool after_c3 = i > 0 && cell.data[i - 1] == 0xc3;
        if ((byte >= 'A' && byte <= 'Z') || (after_c3 && byte >= 0x80 && byte <= 0x9e))
            byte |= 0x20;
        if ((byte < 'a' && byte < 0x80) || (byte > 'z' && byte < 0x80) || len == WORD_BYTES - 1) {
            word[0] = '\0';
            return;
        }
        word[len++] = (char)byte;
        word[len] = '\0';
    }
}

static const struct word *find_in(enum word_kind kind, struct bytes cell)
{
    char word[WORD_BYTES];
    fold(cell, word);
    for (size_t i = 0; i < kinds[kind].count; i++)
        if (strcmp(word, kinds[kind].words[i].text) == 0)
            return &kinds[kind].words[i];
    return NULL;
}

int words_find(const struct csv_row *row, enum word_kind kind, size_t *next)
{
    for (; *next < kinds[kind].count; ++*next)
        for (size_t column = 0; column < row->count; column++)
            if (find_in(kind, row->cells[column]) == &kinds[kind].words[*next]) {
                ++*next;
                return (int)column;
            }
    return -1;
}

enum word_alone words_alone(struct bytes cell)
{
    const struct word *word = find_in(WORD_DOMAIN, cell);
    if (word == NULL)
        return WORD_UNKNOWN;
    /* The plural has always been taken for a header, and e-mail is no top-level domain. */
    bool is_name = cell.len == strlen(word->text) && word->is_tld && word != &domain_words[1];
    return is_name ? WORD_MAY_BE_TLD : WORD_IS_HEADER;
}

bool words_are_dotted(struct bytes cell)
{
    const uint8_t *dot = bytes_have(cell, '.') ? memrchr(cell.data, '.', cell.len) : NULL;
    if (dot == NULL)
        return false;
    struct bytes last = bytes_make(dot + 1, (size_t)(cell.data + cell.len - dot - 1));
    for (enum word_kind kind = WORD_DOMAIN; kind <= WORD_LABEL; kind++) {
        const struct word *word = find_in(kind, last);
        if (word != NULL && !word->is_tld)
            return true;
    }
    return false;
}

bool words_are_origin(struct bytes cell)
{
    const struct word *word = find_in(WORD_DOMAIN, cell);
    return word != NULL && strncmp(word->text, "origin", 6) == 0;
}

bool words_are_no_value(const char *domain)
{
    static const char *const words[] = {"null", "none", "nil", "nan", "undefined"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(domain, words[i]) == 0)
            return true;
    return false;
}

unsigned words_weight(struct bytes cell)
{
    char name[HOSTNAME_BYTES];
    if (!bytes_have(cell, '.') && !bytes_have(cell, '@') && !bytes_have(cell, ':'))
        return NOT_NAMED;
    enum failure_code code = hostname_normalize(cell, name);
    if (code == FAIL_NONE)
        return NAMED;
    return code == FAIL_INPUT_BAD_NAME ? NOT_NAMED : LIKE_A_NAME;
}
