/* Writes what changes as records of a zone file, and as commands for nsupdate. */
#include <string.h>

#include "scanner/commands/suggest_format.h"

/* A prerequisite names so many records at most, and so many bytes of them; past that, that there are some. */
enum { PREREQ_RECORDS = 16, PREREQ_BYTES = 4096 };

static void put_record(struct buf *out, const struct suggest_change *change)
{
    buf_printf(out, "%s. %d IN ", change->name, SUGGEST_TTL_S);
    suggest_put_data(out, change->type, change->after);
    buf_byte(out, '\n');
}

/* A policy in a comment: a zone has no place for it. */
static void put_policy(struct buf *out, const struct suggest_change *change)
{
    buf_printf(out, "; policy: https://%s/.well-known/mta-sts.txt: ", change->name);
    suggest_put_comment(out, change->after);
    buf_byte(out, '\n');
    suggest_put_was(out, ";", change);
}

/* A record at an alias belongs to another zone. */
static void put_elsewhere(struct buf *out, const struct suggest_change *change)
{
    buf_printf(out, "; %s. is an alias of %s: change the record there, to: ", change->name, change->alias);
    suggest_put_comment(out, change->after);
    buf_byte(out, '\n');
    suggest_put_was(out, ";", change);
}

static void put_hints(struct buf *out, const struct suggest_part *part, const struct suggest_change *change)
{
    bool leads = part->facts->policy.address.ip_count > 0 || part->changes->items[0].what == CHANGE_HOST;
    if (change->what == CHANGE_POLICY && !leads && part->suggestion->kind == SUGGEST_PUBLISH)
        buf_printf(out,
                   "; %s. needs an A, AAAA or CNAME record that leads to the web server with the\n"
                   "; policy: --policy-host writes it.\n",
                   change->name);
    if (change->what == CHANGE_TLSRPT && part->changes->is_placeholder)
        buf_text(out, "; A placeholder: put an address there at which reports are read (--rua).\n");
}

/* Writes all changes; put: how a record that is to stand in this zone is written. */
static enum suggest_written put_changes(struct buf *out, const struct suggest_part *part,
                                        void (*put)(struct buf *out, const struct suggest_change *change))
{
    enum suggest_written written = WRITTEN;
    for (size_t i = 0; i < part->changes->count; i++) {
        const struct suggest_change *change = &part->changes->items[i];
        put_hints(out, part, change);
        if (change->what == CHANGE_POLICY) {
            put_policy(out, change);
        } else if (change->alias != NULL) {
            put_elsewhere(out, change);
            written = WRITTEN_ELSEWHERE;
        } else {
            put(out, change);
        }
    }
    return written;
}

/* ---- zone ---------------------------------------------------------------------------------------------- */

static void put_was_and_record(struct buf *out, const struct suggest_change *change)
{
    suggest_put_was(out, ";", change);
    put_record(out, change);
}

enum suggest_written suggest_zone(struct buf *out, const struct suggest_part *part)
{
    if (part->changes->count == 0)
        return WRITTEN;
    buf_printf(out, "\n$ORIGIN %s.\n", part->facts->domain);
    suggest_put_title(out, ";", part);
    return put_changes(out, part, put_was_and_record);
}

/* ---- nsupdate ------------------------------------------------------------------------------------------ */

/* May the value stand in a command as it is? A stranger's name may hold what a zone file's syntax means. */
static bool is_plain(const struct suggest_before *before)
{
    if (strcmp(before->type, "CNAME") != 0)
        return true;
    for (size_t i = 0; i < before->text.len; i++) {
        uint8_t byte = before->text.data[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
                     byte == '_' || byte == '.';
        if (!plain)
            return false;
    }
    return true;
}

static bool can_be_named(const struct suggest_change *change)
{
    size_t bytes = 0;
    bool plain = change->known == KNOWN_EXACTLY && change->before_count <= PREREQ_RECORDS;
    for (size_t i = 0; plain && i < change->before_count; i++) {
        bytes += change->before[i].text.len;
        plain = is_plain(&change->before[i]) && bytes <= PREREQ_BYTES;
    }
    return plain;
}

static void put_values(struct buf *out, const struct suggest_change *change)
{
    for (size_t i = 0; i < change->before_count; i++) {
        buf_printf(out, "prereq yxrrset %s. IN ", change->name);
        suggest_put_data(out, change->before[i].type, change->before[i].text);
        buf_byte(out, '\n');
    }
}

/* What was seen there must still stand there (RFC 2136 section 2.4). Where a wildcard answers, what was seen
 * may stand at no name at all, so that nothing can be asked for. */
static void put_prereq(struct buf *out, const struct suggest_change *change)
{
    if (change->known == KNOWN_WILDCARD)
        return;
    if (change->known == KNOWN_NOT)
        buf_printf(out, "prereq nxdomain %s.\n", change->name);
    else if (change->before_count == 0 && change->what == CHANGE_HOST)
        buf_printf(out, "prereq nxrrset %s. IN A\nprereq nxrrset %s. IN AAAA\nprereq nxrrset %s. IN CNAME\n",
                   change->name, change->name, change->name);
    else if (change->before_count == 0)
        buf_printf(out, "prereq nxrrset %s. IN %s\n", change->name, change->type);
    else if (can_be_named(change))
        put_values(out, change);
    else
        buf_printf(out, "prereq yxrrset %s. IN %s\n", change->name, change->before[0].type);
}

static void put_deletes(struct buf *out, const struct suggest_change *change)
{
    if (change->what == CHANGE_HOST) {
        for (size_t i = 0; i < change->before_count; i++)
            if (i == 0 || strcmp(change->before[i].type, change->before[i - 1].type) != 0)
                buf_printf(out, "update delete %s. IN %s\n", change->name, change->before[i].type);
        return;
    }
    for (size_t i = 0; i < change->before_count; i++) {
        if (!change->before[i].goes)
            continue;
        buf_printf(out, "update delete %s. IN ", change->name);
        suggest_put_data(out, change->before[i].type, change->before[i].text);
        buf_byte(out, '\n');
    }
}

static void put_update(struct buf *out, const struct suggest_change *change)
{
    suggest_put_was(out, ";", change);
    put_prereq(out, change);
    put_deletes(out, change);
    buf_text(out, "update add ");
    put_record(out, change);
    buf_text(out, "send\n");
}

/* The zone is named, as nsupdate ends at the first name whose zone it does not find, and leaves out all that
 * follows. A name that is no zone of the server's is refused by it, and the next is tried. */
enum suggest_written suggest_nsupdate(struct buf *out, const struct suggest_part *part)
{
    if (part->changes->count == 0)
        return WRITTEN;
    buf_byte(out, '\n');
    suggest_put_title(out, ";", part);
    buf_printf(out, "zone %s.\n", part->facts->domain);
    return put_changes(out, part, put_update);
}
