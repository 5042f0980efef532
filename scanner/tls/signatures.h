/* The signatures that every handshake takes, whichever release of OpenSSL is linked. */
#ifndef STSWEEP_TLS_SIGNATURES_H
#define STSWEEP_TLS_SIGNATURES_H

/* What OpenSSL 3.0 takes by itself, in its order; its security level leaves out what is too weak for it.
 * Later releases take more under TLS 1.3 (brainpool curves, ML-DSA): then a host would be found better where
 * the scan ran on a newer Debian. */
#define TLS_SIGNATURES                                                                                       \
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:"                                                  \
    "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"                                              \
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512:"          \
    "ECDSA+SHA224:ECDSA+SHA1:RSA+SHA224:RSA+SHA1:DSA+SHA224:DSA+SHA1:DSA+SHA256:DSA+SHA384:DSA+SHA512"

#endif
