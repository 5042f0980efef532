/*
 * Any bytes as a contact, a line of a plan's part, which may be somebody else's: taken, or refused with a
 * reason that may go to a terminal. What is taken has what a loop goes by: a label, one host with one address
 * that is listed, or a policy host's domain, which is one as lists have them, with an address; and written as
 * a record it is taken again. What its text says at a glance is what its fields say.
 */
#include "output/json/json.h"
#include "output/readback/facts_read.h"
#include "scanner/facts/hostname.h"
#include "scanner/reach/contact.h"
#include "scanner/reach/domain.h"
#include "scanner/stages/contacts.h"
#include "scanner/stages/part_source.h"
#include "scanner/verdict/verdict.h"
#include "tests/fuzz/target.h"

enum { WHY_BYTES = 1024 };

static const char *check_host(const struct domain_facts *facts)
{
    if (facts->host_count != 1 || facts->hosts[0].facts == NULL || facts->hosts[0].facts->probe_count != 1)
        return "a host's contact without its one address";
    const struct host_facts *host = facts->hosts[0].facts;
    if (strcmp(host->host, facts->domain) != 0 || strcmp(facts->hosts[0].host, facts->domain) != 0)
        return "the contact of a host under another name";
    for (const char *at = facts->domain; *at != '\0'; at++)
        if (*at <= 0x20 || *at > 0x7E)
            return "a host's name is not printable";
    size_t found = 0;
    for (size_t i = 0; i < host->address.ip_count; i++)
        found += ip_equal(&host->address.ips[i], &host->probes[0].ip);
    return found > 0 ? NULL : "an address that is not among those of the host";
}

static const char *check_policy(const struct domain_facts *facts)
{
    char name[HOSTNAME_BYTES];
    if (facts->policy.address.ip_count == 0 || facts->host_count > 0)
        return "a policy host's contact without an address, or with MX hosts";
    if (hostname_normalize(bytes_of(facts->domain), name) != FAIL_NONE || strcmp(name, facts->domain) != 0)
        return "a policy would be fetched of what is no domain name";
    return NULL;
}

static const char *check_taken(const struct domain_facts *facts)
{
    enum contact_label label = contact_label_of(facts->label);
    if (label == CONTACT_LABELS || facts->ordinal == 0)
        return "a contact without a label or a place";
    return label == CONTACT_POLICY ? check_policy(facts) : check_host(facts);
}

/* A part is counted and gone through in the order of what the text says at a glance. */
static const char *check_glance(struct bytes line, const struct domain_facts *facts)
{
    const struct contact_glance glance = contact_glance(line);
    enum contact_label label = contact_label_of(facts->label);
    const struct ip_addr *ip =
        label == CONTACT_POLICY ? &facts->policy.address.ips[0] : &facts->hosts[0].facts->probes[0].ip;
    if (glance.policy != (label == CONTACT_POLICY) || glance.over != (label == CONTACT_OVER))
        return "at a glance it has another label";
    if (glance.opted_out != contact_is_opted_out(facts))
        return "at a glance it is left alone, or not";
    return glance.family == ip->family ? NULL : "at a glance its address is of another family";
}

/* Writes the contact as probe writes what came of it, and reads that as a plan's. */
static const char *check_again(const struct domain_facts *facts, struct arena *arena)
{
    struct judgement judgement;
    struct domain_facts again;
    struct arena other;
    struct buf line, why;
    buf_init(&line, RECORD_LINE_BYTES);
    buf_init(&why, WHY_BYTES);
    arena_init(&other, DOMAIN_ARENA_BYTES);
    verdict_judge(facts, BY_OWN_TIME, arena, &judgement);
    const char *broken = NULL;
    if (!arena->full && json_domain(&line, facts, &judgement) && line.len <= CONTACT_LINE_BYTES &&
        contact_read(bytes_make(line.data, line.len - 1), facts->ordinal, &other, &again, &why) != ERR_OK &&
        !other.full)
        broken = "a contact that is written again is none";
    if (broken != NULL)
        (void)fprintf(stderr, "%s: %s", buf_string(&why), buf_string(&line));
    arena_dispose(&other);
    buf_dispose(&line);
    buf_dispose(&why);
    return broken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena, whole;
    struct domain_facts facts = {.ordinal = 0}, record = {.ordinal = 0};
    struct buf why;
    arena_init(&arena, DOMAIN_ARENA_BYTES);
    arena_init(&whole, READ_ARENA_BYTES);
    buf_init(&why, WHY_BYTES);
    enum error read = facts_read_domain(bytes_make(data, size), &whole, &record, &why);
    buf_reset(&why);
    enum error error = contact_read(bytes_make(data, size), record.ordinal, &arena, &facts, &why);
    expect(error == ERR_OK || error == ERR_CORRUPT ? NULL : "another error");
    expect(error == ERR_OK || why.len > 0 ? NULL : "refused without a reason");
    expect(error != ERR_OK || read == ERR_OK ? NULL : "a contact that is no record");
    if (error == ERR_OK) {
        expect(check_taken(&facts));
        expect(check_glance(bytes_make(data, size), &facts));
        expect(check_again(&facts, &arena));
        expect(contact_read(bytes_make(data, size), record.ordinal + 1, &whole, &facts, &why) == ERR_CORRUPT
                   ? NULL
                   : "a contact is taken in another's place");
    }
    buf_dispose(&why);
    arena_dispose(&arena);
    arena_dispose(&whole);
    return 0;
}
