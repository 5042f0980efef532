/* Writes looks as text and reads them back. The text is this process's own, yet it is read as if it were
 * anybody's. */
#include "scanner/reach/looks.h"

#include <stdlib.h>

#include "scanner/verdict/looks.h"

enum { FLAG_POLICY = 1, FLAG_DANE = 2, FLAG_IPV6 = 4, FLAG_HELLO = 8, IPV4_BYTES = 4, IPV6_BYTES = 16 };

/* What every look begins with; then come the address, and the host's name if the look before had another. */
struct head {
    int64_t time;
    uint16_t code;
    uint16_t host_len; /* 0: as the one before */
    uint8_t flags;
    uint8_t step;
};

_Static_assert(LOOKS_BYTES / (sizeof(struct head) + IPV4_BYTES) <= LOOKS_MOST, "whatever fits is read again");

static bool has_failed(const struct look *look)
{
    return look->code != FAIL_NONE && !look->dane;
}

static bool is_about(const struct look *look, const char *host, const struct ip_addr *ip)
{
    return !look->policy && ip_equal(&look->ip, ip) && strcmp(look->host, host) == 0;
}

/* ---- to text ------------------------------------------------------------------------------------------- */

struct writing {
    struct buf *out;
    const char *host; /* of the look before */
    bool matters;     /* now those at hosts that matter, or at the others? */
    bool failed;      /* now those that failed, or those that passed? */
    bool whole;
};

static void write_look(struct writing *writing, const struct look *look)
{
    struct buf *out = writing->out;
    const size_t before = out->len, ip_len = look->ip.family == 6 ? IPV6_BYTES : IPV4_BYTES;
    const bool named = writing->host == NULL || strcmp(writing->host, look->host) != 0;
    if (has_failed(look) != writing->failed || !writing->whole)
        return;
    struct head head = {.time = look->time, .code = (uint16_t)look->code, .step = (uint8_t)look->step};
    head.host_len = named ? (uint16_t)strlen(look->host) : 0;
    head.flags =
        (uint8_t)((look->policy ? FLAG_POLICY : 0) | (look->dane ? FLAG_DANE : 0) |
                  (look->ip.family == 6 ? FLAG_IPV6 : 0) | (look->hello_unanswered ? FLAG_HELLO : 0));
    writing->whole = buf_append(out, &head, sizeof head) && buf_append(out, look->ip.bytes, ip_len) &&
                     buf_append(out, look->host, head.host_len);
    if (writing->whole)
        writing->host = look->host;
    else
        out->len = before;
}

static void write_probe(struct writing *writing, const struct probe_facts *probe,
                        const struct host_verdict *host, const struct ip_verdict *ip)
{
    struct look look = {.host = probe->host, .ip = probe->ip, .time = probe->time, .step = probe->step};
    bool asks = look_asks_again(probe);
    look.hello_unanswered = probe->tls.hello_unanswered;
    look.code = verdict_probe(probe, BY_OWN_TIME);
    look.dane = !asks && host->dane_applies && ip->dane == FAIL_NONE;
    if (asks || look.code == FAIL_NONE || look.dane)
        write_look(writing, &look);
}

static void write_policy(struct writing *writing, const struct domain_facts *facts)
{
    const struct policy_facts *policy = &facts->policy;
    struct look look = {
        .host = policy->host, .policy = true, .ip = policy->fetch.ip, .time = policy->fetch.time};
    if (policy->host == NULL)
        return;
    look.step = policy->fetch.step;
    look.hello_unanswered = policy->fetch.tls.hello_unanswered;
    look.code = verdict_fetch(policy, BY_OWN_TIME);
    if (look.code == FAIL_NONE || look_at_policy_asks_again(&policy->fetch))
        write_look(writing, &look);
}

/* Says whether an earlier look is about a host that matters. One that is no MX host any more may be again. */
static bool earlier_matters(const struct domain_facts *facts, const struct judgement *judgement,
                            const struct look *look)
{
    for (size_t i = 0; !look->policy && i < judgement->host_count; i++)
        if (strcmp(facts->hosts[i].host, look->host) == 0)
            return look_matters(judgement, &judgement->hosts[i]);
    return true;
}

static void write_kind(struct writing *writing, const struct domain_facts *facts,
                       const struct judgement *judgement)
{
    for (size_t i = 0; i < facts->look_count; i++)
        if (earlier_matters(facts, judgement, &facts->looks[i]) == writing->matters)
            write_look(writing, &facts->looks[i]);
    if (writing->matters)
        write_policy(writing, facts);
    for (size_t i = 0; i < judgement->host_count; i++) {
        const struct host_verdict *host = &judgement->hosts[i];
        for (size_t j = 0; look_matters(judgement, host) == writing->matters && j < host->ip_count; j++) {
            const struct probe_facts *probe = &facts->hosts[i].facts->probes[j];
            if (writing->matters || probe->tls.hello_unanswered)
                write_probe(writing, probe, host, &host->ips[j]);
        }
    }
}

bool looks_write(struct buf *out, const struct domain_facts *facts, const struct judgement *judgement)
{
    struct writing writing = {.out = out, .whole = true};
    for (unsigned kind = 0; kind < 4; kind++) {
        writing.matters = kind < 2;
        writing.failed = kind % 2 == 0;
        write_kind(&writing, facts, judgement);
    }
    return writing.whole;
}

/* ---- from text ----------------------------------------------------------------------------------------- */

/* Reads one look off the front of *text; false if none is whole there. */
static bool read_look(struct bytes *text, struct arena *arena, const char **host, struct look *look)
{
    struct head head;
    if (text->len < sizeof head)
        return false;
    memcpy(&head, text->data, sizeof head);
    size_t ip_len = (head.flags & FLAG_IPV6) != 0 ? IPV6_BYTES : IPV4_BYTES;
    const uint8_t *rest = text->data + sizeof head;
    if (text->len < sizeof head + ip_len + head.host_len || head.code >= FAIL_COUNT)
        return false;
    if (head.host_len > 0)
        *host = arena_copy(arena, rest + ip_len, head.host_len);
    *look = (struct look){.host = *host,
                          .policy = (head.flags & FLAG_POLICY) != 0,
                          .ip = ip_len == IPV6_BYTES ? ip_v6(rest) : ip_v4(rest),
                          .time = head.time,
                          .step = head.step,
                          .code = (enum failure_code)head.code,
                          .dane = (head.flags & FLAG_DANE) != 0,
                          .hello_unanswered = (head.flags & FLAG_HELLO) != 0};
    text->data = rest + ip_len + head.host_len;
    text->len -= sizeof head + ip_len + head.host_len;
    bool is_step = look->step < (look->policy ? (unsigned)FETCH_STEP_COUNT : (unsigned)SMTP_STEP_COUNT);
    return *host != NULL && is_step;
}

void looks_read(struct bytes text, struct arena *arena, struct domain_facts *facts)
{
    const char *host = NULL;
    size_t most = text.len / (sizeof(struct head) + IPV4_BYTES);
    facts->look_count = 0;
    facts->looks = arena_array(arena, most, sizeof *facts->looks);
    while (facts->looks != NULL && facts->look_count < most &&
           read_look(&text, arena, &host, &facts->looks[facts->look_count]))
        facts->look_count++;
}

/* ---- beside the last look ------------------------------------------------------------------------------ */

static const struct probe_facts *last_look(const struct domain_facts *facts, const struct look *look)
{
    for (size_t i = 0; i < facts->host_count; i++) {
        const struct host_facts *host = facts->hosts[i].facts;
        for (size_t j = 0; host != NULL && j < host->probe_count; j++)
            if (is_about(look, host->probes[j].host, &host->probes[j].ip))
                return &host->probes[j];
    }
    return NULL;
}

static bool some_failed(const struct domain_facts *facts, const struct look *about)
{
    for (size_t i = 0; i < facts->look_count; i++) {
        const struct look *look = &facts->looks[i];
        bool same = about->policy ? look->policy : is_about(look, about->host, &about->ip);
        if (same && has_failed(look))
            return true;
    }
    return false;
}

static bool is_told(const struct domain_facts *facts, const struct judgement *judgement,
                    const struct look *look)
{
    const struct probe_facts *probe = look->policy ? NULL : last_look(facts, look);
    if (probe != NULL && probe->time == look->time)
        return false;
    if (has_failed(look) || some_failed(facts, look))
        return true;
    if (look->policy)
        return judgement->policy_code != FAIL_NONE && !judgement->policy.parsed;
    return probe != NULL && verdict_probe(probe, BY_OWN_TIME) != FAIL_NONE && !look->dane;
}

void looks_prune(struct domain_facts *facts, const struct judgement *judgement)
{
    size_t kept = 0;
    for (size_t i = 0; i < facts->look_count; i++)
        if (is_told(facts, judgement, &facts->looks[i]))
            facts->looks[kept++] = facts->looks[i];
    facts->look_count = kept;
}

/* ---- the second look ----------------------------------------------------------------------------------- */

/* What looks at one address, or at all of the policy host, come to. */
struct told {
    size_t count;
    bool failed, passed, unanswered;
};

static void take(struct told *told, const struct look *look)
{
    told->count++;
    told->failed = told->failed || has_failed(look);
    told->passed = told->passed || !has_failed(look);
    told->unanswered = told->unanswered || look->hello_unanswered;
}

static enum earlier_hello hello_of(const struct told *told)
{
    if (!told->failed || told->passed)
        return HELLO_UNTRIED;
    return told->unanswered ? HELLO_UNANSWERED : HELLO_FAILED;
}

static struct told told_about(const struct domain_facts *facts, const char *host, const struct ip_addr *ip)
{
    struct told told = {.count = 0};
    for (size_t i = 0; i < facts->look_count; i++)
        if (is_about(&facts->looks[i], host, ip))
            take(&told, &facts->looks[i]);
    return told;
}

/* Says whether the look is about the host, and no look at its address passed. */
static bool is_among(const struct domain_facts *facts, const struct look *look, const char *host)
{
    return is_about(look, host, &look->ip) && !told_about(facts, host, &look->ip).passed;
}

struct looks_again looks_again(const struct domain_facts *facts, const char *host, struct arena *arena)
{
    struct looks_again again = {NULL, 0};
    size_t count = 0;
    for (size_t i = 0; i < facts->look_count; i++)
        count += is_among(facts, &facts->looks[i], host);
    again.list = count == 0 ? NULL : arena_array(arena, count, sizeof *again.list);
    for (size_t i = 0; again.list != NULL && i < facts->look_count; i++) {
        const struct look *look = &facts->looks[i];
        if (!is_among(facts, look, host))
            continue;
        const struct told told = told_about(facts, host, &look->ip);
        again.list[again.count++] =
            (struct look_again){look->ip, look->time, told.count > 1, hello_of(&told)};
    }
    return again;
}

enum earlier_hello looks_hello(const struct looks_again *again, const struct ip_addr *ip)
{
    for (size_t i = 0; again != NULL && i < again->count; i++)
        if (ip_equal(&again->list[i].ip, ip))
            return again->list[i].hello;
    return HELLO_UNTRIED;
}

enum earlier_hello looks_hello_of_policy(const struct domain_facts *facts, const struct ip_addr *ip)
{
    struct told told = {.count = 0};
    for (size_t i = 0; i < facts->look_count; i++) {
        const struct look *look = &facts->looks[i];
        if (look->policy && (!has_failed(look) || ip_equal(&look->ip, ip)))
            take(&told, look);
    }
    return hello_of(&told);
}

bool looks_is_old(const struct looks_again *again, const struct probe_facts *probe)
{
    for (size_t i = 0; i < again->count; i++) {
        const struct look_again *look = &again->list[i];
        if (!look->enough && look->time == probe->time && ip_equal(&look->ip, &probe->ip))
            return true;
    }
    return false;
}

bool looks_are_old(const struct looks_again *again, const struct host_facts *host)
{
    for (size_t i = 0; i < host->probe_count; i++)
        if (looks_is_old(again, &host->probes[i]))
            return true;
    return false;
}

bool looks_again_copy(const struct looks_again *from, struct looks_again *to)
{
    *to = (struct looks_again){NULL, 0};
    if (from == NULL || from->count == 0)
        return true;
    to->list = calloc(from->count, sizeof *to->list);
    if (to->list == NULL)
        return false;
    memcpy(to->list, from->list, from->count * sizeof *to->list);
    to->count = from->count;
    return true;
}
