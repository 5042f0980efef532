/* Makes ready what is needed before the first loop runs. */
#include "scanner/machine/setup.h"

#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <ldns/ldns.h>
#include <openssl/crypto.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unbound.h>
#include <unistd.h>
#include <zstd.h>

#include "input/optout_list.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/machine/suffixes.h"
#include "scanner/tls/legacy.h"
#include "scanner/tls/verified.h"

/* Is there a route to the address? A datagram socket that is only connected sends nothing, but says so. */
static bool has_route(const char *address)
{
    struct ip_addr ip;
    struct sockaddr_storage storage;
    if (!ip_parse(address, &ip))
        return false;
    socklen_t len = ip_sockaddr(&ip, 53, &storage);
    int fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool reached = connect(fd, (const struct sockaddr *)&storage, len) == 0;
    close(fd);
    return reached;
}

/* Is an address of the family allowed? Special-purpose addresses that are need no route to the internet. */
static bool allows_family(const struct ip_set *allow, uint8_t family)
{
    for (size_t i = 0; i < allow->count; i++)
        if (allow->prefixes[i].base.family == family)
            return true;
    return false;
}

enum error context_init(struct scan_context *context, const struct config *config, struct buf *why)
{
    const char *reason = NULL;
    const char *bad = NULL;
    *context = (struct scan_context){.config = config, .hash_seed = setup_random()};
    atomic_init(&context->parked, 0);
    atomic_init(&context->own_waiting, 0);
    tls_library_init();
    suffixes_load();
    /* It cannot be used beside the embedded resolver: builds of libunbound that validate with OpenSSL make
     * keys in a way that the ENGINE takes from them. */
    if (config->tls_legacy_decoder == TLS_LEGACY_DECODER_YES && config->dns_resolvers[0] != 0)
        (void)(tls_legacy_decoder_use() && tls_verified_use());
    if (config_check_files(config, why) != ERR_OK)
        return ERR_CONFIG;
    context->trust = trust_create(config->tls_ca_file, &reason);
    if (context->trust == NULL) {
        buf_printf(why, "tls.ca_file %s: %s\n", shown(config->tls_ca_file), reason);
        return ERR_CONFIG;
    }
    enum error offer = trust_offer(context->trust, config->tls_groups, why);
    if (offer != ERR_OK) {
        (void)buf_byte(why, '\n');
        return offer;
    }
    context->large_hello = trust_offers_large(context->trust);
    if (ip_set_parse(config->safety_allow, &context->allow, &bad) != ERR_OK) {
        buf_printf(why, "safety.allow: no prefix: %s\n", shown(bad));
        return ERR_CONFIG;
    }
    if (ip_set_parse(config->limits_own, &context->own, &bad) != ERR_OK) {
        buf_printf(why, "limits.own: no prefix: %s\n", shown(bad));
        return ERR_CONFIG;
    }
    enum error error = optout_read(config->safety_optout, config->safety_as_prefixes, &context->optout, why);
    if (error != ERR_OK)
        return error;
    context->has_ipv4 = allows_family(&context->allow, 4) || has_route("192.0.9.9");
    context->has_ipv6 = allows_family(&context->allow, 6) || has_route("2620:fe::fe");
    return ERR_OK;
}

void context_take_network(struct scan_context *context, const struct network *network)
{
    context->network = *network;
    context->has_ipv4 = context->has_ipv4 && !network->leads_nowhere[KNOWN_IPV4];
    context->has_ipv6 = context->has_ipv6 && !network->leads_nowhere[KNOWN_IPV6];
    atomic_store(&context->path_doubtful, network->starttls_stripped);
}

void context_dispose(struct scan_context *context)
{
    trust_destroy(context->trust);
    tls_legacy_decoder_drop();
    ip_set_dispose(&context->allow);
    ip_set_dispose(&context->own);
    optout_destroy(context->optout);
    context->trust = NULL;
    context->optout = NULL;
}

uint32_t setup_loops(const struct config *config)
{
    if (config->scan_loops > 0)
        return (uint32_t)config->scan_loops;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : (uint32_t)cores;
}

uint64_t setup_open_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

uint64_t setup_open_files_allowed(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : 0;
}

/* libevent has printed what failed. */
static void end_of_loop(int code)
{
    (void)code;
    const char *next = errno_next(errno);
    (void)fprintf(stderr, "stsweep: it is this machine: the event loop cannot go on%s%s\n",
                  next[0] == '\0' ? "" : "; ", next);
    _exit(EXIT_FAILED);
}

void setup_loop_faults(void)
{
    event_set_fatal_callback(end_of_loop);
}

uint64_t setup_random(void)
{
    uint64_t value = 0;
    if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
        value = (uint64_t)getpid();
    return value;
}

size_t setup_libraries(struct machine_library libraries[SETUP_LIBRARIES])
{
    size_t count = 0;
    libraries[count++] = (struct machine_library){"libevent", event_get_version()};
    libraries[count++] = (struct machine_library){"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)};
    libraries[count++] = (struct machine_library){"libcurl", curl_version_info(CURLVERSION_NOW)->version};
    libraries[count++] = (struct machine_library){"ldns", ldns_version()};
    libraries[count++] = (struct machine_library){"libunbound", ub_version()};
    libraries[count++] = (struct machine_library){"zstd", ZSTD_versionString()};
    return count;
}
