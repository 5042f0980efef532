/* Asks the linked OpenSSL which groups it has. It decides nothing about a peer. */
#include "scanner/tls/groups.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "scanner/facts/tls_group.h"
#include "scanner/tls/trust.h"
#include "scanner/wire/cost.h"

/* LARGE_SHARE_BYTES: with such a key share, and all else that stands in it, a ClientHello may not fit the one
 * segment that a device expects. KEY_SHARES: the release of OpenSSL whose lists can ask for them. */
enum { LARGE_SHARE_BYTES = 500, KEY_SHARES = 305 };

/* What OpenSSL 3.0 offers by itself, in its order. */
static const char *const usual[] = {"X25519",    "P-256",     "X448",      "P-521",     "P-384",
                                    "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"};

enum { USUAL = sizeof usual / sizeof *usual };

static unsigned release_here(void)
{
    return OPENSSL_version_major() * 100 + OPENSSL_version_minor();
}

/* Says whether the linked library has the group. */
static bool is_known(SSL_CTX *ctx, const char *name)
{
    (void)ERR_set_mark();
    bool known = SSL_CTX_set1_groups_list(ctx, name) == 1;
    (void)ERR_pop_to_mark();
    return known;
}

static bool is_named(const struct tls_group *const *named, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(named[i]->name, name) == 0)
            return true;
    return false;
}

/* Appends a group; what does not fit is left out, which no table of this length brings about. */
static void append(char list[TLS_OFFER_BYTES], const char *name, bool shared)
{
    size_t len = strlen(list);
    const char *mark = shared && release_here() >= KEY_SHARES ? "*" : "";
    int added = snprintf(list + len, TLS_OFFER_BYTES - len, "%s%s%s", len > 0 ? ":" : "", mark, name);
    if (added < 0 || len + (size_t)added >= TLS_OFFER_BYTES)
        list[len] = '\0';
}

/* ---- the value of tls.groups --------------------------------------------------------------------------- */

/* Says what is wrong with the group of that name, or, without a name, with the list. */
static bool refuse(struct buf *why, struct bytes name, const char *reason)
{
    if (why != NULL)
        (void)buf_printf(why, "tls.groups: %.*s%s%s", (int)name.len, (const char *)name.data,
                         name.len > 0 ? ": " : "", reason);
    return false;
}

/* Says whether the group may be offered; if not, why. */
static bool may_offer(SSL_CTX *ctx, const struct tls_group *group, struct bytes name, struct buf *why)
{
    char reason[160];
    if (group == NULL)
        return refuse(why, name, "no group of TLS that is known here; X25519MLKEM768 is one");
    if (group->release == 0)
        return refuse(why, name, "no release of OpenSSL offers this group in TLS 1.3");
    if (strncmp(group->name, "ffdhe", 5) == 0 && group->share_bytes * 8 > COST_DH_BITS)
        return refuse(why, name, "a group of more than 4096 bits, in which nothing is computed here");
    if (is_known(ctx, group->name))
        return true;
    (void)snprintf(reason, sizeof reason,
                   "OpenSSL %s, which is in use here, does not have this group; OpenSSL %u.%u is the first "
                   "that has",
                   OpenSSL_version(OPENSSL_VERSION_STRING), group->release / 100, group->release % 100);
    return refuse(why, name, reason);
}

static const char BLANKS[] = " \t";

/* Takes the next item off the front of *list; false if there is none. */
static bool next_item(const char **list, struct bytes *item)
{
    const char *start = *list + strspn(*list, BLANKS);
    size_t len = strcspn(start, ",");
    *list = start + len + (start[len] == ',');
    while (len > 0 && strchr(BLANKS, start[len - 1]) != NULL)
        len--;
    *item = bytes_make(start, len);
    return len > 0 || start[0] == ',';
}

/* Reads the names into named, which has room for every row of the table. */
static bool read_named(SSL_CTX *ctx, const char *list, const struct tls_group **named, size_t *count,
                       struct buf *why)
{
    struct bytes item;
    while (next_item(&list, &item)) {
        if (item.len == 0)
            return refuse(why, item, "a group is missing before a comma");
        const struct tls_group *group = tls_group_find(item);
        if (!may_offer(ctx, group, item, why))
            return false;
        if (is_named(named, *count, group->name))
            return refuse(why, item, "named twice");
        named[(*count)++] = group;
    }
    return true;
}

static void fill_in(SSL_CTX *ctx, const struct tls_group *const *named, size_t count, struct tls_offer *offer)
{
    *offer = (struct tls_offer){.large = count > 0 && named[0]->share_bytes >= LARGE_SHARE_BYTES};
    bool share_due = count == 0 || offer->large; /* for the first small one, named or usual */
    for (size_t i = 0; i < count; i++) {
        bool takes = share_due && named[i]->share_bytes < LARGE_SHARE_BYTES;
        append(offer->groups, named[i]->name, i == 0 || takes);
        share_due = share_due && !takes;
    }
    for (size_t i = 0; i < USUAL; i++) {
        if (!is_known(ctx, usual[i]))
            continue;
        append(offer->small, usual[i], offer->small[0] == '\0');
        if (is_named(named, count, usual[i]))
            continue;
        append(offer->groups, usual[i], share_due);
        share_due = false;
    }
}

bool tls_offer_make(const char *list, struct tls_offer *offer, struct buf *why)
{
    const struct tls_group *rows;
    const struct tls_group *named[UINT8_MAX];
    size_t count = 0;
    SSL_CTX *ctx = tls_group_rows(&rows) <= UINT8_MAX ? SSL_CTX_new(TLS_client_method()) : NULL;
    if (ctx == NULL)
        return refuse(why, bytes_of(""), "OpenSSL cannot make a client context");
    bool good = read_named(ctx, list, named, &count, why);
    if (good)
        fill_in(ctx, named, count, offer);
    SSL_CTX_free(ctx);
    return good;
}

/* ---- the group of a handshake -------------------------------------------------------------------------- */

/* Writes the name of a key whose group has no number in TLS: that of a Diffie-Hellman group before TLS 1.3.
 * false if there is no key. */
static bool name_of_key(SSL *ssl, char text[96])
{
    EVP_PKEY *key = NULL;
    char name[80] = "";
    if (SSL_get_peer_tmp_key(ssl, &key) != 1 || key == NULL)
        return false;
    if (EVP_PKEY_get_group_name(key, name, sizeof name, NULL) == 1 && name[0] != '\0')
        (void)snprintf(text, 96, "%s", tls_curve_name(name));
    else
        (void)snprintf(text, 96, "%s %d", EVP_PKEY_get_base_id(key) == EVP_PKEY_DH ? "DH" : "EC",
                       EVP_PKEY_get_bits(key));
    EVP_PKEY_free(key);
    return true;
}

const char *tls_exchange_group(SSL *ssl, struct arena *arena)
{
    char text[96];
    int nid = (int)SSL_get_negotiated_group(ssl);
    if (nid > 0 && (nid & TLSEXT_nid_unknown) != 0)
        return arena_string(arena, tls_group_name((uint16_t)(nid & UINT16_MAX), text));
    if (nid > 0 && OBJ_nid2sn(nid) != NULL)
        return arena_string(arena, tls_curve_name(OBJ_nid2sn(nid)));
    return name_of_key(ssl, text) ? arena_string(arena, text) : NULL;
}
