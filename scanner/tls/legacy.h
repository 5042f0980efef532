/*
 * Makes reading keys cheap on OpenSSL 3.0 and 3.1, whose decoders spend most of a handshake's time on the
 * keys of certificates (its issues 17950 and 19119; later releases have mended it). If there is an ENGINE for
 * a kind of key, those releases read it with the code that they inherited from 1.1.1. Ours is for RSA and EC
 * and has OpenSSL's own methods: it changes how a key is read, and nothing of what is then done with it.
 *
 * While it is in force EVP_PKEY_fromdata fails for RSA and EC, and so does making EC keys by NIST's name of a
 * curve: handshakes do neither. Builds of libunbound do, so scanner/machine/setup does not use it beside
 * libunbound.
 *
 * It judges nothing and touches no certificate. tests/unit/tls/test_legacy.c holds both ways against each
 * other.
 */
#ifndef STSWEEP_TLS_LEGACY_H
#define STSWEEP_TLS_LEGACY_H

#include <stdbool.h>

/* Says whether the OpenSSL that runs is one of those, and built with ENGINEs. */
bool tls_legacy_decoder_helps(void);

/*
 * Makes the process read keys in this way. Call it after tls_library_init and before there is a second
 * thread; calling it again does no harm. true if it is in force; false, with nothing changed, if it does not
 * help.
 */
bool tls_legacy_decoder_use(void);

/* Ends it. Call it when other threads have ended; keys that were read stay good. */
void tls_legacy_decoder_drop(void);

#endif
