/*
 * A domain of the names and whatever comes of its contacts, round by round (scanner/stages/replay.h). Each
 * address is asked for once a round; what is open is of the domain, each once; a domain that is not open is
 * changed by no further round; if it is open, a contact's record says so (unsettled.h); after so many rounds
 * as its passes may take nothing is open.
 *
 * The bytes: retries, rounds, parts, the domain (a seed of tests/unit/random_facts.h); the rest says what
 * comes of a contact, found by its hash.
 */
#include <stdlib.h>
#include <string.h>

#include "output/json/json.h"
#include "scanner/base/map.h"
#include "scanner/stages/replay.h"
#include "scanner/stages/unsettled.h"
#include "scanner/verdict/verdict.h"
#include "tests/fuzz/target.h"
#include "tests/unit/random_facts.h"

enum { HEAD_BYTES = 4, RETRIES_MOST = 2, PARTS_MOST = 3, ASKED_MOST = 4096, OUT_BYTES = 8 << 20 };
enum {
    ROUNDS_MOST = (1 + RETRIES_MOST) * REPLAY_ROUNDS_A_PASS + 1,
    ARENA_BYTES = 64 << 20,
    HOUR_MS = 3600000
};

/* What a byte of the script says of a contact. */
enum coming {
    NOTHING,
    FINE,
    MISSING,
    PUT_OFF,
    NO_TURN,
    ELSEWHERE,
    OTHER_RECORDS,
    OTHER_ADDRESS,
    COMINGS,
    ANY
};

/* From this byte on anything comes that facts can hold. */
enum { ANY_FROM = 0xc0 };

struct fuzz {
    struct bytes script;
    uint8_t domain;
    uint32_t parts[ROUNDS_MOST];
    struct replay_rules rules;
    struct arena arena;
    struct domain_facts facts;
    struct replay_end end;
    uint64_t asked[ASKED_MOST];
    size_t asked_count;
    struct buf line, contact;
    bool whole;     /* each contact has a record, as in parts that are at their end */
    bool unsettled; /* a contact of any round may be asked again, as its record says */
};

static enum coming coming_of(const struct fuzz *fuzz, uint8_t byte)
{
    enum coming coming = byte >= ANY_FROM ? ANY : byte % COMINGS;
    return coming == NOTHING && fuzz->whole ? FINE : coming;
}

static uint8_t scripted(const struct fuzz *fuzz, uint64_t hash)
{
    return fuzz->script.len == 0 ? (uint8_t)FINE : fuzz->script.data[hash % fuzz->script.len];
}

static uint64_t hash_of(const char *name, const struct ip_addr *ip, uint32_t round)
{
    uint64_t hash = map_hash(bytes_of(name), round);
    return ip == NULL ? hash : map_hash(bytes_make(ip->bytes, sizeof ip->bytes), hash);
}

static void note_asked(struct fuzz *fuzz, uint64_t hash)
{
    for (size_t i = 0; i < fuzz->asked_count; i++)
        expect(fuzz->asked[i] != hash ? NULL : "a contact is asked for twice in a round");
    if (fuzz->asked_count < ASKED_MOST)
        fuzz->asked[fuzz->asked_count++] = hash;
}

/* ---- what comes of contacts ---------------------------------------------------------------------------- */

/* Returns what a session could have found; its end goes with what the handshake came to. */
static struct probe_facts any_probe(struct fuzz *fuzz, uint64_t hash, const char *host,
                                    const struct ip_addr *ip)
{
    struct maker make = {hash, &fuzz->arena};
    struct probe_facts probe = make_probe(&make, host, *ip);
    if (probe.tls.end == TLS_DONE) {
        probe.step = SMTP_QUIT;
        probe.end = SMTP_END_DONE;
    }
    return probe;
}

static struct probe_facts *make_result(struct fuzz *fuzz, enum coming coming, const char *host,
                                       const struct ip_addr *ip, uint32_t round)
{
    struct probe_facts *probe = arena_alloc(&fuzz->arena, sizeof *probe);
    if (probe == NULL)
        return NULL;
    if (coming == ANY) {
        *probe = any_probe(fuzz, hash_of(host, ip, round), host, ip);
        return probe;
    }
    *probe = (struct probe_facts){.host = host, .ip = *ip, .pass = round, .step = SMTP_EHLO};
    probe->time = fuzz->facts.time + (int64_t)round * HOUR_MS;
    probe->end = SMTP_END_NOT_OFFERED;
    probe->tls.alert = -1;
    if (coming == FINE || coming >= OTHER_RECORDS) {
        probe->step = SMTP_QUIT;
        probe->end = SMTP_END_DONE;
        probe->tls = (struct tls_facts){.end = TLS_DONE, .version = 0x0304, .alert = -1, .time = probe->time};
    } else if (coming == PUT_OFF) {
        probe->step = SMTP_GREETING;
        probe->end = SMTP_END_REPLY;
        probe->reply_code = 421;
    } else if (coming == NO_TURN || coming == ELSEWHERE) {
        probe->not_tried = coming == NO_TURN ? NOT_TRIED_PACE : NOT_TRIED_ELSEWHERE;
    }
    return probe;
}

static struct host_facts *make_lookups(struct fuzz *fuzz, uint8_t byte, const char *host,
                                       const struct ip_addr *ip, uint32_t round)
{
    struct maker make = {byte, &fuzz->arena};
    struct host_facts *lookups = arena_alloc(&fuzz->arena, sizeof *lookups);
    if (lookups == NULL)
        return NULL;
    *lookups = (struct host_facts){.host = host, .tlsa = make_tlsa(&make)};
    lookups->asked = fuzz->facts.time + (int64_t)round * HOUR_MS + byte;
    lookups->address.a.status = lookups->address.aaaa.status = byte >> 7 != 0 ? DNS_SERVFAIL : DNS_ANSWERED;
    lookups->address.ips = arena_array(&fuzz->arena, 1, sizeof *lookups->address.ips);
    if (lookups->address.ips == NULL || byte >> 7 != 0)
        return lookups;
    lookups->address.ips[lookups->address.ip_count++] = *ip;
    if (byte % COMINGS == OTHER_ADDRESS)
        lookups->address.ips[0].bytes[0] ^= (uint8_t)(1 + round);
    return lookups;
}

/* Notes what the record of a contact says. */
static void note_record(struct fuzz *fuzz, const struct domain_facts *contact)
{
    struct judgement judgement;
    verdict_judge(contact, BY_OWN_TIME, &fuzz->arena, &judgement);
    buf_reset(&fuzz->contact);
    expect(json_domain(&fuzz->contact, contact, &judgement) ? NULL : "a contact's record does not fit");
    bool more_passes = fuzz->rules.retry_passes > 0;
    fuzz->unsettled = fuzz->unsettled || unsettled_is(buf_bytes(&fuzz->contact), more_passes);
}

/* Makes the record of a host as its contact writes it (scanner/reach/contact). */
static void note_host(struct fuzz *fuzz, const char *host, const struct ip_addr *ip,
                      const struct replay_look *look)
{
    struct ip_addr own = *ip;
    struct host_facts facts = {.host = host, .address = {.ips = &own, .ip_count = 1}};
    struct probe_facts probe = {.host = host, .ip = *ip, .not_tried = NOT_TRIED_ELSEWHERE, .tls.alert = -1};
    if (look->lookups != NULL)
        facts = *look->lookups;
    if (look->probe != NULL)
        probe = *look->probe;
    facts.probes = &probe;
    facts.probe_count = look->probe != NULL;
    struct mx_host mx = {.host = host, .implicit = true, .facts = &facts};
    struct domain_facts contact = {.domain = host, .tld = "example", .hosts = &mx, .host_count = 1};
    contact.mx.lookup.status = DNS_NODATA;
    contact.policy.fetch.tls.alert = -1;
    note_record(fuzz, &contact);
}

static enum error find_host(void *arg, const char *host, const struct ip_addr *ip, uint32_t round,
                            struct replay_look *look)
{
    struct fuzz *fuzz = arg;
    uint64_t hash = hash_of(host, ip, round);
    uint8_t byte = scripted(fuzz, hash);
    enum coming coming = coming_of(fuzz, byte);
    note_asked(fuzz, hash);
    if (coming == NOTHING)
        return ERR_NOT_FOUND;
    *look = (struct replay_look){.probe = make_result(fuzz, coming, host, ip, round)};
    if (coming == OTHER_RECORDS || coming == OTHER_ADDRESS)
        look->lookups = make_lookups(fuzz, byte, host, ip, round);
    if (look->lookups != NULL && look->lookups->address.ip_count == 0)
        look->probe = NULL;
    if (look->probe == NULL && look->lookups == NULL)
        return ERR_MEMORY;
    note_host(fuzz, host, ip, look);
    return ERR_OK;
}

/* Returns what a fetch could have found; a whole answer came over a connection that was not broken off. */
static struct fetch_facts any_fetch(struct fuzz *fuzz, uint64_t hash, const struct ip_addr *ip)
{
    struct maker make = {hash, &fuzz->arena};
    struct fetch_facts fetch;
    memset(&fetch, 0, sizeof fetch);
    make_fetch(&make, &fetch);
    fetch.ip = *ip;
    if (fetch.not_tried == NOT_TRIED_ELSEWHERE)
        fetch.not_tried = TRIED;
    if (fetch.step == FETCH_DONE) {
        fetch.net = NET_OK;
        fetch.tls.end = TLS_DONE;
        fetch.tls.alert = -1;
        fetch.tls.hello_unanswered = false;
    }
    return fetch;
}

static enum error find_policy(void *arg, const char *domain, uint32_t round, struct policy_facts *policy)
{
    struct fuzz *fuzz = arg;
    struct address_facts *known = &fuzz->facts.policy.address;
    uint64_t hash = hash_of(domain, NULL, round);
    uint8_t byte = scripted(fuzz, hash);
    enum coming coming = coming_of(fuzz, byte);
    note_asked(fuzz, hash);
    if (coming == NOTHING)
        return ERR_NOT_FOUND;
    *policy = (struct policy_facts){.host = "mta-sts.example"};
    policy->fetch =
        (struct fetch_facts){.step = FETCH_CONNECT, .net = NET_REFUSED, .ip = known->ips[0], .tls.alert = -1};
    if (coming == ANY)
        policy->fetch = any_fetch(fuzz, hash, &known->ips[0]);
    policy->fetch.time = fuzz->facts.time + (int64_t)round * HOUR_MS;
    if (coming == FINE) {
        policy->fetch.step = FETCH_DONE;
        policy->fetch.net = NET_OK;
    } else if (coming == PUT_OFF)
        policy->fetch.net = NET_TIMEOUT;
    else if (coming == NO_TURN)
        policy->fetch.not_tried = NOT_TRIED_OPTOUT;
    else if (coming >= ELSEWHERE && coming != ANY) {
        size_t from = (size_t)(byte / COMINGS) % known->ip_count;
        policy->fetch.not_tried = NOT_TRIED_ELSEWHERE;
        policy->address =
            (struct address_facts){.ips = known->ips + from, .ip_count = known->ip_count - from};
    }
    struct domain_facts contact = {
        .domain = domain, .tld = "example", .label = "policy", .txt = fuzz->facts.txt};
    contact.policy = *policy;
    note_record(fuzz, &contact);
    return ERR_OK;
}

/* ---- the names ----------------------------------------------------------------------------------------- */

/* Can the names have decided this? They contact nobody. */
static bool is_of_names(enum not_tried reason)
{
    return reason == NOT_TRIED_OFF || reason == NOT_TRIED_OPTOUT || reason == NOT_TRIED_SPECIAL_ADDRESS;
}

/* Leaves to other stages what the domain's facts say was seen. */
static void leave(struct domain_facts *facts)
{
    for (size_t i = 0; i < facts->host_count; i++) {
        struct host_facts *host = (struct host_facts *)(uintptr_t)facts->hosts[i].facts;
        if (host != NULL)
            host->asked = 0; /* `probe` alone asks anew */
        for (size_t j = 0; host != NULL && j < host->probe_count; j++) {
            struct probe_facts *probe = &host->probes[j];
            if (!is_of_names(probe->not_tried))
                *probe = (struct probe_facts){
                    .host = host->host, .ip = probe->ip, .not_tried = NOT_TRIED_ELSEWHERE};
        }
    }
    facts->look_count = 0;
    if (facts->policy.host == NULL)
        return;
    facts->policy.fetch = (struct fetch_facts){.not_tried = NOT_TRIED_ELSEWHERE, .tls.alert = -1};
}

/* Replays so many rounds; the record is in line. */
static void run(struct fuzz *fuzz, uint32_t rounds, struct buf *line)
{
    const struct replay_source source = {fuzz, find_host, find_policy};
    struct judgement judgement;
    arena_dispose(&fuzz->arena);
    random_domain(fuzz->domain, &fuzz->arena, &fuzz->facts);
    leave(&fuzz->facts);
    fuzz->rules.rounds = rounds;
    fuzz->asked_count = 0;
    fuzz->unsettled = false;
    enum error error = replay(&fuzz->facts, &fuzz->rules, &source, &fuzz->arena, &judgement, &fuzz->end);
    expect(error == ERR_OK ? NULL : "a replay fails");
    buf_reset(line);
    expect(json_domain(line, &fuzz->facts, &judgement) ? NULL : "a record does not fit");
}

/* ---- what holds ---------------------------------------------------------------------------------------- */

static bool is_known(const struct replay_contact *contact)
{
    for (size_t i = 0; i < contact->known->address.ip_count; i++)
        if (ip_equal(&contact->known->address.ips[i], &contact->ip))
            return true;
    return false;
}

static void check_contact(const struct fuzz *fuzz, size_t index)
{
    const struct replay_contact *contact = &fuzz->end.contacts[index];
    if (contact->policy)
        expect(contact->next < fuzz->facts.policy.address.ip_count ? NULL : "no address of the policy host");
    else
        expect(contact->host < fuzz->facts.host_count && is_known(contact) ? NULL : "no address of the host");
    for (size_t i = 0; i < index; i++) {
        const struct replay_contact *other = &fuzz->end.contacts[i];
        bool same = other->policy == contact->policy &&
                    (contact->policy || (other->host == contact->host && ip_equal(&other->ip, &contact->ip)));
        expect(!same ? NULL : "a contact is open twice");
    }
}

static void check_rounds(struct fuzz *fuzz, uint32_t most)
{
    struct buf before;
    bool open = true;
    buf_init(&before, OUT_BYTES);
    for (uint32_t rounds = 0; rounds <= most; rounds++) {
        run(fuzz, rounds, &fuzz->line);
        expect(open || bytes_equal(buf_bytes(&before), buf_bytes(&fuzz->line)) ? NULL
                                                                               : "a final record changes");
        expect(open || !fuzz->end.open ? NULL : "what is final opens again");
        open = fuzz->end.open;
        expect(rounds == 0 || !open || !fuzz->whole || fuzz->unsettled
                   ? NULL
                   : "it is open, and all contacts are settled");
        expect(open == (fuzz->end.contact_count > 0) ? NULL : "open without a contact");
        for (size_t i = 0; i < fuzz->end.contact_count; i++)
            check_contact(fuzz, i);
        buf_reset(&before);
        expect(buf_append(&before, fuzz->line.data, fuzz->line.len) ? NULL : "no memory");
    }
    bool all = most >= (1 + (uint32_t)fuzz->rules.retry_passes) * REPLAY_ROUNDS_A_PASS;
    expect(!all || !open ? NULL : "more rounds than passes may take");
    buf_dispose(&before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD_BYTES)
        return 0;
    struct fuzz *fuzz = calloc(1, sizeof *fuzz);
    expect(fuzz != NULL ? NULL : "no memory");
    arena_init(&fuzz->arena, ARENA_BYTES);
    buf_init(&fuzz->line, OUT_BYTES);
    buf_init(&fuzz->contact, OUT_BYTES);
    fuzz->script = bytes_make(data + HEAD_BYTES, size - HEAD_BYTES);
    fuzz->domain = data[3];
    fuzz->whole = data[0] >> 7 == 0;
    for (size_t i = 0; i < ROUNDS_MOST; i++)
        fuzz->parts[i] = 1 + data[2] % PARTS_MOST;
    fuzz->rules = (struct replay_rules){
        .retry_passes = data[0] % (RETRIES_MOST + 1), .max_addresses = 64, .seed = 5, .parts = fuzz->parts};
    check_rounds(fuzz, data[1] % ROUNDS_MOST);
    arena_dispose(&fuzz->arena);
    buf_dispose(&fuzz->line);
    buf_dispose(&fuzz->contact);
    free(fuzz);
    return 0;
}
