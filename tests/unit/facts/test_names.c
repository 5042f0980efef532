/* Names that records bear: those of extended errors as IANA has them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "scanner/facts/net.h"
#include "scanner/facts/record.h"

/* https://www.iana.org/assignments/dns-parameters, "Extended DNS Error Codes" (RFC 8914 section 4). */
static void extended_errors_have_their_names(void **state)
{
    static const char *const names[] = {"Other Error",
                                        "Unsupported DNSKEY Algorithm",
                                        "Unsupported DS Digest Type",
                                        "Stale Answer",
                                        "Forged Answer",
                                        "DNSSEC Indeterminate",
                                        "DNSSEC Bogus",
                                        "Signature Expired",
                                        "Signature Not Yet Valid",
                                        "DNSKEY Missing",
                                        "RRSIGs Missing",
                                        "No Zone Key Bit Set",
                                        "NSEC Missing",
                                        "Cached Error",
                                        "Not Ready",
                                        "Blocked",
                                        "Censored",
                                        "Filtered",
                                        "Prohibited",
                                        "Stale NXDOMAIN Answer",
                                        "Not Authoritative",
                                        "Not Supported",
                                        "No Reachable Authority",
                                        "Network Error",
                                        "Invalid Data"};
    const uint16_t count = sizeof names / sizeof *names;
    (void)state;
    for (uint16_t code = 0; code < count; code++)
        assert_string_equal(dns_ede_name(code), names[code]);
    assert_null(dns_ede_name(count));
    assert_null(dns_ede_name(UINT16_MAX));
}

/* A lookup that did not answer has the code of its name. */
static void lookups_have_their_codes(void **state)
{
    (void)state;
    for (enum dns_status status = 0; status < DNS_STATUS_COUNT; status++) {
        enum failure_code code = dns_status_code(status);
        if (status == DNS_NOT_ASKED || status == DNS_ANSWERED) {
            assert_int_equal(code, FAIL_NONE);
            continue;
        }
        assert_memory_equal(failure_name(code), "dns.", 4);
        assert_string_equal(failure_name(code) + 4, dns_status_name(status));
    }
}

/* Every errno that a connection can end with has one meaning, whoever asks. */
static void errors_of_connections(void **state)
{
    static const struct {
        int number;
        enum net_error error;
    } rows[] = {
        {ECONNREFUSED, NET_REFUSED},
        {ETIMEDOUT, NET_TIMEOUT},
        {ECONNRESET, NET_RESET},
        {EPIPE, NET_RESET},
        {ECONNABORTED, NET_RESET},
        {ENETUNREACH, NET_UNREACHABLE},
        {EHOSTUNREACH, NET_UNREACHABLE},
        {ENETDOWN, NET_UNREACHABLE},
        {EHOSTDOWN, NET_UNREACHABLE},
        {EADDRNOTAVAIL, NET_UNREACHABLE},
        {EACCES, NET_UNREACHABLE},
        {EPERM, NET_UNREACHABLE},
        {EPROTO, NET_OTHER},
        {EMFILE, NET_RESOURCES},
        {ENFILE, NET_RESOURCES},
        {ENOBUFS, NET_RESOURCES},
        {ENOMEM, NET_RESOURCES},
        {EAGAIN, NET_RESOURCES},
        {0, NET_OTHER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(net_error_of(rows[i].number), rows[i].error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(extended_errors_have_their_names),
                                       cmocka_unit_test(lookups_have_their_codes),
                                       cmocka_unit_test(errors_of_connections)};
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
