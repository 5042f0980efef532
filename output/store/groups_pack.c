/* Writes pieces one behind another, each with its kind in front, and reads them again. */
#include "output/store/groups_pack.h"

#include <openssl/evp.h>

#include "output/json/json_write.h"

/* ---- a record from its facts --------------------------------------------------------------------------- */

/* Returns a name as it is read of a record: what is no text is no name there. */
static struct bytes name_of(const char *name)
{
    struct bytes text = bytes_of(name == NULL ? "" : name);
    return json_is_text(text) ? text : bytes_of("");
}

/* Finds the label as it stands in the record: what is no text is there as its base64. */
static bool find_label(const char *label, struct arena *arena, struct bytes *found)
{
    *found = bytes_of(label == NULL ? "" : label);
    if (found->len == 0 || json_is_text(*found))
        return true;
    uint8_t *text = arena_alloc(arena, (found->len + 2) / 3 * 4 + 1);
    if (text == NULL)
        return false;
    *found = bytes_make(text, (size_t)EVP_EncodeBlock(text, found->data, (int)found->len));
    return true;
}

static struct group_ip *ips_of(const struct host_facts *facts, const struct host_verdict *verdict,
                               struct arena *arena)
{
    size_t count = verdict->ip_count < facts->probe_count ? verdict->ip_count : facts->probe_count;
    struct group_ip *ips = arena_array(arena, count, sizeof *ips);
    for (size_t i = 0; ips != NULL && i < count; i++)
        ips[i] = (struct group_ip){.next = i + 1 < count ? &ips[i + 1] : NULL,
                                   .ip = facts->probes[i].ip,
                                   .code = verdict->ips[i].code};
    return ips;
}

static bool has_ips(const struct host_facts *facts, const struct host_verdict *verdict)
{
    return facts != NULL && verdict != NULL && facts->probe_count > 0 && verdict->ip_count > 0;
}

static enum error add_hosts(const struct domain_facts *facts, const struct judgement *judgement,
                            struct arena *arena, struct group_record *record)
{
    bool usable = judgement_has_policy(judgement);
    struct group_host *hosts = arena_array(arena, facts->host_count, sizeof *hosts);
    if (hosts == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < facts->host_count; i++) {
        const struct host_verdict *verdict = i < judgement->host_count ? &judgement->hosts[i] : NULL;
        hosts[i] = (struct group_host){.next = i + 1 < facts->host_count ? &hosts[i + 1] : NULL,
                                       .name = name_of(facts->hosts[i].host),
                                       .code = verdict == NULL ? FAIL_COUNT : verdict->code,
                                       .unmatched = usable && verdict != NULL && !verdict->policy_match};
        if (!has_ips(facts->hosts[i].facts, verdict))
            continue;
        hosts[i].ips = ips_of(facts->hosts[i].facts, verdict, arena);
        if (hosts[i].ips == NULL)
            return ERR_MEMORY;
    }
    record->hosts = hosts;
    return ERR_OK;
}

/* Returns the policy host as its addresses were found: after the last CNAME. */
static struct bytes policy_host_of(const struct policy_facts *policy)
{
    const struct lookup_facts *chain = address_chain(&policy->address);
    struct bytes name = {NULL, 0};
    for (size_t i = chain->cname_count; name.len == 0 && i > 0; i--)
        name = name_of(chain->cnames[i - 1]);
    return name.len > 0 ? name : name_of(policy->host);
}

static void add_policy(const struct domain_facts *facts, const struct judgement *judgement,
                       struct group_record *record)
{
    const struct policy_facts *policy = &facts->policy;
    const struct tls_facts *tls = &policy->fetch.tls;
    record->looked_for_policy = policy_was_looked_for(policy);
    if (!record->looked_for_policy)
        return;
    record->policy_host = policy_host_of(policy);
    record->policy_ip = policy->fetch.ip;
    record->policy_code = judgement->policy_code;
    record->mode = judgement->policy.mode;
    record->policy_handshake = tls->end == TLS_DONE;
    record->policy_exchange = name_of(tls->group);
}

enum error group_record_of(const struct domain_facts *facts, const struct judgement *judgement,
                           struct arena *arena, struct group_record *record)
{
    *record = (struct group_record){
        .outcome = judgement->outcome,
        .would_be = judgement->would_be,
        .codes = judgement->codes,
        .tld = name_of(facts->tld),
        .txt = facts->txt.lookup.status,
        .mx = facts->mx.lookup.status,
        .txt_code = dns_says_anything(facts->txt.lookup.status) ? judgement->record.code : FAIL_COUNT,
        .policy_provider = name_of(judgement->provider_policy),
        .policy_code = FAIL_COUNT,
    };
    add_policy(facts, judgement, record);
    if (!find_label(facts->label, arena, &record->label))
        return ERR_MEMORY;
    return facts->host_count == 0 ? ERR_OK : add_hosts(facts, judgement, arena, record);
}

/* ---- packing ------------------------------------------------------------------------------------------- */

/* What stands in front of each piece. A member's failures follow it, and then its name. */
struct piece {
    uint16_t what; /* a kind of group, or one of these: */
    uint8_t outcome, gains;
    uint16_t failures; /* how many: a code each, with OPEN */
    uint16_t name_len;
};

enum { PIECE_POLICY = GROUP_KIND_COUNT, PIECE_SESSION, OPEN = 0x8000 };

_Static_assert((unsigned)FAIL_COUNT < OPEN && GROUP_NAME_BYTES <= UINT16_MAX, "a piece has room for all");
_Static_assert(sizeof(struct piece) == 8, "a piece has no gap, whose bytes could be any");

static bool put_exchange(struct buf *out, uint16_t what, struct bytes group)
{
    struct piece piece = {.what = what};
    piece.name_len = (uint16_t)(group.len < UINT16_MAX ? group.len : UINT16_MAX);
    return buf_append(out, &piece, sizeof piece) && buf_append(out, group.data, piece.name_len);
}

static bool put_member(struct buf *out, enum group_kind kind, enum outcome outcome,
                       const struct group_member *member)
{
    struct piece piece = {.what = (uint16_t)kind,
                          .outcome = (uint8_t)outcome,
                          .gains = member->gains,
                          .name_len = (uint16_t)member->name.len};
    for (const struct group_failure *failure = member->failures; failure != NULL; failure = failure->next)
        piece.failures++;
    bool fits = buf_append(out, &piece, sizeof piece);
    for (const struct group_failure *failure = member->failures; failure != NULL; failure = failure->next) {
        const uint16_t packed = (uint16_t)(failure->code | (failure->open ? OPEN : 0));
        fits = fits && buf_append(out, &packed, sizeof packed);
    }
    return fits && buf_append(out, member->name.data, member->name.len);
}

enum error groups_pack_domain(const struct group_record *record, group_provider provider, struct arena *arena,
                              struct buf *out)
{
    struct troubles troubles;
    buf_reset(out);
    bool fits = troubles_find(record, arena, &troubles);
    if (fits && record->policy_handshake)
        fits = put_exchange(out, PIECE_POLICY, record->policy_exchange);
    for (enum group_kind kind = 0; fits && kind < GROUP_KIND_COUNT; kind++) {
        struct group_members members;
        fits = groups_of(record, &troubles, kind, provider, arena, &members);
        for (size_t i = 0; fits && i < members.count; i++)
            fits = put_member(out, kind, record->outcome, &members.list[i]);
    }
    return fits ? ERR_OK : ERR_MEMORY;
}

enum error groups_pack_facts(const struct domain_facts *facts, const struct judgement *judgement,
                             group_provider provider, struct arena *arena, struct buf *out)
{
    struct group_record record;
    enum error error = group_record_of(facts, judgement, arena, &record);
    return error == ERR_OK ? groups_pack_domain(&record, provider, arena, out) : error;
}

enum error groups_pack_host(const struct probe_facts *probe, struct buf *out)
{
    buf_reset(out);
    if (probe->tls.end != TLS_DONE)
        return ERR_OK;
    return put_exchange(out, PIECE_SESSION, name_of(probe->tls.group)) ? ERR_OK : ERR_MEMORY;
}

/* ---- unpacking ----------------------------------------------------------------------------------------- */

/* Takes a piece's failures off the front, into list, of which the first is returned. */
static struct group_failure *take_failures(struct bytes *packed, size_t count,
                                           struct group_failure list[FAIL_COUNT])
{
    for (size_t i = 0; i < count; i++) {
        uint16_t failure;
        memcpy(&failure, packed->data, sizeof failure);
        *packed = bytes_behind(*packed, sizeof failure);
        list[i] = (struct group_failure){.next = i + 1 < count ? &list[i + 1] : NULL,
                                         .code = (enum failure_code)(failure & ~OPEN),
                                         .open = (failure & OPEN) != 0};
    }
    return count == 0 ? NULL : list;
}

enum error groups_unpack(struct bytes packed, const struct groups_unpack *take)
{
    struct group_failure failures[FAIL_COUNT];
    enum error error = ERR_OK;
    while (error == ERR_OK && packed.len > 0) {
        struct piece piece;
        memcpy(&piece, packed.data, sizeof piece);
        packed = bytes_behind(packed, sizeof piece);
        struct group_failure *first = take_failures(&packed, piece.failures, failures);
        const struct group_member member = {
            .name = bytes_make(packed.data, piece.name_len), .gains = piece.gains != 0, .failures = first};
        packed = bytes_behind(packed, piece.name_len);
        if (piece.what < GROUP_KIND_COUNT)
            error =
                take->member(take->arg, (enum group_kind)piece.what, (enum outcome)piece.outcome, &member);
        else
            take->exchange(take->arg, piece.what == PIECE_POLICY, member.name);
    }
    return error;
}
