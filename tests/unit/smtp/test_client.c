/* The name that a session gives as its own, and the one that it asks for. The machine's name is a script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scanner/smtp/client.h"

static const char *machine; /* NULL: it cannot be told */

int gethostname(char *name, size_t size)
{
    if (machine == NULL)
        return -1;
    (void)snprintf(name, size, "%s", machine);
    return 0;
}

static void the_own_name_is_one_that_others_take(void **state)
{
    static const struct {
        const char *configured, *machine, *name;
    } rows[] = {
        {"probe.example", "other.example", "probe.example"},
        {"probe.example", NULL, "probe.example"},
        {"", "host-1.Example", "host-1.Example"},
        {"", "host", "host"},
        {"", NULL, "localhost"},
        {"", "", "localhost"},
        {"", "my_host", "localhost"},
        {"", "a b", "localhost"},
        {"", "host\r\nMAIL FROM:<>", "localhost"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[256];
        machine = rows[i].machine;
        smtp_own_name(rows[i].configured, name, sizeof name);
        assert_string_equal(name, rows[i].name);
    }
}

/* RFC 6066 section 3: 255 bytes at most; what is longer is asked for without a name. */
static void a_name_is_given_where_it_fits(void **state)
{
    static const struct {
        size_t len;
        bool given;
    } rows[] = {{0, false}, {1, true}, {254, true}, {255, true}, {256, false}, {1000, false}};
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    (void)state;
    assert_non_null(ctx);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char host[1001];
        SSL *ssl = SSL_new(ctx);
        assert_non_null(ssl);
        memset(host, 'a', rows[i].len);
        host[rows[i].len] = 0;
        assert_true(smtp_name_host(ssl, host, false));
        const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        if (rows[i].given)
            assert_string_equal(name, host);
        else
            assert_null(name);
        SSL_free(ssl);
    }
    SSL_CTX_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_own_name_is_one_that_others_take),
        cmocka_unit_test(a_name_is_given_where_it_fits),
    };
    return cmocka_run_group_tests_name("smtp client", tests, NULL, NULL);
}
