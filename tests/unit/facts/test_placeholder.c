/* placeholder.def is sound, and says what it should of names; MX-6. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "scanner/facts/placeholder.h"

static void test_table_is_sorted(void **state)
{
    (void)state;
    const struct placeholder *rows;
    size_t count = placeholder_rows(&rows);
    for (size_t i = 1; i < count; i++)
        if (strcmp(rows[i - 1].suffix, rows[i].suffix) >= 0)
            fail_msg("%s does not stand before %s", rows[i - 1].suffix, rows[i].suffix);
}

/* Each row of the table has its source behind it. */
static void test_every_row_has_a_source(void **state)
{
    (void)state;
    char line[1024];
    size_t rows = 0;
    FILE *file = fopen("scanner/facts/placeholder.def", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "PLACEHOLDER(\"", 13) != 0)
            continue;
        rows++;
        if (strstr(line, ") /* ") == NULL)
            fail_msg("no source: %s", line);
    }
    (void)fclose(file);
    const struct placeholder *list;
    assert_int_equal(rows, placeholder_rows(&list));
}

struct name_case {
    const char *name;
    const char *host;
    const char *domain;
    bool by_name;
    bool without_address; /* it is one once it turned out to have no address */
    const char *service;
};

static const struct name_case cases[] = {
    {"MX-6 Microsoft 365", "ms12345678.msv1.invalid", "example.org", true, true, "Microsoft 365"},
    {"MX-6 Microsoft 365, older", "ms1.msv1.invalid.outlook.com", "example.org", true, true, "Microsoft 365"},
    {"MX-6 Google", "udqpaqboo4oyxjp27e5myhehdzw6qfjrhf7ap7nmddfqighyz7vz.mx-verification.google.com",
     "example.org", true, true, "Google"},
    {"MX-6 Google, the domain itself", "mx-verification.google.com", "example.org", true, true, "Google"},
    {"MX-6 Google's hosts are hosts", "aspmx.l.google.com", "example.org", false, false, NULL},
    {"MX-6 a label's boundary", "x.nomx-verification.google.com", "example.org", false, false, NULL},
    {"MX-6 Exchange Online", "a.mail.protection.outlook.com", "example.org", false, false, NULL},
    {"MX-6 Outlook.com's host takes mail", "4bf2.pamx1.hotmail.com", "example.org", false, false, NULL},
    {"MX-6 any name under .invalid", "mail.invalid", "example.org", true, true, NULL},
    {"MX-6 .invalid itself", "invalid", "example.org", true, true, NULL},
    {"MX-6 another TLD that ends so", "mail.notinvalid", "example.org", false, false, NULL},
    {"MX-6 the last dot was forgotten", "ms1.msv1.invalid.example.org", "example.org", true, true,
     "Microsoft 365"},
    {"MX-6 likewise Google", "x.mx-verification.google.com.example.org", "example.org", true, true, "Google"},
    {"MX-6 behind another domain it is a host", "ms1.msv1.invalid.example.net", "example.org", false, false,
     NULL},
    {"MX-6 a label invalid of one's own", "invalid.example.org", "example.org", false, false, NULL},
    {"MX-6 a label test of one's own", "mx.test.example.org", "example.org", false, false, NULL},
    {"MX-6 .test", "mail.test", "example.org", false, true, NULL},
    {"MX-6 .example", "mx.mail.example", "example.org", false, true, NULL},
    {"MX-6 localhost", "localhost", "example.org", false, true, NULL},
    {"MX-6 .localhost", "mx.localhost", "example.org", false, true, NULL},
    {"MX-6 a test network's own host", "mx.lab.test", "lab.test", false, false, NULL},
    {"MX-6 a placeholder in a test network", "ms1.msv1.invalid.lab.test", "lab.test", true, true,
     "Microsoft 365"},
    {"MX-6 a missing host", "mx.example.org", "example.org", false, false, NULL},
    {"MX-6 the root", ".", "example.org", false, false, NULL},
    {"MX-6 no name", "", "", false, false, NULL},
};

static void test_names(void **state)
{
    (void)state;
    const struct ip_addr ip = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct name_case *c = &cases[i];
        struct host_facts facts = {.host = c->host};
        facts.address.a.status = DNS_NXDOMAIN;
        facts.address.aaaa.status = DNS_NODATA;
        struct mx_host host = {.host = c->host, .facts = &facts};
        const char *service = placeholder_service(c->host, c->domain);
        if (placeholder_by_name(c->host, c->domain) != c->by_name)
            fail_msg("%s: by its name", c->name);
        if (placeholder_is(&host, c->domain) != c->without_address)
            fail_msg("%s: without an address", c->name);
        if ((service == NULL) != (c->service == NULL) ||
            (service != NULL && strcmp(service, c->service) != 0))
            fail_msg("%s: its service is %s", c->name, service == NULL ? "none" : service);
        facts.address = (struct address_facts){
            .a.status = DNS_ANSWERED, .aaaa.status = DNS_NODATA, .ips = (struct ip_addr *)&ip, .ip_count = 1};
        if (placeholder_is(&host, c->domain) != c->by_name)
            fail_msg("%s: with an address", c->name);
        facts.address = (struct address_facts){.a.status = DNS_SERVFAIL, .aaaa.status = DNS_NODATA};
        if (placeholder_is(&host, c->domain) != c->by_name)
            fail_msg("%s: not known whether it has one", c->name);
        host.facts = NULL;
        if (placeholder_is(&host, c->domain) != c->by_name)
            fail_msg("%s: not looked at", c->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_sorted),
        cmocka_unit_test(test_every_row_has_a_source),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
