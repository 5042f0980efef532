/*
 * The writer of records (output/json) is held to the table of fields (scanner/facts/fields.def): of facts
 * made at random every field of the table is written and nothing else, what must be there is, and what is
 * read back by the table are the facts again, member by member.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/json/json.h"
#include "output/readback/facts_read.h"
#include "output/readback/facts_walk.h"
#include "scanner/verdict/verdict.h"
#include "tests/unit/random_facts.h"

enum { SEEDS = 1500, LINE_CEILING = 8 << 20, ROWS_MOST = 512 };

/* ---- what was seen of each row ------------------------------------------------------------------------- */

struct seen {
    const struct field *field;
    const struct field_group *group;
    bool written;
    bool filled; /* a list that was not empty was, or an object */
    bool varied; /* a member that was not 0 came back */
};

static struct seen rows[ROWS_MOST];
static size_t row_count;

/* Not of groups that only stand in others: their fields count where they are spread. */
static void list_rows(void)
{
    for (size_t i = 0; i < field_group_count; i++)
        for (size_t j = 0; j < field_groups[i]->count; j++) {
            assert_true(row_count < ROWS_MOST);
            rows[row_count++] = (struct seen){.field = &field_groups[i]->fields[j], .group = field_groups[i]};
        }
}

static struct seen *row_of(const struct field *field)
{
    for (size_t i = 0; i < row_count; i++)
        if (rows[i].field == field)
            return &rows[i];
    fail_msg("no row");
    return NULL;
}

/* ---- what is written stands in the table --------------------------------------------------------------- */

static void check_object(const struct json_node *object, const struct field_group *group);

static void check_value(const struct json_node *node, const struct field *field)
{
    row_of(field)->written = true;
    row_of(field)->filled |= node->first != NULL;
    if (field->group == NULL || field->sql != NULL)
        return;
    if (field->type != AS_LIST) {
        assert_int_equal(node->kind, JSON_OBJECT);
        check_object(node, field->group);
        return;
    }
    assert_int_equal(node->kind, JSON_ARRAY);
    for (const struct json_node *element = node->first; element != NULL; element = element->next)
        check_object(element, field->group);
}

static void check_required(const struct json_node *object, const struct field_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct field *field = &group->fields[i];
        bool required = field->left == LEFT_NEVER || field->left == LEFT_OLD;
        if (field->type == AS_SPREAD && required)
            check_required(object, field->group);
        else if (field->key != NULL && required && json_tree_at(object, field->key) == NULL)
            fail_msg("%s lacks %s", group->name, field->key);
    }
}

static void check_object(const struct json_node *object, const struct field_group *group)
{
    for (const struct json_node *node = object->first; node != NULL; node = node->next) {
        const struct field *field = field_find(group, node->key);
        if (field == NULL)
            fail_msg("%s is written in %s, and in no row of the table", node->key, group->name);
        check_value(node, field);
    }
    check_required(object, group);
}

/* ---- what is read back are the facts ------------------------------------------------------------------- */

static void compare(const struct field_group *group, const void *made, const void *back);

static bool is_same_bytes(struct bytes a, struct bytes b)
{
    return bytes_equal(a, b);
}

static bool is_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same_element(const struct field *field, const void *made, const void *back, size_t i)
{
    const char *const *made_strings = made, *const *back_strings = back;
    const struct bytes *made_texts = made, *back_texts = back;
    const struct ip_addr *made_ips = made, *back_ips = back;
    if (field->type == AS_STRINGS)
        return is_same_text(made_strings[i], back_strings[i]);
    if (field->type == AS_TEXTS)
        return is_same_bytes(made_texts[i], back_texts[i]);
    if (field->type == AS_IPS)
        return ip_equal(&made_ips[i], &back_ips[i]);
    compare(field->group, (const char *)made + i * field->group->size,
            (const char *)back + i * field->group->size);
    return true;
}

static const void *elements(const struct field *field, const void *member)
{
    const void *array;
    if (field->inside != 0)
        return member;
    memcpy(&array, member, sizeof array);
    return array;
}

static bool is_same_list(const struct field *field, const void *made, const void *back)
{
    size_t count = field_count(field, made);
    const void *made_list = elements(field, (const char *)made + field->offset);
    const void *back_list = elements(field, (const char *)back + field->offset);
    row_of(field)->varied |= count > 0;
    bool same = count == field_count(field, back);
    for (size_t i = 0; same && i < count; i++)
        same = is_same_element(field, made_list, back_list, i);
    return same;
}

static bool is_zero(const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((const uint8_t *)data)[i] != 0)
            return false;
    return true;
}

static bool is_same_group(const struct field *field, const void *made, const void *back)
{
    const void *made_to = made, *back_to = back;
    if (field->type == AS_POINTER || (field->type == AS_SPREAD && field->by_hand)) {
        memcpy(&made_to, made, sizeof made_to);
        memcpy(&back_to, back, sizeof back_to);
    }
    if (made_to != NULL && back_to != NULL)
        compare(field->group, made_to, back_to);
    return (made_to == NULL) == (back_to == NULL);
}

static bool is_same_member(const struct field *field, const void *made, const void *back)
{
    const void *a = (const char *)made + field->offset, *b = (const char *)back + field->offset;
    row_of(field)->varied |= !is_zero(a, field->size);
    switch (field->type) {
    case AS_NAME:
    case AS_ASCII:
    case AS_STRING:
        return is_same_text(*(const char *const *)a, *(const char *const *)b);
    case AS_TEXT:
    case AS_HEX:
    case AS_BASE64:
        return is_same_bytes(*(const struct bytes *)a, *(const struct bytes *)b);
    case AS_IP:
        return ip_equal(a, b);
    case AS_STRINGS:
    case AS_TEXTS:
    case AS_IPS:
    case AS_LIST:
        return is_same_list(field, made, back);
    case AS_GROUP:
    case AS_POINTER:
    case AS_SPREAD:
        return is_same_group(field, a, b);
    case AS_PART:
        compare(field->group, made, back);
        return true;
    default:
        return memcmp(a, b, field->size) == 0;
    }
}

static uint64_t seed_now;

/* Certificates are in their own records, and addresses in theirs; both are compared there. one_look is told
 * only where a second look was due. */
static bool is_elsewhere(const struct field *field)
{
    return field == field_find(&fields_domain, "one_look") || field->group == &fields_mx_ip ||
           (field->group == &fields_cert && field->by_hand);
}

static void compare(const struct field_group *group, const void *made, const void *back)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct field *field = &group->fields[i];
        bool stands = field->has_member && (field->key != NULL || field->type == AS_SPREAD);
        if (stands && !is_elsewhere(field) && !is_same_member(field, made, back))
            fail_msg("seed %llu: %s.%s is not read as it was", (unsigned long long)seed_now, group->name,
                     field->key == NULL ? "*" : field->key);
    }
}

/* ---- records ------------------------------------------------------------------------------------------- */

struct round {
    struct arena made, read;
    struct buf line, why;
};

static void round_begin(struct round *round, uint64_t seed)
{
    seed_now = seed;
    arena_init(&round->made, 64 << 20);
    arena_init(&round->read, READ_ARENA_BYTES);
    buf_init(&round->line, LINE_CEILING);
    buf_init(&round->why, 1024);
}

static void round_end(struct round *round)
{
    arena_dispose(&round->made);
    arena_dispose(&round->read);
    buf_dispose(&round->line);
    buf_dispose(&round->why);
}

static struct bytes line_of(const struct round *round)
{
    return bytes_make(round->line.data, round->line.len - 1);
}

static void check_line(struct round *round, const struct field_group *group)
{
    const struct json_node *root;
    assert_int_equal(json_tree_parse(line_of(round), &round->read, &root), ERR_OK);
    check_object(root, group);
}

static void check_addresses(const struct domain_facts *made, const struct domain_facts *back)
{
    for (size_t i = 0; i < made->host_count; i++) {
        const struct host_facts *a = made->hosts[i].facts, *b = back->hosts[i].facts;
        for (size_t j = 0; a != NULL && j < a->probe_count; j++) {
            assert_int_equal(b->probe_count, a->probe_count);
            assert_true(ip_equal(&a->probes[j].ip, &b->probes[j].ip));
            assert_int_equal(a->probes[j].not_tried, b->probes[j].not_tried);
            assert_true(b->probes[j].time == 0 || a->probes[j].time == b->probes[j].time);
        }
    }
}

static void check_domain(struct round *round, const struct domain_facts *facts)
{
    struct judgement judgement;
    struct domain_facts back;
    verdict_judge(facts, BY_OWN_TIME, &round->made, &judgement);
    buf_reset(&round->line);
    assert_true(json_domain(&round->line, facts, &judgement));
    check_line(round, &fields_domain);
    assert_int_equal(facts_read_domain(line_of(round), &round->read, &back, &round->why), ERR_OK);
    compare(&fields_domain, facts, &back);
    for (size_t i = 0; i < facts->host_count; i++)
        compare(&fields_mx_host, &facts->hosts[i], &back.hosts[i]);
    check_addresses(facts, &back);
}

static void check_cert(struct round *round, const struct cert_facts *cert)
{
    struct cert_facts back;
    buf_reset(&round->line);
    assert_true(json_cert(&round->line, cert));
    check_line(round, &fields_cert);
    assert_int_equal(facts_read_cert(line_of(round), &round->read, &back, &round->why), ERR_OK);
    compare(&fields_cert, cert, &back);
}

static void check_host(struct round *round, const struct probe_facts *probe)
{
    struct probe_facts back;
    buf_reset(&round->line);
    assert_true(json_host(&round->line, probe, FAIL_NONE));
    check_line(round, &fields_host);
    assert_int_equal(facts_read_host(line_of(round), &round->read, &back, &round->why), ERR_OK);
    compare(&fields_host, probe, &back);
    for (size_t i = 0; i < probe->tls.cert_count; i++)
        check_cert(round, &probe->tls.certs[i]);
}

/* Nothing reads rejects again but the table. */
static void check_reject(struct round *round, uint64_t seed)
{
    struct maker make = {seed, &round->made};
    struct reject_line reject = {1 + draw(&make, 100), make_text(&make, 40), draw(&make, 100),
                                 make_bytes(&make, 60), FAIL_INPUT_BAD_NAME},
                       back = {0};
    struct read_fields read = {.arena = &round->read, .why = &round->why};
    const struct json_node *root;
    buf_reset(&round->line);
    assert_true(json_reject(&round->line, &reject));
    check_line(round, &fields_reject);
    assert_int_equal(json_tree_parse(line_of(round), &round->read, &root), ERR_OK);
    read_group(&read, root, &fields_reject, &back);
    assert_false(read.failed);
    compare(&fields_reject, &reject, &back);
}

static struct bytes faulty(struct maker *make, const char *head, const char *fault)
{
    struct buf text;
    buf_init(&text, 8192);
    assert_true(buf_text(&text, head));
    for (int i = 0; i < FINDINGS_KEPT + 8; i++)
        assert_true(buf_text(&text, fault));
    struct bytes copy = arena_bytes(make->arena, buf_bytes(&text));
    buf_dispose(&text);
    return copy;
}

static struct txt_facts faulty_txt(struct maker *make, const char *head)
{
    struct txt_facts txt = {.lookup = {.status = DNS_ANSWERED}, .rr_count = 1};
    txt.rrs = make_array(make, 1, sizeof *txt.rrs);
    txt.rrs[0] = faulty(make, head, " ==;");
    return txt;
}

/* More findings than are kept, of each text. */
static void make_faulty(struct maker *make, struct domain_facts *facts)
{
    struct fetch_facts *fetch = &facts->policy.fetch;
    facts->txt = faulty_txt(make, "v=STSv1; id=1;");
    if (one_in(make, 2))
        facts->txt.rrs[0] = bytes_of("v=STSv1; id=1;"); /* then the policy counts */
    facts->tlsrpt = faulty_txt(make, "v=TLSRPTv1; rua=mailto:a@example.com;");
    facts->policy.host = "mta-sts.example.com";
    facts->policy.address.a.status = DNS_ANSWERED;
    *fetch = (struct fetch_facts){.step = FETCH_DONE, .http_status = 200, .media_type = "text/plain"};
    fetch->tls.alert = -1;
    fetch->body = faulty(make, "version: STSv1\nmode: enforce\nmax_age: 86400\n", "\n");
}

/* One MX host with a TLSA record that its certificate matches. */
static void make_dane(struct maker *make, struct domain_facts *facts)
{
    struct host_facts *host = make_array(make, 1, sizeof *host);
    struct cert_facts *cert = make_array(make, 1, sizeof *cert);
    struct lookup_facts secure = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE};
    *cert = make_cert(make);
    *host = (struct host_facts){.host = "mx.example.com", .address = {.a = secure, .aaaa = secure}};
    host->address.ips = make_array(make, 1, sizeof *host->address.ips);
    host->address.ips[host->address.ip_count++] = make_ip(make);
    host->tlsa = (struct tlsa_facts){.lookup = secure, .base = host->host};
    host->tlsa.rrs = make_array(make, 1, sizeof *host->tlsa.rrs);
    host->tlsa.rrs[host->tlsa.rr_count++] =
        (struct tlsa_rr){3, 1, 1, bytes_make(cert->spki_sha256, sizeof cert->spki_sha256)};
    host->probes = make_array(make, 1, sizeof *host->probes);
    host->probes[host->probe_count++] = (struct probe_facts){
        .host = host->host, .ip = host->address.ips[0], .step = SMTP_QUIT, .end = SMTP_END_DONE};
    host->probes->tls = (struct tls_facts){.end = TLS_DONE, .version = 0x0304, .alert = -1};
    host->probes->tls.certs = cert;
    host->probes->tls.cert_count = 1;
    host->probes->starttls_offered = true;
    facts->mx = (struct mx_facts){.lookup = secure, .rr_count = 1};
    facts->mx.rrs = make_array(make, 1, sizeof *facts->mx.rrs);
    facts->mx.rrs[0] = (struct mx_rr){10, host->host};
    facts->hosts = make_array(make, 1, sizeof *facts->hosts);
    facts->hosts[0] = (struct mx_host){.host = host->host, .preference = 10, .facts = host};
    facts->host_count = 1;
}

static void check_seed(uint64_t seed)
{
    struct round round;
    struct domain_facts facts;
    struct probe_facts probe;
    round_begin(&round, seed);
    random_domain(seed, &round.made, &facts);
    check_domain(&round, &facts);
    random_probe(seed, &round.made, &probe);
    check_host(&round, &probe);
    check_reject(&round, seed);
    struct maker make = {seed, &round.made};
    make_faulty(&make, &facts);
    make_dane(&make, &facts);
    check_domain(&round, &facts);
    round_end(&round);
}

static void test_what_is_written_is_the_table(void **state)
{
    (void)state;
    size_t missing = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        check_seed(seed);
    for (size_t i = 0; i < row_count; i++) {
        const struct field *field = rows[i].field;
        bool is_words = field->type == AS_WORDS || field->type == AS_CODES;
        if (field->key == NULL || (rows[i].written && (!is_words || rows[i].filled)))
            continue;
        print_error("%s.%s is in the table, and was never written, or always empty\n", rows[i].group->name,
                    field->key);
        missing++;
    }
    assert_int_equal(missing, 0);
}

/* A member that is 0 whenever it is compared proves nothing: random_facts.h must set it. */
static void test_every_member_had_a_value(void **state)
{
    (void)state;
    size_t missing = 0;
    for (size_t i = 0; i < row_count; i++) {
        const struct field *field = rows[i].field;
        if (field->key == NULL || !field->has_member || is_elsewhere(field) || rows[i].varied ||
            rows[i].group == &fields_mx_ip)
            continue;
        print_error("random_facts.h never sets %s.%s\n", rows[i].group->name, field->key);
        missing++;
    }
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_the_table),
        cmocka_unit_test(test_every_member_had_a_value),
    };
    list_rows();
    return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
