/*
 * Collects the facts of one X.509 certificate. It judges nothing. Every text in a certificate is a
 * stranger's, so all of them are cut and made printable.
 */
#include "scanner/facts/record_kept.h"
#include "scanner/tls/trust.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

#include "scanner/wire/cost.h"

enum { NAME_BYTES = 512, URL_BYTES = 512, DNS_NAME_BYTES = 255 };

/* ---- text ---------------------------------------------------------------------------------------------- */

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '\\';
}

static size_t shown_bytes(struct bytes text)
{
    size_t need = 0;
    for (size_t i = 0; i < text.len; i++)
        need += is_plain(text.data[i]) ? 1 : 4;
    return need;
}

const char *peer_text(struct arena *arena, struct bytes text, size_t limit)
{
    size_t len = text.len < limit ? text.len : limit;
    char *result = arena_alloc(arena, shown_bytes(bytes_make(text.data, len)) + 1);
    if (result == NULL)
        return NULL;
    char *end = result;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = text.data[i];
        *end++ = is_plain(byte) ? (char)byte : '\\';
        if (is_plain(byte))
            continue;
        *end++ = (char)('0' + byte / 100);
        *end++ = (char)('0' + byte / 10 % 10);
        *end++ = (char)('0' + byte % 10);
    }
    *end = '\0';
    return result;
}

static struct bytes string_bytes(const ASN1_STRING *string)
{
    int len = ASN1_STRING_length(string);
    return bytes_make(ASN1_STRING_get0_data(string), len < 0 ? 0 : (size_t)len);
}

/* Makes a name's RFC 2253 form. Its own escapes leave nothing unprintable, and bytes that a broken encoding
 * may leave become '?'. */
static const char *name_text(const X509_NAME *name, struct arena *arena, bool *cut)
{
    char *text = NULL;
    char *data = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL)
        return NULL;
    (void)X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
    long len = BIO_get_mem_data(bio, &data);
    *cut = len > NAME_BYTES;
    if (*cut)
        len = NAME_BYTES;
    text = arena_copy(arena, data == NULL ? "" : data, len < 0 ? 0 : (size_t)len);
    BIO_free(bio);
    for (char *c = text; c != NULL && *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7e)
            *c = '?';
    return text;
}

/* ---- parts --------------------------------------------------------------------------------------------- */

static bool digest(struct bytes data, uint8_t sha256[32], uint8_t sha512[64])
{
    return EVP_Digest(data.data, data.len, sha256, NULL, EVP_sha256(), NULL) == 1 &&
           EVP_Digest(data.data, data.len, sha512, NULL, EVP_sha512(), NULL) == 1;
}

static bool collect_der(X509 *cert, struct arena *arena, struct cert_facts *facts)
{
    int len = i2d_X509(cert, NULL);
    if (len <= 0)
        return false;
    uint8_t *der = arena_alloc(arena, (size_t)len);
    if (der == NULL)
        return false;
    uint8_t *end = der;
    if (i2d_X509(cert, &end) != len)
        return false;
    facts->der = bytes_make(der, (size_t)len);
    return digest(facts->der, facts->sha256, facts->sha512);
}

/* Hashes the whole SubjectPublicKeyInfo, not the bit string within (RFC 6698 section 2.1.2). */
static bool collect_spki(X509 *cert, struct cert_facts *facts)
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    bool ok = len > 0 && digest(bytes_make(der, (size_t)len), facts->spki_sha256, facts->spki_sha512);
    OPENSSL_free(der);
    return ok;
}

/* Reads a time as seconds; false and 0 if it is none. */
static bool read_time(const ASN1_TIME *time, int64_t *seconds)
{
    struct tm parts;
    bool is_time = time != NULL && ASN1_TIME_to_tm(time, &parts) == 1;
    *seconds = is_time ? (int64_t)timegm(&parts) : 0;
    return is_time;
}

/* A certificate of which one date is none is valid at no time: it ends in 1970 then. (Path validation has an
 * error of its own for it, but DANE goes by these dates, and a beginning in 1970 is as good as any.) */
static void collect_dates(const X509 *cert, struct cert_facts *facts)
{
    bool begins = read_time(X509_get0_notBefore(cert), &facts->not_before);
    if (!read_time(X509_get0_notAfter(cert), &facts->not_after) || !begins)
        facts->not_after = 0;
}

static const char *object_text(const ASN1_OBJECT *object, bool long_name, struct arena *arena)
{
    char dotted[128] = "";
    int nid = OBJ_obj2nid(object);
    if (nid != NID_undef)
        return arena_string(arena, long_name ? OBJ_nid2ln(nid) : OBJ_nid2sn(nid));
    (void)OBJ_obj2txt(dotted, sizeof dotted, object, 1);
    return arena_string(arena, dotted);
}

const char *tls_curve_name(const char *name)
{
    static const char *const nist[][2] = {
        {"prime256v1", "P-256"}, {"secp384r1", "P-384"}, {"secp521r1", "P-521"}};
    for (size_t i = 0; i < sizeof nist / sizeof nist[0]; i++)
        if (strcmp(name, nist[i][0]) == 0)
            return nist[i][1];
    return name;
}

static const char *curve_text(EVP_PKEY *key, struct arena *arena)
{
    char name[80] = "";
    char text[96];
    bool named = EVP_PKEY_get_group_name(key, name, sizeof name, NULL) == 1 && name[0] != '\0';
    (void)snprintf(text, sizeof text, "EC %s", named ? tls_curve_name(name) : "explicit");
    return arena_string(arena, text);
}

static const char *key_type_text(EVP_PKEY *key, const ASN1_OBJECT *algorithm, struct arena *arena)
{
    switch (key == NULL ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return "RSA";
    case EVP_PKEY_ED25519:
        return "Ed25519";
    case EVP_PKEY_ED448:
        return "Ed448";
    case EVP_PKEY_EC:
        return curve_text(key, arena);
    default:
        return object_text(algorithm, false, arena);
    }
}

static void collect_key(X509 *cert, struct arena *arena, struct cert_facts *facts)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    ASN1_OBJECT *algorithm = NULL;
    int bits = key == NULL ? 0 : EVP_PKEY_get_bits(key);
    (void)X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(cert));
    facts->key_type = key_type_text(key, algorithm, arena);
    facts->key_bits = bits < 0 ? 0 : (uint32_t)bits;
}

static void collect_signature(X509 *cert, struct arena *arena, struct cert_facts *facts)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *object = NULL;
    X509_get0_signature(NULL, &algorithm, cert);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    facts->signature = object_text(object, true, arena);
}

static bool collect_serial(X509 *cert, struct arena *arena, struct cert_facts *facts)
{
    struct bytes serial = string_bytes(X509_get0_serialNumber(cert));
    if (serial.len > CERT_SERIAL_BYTES)
        serial.len = CERT_SERIAL_BYTES;
    facts->serial = arena_bytes(arena, serial);
    return facts->serial.len == serial.len;
}

/* Returns the part of a DNS-ID that is kept. */
static struct bytes dns_name_of(const GENERAL_NAME *name)
{
    struct bytes text = string_bytes(name->d.dNSName);
    if (text.len > DNS_NAME_BYTES)
        text.len = DNS_NAME_BYTES;
    return text;
}

static bool add_dns_name(const GENERAL_NAME *name, struct arena *arena, struct cert_facts *facts)
{
    const char *text = peer_text(arena, dns_name_of(name), DNS_NAME_BYTES);
    if (text == NULL)
        return false;
    facts->dns_names[facts->dns_name_count++] = text;
    return true;
}

/* Returns how many DNS-IDs from the first on are kept; *cut: there are more. */
static size_t count_dns_names(const GENERAL_NAMES *names, bool *cut)
{
    size_t count = 0, len = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        len += shown_bytes(dns_name_of(name));
        *cut = count == DNS_IDS_KEPT || len > DNS_ID_BYTES_KEPT;
        if (*cut)
            break;
        count++;
    }
    return count;
}

static bool collect_dns_names(X509 *cert, struct arena *arena, struct cert_facts *facts)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool cut = false;
    size_t count = count_dns_names(names, &cut);
    facts->names_cut = facts->names_cut || cut;
    bool ok = true;
    if (count > 0) {
        facts->dns_names = arena_array(arena, count, sizeof *facts->dns_names);
        ok = facts->dns_names != NULL;
    }
    for (int i = 0; ok && facts->dns_name_count < count; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS)
            ok = add_dns_name(name, arena, facts);
    }
    GENERAL_NAMES_free(names);
    return ok;
}

static bool names_issuer(const ACCESS_DESCRIPTION *access)
{
    return OBJ_obj2nid(access->method) == NID_ad_ca_issuers && access->location->type == GEN_URI;
}

/* Takes the first caIssuers URL. false without room: a chain whose intermediate is missing would then look
 * like one of an unknown issuer. */
static bool collect_aia(X509 *cert, struct arena *arena, struct cert_facts *facts)
{
    AUTHORITY_INFO_ACCESS *accesses = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
    bool ok = true;
    for (int i = 0; ok && i < sk_ACCESS_DESCRIPTION_num(accesses) && facts->aia_issuer == NULL; i++) {
        const ACCESS_DESCRIPTION *access = sk_ACCESS_DESCRIPTION_value(accesses, i);
        if (!names_issuer(access))
            continue;
        const ASN1_STRING *url = access->location->d.uniformResourceIdentifier;
        facts->aia_issuer = peer_text(arena, string_bytes(url), URL_BYTES);
        ok = facts->aia_issuer != NULL;
    }
    AUTHORITY_INFO_ACCESS_free(accesses);
    return ok;
}

struct key_cost cert_key_cost(const X509 *cert)
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    struct key_cost cost = cost_of_key(bytes_make(der, len > 0 ? (size_t)len : 0));
    OPENSSL_free(der);
    return cost;
}

static bool is_self_signed(X509 *cert, uint32_t *left_us)
{
    struct key_cost cost = cert_key_cost(cert);
    if (cost.heavy || cost.verify_us > *left_us)
        return false;
    *left_us -= cost.verify_us;
    return X509_self_signed(cert, 1) == 1;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

bool cert_facts_collect(X509 *cert, uint32_t *left_us, struct arena *arena, struct cert_facts *facts)
{
    *facts = (struct cert_facts){.signed_by = -1};
    if (!collect_der(cert, arena, facts) || !collect_spki(cert, facts) || !collect_serial(cert, arena, facts))
        return false;
    bool issuer_cut;
    facts->subject = name_text(X509_get_subject_name(cert), arena, &facts->names_cut);
    facts->issuer = name_text(X509_get_issuer_name(cert), arena, &issuer_cut);
    collect_dates(cert, facts);
    facts->self_issued = X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0;
    facts->self_signed = facts->self_issued && is_self_signed(cert, left_us);
    facts->is_ca = (X509_get_extension_flags(cert) & EXFLAG_CA) != 0;
    collect_key(cert, arena, facts);
    collect_signature(cert, arena, facts);
    return collect_aia(cert, arena, facts) && collect_dns_names(cert, arena, facts) &&
           facts->subject != NULL && facts->issuer != NULL && facts->key_type != NULL &&
           facts->signature != NULL;
}
