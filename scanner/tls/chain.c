/* Computes keys and dates of chains. */
#include "scanner/tls/chain.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <time.h>

/* Reads a date. A certificate is valid from the second of notBefore on and expired from that of notAfter on.
 */
static bool date_of(const ASN1_TIME *time, int64_t *date)
{
    struct tm parts;
    if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1)
        return false; /* an error at any time */
    *date = (int64_t)timegm(&parts);
    return true;
}

static bool add(struct chain_dates *dates, const ASN1_TIME *time)
{
    int64_t date;
    if (!date_of(time, &date))
        return true;
    if (dates->count == dates->capacity) {
        size_t capacity = dates->capacity == 0 ? 64 : dates->capacity * 2;
        int64_t *larger = realloc(dates->list, capacity * sizeof *larger);
        if (larger == NULL)
            return false;
        dates->list = larger;
        dates->capacity = capacity;
    }
    dates->list[dates->count++] = date;
    return true;
}

bool chain_dates_add(struct chain_dates *dates, const X509 *cert)
{
    return add(dates, X509_get0_notBefore(cert)) && add(dates, X509_get0_notAfter(cert));
}

static int compare_dates(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

void chain_dates_sort(struct chain_dates *dates)
{
    if (dates->count > 0)
        qsort(dates->list, dates->count, sizeof *dates->list, compare_dates);
}

void chain_dates_dispose(struct chain_dates *dates)
{
    free(dates->list);
    *dates = (struct chain_dates){0};
}

static void narrow(int64_t date, int64_t now, int64_t *from, int64_t *until)
{
    if (date <= now && date > *from)
        *from = date;
    if (date > now && date < *until)
        *until = date;
}

void chain_window(STACK_OF(X509) * presented, const struct chain_dates *roots, int64_t now, int64_t *from,
                  int64_t *until)
{
    size_t low = 0;
    size_t high = roots->count;
    *from = INT64_MIN;
    *until = INT64_MAX;
    while (low < high) { /* to the first that is yet to come */
        size_t middle = low + (high - low) / 2;
        if (roots->list[middle] <= now)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0)
        narrow(roots->list[low - 1], now, from, until);
    if (low < roots->count)
        narrow(roots->list[low], now, from, until);
    for (int i = 0; i < sk_X509_num(presented); i++) {
        const X509 *cert = sk_X509_value(presented, i);
        int64_t date;
        if (date_of(X509_get0_notBefore(cert), &date))
            narrow(date, now, from, until);
        if (date_of(X509_get0_notAfter(cert), &date))
            narrow(date, now, from, until);
    }
}

static bool add_certificate(EVP_MD_CTX *digest, const X509 *cert)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    bool ok = len > 0 && EVP_DigestUpdate(digest, der, (size_t)len) == 1;
    OPENSSL_free(der);
    return ok;
}

bool chain_key(X509_STORE_CTX *store_ctx, uint8_t key[CHAIN_KEY_BYTES])
{
    STACK_OF(X509) *presented = X509_STORE_CTX_get0_untrusted(store_ctx);
    const X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store_ctx);
    const uint64_t how[] = {X509_VERIFY_PARAM_get_flags(param),
                            (uint64_t)X509_VERIFY_PARAM_get_auth_level(param)};
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool ok = sk_X509_num(presented) > 0 && digest != NULL &&
              EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(digest, how, sizeof how) == 1;
    for (int i = 0; ok && i < sk_X509_num(presented); i++)
        ok = add_certificate(digest, sk_X509_value(presented, i));
    ok = ok && EVP_DigestFinal_ex(digest, key, NULL) == 1;
    EVP_MD_CTX_free(digest);
    return ok;
}
