/*
 * Copies of facts by the table of fields: what has no row is not copied, nothing in a copy points into what
 * it was made of, and every member of the structs that records are made of has a row.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/json/json.h"
#include "scanner/facts/fields.h"
#include "tests/unit/random_facts.h"

enum { SEEDS = 300, STRUCT_BYTES = 4096, KEPT_BY_ANY = KEPT_FOR_DOMAINS | KEPT_LEGACY };

/* ---- which bytes of a struct have a row ---------------------------------------------------------------- */

static void mark(const struct field_group *group, unsigned keep, size_t base, uint8_t *bytes)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct field *field = &group->fields[i];
        bool within = field->type == AS_GROUP || (field->type == AS_SPREAD && !field->by_hand);
        if (keep != 0 && (field->keep & keep) == 0)
            continue;
        if (field->type == AS_PART)
            mark(field->group, keep, base, bytes);
        else if (within)
            mark(field->group, keep, base + field->offset, bytes);
        else if (field->has_member)
            memset(bytes + base + field->offset, 1, field->size);
        if (field->count_size > 0)
            memset(bytes + base + field->count_offset, 1, field->count_size);
    }
}

static bool is_without(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* A hole of a whole word is no padding: a pointer, a count or a time stands there that no row knows. */
static void test_every_member_has_a_row(void **state)
{
    static const struct field_group *const structs[] = {
        &fields_lookup,     &fields_ede,    &fields_address, &fields_tlsa_rr,    &fields_tlsa,
        &fields_near_miss,  &fields_txt,    &fields_cert,    &fields_host,       &fields_handshake,
        &fields_mx_rr,      &fields_mx,     &fields_look,    &fields_mx_host,    &fields_policy,
        &fields_host_facts, &fields_domain, &fields_reject,  &fields_chain_error};
    (void)state;
    for (size_t i = 0; i < sizeof structs / sizeof *structs; i++) {
        uint8_t bytes[STRUCT_BYTES] = {0};
        assert_true(structs[i]->size <= sizeof bytes);
        mark(structs[i], 0, 0, bytes);
        for (size_t at = 0; at + 8 <= structs[i]->size; at += 8)
            if (is_without(bytes + at, 8))
                fail_msg("struct of %s: what stands at byte %zu has no row", structs[i]->name, at);
    }
}

/* ---- copies -------------------------------------------------------------------------------------------- */

/* What is not kept holds garbage, as a member would that nobody has thought of. */
static void test_what_has_no_row_is_not_copied(void **state)
{
    (void)state;
    size_t bytes_left_out = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint8_t kept[STRUCT_BYTES] = {0};
        uint8_t garbled[sizeof(struct probe_facts)], copied[sizeof(struct probe_facts)];
        struct arena arena;
        struct probe_facts probe, copy;
        arena_init(&arena, 64 << 20);
        random_probe(seed, &arena, &probe);
        mark(&fields_host, KEPT_FOR_DOMAINS, 0, kept);
        memcpy(garbled, &probe, sizeof garbled);
        for (size_t i = 0; i < sizeof garbled; i++)
            if (kept[i] == 0)
                garbled[i] = 0xA5;
        memcpy(&probe, garbled, sizeof probe);
        memset(&copy, 0xEE, sizeof copy);
        fields_copy(&fields_host, &probe, &arena, KEPT_FOR_DOMAINS, &copy);
        memcpy(copied, &copy, sizeof copied);
        for (size_t i = 0; i < sizeof copied; i++) {
            assert_true(kept[i] != 0 || copied[i] == 0);
            bytes_left_out += kept[i] == 0;
        }
        arena_dispose(&arena);
    }
    assert_true(bytes_left_out > 0);
}

/* An element of a list too. */
static void test_certificates_keep_what_is_judged(void **state)
{
    struct arena arena;
    const char *names[] = {"a.example"};
    struct cert_facts cert = {.subject = "CN=A", .issuer = "CN=B", .dns_names = names, .dns_name_count = 1};
    struct probe_facts probe = {.tls = {.certs = &cert, .cert_count = 1, .cipher = "C"}}, copy;
    struct tls_facts legacy = {.cipher = "C", .signature = "S", .group = "G"};
    (void)state;
    cert.aia_issuer = "http://ca.example/";
    cert.key_type = "RSA";
    cert.key_bits = 2048;
    cert.signed_by = 3;
    cert.der = bytes_of("der");
    probe.legacy = &legacy;
    arena_init(&arena, 1 << 20);
    fields_copy(&fields_host, &probe, &arena, KEPT_FOR_DOMAINS, &copy);
    const struct cert_facts *kept = copy.tls.certs;
    assert_int_equal(copy.tls.cert_count, 1);
    assert_ptr_not_equal(kept, &cert);
    assert_ptr_not_equal(kept->subject, cert.subject);
    assert_string_equal(kept->subject, "CN=A");
    assert_string_equal(kept->issuer, "CN=B");
    assert_string_equal(kept->aia_issuer, "");
    assert_null(kept->dns_names);
    assert_null(kept->key_type);
    assert_null(kept->der.data);
    assert_int_equal(kept->dns_name_count, 0);
    assert_int_equal(kept->key_bits, 2048);
    assert_int_equal(kept->signed_by, 3);
    assert_null(copy.tls.cipher);
    assert_string_equal(copy.legacy->cipher, "C");
    assert_string_equal(copy.legacy->signature, "S");
    assert_null(copy.legacy->group);
    arena_dispose(&arena);
}

/* Texts and bytes, lists of structs, of names and of addresses, and structs within: as what they were made
 * of. */
static void test_what_is_kept_is_the_same(void **state)
{
    struct arena arena;
    const char *names[] = {"b.example", "c.example"};
    struct dns_ede ede = {.code = 6, .text = bytes_of("words")};
    struct tlsa_rr rr = {3, 1, 1, bytes_of("hash")};
    struct tlsa_facts tlsa = {.lookup = {.status = DNS_ANSWERED,
                                         .cnames = names,
                                         .cname_count = 2,
                                         .why_bogus = "why",
                                         .edes = &ede,
                                         .ede_count = 1},
                              .base = "a.example",
                              .rrs = &rr,
                              .rr_count = 1},
                      copy;
    (void)state;
    arena_init(&arena, 1 << 20);
    fields_copy(&fields_tlsa, &tlsa, &arena, KEPT, &copy);
    assert_int_equal(copy.lookup.status, DNS_ANSWERED);
    assert_int_equal(copy.lookup.cname_count, 2);
    assert_string_equal(copy.lookup.cnames[0], "b.example");
    assert_string_equal(copy.lookup.cnames[1], "c.example");
    assert_string_equal(copy.lookup.why_bogus, "why");
    assert_int_equal(copy.lookup.ede_count, 1);
    assert_int_equal(copy.lookup.edes[0].code, 6);
    assert_true(bytes_equal(copy.lookup.edes[0].text, ede.text));
    assert_ptr_not_equal(copy.lookup.edes[0].text.data, ede.text.data);
    assert_string_equal(copy.base, "a.example");
    assert_int_equal(copy.rr_count, 1);
    assert_int_equal(copy.rrs[0].usage, 3);
    assert_true(bytes_equal(copy.rrs[0].data, rr.data));
    assert_ptr_not_equal(copy.rrs[0].data.data, rr.data.data);
    arena_dispose(&arena);
}

/* The copy is the same when what it was made of is gone, and has been written over. */
static void test_nothing_points_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct arena from, to;
        struct buf before, after;
        struct probe_facts probe, copy;
        arena_init(&from, 64 << 20);
        arena_init(&to, 64 << 20);
        buf_init(&before, 8 << 20);
        buf_init(&after, 8 << 20);
        random_probe(seed, &from, &probe);
        fields_copy(&fields_host, &probe, &to, KEPT_BY_ANY, &copy);
        copy.host = "mx.example";
        assert_true(json_host(&before, &copy, FAIL_NONE));
        size_t used = from.used_bytes;
        arena_reset(&from);
        void *over = arena_alloc(&from, used / 2 + 1);
        memset(over, 0xEE, used / 2 + 1);
        arena_dispose(&from);
        assert_true(json_host(&after, &copy, FAIL_NONE));
        assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
        arena_dispose(&to);
        buf_dispose(&before);
        buf_dispose(&after);
    }
}

/* A whole copy says all that its original says. */
static void test_a_whole_copy(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct arena from, to;
        struct buf before, after;
        struct probe_facts probe, copy;
        arena_init(&from, 64 << 20);
        arena_init(&to, 64 << 20);
        buf_init(&before, 8 << 20);
        buf_init(&after, 8 << 20);
        random_probe(seed, &from, &probe);
        assert_true(json_host(&before, &probe, FAIL_NONE));
        for (size_t i = 0; i < probe.tls.cert_count; i++)
            assert_true(json_cert(&before, &probe.tls.certs[i]));
        fields_copy(&fields_host, &probe, &to, KEPT_ALL, &copy);
        copy.again = probe.again; /* the domain's records say so, not the host's */
        arena_dispose(&from);
        assert_true(json_host(&after, &copy, FAIL_NONE));
        for (size_t i = 0; i < copy.tls.cert_count; i++)
            assert_true(json_cert(&after, &copy.tls.certs[i]));
        assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
        arena_dispose(&to);
        buf_dispose(&before);
        buf_dispose(&after);
    }
}

/* Whatever room there is: never more elements than there are, never a pointer to nothing. */
static void test_a_full_arena(void **state)
{
    struct arena arena;
    struct probe_facts probe, copy;
    (void)state;
    arena_init(&arena, 64 << 20);
    random_probe(7, &arena, &probe);
    for (size_t ceiling = 64; ceiling < 1 << 16; ceiling += 997) {
        struct arena small;
        arena_init(&small, ceiling);
        fields_copy(&fields_host, &probe, &small, KEPT_FOR_DOMAINS, &copy);
        assert_true(copy.tls.cert_count == 0 || copy.tls.cert_count == probe.tls.cert_count);
        assert_true(copy.tls.cert_count == 0 || copy.tls.certs != NULL);
        arena_dispose(&small);
    }
    arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member_has_a_row),
        cmocka_unit_test(test_what_has_no_row_is_not_copied),
        cmocka_unit_test(test_certificates_keep_what_is_judged),
        cmocka_unit_test(test_what_is_kept_is_the_same),
        cmocka_unit_test(test_nothing_points_back),
        cmocka_unit_test(test_a_whole_copy),
        cmocka_unit_test(test_a_full_arena),
    };
    return cmocka_run_group_tests_name("copies of facts", tests, NULL, NULL);
}
