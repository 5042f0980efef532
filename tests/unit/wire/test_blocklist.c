/* TLS-8: which refusals are about the machine that is refused. The texts are those of public servers, with
 * other addresses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/wire/blocklist.h"

static const struct {
    const char *text;
    bool about_us;
} rows[] = {
    {"5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", true},
    {"5.7.1 Service unavailable; client [192.0.2.1] blocked using list.example.org", true},
    {"Mail from 192.0.2.1 refused, see http://www.barracudacentral.org/rbl", true},
    {"5.7.606 Access denied, banned sending IP [192.0.2.1]", true},
    {"part of their network is on our block list (S3140)", true},
    {"Your address is listed in the directory of example.net", true},
    {"rejected: 192.0.2.1 is listed at bl.example", true},
    {"Your host is BLACKLISTED", true},
    {"Your access has been rejected due to the sending MTA's poor reputation", true},
    {"No SMTP service\nBad DNS PTR resource record.", true},
    {"Client host rejected: cannot find your reverse hostname", true},
    {"no PTR for 192.0.2.1", true},
    {"RBL: no", true},
    {"4.7.0 too many connections", false},
    {"4.2.0 Greylisted in action, see http://postgrey.example", false},
    {"5.3.2 Service shutting down", false},
    {"scripts and herbling", false},
    {"need fully-qualified hostname", false},
    {"", false},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (smtp_names_block_list(bytes_of(rows[i].text)) != rows[i].about_us)
            fail_msg("%s", rows[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests_name("blocklist", tests, NULL, NULL);
}
