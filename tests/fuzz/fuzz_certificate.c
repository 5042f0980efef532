/*
 * Any bytes as a certificate: its facts are within their ceilings and may be printed, come back from their
 * record as themselves, and agree with what OpenSSL says of it by other ways: dates, key, names, serial
 * number, whether it may issue, who signed.
 */
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "output/json/json.h"
#include "output/readback/facts_read.h"
#include "scanner/tls/trust.h"
#include "tests/fuzz/target.h"

enum { OUT_BYTES = 4 << 20, WHY_BYTES = 512, BUDGET_US = 1000000 };

static void check_texts(const struct cert_facts *facts)
{
    const char *texts[] = {facts->subject, facts->issuer, facts->key_type, facts->signature,
                           facts->aia_issuer};
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect(texts[i] == NULL || is_printable(texts[i]) ? NULL : "a text that may not be printed");
    for (size_t i = 0; i < facts->dns_name_count; i++) {
        expect(is_printable(facts->dns_names[i]) ? NULL : "a DNS-ID that may not be printed");
        bytes += strlen(facts->dns_names[i]);
    }
    expect(facts->dns_name_count <= DNS_IDS_KEPT && bytes <= DNS_ID_BYTES_KEPT
               ? NULL
               : "more DNS-IDs than are kept");
    expect(facts->serial.len <= CERT_SERIAL_BYTES ? NULL : "too long a serial number");
}

/* X509_cmp_time says -1 if the date is at or before the other one; the last moment before it is 1 then. */
static void check_date(const ASN1_TIME *date, int64_t seconds)
{
    time_t at = (time_t)seconds, before = (time_t)(seconds - 1);
    int then = X509_cmp_time(date, &at);
    if (then == 0 || seconds == 0)
        return; /* a form that RFC 5280 does not allow: path validation has an error of its own for it */
    expect(then == -1 && X509_cmp_time(date, &before) == 1 ? NULL : "another date than OpenSSL's");
}

static void check_names(X509 *cert, const struct cert_facts *facts)
{
    size_t count = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        count += sk_GENERAL_NAME_value(names, i)->type == GEN_DNS;
    GENERAL_NAMES_free(names);
    expect(facts->dns_name_count == count || (facts->names_cut && facts->dns_name_count < count)
               ? NULL
               : "another number of DNS-IDs");
    if (count != 1 || facts->names_cut || facts->dns_name_count != 1)
        return;
    size_t len = strlen(facts->dns_names[0]);
    if (len > 0 && strspn(facts->dns_names[0], "abcdefghijklmnopqrstuvwxyz0123456789.") == len &&
        facts->dns_names[0][0] != '.')
        expect(X509_check_host(cert, facts->dns_names[0], len, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1
                   ? NULL
                   : "a DNS-ID that OpenSSL does not know");
}

static void check_key(X509 *cert, const struct cert_facts *facts)
{
    unsigned char digest[SHA256_DIGEST_LENGTH], *der = NULL;
    EVP_PKEY *key = X509_get0_pubkey(cert);
    expect(facts->key_bits == (key == NULL ? 0 : (uint32_t)EVP_PKEY_get_bits(key)) ? NULL : "another key");
    int len = i2d_X509(cert, &der);
    expect(len > 0 && SHA256(der, (size_t)len, digest) != NULL &&
                   memcmp(digest, facts->sha256, sizeof digest) == 0
               ? NULL
               : "another digest");
    OPENSSL_free(der);
    expect(!facts->self_signed || X509_self_signed(cert, 1) == 1 ? NULL
                                                                 : "signed by itself, and OpenSSL says no");
}

/* The number as OpenSSL counts with it, and the flag as it stands in the extension. */
static void check_serial_and_ca(X509 *cert, const struct cert_facts *facts)
{
    unsigned char digits[CERT_SERIAL_BYTES];
    struct bytes serial = facts->serial;
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
    while (serial.len > 0 && serial.data[0] == 0)
        serial = bytes_behind(serial, 1);
    if (number != NULL && BN_num_bytes(number) <= CERT_SERIAL_BYTES && facts->serial.len < CERT_SERIAL_BYTES)
        expect(bytes_equal(serial, bytes_make(digits, (size_t)BN_bn2bin(number, digits)))
                   ? NULL
                   : "another serial number");
    BN_free(number);
    BASIC_CONSTRAINTS *constraints = X509_get_ext_d2i(cert, NID_basic_constraints, NULL, NULL);
    expect(facts->is_ca == (constraints != NULL && constraints->ca != 0) ? NULL : "it may issue, or may not");
    BASIC_CONSTRAINTS_free(constraints);
}

static void check_record(const struct cert_facts *facts, struct arena *arena)
{
    struct buf first, second, why;
    struct cert_facts again;
    buf_init(&first, OUT_BYTES);
    buf_init(&second, OUT_BYTES);
    buf_init(&why, WHY_BYTES);
    expect(json_cert(&first, facts) ? NULL : "it cannot be written");
    enum error error = facts_read_cert(bytes_make(first.data, first.len - 1), arena, &again, &why);
    expect(error == ERR_OK ? NULL : "what was written is not read");
    expect(json_cert(&second, &again) && bytes_equal(buf_bytes(&first), buf_bytes(&second))
               ? NULL
               : "not the same again");
    buf_dispose(&first);
    buf_dispose(&second);
    buf_dispose(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned char *at = data;
    uint32_t left_us = BUDGET_US;
    struct cert_facts facts;
    struct arena arena;
    X509 *cert = d2i_X509(NULL, &at, (long)size);
    ERR_clear_error();
    if (cert == NULL)
        return 0;
    arena_init(&arena, READ_ARENA_BYTES);
    facts = (struct cert_facts){.signed_by = -1};
    if (cert_facts_collect(cert, &left_us, &arena, &facts)) {
        check_texts(&facts);
        check_date(X509_get0_notBefore(cert), facts.not_before);
        check_date(X509_get0_notAfter(cert), facts.not_after);
        check_names(cert, &facts);
        check_key(cert, &facts);
        check_serial_and_ca(cert, &facts);
        check_record(&facts, &arena);
    }
    ERR_clear_error();
    arena_dispose(&arena);
    X509_free(cert);
    return 0;
}
