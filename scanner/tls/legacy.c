/* Registers an ENGINE that has OpenSSL's own methods for RSA and EC keys. Nothing else of the project uses
 * ENGINEs. */

/* ENGINEs are deprecated in favour of providers, which are the slow way that this file avoids; releases
 * without ENGINEs have no need of it. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "scanner/tls/legacy.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#ifndef OPENSSL_NO_ENGINE

#include <openssl/engine.h>
#include <string.h>

static const char ENGINE_ID[] = "stsweep-legacy-decoder";

bool tls_legacy_decoder_helps(void)
{
    return OPENSSL_version_major() == 3 && OPENSSL_version_minor() <= 1;
}

/* Tells OpenSSL which kinds of key there are, or gives it the methods of one. */
static int give_methods(ENGINE *engine, EVP_PKEY_METHOD **method, const int **kinds, int kind)
{
    static const int known[] = {EVP_PKEY_RSA, EVP_PKEY_EC};
    const int count = (int)(sizeof known / sizeof known[0]);
    (void)engine;
    if (method == NULL) {
        *kinds = known;
        return count;
    }
    *method = NULL;
    for (int i = 0; i < count; i++)
        if (known[i] == kind)
            *method = (EVP_PKEY_METHOD *)(uintptr_t)EVP_PKEY_meth_find(kind); /* never written to */
    return *method != NULL;
}

/* Returns our ENGINE with a reference that has to be given back by ENGINE_finish; NULL if it is not in force.
 */
static ENGINE *engine_in_force(void)
{
    ENGINE *engine = ENGINE_get_pkey_meth_engine(EVP_PKEY_EC);
    if (engine == NULL || strcmp(ENGINE_get_id(engine), ENGINE_ID) == 0)
        return engine;
    (void)ENGINE_finish(engine);
    return NULL;
}

static bool put_in_force(void)
{
    ENGINE *engine = ENGINE_new();
    bool done = engine != NULL && ENGINE_set_id(engine, ENGINE_ID) == 1 &&
                ENGINE_set_name(engine, "OpenSSL's own key methods") == 1 &&
                ENGINE_set_pkey_meths(engine, give_methods) == 1 &&
                ENGINE_set_default_pkey_meths(engine) == 1;
    (void)ENGINE_free(engine); /* OpenSSL has counted its own reference */
    return done;
}

bool tls_legacy_decoder_use(void)
{
    if (!tls_legacy_decoder_helps())
        return false;
    ENGINE *engine = engine_in_force();
    if (engine == NULL)
        return put_in_force();
    (void)ENGINE_finish(engine);
    return true;
}

void tls_legacy_decoder_drop(void)
{
    ENGINE *engine = engine_in_force();
    if (engine == NULL)
        return;
    ENGINE_unregister_pkey_meths(engine);
    (void)ENGINE_finish(engine);
}

#else

bool tls_legacy_decoder_helps(void)
{
    return false;
}

bool tls_legacy_decoder_use(void)
{
    return false;
}

void tls_legacy_decoder_drop(void)
{
}

#endif
