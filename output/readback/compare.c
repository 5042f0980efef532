/* Says what changed between two records of a domain. */
#include "output/readback/compare.h"

#include <xxhash.h>

#include "output/readback/facts_walk.h"

static const char *outcome_text(unsigned value)
{
    return outcome_name((enum outcome)value);
}

const char *change_name(enum change change)
{
    static const char *const names[CHANGE_COUNT] = {
        [CHANGE_NONE] = "none",     [CHANGE_GAINED] = "gained",   [CHANGE_LOST] = "lost",
        [CHANGE_BROKE] = "broke",   [CHANGE_MENDED] = "mended",   [CHANGE_OUTCOME] = "outcome",
        [CHANGE_POLICY] = "policy", [CHANGE_UNCLEAR] = "unclear", [CHANGE_APPEARED] = "appeared",
        [CHANGE_GONE] = "gone",
    };
    return names[change];
}

/* Tells by its code whether a policy came with status 200 over a connection that counts; its text may be
 * wrong. */
static bool is_served(const char *code)
{
    static const char syntax[] = "policy.syntax.";
    return code != NULL && (strcmp(code, "ok") == 0 || strncmp(code, syntax, sizeof syntax - 1) == 0);
}

static const char *dane_text(unsigned value)
{
    return dane_outcome_name((enum dane_outcome)value);
}

static const char *tls_text(unsigned value)
{
    return tls_outcome_name((enum tls_outcome)value);
}

static enum failure_code code_at(struct read_fields *read, const struct json_node *object, const char *key)
{
    const char *name = object == NULL ? NULL : read_name(read, object, key, false);
    return name == NULL ? FAIL_NONE : failure_find(name, strlen(name));
}

static enum failure_code code_of(struct read_fields *read, const struct json_node *object)
{
    return code_at(read, object, "code");
}

static bool leaves_open(enum failure_code code)
{
    return code != FAIL_COUNT && failure_get(code)->effect == EFFECT_UNKNOWN;
}

/* Returns why a host fails: by itself, or by the first of its addresses that does. FAIL_NONE if none is known
 * to. */
static enum failure_code fault_of_host(struct read_fields *read, const struct json_node *host)
{
    enum failure_code code = code_of(read, host);
    const struct json_node *ips = read_list(read, host, "ips", READ_ALL);
    for (const struct json_node *ip = ips == NULL ? NULL : ips->first; code == FAIL_NONE && ip != NULL;
         ip = ip->next)
        code = code_of(read, ip);
    return code != FAIL_NONE && code != FAIL_COUNT && failure_get(code)->effect == EFFECT_HOST_FAILS
               ? code
               : FAIL_NONE;
}

/* Reads which hosts fail: of those in mx, or in cached, each of which has a code of its own. */
static void read_hosts(struct read_fields *read, const struct json_node *mx, struct stand *stand)
{
    const struct json_node *hosts = mx == NULL ? NULL : read_list(read, mx, "hosts", READ_ALL);
    for (const struct json_node *host = hosts == NULL ? NULL : hosts->first;
         host != NULL && stand->host_count < STAND_HOSTS_MOST; host = host->next) {
        enum failure_code code = fault_of_host(read, host);
        if (code != FAIL_NONE)
            stand->hosts[stand->host_count++] =
                (struct stand_host){read_name(read, host, "host", true), code};
    }
}

/* Returns the first code of a host, or of its addresses, that leaves open what a sender does. */
static enum failure_code open_of_host(struct read_fields *read, const struct json_node *host)
{
    enum failure_code code = code_of(read, host);
    const struct json_node *ips = read_list(read, host, "ips", READ_ALL);
    for (const struct json_node *ip = ips == NULL ? NULL : ips->first; !leaves_open(code) && ip != NULL;
         ip = ip->next)
        code = code_of(read, ip);
    return leaves_open(code) ? code : FAIL_NONE;
}

/* Returns why DANE does not protect a host: by itself, or by the first of its addresses. */
static enum failure_code dane_of_host(struct read_fields *read, const struct json_node *host)
{
    enum failure_code code = code_at(read, host, "dane_code");
    const struct json_node *ips = read_list(read, host, "ips", READ_ALL);
    for (const struct json_node *ip = ips == NULL ? NULL : ips->first; code == FAIL_NONE && ip != NULL;
         ip = ip->next)
        code = code_at(read, ip, "dane");
    return code == FAIL_COUNT ? FAIL_NONE : code;
}

/* Reads which hosts leave open what happens, and which DANE does not protect. */
static void read_other_hosts(struct read_fields *read, const struct json_node *mx, struct stand *stand)
{
    const struct json_node *hosts = mx == NULL ? NULL : read_list(read, mx, "hosts", READ_ALL);
    for (const struct json_node *host = hosts == NULL ? NULL : hosts->first; host != NULL;
         host = host->next) {
        enum failure_code dane = dane_of_host(read, host), is_open = open_of_host(read, host);
        if (dane != FAIL_NONE && stand->dane_count < STAND_HOSTS_MOST)
            stand->dane[stand->dane_count++] = (struct stand_host){read_name(read, host, "host", true), dane};
        if (is_open != FAIL_NONE && stand->open.code == FAIL_NONE)
            stand->open = (struct stand_host){read_name(read, host, "host", true), is_open};
    }
}

/* Reads the first of the codes that leaves open what a sender does, if no host does: a lookup failed. */
static void read_open(struct read_fields *read, const struct json_node *root, struct stand *stand)
{
    const struct json_node *codes = read_list(read, root, "codes", READ_ALL);
    for (const struct json_node *node = codes == NULL ? NULL : codes->first;
         stand->open.code == FAIL_NONE && node != NULL; node = node->next) {
        enum failure_code code = node->kind == JSON_STRING
                                     ? failure_find((const char *)node->text.data, node->text.len)
                                     : FAIL_NONE;
        if (leaves_open(code))
            stand->open = (struct stand_host){NULL, code};
    }
}

/* ---- the earlier policy -------------------------------------------------------------------------------- */

/* Records are written without blanks, and quotes within their texts are escaped. */
bool stand_may_have_cached(struct bytes line)
{
    return bytes_hold(line, "\"cached.");
}

static enum failure_code cached_code(struct read_fields *read, const struct json_node *root)
{
    const struct json_node *codes = read_list(read, root, "codes", READ_ALL);
    for (const struct json_node *node = codes == NULL ? NULL : codes->first; node != NULL; node = node->next)
        for (enum failure_code code = FAIL_CACHED_REFUSED; code <= FAIL_CACHED_PARTIAL; code++)
            if (node->kind == JSON_STRING && bytes_equal(node->text, bytes_of(failure_name(code))))
                return code;
    return FAIL_NONE;
}

static void read_cached(struct read_fields *read, const struct json_node *root, struct stand *stand)
{
    const struct json_node *node = read_object(read, root, "cached");
    struct stand_cached *cached = &stand->cached;
    if (node == NULL)
        return;
    cached->there = true;
    cached->found = (enum cached_found)read_word(read, node, "found", &words_cached_found, CACHED_NONE);
    unsigned would_be = read_word(read, node, "would_be", &words_outcome, OUTCOME_NONE);
    cached->open = would_be == OUTCOME_UNKNOWN;
    cached->code = cached_code(read, root);
    cached->since = read_optional_time(read, node, "since");
    cached->sure_until = read_optional_time(read, node, "sure_until");
    cached->none_after = read_optional_time(read, node, "none_after");
    if (cached->since == 0 && cached_is_kept(cached->found))
        cached->since = stand->time;
    if (cached->code != FAIL_NONE)
        read_hosts(read, node, stand);
}

static unsigned cached_harm(const struct stand *stand)
{
    return stand->cached.code == FAIL_CACHED_REFUSED ? 2 : stand->cached.code == FAIL_CACHED_PARTIAL;
}

bool stand_saw_cached(const struct stand *stand)
{
    return stand->cached.there && stand->cached.found != CACHED_EXPIRED;
}

int64_t stand_none_after(const struct stand *stand)
{
    const struct stand_cached *cached = &stand->cached;
    return cached->none_after > cached->sure_until ? cached->none_after : cached->sure_until;
}

/* Mail that is not lost any more was mended, or its senders' policy has expired, for the last of them too;
 * unless nobody looked, or could tell. */
static enum course cached_course(const struct stand *before, const struct stand *after)
{
    unsigned was = cached_harm(before), is = cached_harm(after);
    if (was == is)
        return COURSE_NEITHER;
    if (is > was)
        return COURSE_WORSE;
    bool unseen = !stand_saw_cached(after) && after->time < stand_none_after(before);
    return unseen || after->cached.open ? COURSE_UNCLEAR : COURSE_BETTER;
}

/* ---- what is compared ---------------------------------------------------------------------------------- */

/* A lookup that failed has no code, and says nothing. */
static void read_tlsrpt(struct read_fields *read, const struct json_node *root, struct stand *stand)
{
    const struct json_node *tlsrpt = read_object(read, root, "tlsrpt");
    bool says = tlsrpt != NULL && json_tree_at(tlsrpt, "code") != NULL;
    enum failure_code code = says ? code_of(read, tlsrpt) : FAIL_NONE;
    stand->states[ASPECT_TLSRPT] = tlsrpt_state(says ? code : FAIL_DNS_TIMEOUT);
    stand->tlsrpt = code == FAIL_COUNT ? FAIL_NONE : code;
}

/* Reads why the record at _mta-sts does not count, or else the policy; they are read in that order. */
static void read_why(struct read_fields *read, const struct json_node *txt, const struct json_node *policy,
                     struct stand *stand)
{
    enum failure_code code = code_of(read, txt);
    const char *host = policy == NULL ? NULL : read_name(read, policy, "host", false);
    stand->policy_host = host == NULL ? "" : host;
    stand->fault_is_record = code != FAIL_NONE && code != FAIL_COUNT;
    if (!stand->fault_is_record)
        code = code_of(read, policy);
    stand->fault = code == FAIL_COUNT ? FAIL_NONE : code;
}

/* Reads what is compared beside MTA-STS, and whose the domain is. */
static void read_aspects(struct read_fields *read, const struct json_node *root, struct stand *stand)
{
    const struct json_node *provider = read_object(read, root, "provider");
    unsigned dane = read_choice(read, root, "dane", dane_text, DANE_OUTCOME_COUNT, DANE_OUTCOME_UNKNOWN);
    unsigned tls = read_choice(read, root, "tls", tls_text, TLS_OUTCOME_COUNT, TLS_OUTCOME_UNKNOWN);
    stand->states[ASPECT_MTA_STS] = mta_sts_state(stand->outcome, stand->would_be);
    stand->states[ASPECT_DANE] = dane_state((enum dane_outcome)dane);
    stand->states[ASPECT_STARTTLS] = starttls_state((enum tls_outcome)tls);
    read_tlsrpt(read, root, stand);
    stand->label = read_text(read, root, "label");
    const char *name = provider == NULL ? NULL : read_printable(read, provider, "mx");
    stand->provider = name == NULL ? "" : name;
    read_cached(read, root, stand);
    const struct json_node *mx = read_object(read, root, "mx");
    if (stand->cached.code == FAIL_NONE)
        read_hosts(read, mx, stand);
    read_other_hosts(read, mx, stand);
    read_open(read, root, stand);
}

enum error stand_read(struct bytes line, struct arena *arena, struct stand *stand)
{
    const struct json_node *root;
    struct buf why;
    enum error error = json_tree_parse(line, arena, &root);
    if (error != ERR_OK)
        return error;
    buf_init(&why, 1024);
    struct read_fields read = {.arena = arena, .why = &why};
    const struct json_node *policy = read_object(&read, root, "policy");
    const struct json_node *txt = read_object(&read, root, "txt");
    *stand = (struct stand){.domain = read_name(&read, root, "domain", true), .id = ""};
    stand->outcome =
        (enum outcome)read_choice(&read, root, "outcome", outcome_text, OUTCOME_COUNT, OUTCOME_NONE);
    stand->would_be =
        (enum outcome)read_choice(&read, root, "would_be", outcome_text, OUTCOME_COUNT, OUTCOME_NONE);
    stand->time = read_optional_time(&read, root, "time");
    const char *id = txt == NULL ? NULL : read_name(&read, txt, "id", false);
    if (id != NULL)
        stand->id = id;
    if (policy != NULL && is_served(read_name(&read, policy, "code", false))) {
        struct bytes body = read_text(&read, policy, "body");
        uint64_t hash = XXH3_64bits(body.data, body.len);
        stand->body = hash == 0 ? 1 : hash;
    }
    read_why(&read, txt, policy, stand);
    read_aspects(&read, root, stand);
    buf_dispose(&why);
    if (read.failed)
        return read.no_room ? ERR_LIMIT : ERR_SYNTAX;
    return stand->outcome == OUTCOME_NONE ? ERR_SYNTAX : ERR_OK;
}

enum standing { STANDS_OPEN, STANDS_NOT, STANDS_WELL, STANDS_IN_PART, STANDS_BADLY };

/* Returns how a domain stands with an outcome. From STANDS_WELL on, the order is that of harm. */
static enum standing standing_of(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_NONE:
    case OUTCOME_UNKNOWN:
    case OUTCOME_COUNT:
        return STANDS_OPEN;
    case OUTCOME_NO_MAIL:
    case OUTCOME_ABSENT:
        return STANDS_NOT;
    case OUTCOME_OFF:
    case OUTCOME_TESTING:
    case OUTCOME_PROTECTED:
        return STANDS_WELL;
    case OUTCOME_PARTIAL:
        return STANDS_IN_PART;
    case OUTCOME_BROKEN:
    case OUTCOME_REFUSED:
        break;
    }
    return STANDS_BADLY;
}

enum change stand_compare(const struct stand *before, const struct stand *after)
{
    if (before == NULL || after == NULL)
        return before == NULL ? CHANGE_APPEARED : CHANGE_GONE;
    enum standing was = standing_of(before->outcome);
    enum standing is = standing_of(after->outcome);
    if (was == STANDS_OPEN || is == STANDS_OPEN)
        return was == is ? CHANGE_NONE : CHANGE_UNCLEAR;
    if (was != is && (was == STANDS_NOT || is == STANDS_NOT))
        return was == STANDS_NOT ? CHANGE_GAINED : CHANGE_LOST;
    if (was != is)
        return is > was ? CHANGE_BROKE : CHANGE_MENDED;
    if (before->outcome != after->outcome || before->would_be != after->would_be)
        return CHANGE_OUTCOME;
    bool same = before->body == after->body && strcmp(before->id, after->id) == 0;
    return same ? CHANGE_NONE : CHANGE_POLICY;
}

static enum course worse_of(enum course a, enum course b)
{
    static const uint8_t gravity[COURSE_COUNT] = {
        [COURSE_NEITHER] = 0, [COURSE_BETTER] = 1, [COURSE_UNCLEAR] = 2, [COURSE_WORSE] = 3};
    return gravity[a] >= gravity[b] ? a : b;
}

struct change_courses stand_courses(const struct stand *before, const struct stand *after)
{
    struct change_courses all = {COURSE_NEITHER, COURSE_NEITHER};
    for (unsigned aspect = 0; aspect < ASPECT_COUNT; aspect++) {
        struct change_courses one =
            change_courses((enum aspect)aspect, before->states[aspect], after->states[aspect]);
        all.delivery = worse_of(all.delivery, one.delivery);
        all.protection = worse_of(all.protection, one.protection);
    }
    all.delivery = worse_of(all.delivery, cached_course(before, after));
    return all;
}

bool stand_keeps_id(const struct stand *before, const struct stand *after)
{
    return before != NULL && after != NULL && before->body != 0 && after->body != 0 &&
           before->body != after->body && before->id[0] != 0 && strcmp(before->id, after->id) == 0;
}

/* ---- a change ------------------------------------------------------------------------------------------ */

const struct stand_cached *stand_change_victim(const struct stand_change *told)
{
    bool loses = told->after != NULL && told->after->cached.code != FAIL_NONE;
    return loses ? &told->after->cached : NULL;
}

bool stand_change_is_worse(const struct stand_change *told)
{
    return told->keeps_id || told->courses.delivery == COURSE_WORSE ||
           told->courses.protection == COURSE_WORSE;
}

bool stand_change_has(const struct stand_change *told, unsigned aspect)
{
    return told->before == NULL || told->after == NULL ||
           told->before->states[aspect] != told->after->states[aspect];
}

struct stand_change stand_change(const struct stand *before, const struct stand *after)
{
    struct stand_change told = {before,
                                after,
                                after == NULL ? before : after,
                                stand_compare(before, after),
                                {COURSE_NEITHER, COURSE_NEITHER},
                                stand_keeps_id(before, after),
                                false};
    told.is_told = told.change != CHANGE_NONE || told.keeps_id || stand_change_victim(&told) != NULL;
    if (before == NULL || after == NULL)
        return told;
    told.courses = stand_courses(before, after);
    for (unsigned aspect = 0; aspect < ASPECT_COUNT; aspect++)
        told.is_told = told.is_told || stand_change_has(&told, aspect);
    told.is_told = told.is_told || before->cached.code != after->cached.code;
    return told;
}
