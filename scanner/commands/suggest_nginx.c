/*
 * Writes a configuration of nginx by which one web server serves the policies of all domains: a map from the
 * policy host's name to the policy, and a server that returns it.
 *
 * The map is whole and not only what changes, as a web server serves what it has and nothing else: it also
 * has the policies that stand as they should, and those in force of domains that could not be determined. So
 * it can take the place of yesterday's.
 */
#include <string.h>

#include "scanner/commands/suggest_format.h"

/* nginx takes no longer parameter and no longer comment (NGX_CONF_BUFFER is 4096). A bucket holds a pointer,
 * and for each name in it two more words and its text (ngx_hash_init): with as many buckets as there are
 * names, the largest bucket has 14 names of 50 bytes at the worst. */
enum { PARAMETER_MOST = 4000, HASH_LEAST = 2048, BUCKET_BYTES = 1024 };

static const char head[] =
    "# Made by stsweep " STSWEEP_VERSION
    ", suggest --format nginx: the policies of all domains of the scan that\n"
    "# have one or should have one, for one web server. Include it in http { }, try `nginx -t`, reload. It "
    "is\n"
    "# whole only if it ends with \"# end\". What changes has what was, and its risk, before it.\n"
    "#\n"
    "# 1. Let the names lead to this server. This lists them:\n"
    "#      sed -n 's/^    \"\\(mta-sts\\.[^\"]*\\)\" .*/\\1/p' FILE\n"
    "# 2. Have a certificate for each name at the paths below. Whatever client of ACME gets them answers "
    "through\n"
    "#    port 80 below, as in\n"
    "#      certbot certonly --webroot -w /var/www/acme -d mta-sts.example.org\n"
    "#    nginx reads them at each handshake, so that its workers must be allowed to, and no reload is "
    "needed.\n"
    "# 3. Publish the _mta-sts records (--format zone or nsupdate) when the policies are served.\n"
    "#\n"
    "# A server of yours with the name of one of the hosts goes before these. If map_hash_max_size stands "
    "in\n"
    "# http { } already, keep the larger one there and remove the two lines here.\n";

static const char server[] =
    "}\n"
    "\n"
    "# What a client calls the server becomes part of a path only if it is such a name.\n"
    "map $ssl_server_name $mta_sts_name {\n"
    "    default \"none\";\n"
    "    \"~^mta-sts([.][a-z0-9_-]+)+$\" $ssl_server_name;\n"
    "}\n"
    "\n"
    "server {\n"
    "    listen 80;\n"
    "    listen [::]:80;\n"
    "    server_name ~^mta-sts[.];\n"
    "    location /.well-known/acme-challenge/ { root /var/www/acme; }\n"
    "    location / { return 404; }\n"
    "}\n"
    "\n"
    "server {\n"
    "    listen 443 ssl;\n"
    "    listen [::]:443 ssl;\n"
    "    server_name ~^mta-sts[.];\n"
    "    ssl_certificate /etc/letsencrypt/live/$mta_sts_name/fullchain.pem;\n"
    "    ssl_certificate_key /etc/letsencrypt/live/$mta_sts_name/privkey.pem;\n"
    "    location = /.well-known/mta-sts.txt {\n"
    "        if ($mta_sts_policy = \"\") { return 404; }\n"
    "        types { }\n"
    "        default_type text/plain;\n"
    "        return 200 $mta_sts_policy;\n"
    "    }\n"
    "    location / { return 404; }\n"
    "}\n"
    "# end\n";

void suggest_nginx_head(struct buf *out, uint64_t domains)
{
    uint64_t buckets = domains > HASH_LEAST ? domains : HASH_LEAST;
    buf_text(out, head);
    buf_printf(
        out,
        "map_hash_max_size %llu;\nmap_hash_bucket_size %d;\nmap $host $mta_sts_policy {\n    default \"\";\n",
        (unsigned long long)buckets, BUCKET_BYTES);
}

void suggest_nginx_end(struct buf *out)
{
    buf_text(out, server);
}

/* Appends a parameter. A policy holds nothing but words, colons and stars; should a byte mean something to
 * nginx, it is not written. */
static bool put_parameter(struct buf *out, struct bytes text)
{
    size_t start = out->len;
    bool fits = true;
    buf_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte == '\r' || byte == '\n')
            buf_text(out, byte == '\r' ? "\\r" : "\\n");
        else if (byte < ' ' || byte > '~' || byte == '"' || byte == '\\' || byte == '$')
            fits = false;
        else
            buf_byte(out, byte);
    }
    buf_byte(out, '"');
    if (!out->failed && (!fits || out->len - start > PARAMETER_MOST)) {
        out->len = start;
        return false;
    }
    return true;
}

/* Writes the policy in force again, in its own words. */
static void put_in_force(struct buf *text, const struct sts_policy *policy)
{
    buf_printf(text, "version: STSv1\r\nmode: %s\r\n", sts_mode_name(policy->mode));
    for (size_t i = 0; i < policy->mx_count; i++)
        buf_printf(text, "mx: %s\r\n", policy->mx[i]);
    buf_printf(text, "max_age: %u\r\n", policy->max_age);
}

static enum suggest_written put_entry(struct buf *out, const char *domain, struct bytes policy)
{
    size_t start = out->len;
    buf_printf(out, "    \"mta-sts.%s\" ", domain);
    if (put_parameter(out, policy)) {
        buf_text(out, ";\n");
        return WRITTEN;
    }
    out->len = start;
    buf_printf(
        out,
        "    # left out: mta-sts.%s: its policy is longer than nginx takes in a parameter: serve it from a\n"
        "    # file of `stsweep suggest -o FOLDER`\n",
        domain);
    return WRITTEN_NOT;
}

static const struct suggest_change *policy_change(const struct suggest_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        if (changes->items[i].what == CHANGE_POLICY)
            return &changes->items[i];
    return NULL;
}

/* A policy that may stand there, and that nobody has read: yesterday's map may have it. */
static bool may_be_served(const struct suggest_part *part)
{
    const struct judgement *judgement = part->judgement;
    bool is_open = part->suggestion->kind == SUGGEST_UNKNOWN || part->suggestion->kind == SUGGEST_STAYS;
    return is_open &&
           (judgement->record.code != FAIL_TXT_ABSENT || !dns_says_anything(part->facts->txt.lookup.status));
}

static enum suggest_written put_standing(struct buf *out, const struct suggest_part *part)
{
    struct buf text;
    enum suggest_written written = WRITTEN;
    if (suggest_is_in_force(part->judgement) && suggest_is_name(part->facts->domain)) {
        buf_init(&text, out->ceiling_bytes);
        put_in_force(&text, &part->judgement->policy);
        written = put_entry(out, part->facts->domain, buf_bytes(&text));
        out->failed = out->failed || text.failed;
        buf_dispose(&text);
    } else if (may_be_served(part)) {
        buf_text(out, "    # left out: mta-sts.");
        suggest_put_comment(out, bytes_of(part->facts->domain));
        buf_text(out, ": what is published could not be read: keep the line that served it before\n");
        written = WRITTEN_NOT;
    }
    return written;
}

enum suggest_written suggest_nginx(struct buf *out, const struct suggest_part *part)
{
    const struct suggest_change *change = policy_change(part->changes);
    if (change == NULL)
        return put_standing(out, part);
    suggest_put_title(out, "    #", part);
    suggest_put_was(out, "    #", change);
    return put_entry(out, part->facts->domain, change->after);
}
