/*
 * Certificates of the synthetic internet: a root, two intermediates below one another, and leaves made on
 * demand for whatever host is asked for. All leaves of a kind share one key, so that only a signature is made
 * for each.
 */
#ifndef STSWEEP_BENCH_AUTHORITY_H
#define STSWEEP_BENCH_AUTHORITY_H

#include <openssl/ssl.h>

#include "bench/world/internet.h"

struct authority;

/* NULL where OpenSSL fails. root_file: where the root's PEM is written. */
struct authority *authority_create(const char *root_file);

/* Gives the connection the certificate and chain that the host presents. */
bool authority_present(struct authority *authority, const struct tls_host *host, const char *name, SSL *ssl);

#endif
