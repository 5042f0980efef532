/* The names of alerts; that each has OpenSSL's, as far as that has one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <string.h>

#include "scanner/tls/alert.h"

/* Says whether two names are the same, whatever stands between the words. */
static bool same_words(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b) && !(*a == ' ' && *b == '_'))
            return false;
    return *a == *b;
}

/* OpenSSL of whatever release knows the same alerts, or fewer. */
static void test_names(void **state)
{
    size_t both = 0;
    (void)state;
    for (int alert = 0; alert <= UINT8_MAX; alert++) {
        const char *theirs = SSL_alert_desc_string_long(alert), *ours = tls_alert_name(alert);
        if (strcmp(theirs, "unknown") == 0)
            continue;
        both++;
        if (!same_words(ours, theirs))
            fail_msg("%d is \"%s\", to OpenSSL \"%s\"", alert, ours, theirs);
    }
    assert_in_range(both, 25, 40);
    assert_string_equal(tls_alert_name(116), "certificate required");
    assert_string_equal(tls_alert_name(-1), "unknown");
    assert_string_equal(tls_alert_name(1), "unknown");
    assert_string_equal(tls_alert_name(122), "unknown");
    assert_string_equal(tls_alert_name(255), "unknown");
}

static void test_text(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 12);
    assert_string_equal(tls_alert_text(40, &arena), "alert handshake failure");
    arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
