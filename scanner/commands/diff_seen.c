/* Picks from records what an answer may differ in. */
#include "scanner/commands/diff_seen.h"

#include <string.h>

#include <openssl/evp.h>

#include "scanner/facts/record_names.h"
#include "scanner/json/json_read.h"

enum { HASH_BYTES = 32, VISIBLE_FIRST = 0x21, VISIBLE_LAST = 0x7E };

const char *seen_aspect_name(enum seen_aspect aspect)
{
    static const char *const names[SEEN_ASPECTS] = {[SEEN_CODE] = "code",
                                                    [SEEN_STARTTLS] = "starttls",
                                                    [SEEN_TLS] = "tls",
                                                    [SEEN_CERTIFICATE] = "certificate",
                                                    [SEEN_POLICY] = "policy"};
    return names[aspect];
}

/* ---- what is read -------------------------------------------------------------------------------------- */

enum field {
    HOST = 1,
    IP,
    PASS,
    CODE,
    NOT_TRIED,
    END,
    STARTTLS,
    TLS,
    TLS_VERSION,
    TLS_CERTS,
    LEGACY,
    LEGACY_VERSION,
    LEGACY_CERTS,
    POLICY,
    BODY,
    BODY_BASE64
};

struct reader {
    struct seen *seen;
    bool has_code, not_asked, not_offered;
    char legacy_version[SEEN_VERSION_BYTES], legacy_certificate[SEEN_SHA256_BYTES];
};

/* Copies a text of visible ASCII that fits; *to stays empty otherwise. */
static void copy_word(struct bytes text, char *to, size_t room)
{
    if (text.len == 0 || text.len >= room)
        return;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < VISIBLE_FIRST || text.data[i] > VISIBLE_LAST)
            return;
    memcpy(to, text.data, text.len);
    to[text.len] = 0;
}

/* Takes the leaf's hash, which stands first. */
static void take_leaf(struct bytes text, char certificate[SEEN_SHA256_BYTES])
{
    if (certificate[0] != 0 || text.len != SEEN_SHA256_BYTES - 1)
        return;
    for (size_t i = 0; i < text.len; i++)
        if (strchr("0123456789abcdef", text.data[i]) == NULL)
            return;
    copy_word(text, certificate, SEEN_SHA256_BYTES);
}

static void take_body(struct bytes text, char policy[SEEN_SHA256_BYTES])
{
    uint8_t hash[HASH_BYTES];
    if (EVP_Digest(text.data, text.len, hash, NULL, EVP_sha256(), NULL) != 1)
        return;
    for (size_t i = 0; i < HASH_BYTES; i++) {
        policy[2 * i] = "0123456789abcdef"[hash[i] >> 4];
        policy[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
    }
    policy[2 * HASH_BYTES] = 0;
}

static bool is_word(struct bytes text, const char *word)
{
    return bytes_equal(text, bytes_of(word));
}

static void take_session(struct reader *reader, const struct json_pick *pick)
{
    struct seen *seen = reader->seen;
    if (pick->id == TLS_VERSION)
        copy_word(pick->text, seen->version, sizeof seen->version);
    else if (pick->id == TLS_CERTS)
        take_leaf(pick->text, seen->certificate);
    else if (pick->id == LEGACY_VERSION)
        copy_word(pick->text, reader->legacy_version, sizeof reader->legacy_version);
    else if (pick->id == LEGACY_CERTS)
        take_leaf(pick->text, reader->legacy_certificate);
    else if (pick->id == BODY || pick->id == BODY_BASE64)
        take_body(pick->text, seen->policy);
}

static void take_string(struct reader *reader, const struct json_pick *pick)
{
    struct seen *seen = reader->seen;
    if (pick->id == HOST) {
        copy_word(pick->text, seen->host, sizeof seen->host);
    } else if (pick->id == IP) {
        (void)ip_parse_bytes(pick->text, &seen->ip);
    } else if (pick->id == CODE) {
        seen->code = failure_find((const char *)pick->text.data, pick->text.len);
        reader->has_code = seen->code != FAIL_COUNT;
    } else if (pick->id == NOT_TRIED) {
        /* An address that is silent was tried for another name. */
        reader->not_asked = !is_word(pick->text, not_tried_name(NOT_TRIED_DEAD));
    } else if (pick->id == END) {
        reader->not_offered = is_word(pick->text, smtp_end_name(SMTP_END_NOT_OFFERED));
    } else {
        take_session(reader, pick);
    }
}

static bool on_pick(void *arg, const struct json_pick *pick)
{
    struct reader *reader = arg;
    uint64_t number;
    if (pick->kind == FIELD_STRING)
        take_string(reader, pick);
    else if (pick->kind == FIELD_BOOL && pick->id == STARTTLS && pick->truth)
        reader->seen->starttls = OFFER_YES;
    else if (pick->kind == FIELD_NUMBER && pick->id == PASS && json_read_number(pick->text, &number) &&
             number <= UINT32_MAX)
        reader->seen->pass = (uint32_t)number;
    return true;
}

static void end_reading(struct reader *reader)
{
    struct seen *seen = reader->seen;
    if (seen->starttls == OFFER_UNKNOWN && reader->not_offered)
        seen->starttls = OFFER_NO;
    if (seen->version[0] == 0)
        memcpy(seen->version, reader->legacy_version, sizeof seen->version);
    if (seen->certificate[0] == 0)
        memcpy(seen->certificate, reader->legacy_certificate, sizeof seen->certificate);
}

/* Tells whether a code says that this side did not ask, or could not hear the answer. That the peer refuses
 * us by our address is its answer, though we are to mend it. */
static bool is_no_answer(enum failure_code code)
{
    static const char *const stems[] = {"smtp.not-probed.", "policy.not-tried."};
    const char *name = failure_name(code);
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++)
        if (strncmp(name, stems[i], strlen(stems[i])) == 0)
            return true;
    return code == FAIL_SMTP_TCP_PORT_BLOCKED || code == FAIL_POLICY_TCP_PORT_BLOCKED ||
           code == FAIL_SMTP_TLS_CLOCK || code == FAIL_POLICY_TLS_CLOCK;
}

/* Says what a record that was read is worth. */
static enum error worth(const struct reader *reader)
{
    const struct seen *seen = reader->seen;
    if (seen->host[0] == 0 || !reader->has_code)
        return ERR_SYNTAX;
    return reader->not_asked || is_no_answer(seen->code) ? ERR_NOT_FOUND : ERR_OK;
}

enum error seen_read_host(struct bytes line, struct seen *seen)
{
    static const struct json_want wants[] = {{0, HOST, "host"},
                                             {0, IP, "ip"},
                                             {0, PASS, "pass"},
                                             {0, CODE, "code"},
                                             {0, NOT_TRIED, "not_tried"},
                                             {0, END, "end"},
                                             {0, STARTTLS, "starttls"},
                                             {0, TLS, "tls"},
                                             {TLS, TLS_VERSION, "version"},
                                             {TLS, TLS_CERTS, "certs"},
                                             {0, LEGACY, "legacy"},
                                             {LEGACY, LEGACY_VERSION, "version"},
                                             {LEGACY, LEGACY_CERTS, "certs"}};
    struct reader reader = {.seen = seen};
    *seen = (struct seen){.pass = 1};
    enum error error = json_pick_line(line, wants, sizeof wants / sizeof *wants, on_pick, &reader);
    if (error != ERR_OK)
        return error;
    end_reading(&reader);
    error = worth(&reader);
    return error == ERR_OK && seen->ip.family == 0 ? ERR_NOT_FOUND : error;
}

enum error seen_read_domain(struct bytes line, struct seen *seen)
{
    static const struct json_want wants[] = {
        {0, POLICY, "policy"},         {POLICY, HOST, "host"},           {POLICY, IP, "ip"},
        {POLICY, CODE, "code"},        {POLICY, NOT_TRIED, "not_tried"}, {POLICY, TLS, "tls"},
        {TLS, TLS_VERSION, "version"}, {TLS, TLS_CERTS, "certs"},        {POLICY, BODY, "body"},
        {BODY, BODY_BASE64, "base64"}};
    struct reader reader = {.seen = seen};
    *seen = (struct seen){.is_policy = true, .pass = 1};
    enum error error = json_pick_line(line, wants, sizeof wants / sizeof *wants, on_pick, &reader);
    if (error != ERR_OK)
        return error;
    if (seen->host[0] == 0 && !reader.has_code)
        return ERR_NOT_FOUND; /* no policy was looked for */
    end_reading(&reader);
    error = worth(&reader);
    /* What comes with an error of HTTP may be another text each time. */
    if (error == ERR_OK && seen->code != FAIL_NONE && failure_get(seen->code)->group != GROUP_POLICY_SYNTAX)
        seen->policy[0] = 0;
    return error;
}

/* ---- what differs -------------------------------------------------------------------------------------- */

bool seen_is_same(const struct seen *one, const struct seen *other)
{
    return one->is_policy == other->is_policy && strcmp(one->host, other->host) == 0 &&
           (one->is_policy || ip_equal(&one->ip, &other->ip));
}

bool seen_outdates(const struct seen *later, const struct seen *earlier)
{
    return later->pass > earlier->pass;
}

static bool texts_differ(const char *one, const char *other)
{
    return one[0] != 0 && other[0] != 0 && strcmp(one, other) != 0;
}

unsigned seen_differs(const struct seen *one, const struct seen *other)
{
    bool offers = one->starttls != OFFER_UNKNOWN && other->starttls != OFFER_UNKNOWN;
    unsigned differs = 0;
    if (one->code != other->code)
        differs |= 1u << SEEN_CODE;
    if (offers && one->starttls != other->starttls)
        differs |= 1u << SEEN_STARTTLS;
    if (texts_differ(one->version, other->version))
        differs |= 1u << SEEN_TLS;
    if (texts_differ(one->certificate, other->certificate))
        differs |= 1u << SEEN_CERTIFICATE;
    if (texts_differ(one->policy, other->policy))
        differs |= 1u << SEEN_POLICY;
    return differs;
}
