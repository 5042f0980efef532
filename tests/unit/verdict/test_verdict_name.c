/* Table tests of names that are a website's or another host's, and of what is said of them; MX-7. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "output/explain/explain.h"
#include "output/json/json.h"
#include "scanner/facts/suffix.h"
#include "scanner/machine/suffixes.h"
#include "scanner/verdict/verdict.h"

enum { ARENA_BYTES = 1 << 20, TEXT_BYTES = 1 << 16 };

struct name_case {
    const char *name;
    const char *domain;
    enum dns_status mx;
    const char *host;        /* of its MX record, or NULL */
    uint32_t aliases;        /* before the MX record */
    const char *txt;         /* at _mta-sts, or NULL */
    const char *registrable; /* as found; NULL: no host's name */
};

static const struct name_case cases[] = {
    {"MX-7 www, nothing there", "www.example.org", DNS_NXDOMAIN, NULL, 0, NULL, "example.org"},
    {"MX-7 www, no MX", "www.example.org", DNS_NODATA, NULL, 0, NULL, "example.org"},
    {"MX-7 www, an alias of its domain", "www.example.org", DNS_ANSWERED, "mx.example.org", 1, NULL,
     "example.org"},
    {"MX-7 www with an MX, as by a wildcard", "www.example.org", DNS_ANSWERED, "mx.example.org", 0, NULL,
     "example.org"},
    {"MX-7 www with a null MX", "www.example.org", DNS_ANSWERED, ".", 0, NULL, "example.org"},
    {"MX-7 www, not known", "www.example.org", DNS_SERVFAIL, NULL, 0, NULL, "example.org"},
    {"MX-7 www below a suffix of two labels", "www.example.co.uk", DNS_NODATA, NULL, 0, NULL,
     "example.co.uk"},
    {"MX-7 www deep below", "www.de.shop.example.com", DNS_NODATA, NULL, 0, NULL, "example.com"},
    {"MX-7 www with a record of its own", "www.example.org", DNS_ANSWERED, "mx.example.org", 0,
     "v=STSv1; id=1;", NULL},
    {"MX-7 www is itself registrable", "www.org", DNS_NODATA, NULL, 0, NULL, NULL},
    {"MX-7 a label that begins so", "www2.example.org", DNS_ANSWERED, "mx.example.org", 0, NULL, NULL},
    {"MX-7 likewise, without MX", "www2.example.org", DNS_NODATA, NULL, 0, NULL, "example.org"},
    {"MX-7 another host", "shop.example.org", DNS_NODATA, NULL, 0, NULL, "example.org"},
    {"MX-7 another host that is not there", "shop.example.org", DNS_NXDOMAIN, NULL, 0, NULL, "example.org"},
    {"MX-7 another host, an alias", "shop.example.org", DNS_ANSWERED, "mx.example.net", 1, NULL,
     "example.org"},
    {"MX-7 a mail domain below", "lists.example.org", DNS_ANSWERED, "mx.example.org", 0, NULL, NULL},
    {"MX-7 a host with a record", "lists.example.org", DNS_NODATA, NULL, 0, "v=STSv1; id=1;", NULL},
    {"MX-7 not known whether it has an MX", "shop.example.org", DNS_TIMEOUT, NULL, 0, NULL, NULL},
    {"MX-7 the registrable domain", "example.org", DNS_NODATA, NULL, 0, NULL, NULL},
    {"MX-7 a public suffix", "co.uk", DNS_NODATA, NULL, 0, NULL, NULL},
    {"MX-7 a suffix that the list lacks", "www.mail.lab", DNS_NODATA, NULL, 0, NULL, NULL},
    {"MX-7 a private suffix", "www.name.github.io", DNS_NODATA, NULL, 0, NULL, "name.github.io"},
};

struct world {
    struct arena arena;
    struct bytes txt;
    struct mx_rr rr;
    struct mx_host host;
    struct host_facts host_facts;
    struct domain_facts facts;
    struct judgement judgement;
};

static void judge(struct world *world, const struct name_case *c)
{
    memset(world, 0, sizeof *world);
    arena_init(&world->arena, ARENA_BYTES);
    struct domain_facts *facts = &world->facts;
    facts->domain = c->domain;
    facts->tld = "org";
    facts->policy.fetch.tls.alert = -1;
    facts->psl_suffix = suffix_of(c->domain, &facts->is_public_suffix);
    facts->tlsrpt.lookup.status = DNS_NXDOMAIN;
    facts->txt.lookup.status = c->txt == NULL ? DNS_NXDOMAIN : DNS_ANSWERED;
    world->txt = bytes_of(c->txt);
    facts->txt.rrs = &world->txt;
    facts->txt.rr_count = c->txt != NULL;
    facts->mx.lookup.status = c->mx;
    facts->mx.lookup.cname_count = c->aliases;
    static const char *targets[] = {"example.org"};
    facts->mx.lookup.cnames = targets;
    facts->mx.rrs = &world->rr;
    facts->mx.rr_count = c->host != NULL;
    world->rr = (struct mx_rr){10, c->host};
    if (c->mx == DNS_NODATA) {
        world->host_facts.host = c->domain;
        world->host_facts.address.a.status = world->host_facts.address.aaaa.status = DNS_NODATA;
        world->host = (struct mx_host){.host = c->domain, .implicit = true, .facts = &world->host_facts};
        facts->hosts = &world->host;
        facts->host_count = 1;
    }
    verdict_judge(facts, 0, &world->arena, &world->judgement);
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        const struct name_case *c = &cases[i];
        judge(&world, c);
        const char *found = world.judgement.registrable;
        if ((found == NULL) != (c->registrable == NULL) ||
            (found != NULL && strcmp(found, c->registrable) != 0))
            fail_msg("%s: got %s", c->name, found == NULL ? "none" : found);
        assert_int_equal(code_set_has(&world.judgement.codes, FAIL_INPUT_HOST_NAME), found != NULL);
        assert_false(verdict_may_pass(&world.judgement) && c->mx != DNS_SERVFAIL && c->mx != DNS_TIMEOUT &&
                     c->host == NULL && c->txt == NULL);
        arena_dispose(&world.arena);
    }
}

/* The record and the page name the domain above; nobody is advised to publish records for a website. */
static void test_words(void **state)
{
    (void)state;
    struct world world;
    struct buf text;
    struct explain_style style = {.colour = false};
    buf_init(&text, TEXT_BYTES);
    judge(&world, &cases[1]);
    assert_int_equal(world.judgement.outcome, OUTCOME_NO_MAIL);
    assert_true(json_domain(&text, &world.facts, &world.judgement));
    assert_non_null(strstr(buf_string(&text), "\"registrable\":\"example.org\""));
    buf_reset(&text);
    assert_true(explain_domain(&text, &world.facts, &world.judgement, &style));
    assert_non_null(strstr(buf_string(&text), "input.host-name"));
    assert_non_null(strstr(buf_string(&text), "It is example.org."));
    assert_non_null(strstr(buf_string(&text), "at example.org and not at"));
    assert_null(strstr(buf_string(&text), "Publish an MX"));
    assert_null(strstr(buf_string(&text), "IN TXT"));
    arena_dispose(&world.arena);
    buf_reset(&text);
    const struct name_case domain = {.domain = "example.org", .mx = DNS_NODATA};
    judge(&world, &domain);
    assert_true(explain_domain(&text, &world.facts, &world.judgement, &style));
    assert_non_null(strstr(buf_string(&text), "Publish an MX"));
    arena_dispose(&world.arena);
    buf_dispose(&text);
}

static void test_registrable(void **state)
{
    (void)state;
    assert_null(suffix_registrable("org", "org"));
    assert_null(suffix_registrable("example.org", NULL));
    assert_string_equal(suffix_registrable("example.org", "org"), "example.org");
    assert_string_equal(suffix_registrable("a.b.example.org", "org"), "example.org");
    assert_string_equal(suffix_registrable("a.b.co.uk", "co.uk"), "b.co.uk");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_registrable),
    };
    suffixes_load();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
