/*
 * The cheap way to read keys on OpenSSL 3.0 and 3.1, whose decoders spend most of a handshake's time on the
 * keys of certificates (its issues 17950 and 19119; later releases have mended it). Where an ENGINE stands
 * for a kind of key, those releases read it with the code that they inherited from 1.1.1. Ours stands for RSA
 * and EC with OpenSSL's own methods, so that it changes how a key is read, and nothing of what is then done
 * with it.
 *
 * While it is in force EVP_PKEY_fromdata fails for RSA and EC, as does making EC keys by NIST's name of a
 * curve: handshakes do neither. What else lives in the process has to be asked for it
 * (scanner/machine/setup).
 *
 * It judges nothing and touches no certificate. tests/unit/tls/test_legacy.c holds both ways against each
 * other.
 */
#ifndef STSWEEP_TLS_LEGACY_H
#define STSWEEP_TLS_LEGACY_H

#include <stdbool.h>

/* Is the OpenSSL that runs one of those, built with what it takes? */
bool tls_legacy_decoder_helps(void);

/*
 * From here on the process reads keys so. To be called after tls_library_init and before there is a second
 * thread; again does no harm. true where it is in force; false, and nothing changed, where it does not
 * help.
 */
bool tls_legacy_decoder_use(void);

/* The end of it, once other threads have ended; keys that were read stay good. */
void tls_legacy_decoder_drop(void);

#endif
