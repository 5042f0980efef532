/* Asks whether the resolvers answer, validate, and say NXDOMAIN for what does not exist. */
#include "scanner/machine/preflight_resolvers.h"

#include <string.h>

#include "scanner/base/clock.h"
#include "scanner/config/config.h"
#include "scanner/machine/setup.h"
#include "scanner/machine/system_line.h"

static bool is_embedded(const struct resolver_looks *looks)
{
    return looks->config->dns_resolvers[0] == '\0';
}

/* Can the resolver be used? Whoever answers for the root knows the root, or at least answers everything. */
static bool is_usable(const struct resolver_look *look)
{
    bool answers = dns_says_anything(look->status);
    return answers && !look->rewrites;
}

/* Does nothing come from it at all? One that refuses to speak of the root may still serve what it is asked
 * for. */
static bool is_silent(const struct resolver_look *look)
{
    return look->status == DNS_NOT_ASKED || look->status == DNS_TIMEOUT ||
           (is_embedded(look->looks) && /* how unreachable roots reach us */
            (look->status == DNS_SERVFAIL || look->status == DNS_OPTOUT));
}

static void end_question(struct resolver_look *look)
{
    look->looks->questions_left--;
    look->looks->answered(look->looks->arg);
}

static void on_root(void *arg, const struct dns_answer *answer)
{
    struct resolver_look *look = arg;
    look->status = answer->lookup.status;
    look->security = answer->lookup.security;
    look->ms = clock_monotonic_ms() - look->looks->began_ms;
    end_question(look);
}

static void on_nobody(void *arg, const struct dns_answer *answer)
{
    struct resolver_look *look = arg;
    look->rewrites = look->rewrites || answer->lookup.status == DNS_ANSWERED;
    look->resolves = look->resolves || dns_says_anything(answer->lookup.status);
    end_question(look);
}

/* A name that stands alone may be denied by what is cached of the root: it shows nothing of the way out. */
static void on_alone(void *arg, const struct dns_answer *answer)
{
    struct resolver_look *look = arg;
    bool resolves = look->resolves;
    on_nobody(arg, answer);
    look->resolves = resolves;
}

/* Asks for names that no cache can know, alone and under a large top-level domain: some rewrite only the one
 * kind. */
static void ask(struct resolver_look *look, struct lookup_engine *engine)
{
    char alone[64], below[64];
    (void)snprintf(alone, sizeof alone, "no-such-%016llx", (unsigned long long)setup_random());
    (void)snprintf(below, sizeof below, "no-such-%016llx.com", (unsigned long long)setup_random());
    look->looks->questions_left += RESOLVER_QUESTIONS;
    (void)lookup_start(engine, ".", DNS_TYPE_SOA, on_root, look);
    (void)lookup_start(engine, alone, DNS_TYPE_A, on_alone, look);
    (void)lookup_start(engine, below, DNS_TYPE_A, on_nobody, look);
}

/* Starts to look at a resolver. One that there is no route to fails here alone; that none can be reached, the
 * caller's engine said. */
static void start(struct resolver_looks *looks, const char *name)
{
    const char *why = NULL;
    struct ip_addr ip;
    uint16_t port;
    struct resolver_look *look = &looks->of[looks->count++];
    *look = (struct resolver_look){.looks = looks, .config = *looks->config, .trusted = true};
    (void)snprintf(look->name, sizeof look->name, "%s", name);
    struct lookup_engine *engine = looks->engine;
    if (!is_embedded(looks)) {
        const char *list = look->name;
        look->trusted =
            resolver_next_address(&list, &ip, &port, &why) && resolver_is_trusted(looks->config, &ip);
        look->config.dns_resolvers = look->name;
        look->config.dns_trust_ad = DNS_TRUST_AD_YES;
        engine = look->engine = resolver_create(looks->base, &look->config, NULL, PREFLIGHT_SHARE, &why);
    }
    if (engine != NULL)
        ask(look, engine);
}

void resolver_looks_start(struct resolver_looks *looks)
{
    const char *list = looks->config->dns_resolvers;
    char name[PREFLIGHT_NAME_BYTES];
    looks->began_ms = clock_monotonic_ms();
    if (is_embedded(looks))
        start(looks, "the embedded resolver");
    while (looks->count < DNS_RESOLVERS_MOST && preflight_item(&list, name))
        start(looks, name);
}

void resolver_looks_dispose(struct resolver_looks *looks)
{
    for (size_t i = 0; i < looks->count; i++)
        lookup_engine_destroy(looks->of[i].engine);
}

/* ---- what is known of one ------------------------------------------------------------------------------ */

static enum validation validation_of(const struct resolver_look *look)
{
    if (!is_usable(look) || look->security == DNSSEC_UNVALIDATED)
        return VALIDATION_UNKNOWN;
    return look->security == DNSSEC_SECURE ? VALIDATION_DONE : VALIDATION_NONE;
}

static size_t count_validation(const struct resolver_looks *looks, enum validation validation)
{
    size_t count = 0;
    for (size_t i = 0; i < looks->count; i++)
        count += is_usable(&looks->of[i]) && validation_of(&looks->of[i]) == validation;
    return count;
}

size_t resolver_looks_usable(const struct resolver_looks *looks)
{
    size_t count = 0;
    for (size_t i = 0; i < looks->count; i++)
        count += is_usable(&looks->of[i]);
    return count;
}

bool resolver_looks_validated(const struct resolver_looks *looks)
{
    return count_validation(looks, VALIDATION_DONE) > 0;
}

static bool is_useless(const struct resolver_look *look)
{
    return is_silent(look) || look->status == DNS_BOGUS || look->rewrites;
}

static void keep_notes(const struct resolver_looks *looks, struct preflight *preflight)
{
    size_t useless = 0;
    preflight->doubtful = true;
    for (size_t i = 0; i < looks->count; i++) {
        const struct resolver_look *look = &looks->of[i];
        useless += is_useless(look);
        preflight->doubtful = preflight->doubtful && !look->resolves;
        preflight->resolvers.of[i] =
            (struct resolver_note){.left_out = look->rewrites, .validation = validation_of(look)};
    }
    preflight->no_resolver = useless == looks->count;
}

bool resolver_looks_heard(const struct resolver_looks *looks)
{
    for (size_t i = 0; i < looks->count; i++)
        if (!is_silent(&looks->of[i]) || looks->of[i].resolves || looks->of[i].rewrites)
            return true;
    return false;
}

static size_t count_bogus(const struct resolver_looks *looks)
{
    size_t count = 0;
    for (size_t i = 0; i < looks->count; i++)
        count += looks->of[i].status == DNS_BOGUS;
    return count;
}

bool resolver_of_system(FILE *file, char name[PREFLIGHT_NAME_BYTES])
{
    static const char word[] = "nameserver";
    char line[PREFLIGHT_NAME_BYTES];
    struct ip_addr ip;
    bool found = false;
    while (!found && system_line(file, line, sizeof line)) {
        const char *rest = line + sizeof word - 1;
        found = strncmp(line, word, sizeof word - 1) == 0 && (*rest == ' ' || *rest == '\t');
        line[strcspn(line, "\r")] = '\0';
        found = found && preflight_item(&rest, name) && ip_parse(name, &ip);
    }
    return found;
}

static bool find_system_resolver(char name[PREFLIGHT_NAME_BYTES])
{
    FILE *file = fopen("/etc/resolv.conf", "re");
    if (file == NULL)
        return false;
    bool found = resolver_of_system(file, name);
    (void)fclose(file);
    return found;
}

void resolver_looks_why(const struct resolver_looks *looks, char text[RESOLVER_WHY_BYTES])
{
    char name[PREFLIGHT_NAME_BYTES];
    bool rewrites = false;
    for (size_t i = 0; i < looks->count; i++)
        rewrites = rewrites || looks->of[i].rewrites;
    if (count_bogus(looks) > 0)
        (void)snprintf(text, RESOLVER_WHY_BYTES,
                       "the root's signatures are bogus: is the clock wrong, or the trust anchor "
                       "(dns.trust_anchor)?");
    else if (rewrites)
        (void)snprintf(text, RESOLVER_WHY_BYTES,
                       "it answers for names that nobody has, as a captive portal does; name another one "
                       "with --dns.resolvers=ADDRESS");
    else if (!is_embedded(looks))
        (void)snprintf(text, RESOLVER_WHY_BYTES,
                       "nothing comes from dns.resolvers (does one run there, may this machine ask it, is "
                       "port 53 open on the way?); without that option the embedded resolver asks the DNS "
                       "itself");
    else if (find_system_resolver(name))
        (void)snprintf(text, RESOLVER_WHY_BYTES,
                       "the embedded one hears nothing from the DNS (port 53 seems blocked here); ask a "
                       "resolver of this network, as /etc/resolv.conf does: --dns.resolvers=%.64s",
                       name);
    else
        (void)snprintf(text, RESOLVER_WHY_BYTES,
                       "the embedded one hears nothing from the DNS (port 53 seems blocked here); ask a "
                       "resolver of this network: --dns.resolvers=ADDRESS");
}

/* ---- lines --------------------------------------------------------------------------------------------- */

static void say_one(const struct resolver_look *look, char text[PREFLIGHT_TEXT_BYTES])
{
    preflight_append(text, "%s ", look->name);
    if (look->rewrites)
        preflight_append(text, "answers for names that do not exist: left out");
    else if (is_usable(look))
        preflight_append(text, "answers in %lld ms", (long long)look->ms);
    else if (is_silent(look))
        preflight_append(text, "does not answer");
    else
        preflight_append(text, "answers %s for the root", dns_status_name(look->status));
}

static void say_resolvers(const struct resolver_looks *looks, struct preflight *preflight)
{
    size_t usable = resolver_looks_usable(looks);
    char *text = preflight_add(preflight, "resolvers", usable == looks->count);
    preflight_append(text, "%zu of %zu can be used: ", usable, looks->count);
    for (size_t i = 0; i < looks->count; i++) {
        if (i > 0)
            preflight_append(text, ", ");
        say_one(&looks->of[i], text);
    }
}

/* Counts the usable resolvers whose word counts for nothing because dns.trust_ad says so. */
static size_t count_disbelieved(const struct resolver_looks *looks)
{
    size_t count = 0;
    for (size_t i = 0; i < looks->count; i++)
        count += is_usable(&looks->of[i]) && !looks->of[i].trusted;
    return count;
}

static void say_dnssec(const struct resolver_looks *looks, struct preflight *preflight)
{
    bool none_usable = resolver_looks_usable(looks) == 0;
    size_t none = count_validation(looks, VALIDATION_NONE), disbelieved = count_disbelieved(looks);
    size_t unknown = count_validation(looks, VALIDATION_UNKNOWN), bogus = count_bogus(looks);
    char *text = preflight_add(preflight, "dnssec", bogus == 0 && none == 0 && unknown == 0 && !none_usable);
    if (bogus > 0)
        preflight_append(text, "the root's signatures are bogus for %zu: wrong clock, or wrong trust anchor?",
                         bogus);
    else if (none_usable)
        preflight_append(text, "cannot be told without a resolver");
    else if (none > 0)
        preflight_append(text, "%zu do not validate: what they say is unvalidated, and DANE unknown", none);
    else if (is_embedded(looks) && unknown > 0)
        preflight_append(text, "no trust anchor: nothing is validated, and DANE unknown");
    else if (unknown > 0)
        preflight_append(text, "not known of %zu: they speak no EDNS", unknown);
    else if (disbelieved > 0)
        preflight_append(text, "dns.trust_ad does not let %zu be believed: DANE is unknown", disbelieved);
    else
        preflight_append(text, "the root's SOA validates");
}

void resolver_looks_say(const struct resolver_looks *looks, struct preflight *preflight)
{
    keep_notes(looks, preflight);
    say_resolvers(looks, preflight);
    say_dnssec(looks, preflight);
}
