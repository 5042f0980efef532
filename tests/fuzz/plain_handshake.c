/*
 * The measure of what an input may cost: a plain handshake (P-256, TLS 1.3, verified), once for each input,
 * whatever that holds. bench/instructions counts what happens inside client_step. It finds no fault.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/hostile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

__attribute__((noinline)) int client_step(SSL *client);

int client_step(SSL *client)
{
    ERR_clear_error();
    return SSL_do_handshake(client);
}

static void shake(SSL *client, SSL *server)
{
    struct tls_verify verify;
    int result = -1;
    must(tls_verify_attach(client, &verify) == ERR_OK);
    for (int turn = 0; turn < 50 && result != 1; turn++) {
        result = client_step(client);
        ERR_clear_error();
        (void)SSL_do_handshake(server);
    }
    must(result == 1 && verify.error_count == 0);
}

static void connect_pair(SSL *client, SSL *server)
{
    BIO *near = NULL, *far = NULL;
    must(BIO_new_bio_pair(&near, HOSTILE_PIPE_BYTES, &far, HOSTILE_PIPE_BYTES) == 1);
    SSL_set_bio(client, near, near);
    SSL_set_bio(server, far, far);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    must(SSL_set_tlsext_host_name(client, HOSTILE_HOST) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hostile_world world;
    (void)data, (void)size;
    hostile_open(&world);
    SSL_CTX *context = make_server(&world.leaf, world.intermediate.cert);
    for (int i = 0; i < 2; i++) { /* the second finds what is loaded once loaded */
        SSL *client = SSL_new(world.client), *server = SSL_new(context);
        connect_pair(client, server);
        shake(client, server);
        SSL_free(client);
        SSL_free(server);
    }
    SSL_CTX_free(context);
    hostile_close(&world);
    return 0;
}
