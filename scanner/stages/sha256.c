/* Has libcrypto take the sums. */
#include "scanner/stages/sha256.h"

#include <stdlib.h>

#include <openssl/evp.h>

enum { SUM_BYTES = 32 };

struct sha256 {
    EVP_MD_CTX *context;
};

struct sha256 *sha256_begin(void)
{
    struct sha256 *sum = calloc(1, sizeof *sum);
    if (sum == NULL)
        return NULL;
    sum->context = EVP_MD_CTX_new();
    if (sum->context != NULL && EVP_DigestInit_ex(sum->context, EVP_sha256(), NULL) == 1)
        return sum;
    sha256_free(sum);
    return NULL;
}

void sha256_free(struct sha256 *sum)
{
    if (sum != NULL)
        EVP_MD_CTX_free(sum->context);
    free(sum);
}

bool sha256_add(struct sha256 *sum, struct bytes piece)
{
    return EVP_DigestUpdate(sum->context, piece.data, piece.len) == 1;
}

bool sha256_end(struct sha256 *sum, char hex[SHA256_HEX_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[EVP_MAX_MD_SIZE];
    if (EVP_DigestFinal_ex(sum->context, bytes, NULL) != 1 ||
        EVP_DigestInit_ex(sum->context, EVP_sha256(), NULL) != 1)
        return false;
    for (size_t i = 0; i < SUM_BYTES; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * (size_t)SUM_BYTES] = 0;
    return true;
}

bool sha256_of(struct bytes text, char hex[SHA256_HEX_BYTES])
{
    struct sha256 *sum = sha256_begin();
    bool done = sum != NULL && sha256_add(sum, text) && sha256_end(sum, hex);
    sha256_free(sum);
    return done;
}

bool sha256_is_hex(const char *text)
{
    return strlen(text) == SHA256_HEX_BYTES - 1 && strspn(text, "0123456789abcdef") == SHA256_HEX_BYTES - 1;
}
