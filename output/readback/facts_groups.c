/* Reads TLS versions, chains and other fields that are not plain. */
#include "output/readback/facts_groups.h"

#include <stdlib.h>

#include "output/readback/facts_walk.h"

enum { ERRNO_CEILING = 4096, FAMILIES = 2 };

/* ---- addresses ----------------------------------------------------------------------------------------- */

static void take_chain(struct lookup_facts *lookup, const char **cnames, size_t count)
{
    if (lookup->status == DNS_NOT_ASKED)
        return;
    lookup->cnames = cnames;
    lookup->cname_count = (uint32_t)count;
}

static void read_stale(struct read_fields *read, const struct json_node *object,
                       struct address_facts *address)
{
    size_t count;
    const char **families = read_strings(read, object, "stale", FAMILIES, &count);
    for (size_t i = 0; i < count; i++) {
        bool a = families[i] != NULL && strcmp(families[i], "a") == 0;
        bool aaaa = families[i] != NULL && strcmp(families[i], "aaaa") == 0;
        if (!a && !aaaa)
            read_fault(read, "stale", "is no family of addresses");
        address->a.stale = address->a.stale || a;
        address->aaaa.stale = address->aaaa.stale || aaaa;
    }
}

void read_address_rest(struct read_fields *read, const struct json_node *object, enum dns_security known,
                       struct address_facts *address)
{
    size_t count;
    address->a.security = read_word(read, object, "dnssec_a", &words_dns_security, known);
    address->aaaa.security = read_word(read, object, "dnssec_aaaa", &words_dns_security, known);
    const char **cnames = read_strings(read, object, "cnames", DNS_CNAMES_KEPT, &count);
    take_chain(&address->a, cnames, count);
    take_chain(&address->aaaa, cnames, count);
    read_stale(read, object, address);
}

/* ---- handshakes ---------------------------------------------------------------------------------------- */

static uint16_t read_version(struct read_fields *read, const struct json_node *object)
{
    static const char *const names[] = {"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
    const char *text = read_name(read, object, "version", false);
    char *end;
    if (text == NULL)
        return 0;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0)
            return (uint16_t)(0x0300 + i);
    unsigned long number = strtoul(text, &end, 16);
    if (strncmp(text, "0x", 2) != 0 || *end != 0 || number > UINT16_MAX)
        read_fault(read, "version", "is no version of TLS");
    return (uint16_t)number;
}

static void read_certs(struct read_fields *read, const struct json_node *object, struct tls_facts *tls)
{
    const struct json_node *list = read_list(read, object, "certs", CHAIN_CERTS_KEPT);
    tls->certs = list == NULL ? NULL : read_array(read, list->count, sizeof *tls->certs);
    for (const struct json_node *node = tls->certs == NULL ? NULL : list->first; node != NULL;
         node = node->next) {
        struct cert_facts *cert = &tls->certs[tls->cert_count++];
        cert->signed_by = -1;
        read_hash(read, node, "certs", cert->sha256, sizeof cert->sha256);
    }
}

/* Reads a signer for each certificate; they are left out if nobody looked for them. */
static void read_signers(struct read_fields *read, const struct json_node *object, struct tls_facts *tls)
{
    const struct json_node *list = read_list(read, object, "signed_by", CHAIN_CERTS_KEPT);
    if (list != NULL && list->count != tls->cert_count)
        read_fault(read, "signed_by", "are not as many as the certificates");
    size_t place = 0;
    for (const struct json_node *node = list == NULL ? NULL : list->first; node != NULL && !read->failed;
         node = node->next) {
        int signer = read_int_node(read, node, "signed_by");
        if (signer < -1 || signer >= (int)tls->cert_count)
            read_fault(read, "signed_by", "is no certificate of the chain");
        tls->certs[place++].signed_by = signer;
    }
}

void read_handshake_rest(struct read_fields *read, const struct json_node *object, void *facts)
{
    struct tls_facts *tls = facts;
    tls->version = read_version(read, object);
    tls->cert_count = 0;
    read_certs(read, object, tls);
    read_signers(read, object, tls);
}

/* ---- probes and looks ---------------------------------------------------------------------------------- */

/* Reads ECONNREFUSED, or digits if the errno has no name. */
static int read_errno(struct read_fields *read, const struct json_node *root)
{
    const char *text = read_name(read, root, "errno", false);
    if (text == NULL)
        return 0;
    if (text[0] >= '0' && text[0] <= '9')
        return atoi(text);
    for (int number = 1; number < ERRNO_CEILING; number++) {
        const char *name = strerrorname_np(number);
        if (name != NULL && strcmp(name, text) == 0)
            return number;
    }
    read_fault(read, "errno", "is none that is known here");
    return 0;
}

/* Returns the word of `path` for a value of probe_facts.path_doubtful. */
static const char *path_name(unsigned value)
{
    return value == 1 ? "doubtful" : "clear";
}

void read_host_rest(struct read_fields *read, const struct json_node *object, void *facts)
{
    struct probe_facts *probe = facts;
    probe->sys_errno = read_errno(read, object);
    probe->path_doubtful = read_choice(read, object, "path", path_name, 2, 0) == 1;
}

void read_look_rest(struct read_fields *read, const struct json_node *object, void *facts)
{
    struct look *look = facts;
    look->step = read_word(read, object, "step", look->policy ? &words_fetch_step : &words_smtp_step, 0);
}
