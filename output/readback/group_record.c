/* Picks the fields by a table, in whatever order they stand. */
#include "output/readback/group_record.h"

#include "scanner/json/json_read.h"

enum want {
    LINE,
    DOMAIN,
    OUTCOME,
    WOULD_BE,
    CODES,
    TLD,
    LABEL,
    RANK,
    INCOMPLETE,
    CACHED,
    CACHED_FOUND,
    DANE,
    TLS,
    PROVIDER,
    PROVIDER_MX,
    PROVIDER_POLICY,
    TXT,
    TXT_LOOKUP,
    TXT_CODE,
    TLSRPT,
    TLSRPT_LOOKUP,
    TLSRPT_CODE,
    POLICY,
    POLICY_HOST,
    POLICY_CNAMES,
    POLICY_IP,
    POLICY_CODE,
    POLICY_MODE,
    POLICY_TLS,
    POLICY_TLS_END,
    POLICY_TLS_GROUP,
    MX,
    MX_LOOKUP,
    HOSTS,
    HOST_NAME,
    HOST_CODE,
    HOST_MATCH,
    IPS,
    IP_ADDRESS,
    IP_CODE
};

static const struct json_want wants[] = {
    {LINE, DOMAIN, "domain"},
    {LINE, OUTCOME, "outcome"},
    {LINE, WOULD_BE, "would_be"},
    {LINE, CODES, "codes"},
    {LINE, TLD, "tld"},
    {LINE, LABEL, "label"},
    {LABEL, LABEL, "base64"}, /* of a label that is no UTF-8 */
    {LINE, RANK, "rank"},
    {LINE, INCOMPLETE, "incomplete"},
    {LINE, CACHED, "cached"},
    {CACHED, CACHED_FOUND, "found"},
    {LINE, DANE, "dane"},
    {LINE, TLS, "tls"},
    {LINE, PROVIDER, "provider"},
    {PROVIDER, PROVIDER_MX, "mx"},
    {PROVIDER, PROVIDER_POLICY, "policy"},
    {LINE, TXT, "txt"},
    {TXT, TXT_LOOKUP, "lookup"},
    {TXT, TXT_CODE, "code"},
    {LINE, TLSRPT, "tlsrpt"},
    {TLSRPT, TLSRPT_LOOKUP, "lookup"},
    {TLSRPT, TLSRPT_CODE, "code"},
    {LINE, POLICY, "policy"},
    {POLICY, POLICY_HOST, "host"},
    {POLICY, POLICY_CNAMES, "cnames"},
    {POLICY, POLICY_IP, "ip"},
    {POLICY, POLICY_CODE, "code"},
    {POLICY, POLICY_MODE, "mode"},
    {POLICY, POLICY_TLS, "tls"},
    {POLICY_TLS, POLICY_TLS_END, "end"},
    {POLICY_TLS, POLICY_TLS_GROUP, "group"},
    {LINE, MX, "mx"},
    {MX, MX_LOOKUP, "lookup"},
    {MX, HOSTS, "hosts"},
    {HOSTS, HOST_NAME, "host"},
    {HOSTS, HOST_CODE, "code"},
    {HOSTS, HOST_MATCH, "policy_match"},
    {HOSTS, IPS, "ips"},
    {IPS, IP_ADDRESS, "ip"},
    {IPS, IP_CODE, "code"},
};

struct reader {
    struct group_record *record;
    struct arena *arena;
    struct group_host *host; /* that is open */
    struct group_ip *ip;
    struct bytes target; /* of the policy host's last CNAME */
    bool no_room;
};

static bool is_name(struct bytes text, const char *name)
{
    return strlen(name) == text.len && memcmp(name, text.data, text.len) == 0;
}

static enum failure_code code_of(struct bytes text)
{
    return failure_find((const char *)text.data, text.len);
}

static void read_code(struct reader *reader, struct bytes text)
{
    enum failure_code code = code_of(text);
    if (code != FAIL_COUNT)
        code_set_add(&reader->record->codes, code);
}

static enum dns_status status_of(struct bytes text)
{
    for (enum dns_status status = 0; status < DNS_STATUS_COUNT; status++)
        if (is_name(text, dns_status_name(status)))
            return status;
    return DNS_NOT_ASKED;
}

static enum sts_mode mode_of(struct bytes text)
{
    for (enum sts_mode mode = STS_MODE_ENFORCE; mode < STS_MODE_COUNT; mode++)
        if (is_name(text, sts_mode_name(mode)))
            return mode;
    return STS_MODE_UNSET;
}

static enum cached_found cached_of(struct bytes text)
{
    for (enum cached_found found = CACHED_NONE + 1; found < CACHED_FOUND_COUNT; found++)
        if (is_name(text, cached_found_name(found)))
            return found;
    return CACHED_NONE;
}

static enum dane_outcome dane_of(struct bytes text)
{
    enum dane_outcome outcome = 0;
    while (outcome < DANE_OUTCOME_COUNT && !is_name(text, dane_outcome_name(outcome)))
        outcome++;
    return outcome;
}

static enum tls_outcome tls_of(struct bytes text)
{
    enum tls_outcome outcome = 0;
    while (outcome < TLS_OUTCOME_COUNT && !is_name(text, tls_outcome_name(outcome)))
        outcome++;
    return outcome;
}

static struct bytes keep(struct reader *reader, struct bytes text)
{
    struct bytes kept = arena_bytes(reader->arena, text);
    reader->no_room = reader->no_room || (kept.data == NULL && text.len > 0);
    return kept;
}

static struct ip_addr ip_of(struct bytes text)
{
    struct ip_addr ip = {.family = 0};
    (void)ip_parse_bytes(text, &ip);
    return ip;
}

/* ---- MX hosts ------------------------------------------------------------------------------------------ */

static void begin_host(struct reader *reader)
{
    struct group_host *host = arena_alloc(reader->arena, sizeof *host);
    reader->host = host;
    reader->ip = NULL;
    if (host == NULL) {
        reader->no_room = true;
        return;
    }
    *host = (struct group_host){.code = FAIL_COUNT, .end = &host->ips};
    *reader->record->end = host;
    reader->record->end = &host->next;
}

static void begin_ip(struct reader *reader)
{
    struct group_ip *ip = reader->host == NULL ? NULL : arena_alloc(reader->arena, sizeof *ip);
    reader->ip = ip;
    if (ip == NULL) {
        reader->no_room = true;
        return;
    }
    *ip = (struct group_ip){.code = FAIL_COUNT};
    *reader->host->end = ip;
    reader->host->end = &ip->next;
}

static void read_host(struct reader *reader, const struct json_pick *pick)
{
    if (reader->host == NULL)
        return;
    if (pick->id == HOST_NAME)
        reader->host->name = keep(reader, pick->text);
    else if (pick->id == HOST_CODE)
        reader->host->code = code_of(pick->text);
    else if (reader->ip != NULL && pick->id == IP_ADDRESS)
        reader->ip->ip = ip_of(pick->text);
    else if (reader->ip != NULL && pick->id == IP_CODE)
        reader->ip->code = code_of(pick->text);
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

static void read_policy(struct reader *reader, const struct json_pick *pick)
{
    struct group_record *record = reader->record;
    if (pick->id == POLICY_HOST)
        record->policy_host = keep(reader, pick->text);
    else if (pick->id == POLICY_CNAMES)
        reader->target = keep(reader, pick->text);
    else if (pick->id == POLICY_IP)
        record->policy_ip = ip_of(pick->text);
    else if (pick->id == POLICY_CODE)
        record->policy_code = code_of(pick->text);
    else if (pick->id == POLICY_MODE)
        record->mode = mode_of(pick->text);
    else if (pick->id == POLICY_TLS_END)
        record->policy_handshake = is_name(pick->text, tls_end_name(TLS_DONE));
    else if (pick->id == POLICY_TLS_GROUP)
        record->policy_exchange = keep(reader, pick->text);
}

/* Reads what only reports want. */
static void read_beside(struct reader *reader, const struct json_pick *pick)
{
    struct group_record *record = reader->record;
    if (pick->id == CACHED_FOUND)
        record->cached = cached_of(pick->text);
    else if (pick->id == DANE)
        record->dane = dane_of(pick->text);
    else if (pick->id == TLS)
        record->tls = tls_of(pick->text);
    else if (pick->id == PROVIDER_MX)
        record->mx_provider = keep(reader, pick->text);
    else if (pick->id == TLSRPT_LOOKUP)
        record->tlsrpt = status_of(pick->text);
    else if (pick->id == TLSRPT_CODE)
        record->tlsrpt_code = code_of(pick->text);
}

static void read_rank(struct reader *reader, struct bytes text)
{
    uint64_t rank;
    if (json_read_number(text, &rank) && rank <= UINT32_MAX)
        reader->record->rank = (uint32_t)rank;
}

static void read_string(struct reader *reader, const struct json_pick *pick)
{
    struct group_record *record = reader->record;
    if (pick->id == DOMAIN)
        record->domain = keep(reader, pick->text);
    else if (pick->id == OUTCOME)
        record->outcome = outcome_find(pick->text);
    else if (pick->id == WOULD_BE)
        record->would_be = outcome_find(pick->text);
    else if (pick->id == CODES)
        read_code(reader, pick->text);
    else if (pick->id == TLD)
        record->tld = keep(reader, pick->text);
    else if (pick->id == LABEL)
        record->label = keep(reader, pick->text);
    else if (pick->id == PROVIDER_POLICY)
        record->policy_provider = keep(reader, pick->text);
    else if (pick->id == TXT_LOOKUP)
        record->txt = status_of(pick->text);
    else if (pick->id == TXT_CODE)
        record->txt_code = code_of(pick->text);
    else if (pick->id == MX_LOOKUP)
        record->mx = status_of(pick->text);
    else if (pick->id < TXT || (pick->id > TXT_CODE && pick->id < POLICY))
        read_beside(reader, pick);
    else if (pick->id < MX)
        read_policy(reader, pick);
    else
        read_host(reader, pick);
}

static bool on_pick(void *arg, const struct json_pick *pick)
{
    struct reader *reader = arg;
    if (pick->kind == FIELD_STRING)
        read_string(reader, pick);
    else if (pick->kind == FIELD_BEGIN && pick->id == HOSTS)
        begin_host(reader);
    else if (pick->kind == FIELD_BEGIN && pick->id == IPS)
        begin_ip(reader);
    else if (pick->kind == FIELD_BEGIN && pick->id == POLICY)
        reader->record->looked_for_policy = true;
    else if (pick->kind == FIELD_BOOL && pick->id == HOST_MATCH && reader->host != NULL)
        reader->host->unmatched = !pick->truth;
    else if (pick->kind == FIELD_BOOL && pick->id == INCOMPLETE)
        reader->record->incomplete = pick->truth;
    else if (pick->kind == FIELD_NUMBER && pick->id == RANK)
        read_rank(reader, pick->text);
    return !reader->no_room;
}

enum error group_record_read(struct bytes line, struct arena *arena, struct group_record *record)
{
    struct reader reader = {.record = record, .arena = arena};
    *record = (struct group_record){.txt_code = FAIL_COUNT,
                                    .policy_code = FAIL_COUNT,
                                    .tlsrpt_code = FAIL_COUNT,
                                    .dane = DANE_OUTCOME_COUNT,
                                    .tls = TLS_OUTCOME_COUNT};
    record->end = &record->hosts;
    enum error error = json_pick_line(line, wants, sizeof wants / sizeof *wants, on_pick, &reader);
    if (reader.no_room)
        return ERR_LIMIT;
    if (reader.target.len > 0)
        record->policy_host = reader.target;
    if (error == ERR_OK && record->outcome == OUTCOME_NONE)
        return ERR_SYNTAX;
    return error;
}
