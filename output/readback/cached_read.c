/* Finds the policy of a record: the one that it carries from a scan before, or its own. */
#include "output/readback/cached_read.h"

#include "output/readback/facts_line.h"
#include "output/readback/facts_walk.h"
#include "scanner/json/json_read.h"

/* RFC 8461 section 3.2 has the largest max_age. Clocks of two machines may differ by CLOCK_SKEW_MS. */
enum { MS_PER_S = 1000, ID_MOST = 32, MAX_AGE_MOST = 31557600, CLOCK_SKEW_MS = 10 * 60 * 1000 };

/* Records are written without blanks, and quotes within their texts are escaped. */
bool cached_may_stand(struct bytes line)
{
    return bytes_hold(line, "\"mode\":\"enforce\"");
}

static bool on_name(void *arg, const struct json_value *value)
{
    bool *named = arg;
    bool is_domain = strcmp(value->key, "domain") == 0 && value->sub[0] == 0;
    *named = *named || (is_domain && value->kind == FIELD_STRING && value->text.len > 0);
    return !is_domain;
}

bool cached_is_named(struct bytes line)
{
    bool named = false;
    return json_read_line(line, on_name, &named) == ERR_OK && named;
}

static bool is_later(int64_t one, int64_t other)
{
    return one > other + CLOCK_SKEW_MS;
}

/* Returns why the policy can be none, or NULL: the record may be of anybody, and would make victims for as
 * long as it likes. */
static const char *unsound(const struct cached_policy *policy, int64_t now)
{
    if (policy->mode != STS_MODE_ENFORCE || policy->id[0] == 0 || strlen(policy->id) > ID_MOST ||
        policy->mx_count == 0)
        return "is no policy that enforces";
    if (policy->max_age > MAX_AGE_MOST)
        return "has a max_age above 31557600";
    if (is_later(policy->fetched, now) || is_later(policy->since, now))
        return "is of a time that has not come yet";
    return policy->since != 0 && is_later(policy->fetched, policy->since) ? "was gone before it was fetched"
                                                                          : NULL;
}

static bool is_over(const struct cached_policy *policy, int64_t now)
{
    return now >= policy->fetched + (int64_t)policy->max_age * MS_PER_S;
}

/* ---- the one that it carries --------------------------------------------------------------------------- */

static enum cached_found found_of(struct read_fields *read, const struct json_node *cached)
{
    return (enum cached_found)read_word(read, cached, "found", &words_cached_found, CACHED_NONE);
}

/* Reads the policy that an earlier scan saw, if senders kept it at the time of this one. Who first saw it
 * gone is told on. */
static struct cached_policy *read_carried(struct read_fields *read, const struct json_node *root,
                                          int64_t time)
{
    const struct json_node *node = read_object(read, root, "cached");
    struct cached_policy *policy = node == NULL ? NULL : read_array(read, 1, sizeof *policy);
    if (policy == NULL)
        return NULL;
    enum cached_found found = found_of(read, node);
    if (!cached_is_kept(found) && found != CACHED_UNKNOWN)
        return NULL;
    read_group(read, node, &fields_cached, policy);
    if (cached_is_kept(found) && policy->since == 0)
        policy->since = time;
    return policy;
}

/* ---- its own ------------------------------------------------------------------------------------------- */

static bool is_ok(struct read_fields *read, const struct json_node *object)
{
    const char *code = object == NULL ? NULL : read_name(read, object, "code", false);
    return code != NULL && strcmp(code, failure_name(FAIL_NONE)) == 0;
}

static bool enforces(struct read_fields *read, const struct json_node *policy)
{
    return read_word(read, policy, "mode", &words_sts_mode, STS_MODE_UNSET) == STS_MODE_ENFORCE;
}

/* Records of before there was a time of the fetch have the domain's. */
static struct cached_policy *read_own(struct read_fields *read, const struct json_node *root, int64_t time)
{
    const struct json_node *txt = read_object(read, root, "txt"), *policy = read_object(read, root, "policy");
    if (!is_ok(read, txt) || !is_ok(read, policy) || !enforces(read, policy))
        return NULL;
    struct cached_policy *own = read_array(read, 1, sizeof *own);
    if (own == NULL)
        return NULL;
    own->id = read_name(read, txt, "id", true);
    own->mode = STS_MODE_ENFORCE;
    own->mx = read_strings(read, policy, "mx", POLICY_MX_MOST, &own->mx_count);
    if (json_tree_at(policy, "max_age") == NULL)
        read_fault(read, "policy.max_age", "is missing");
    own->max_age = (uint32_t)read_unsigned(read, policy, "max_age", UINT32_MAX);
    own->fetched = read_optional_time(read, policy, "time");
    if (own->fetched == 0)
        own->fetched = time;
    return own;
}

/* ---- the record ---------------------------------------------------------------------------------------- */

/* Takes the first that is alive. */
static void choose(struct read_fields *read, struct cached_policy *const policies[2], int64_t now,
                   struct cached_read *found)
{
    for (size_t i = 0; i < 2 && found->policy == NULL && !read->failed; i++) {
        if (policies[i] == NULL)
            continue;
        const char *fault = unsound(policies[i], now);
        if (fault != NULL)
            read_fault(read, "cached", fault);
        else if (is_over(policies[i], now))
            found->over = true;
        else
            found->policy = policies[i];
    }
    found->over = found->over && found->policy == NULL;
}

static bool is_too_long(const struct cached_policy *policy)
{
    size_t bytes = 0;
    for (size_t i = 0; i < policy->mx_count; i++)
        bytes += strlen(policy->mx[i]);
    return policy->mx_count > CACHED_MX_MOST || bytes > CACHED_MX_BYTES;
}

static enum error end(const struct read_fields *read, const struct cached_read *found)
{
    enum error error = facts_line_end(read);
    return error == ERR_OK && found->policy != NULL && is_too_long(found->policy) ? ERR_LIMIT : error;
}

enum error cached_read_record(struct bytes line, int64_t now, struct arena *arena, struct cached_read *found,
                              struct buf *why)
{
    struct read_fields read;
    const struct json_node *root;
    *found = (struct cached_read){.policy = NULL};
    enum error error = facts_line_start(line, arena, &read, &root, why);
    if (error != ERR_OK)
        return error;
    found->domain = read_name(&read, root, "domain", true);
    int64_t time = read_time(&read, root, "time");
    struct cached_policy *const policies[2] = {read_carried(&read, root, time), read_own(&read, root, time)};
    choose(&read, policies, now, found);
    return end(&read, found);
}

enum error cached_read_kept(struct bytes line, struct arena *arena, struct cached_read *found,
                            struct buf *why)
{
    const struct json_node *root;
    *found = (struct cached_read){.policy = NULL};
    enum error error = json_tree_parse(line, arena, &root);
    if (error != ERR_OK)
        return error;
    struct read_fields read = {.arena = arena, .why = why};
    found->domain = read_name(&read, root, "domain", true);
    found->policy = read_array(&read, 1, sizeof *found->policy);
    if (found->policy != NULL)
        read_group(&read, read_object(&read, root, "cached"), &fields_cached, found->policy);
    return end(&read, found);
}
