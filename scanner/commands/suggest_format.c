/* Chooses the writer of a stream, and has what zone files and commands for nsupdate share. */
#include "scanner/commands/suggest_format.h"

#include <string.h>

enum { ASCII_FIRST = 0x20, ASCII_LAST = 0x7e };

enum suggest_format suggest_format_find(const char *word)
{
    static const char *const words[FORMAT_COUNT] = {
#define SUGGEST_FORMAT_WORD(id, word, part) [id] = (word),
        SUGGEST_FORMAT_TABLE(SUGGEST_FORMAT_WORD)
#undef SUGGEST_FORMAT_WORD
    };
    for (unsigned format = FORMAT_NONE + 1; format < FORMAT_COUNT; format++)
        if (strcmp(words[format], word) == 0)
            return (enum suggest_format)format;
    return FORMAT_NONE;
}

/* ---- pieces -------------------------------------------------------------------------------------------- */

static void put_byte(struct buf *out, uint8_t byte)
{
    if (byte < ASCII_FIRST || byte > ASCII_LAST)
        buf_printf(out, "\\%03u", byte);
    else
        buf_byte(out, byte);
}

void suggest_put_comment(struct buf *out, struct bytes text)
{
    size_t most = text.len < SUGGEST_COMMENT_BYTES ? text.len : SUGGEST_COMMENT_BYTES;
    for (size_t i = 0; i < most; i++) {
        if (text.data[i] == '\r' || text.data[i] == '\n')
            buf_text(out, text.data[i] == '\r' ? "\\r" : "\\n");
        else
            put_byte(out, text.data[i]);
    }
    if (most < text.len)
        buf_text(out, "...");
}

void suggest_put_data(struct buf *out, const char *type, struct bytes text)
{
    buf_text(out, type);
    if (strcmp(type, "TXT") == 0) {
        suggest_put_strings(out, text, " ");
        return;
    }
    buf_byte(out, ' ');
    buf_append(out, text.data, text.len);
    if (strcmp(type, "CNAME") == 0)
        buf_byte(out, '.');
}

void suggest_put_was(struct buf *out, const char *mark, const struct suggest_change *change)
{
    size_t gone = 0;
    for (size_t i = 0; i < change->before_count; i++) {
        const struct suggest_before *before = &change->before[i];
        if (!before->goes)
            continue;
        buf_printf(out, "%s was: ", mark);
        if (before->type != NULL)
            buf_printf(out, "%s. IN ", change->name);
        if (before->type != NULL && before->text.len <= SUGGEST_COMMENT_BYTES)
            suggest_put_data(out, before->type, before->text);
        else
            suggest_put_comment(out, before->text);
        buf_byte(out, '\n');
        gone++;
    }
    if (gone == 0)
        buf_printf(out, "%s was: %s\n", mark, change->known == KNOWN_NOT ? "not known" : "nothing");
}

void suggest_put_title(struct buf *out, const char *mark, const struct suggest_part *part)
{
    const struct suggestion *suggestion = part->suggestion;
    buf_printf(out, "%s %s: %s MTA-STS, mode %s; risk %s\n", mark, part->facts->domain,
               suggestion->kind == SUGGEST_REMOVE ? "take down"
               : suggestion->unchanged            ? "keep"
                                                  : "publish",
               sts_mode_name(suggestion->mode), suggest_risk_name(part->changes->risk));
}

/* ---- the stream ---------------------------------------------------------------------------------------- */

bool suggest_format_head(struct buf *out, enum suggest_format format, uint64_t domains)
{
    if (format == FORMAT_ZONE)
        buf_text(
            out,
            "; Made by stsweep " STSWEEP_VERSION
            ", suggest --format zone: the records that change, by domain.\n"
            "; A record that is named in \"was:\" goes. Serve a policy before its _mta-sts record is\n"
            "; published: senders fetch it when they see the new id. Load it whole only if it ends with\n"
            "; \"; end\".\n");
    if (format == FORMAT_NSUPDATE)
        buf_text(
            out,
            "; Made by stsweep " STSWEEP_VERSION ", suggest --format nsupdate. Each update has as\n"
            "; prerequisite what was seen: what has changed since is left alone, and nsupdate says\n"
            "; \"update failed\" and goes on. Each domain is taken for a zone: for those that stand in\n"
            "; another's (NOTAUTH), leave out the lines \"zone\", and nsupdate looks for it. Serve a policy\n"
            "; before its _mta-sts record is published. Put server and key in front as nsupdate wants\n"
            "; them. It is whole only if it ends with \"; end\".\n");
    if (format == FORMAT_NGINX)
        suggest_nginx_head(out, domains);
    return !out->failed;
}

bool suggest_format_part(struct buf *out, enum suggest_format format, const struct suggest_part *part,
                         enum suggest_written *written)
{
    static enum suggest_written (*const parts[FORMAT_COUNT])(struct buf *, const struct suggest_part *) = {
#define SUGGEST_FORMAT_PART(id, word, part) [id] = suggest_##part,
        SUGGEST_FORMAT_TABLE(SUGGEST_FORMAT_PART)
#undef SUGGEST_FORMAT_PART
    };
    *written = parts[format](out, part);
    return !out->failed;
}

bool suggest_format_end(struct buf *out, enum suggest_format format, uint64_t changed)
{
    if (format == FORMAT_NGINX)
        suggest_nginx_end(out);
    if (format == FORMAT_ZONE || format == FORMAT_NSUPDATE)
        buf_printf(out, "; end: %llu domains\n", (unsigned long long)changed);
    return !out->failed;
}
