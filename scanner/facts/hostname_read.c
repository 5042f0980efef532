/*
 * Finds the domain in a URL or an e-mail address. It takes what stands in the place of the host (RFC 3986
 * section 3.2), or behind the last @ (RFC 5321 section 4.1.2), and no more: that it is a name is for
 * hostname_normalize to say.
 */
#include "scanner/facts/hostname.h"

#include "scanner/base/trim.h"

static struct bytes from(struct bytes text, size_t at)
{
    return bytes_behind(text, at);
}

/* Cuts the text before the first of these bytes. */
static struct bytes before_any(struct bytes text, const char *ends)
{
    size_t len = 0;
    while (len < text.len && (text.data[len] == '\0' || strchr(ends, text.data[len]) == NULL))
        len++;
    return bytes_make(text.data, len);
}

static struct bytes behind_last(struct bytes text, uint8_t byte)
{
    const uint8_t *last = text.len == 0 ? NULL : memrchr(text.data, byte, text.len);
    return last == NULL ? text : from(text, (size_t)(last - text.data) + 1);
}

/* Takes a port off. An IPv6 address has colons, but not one alone. */
static struct bytes without_port(struct bytes host)
{
    const uint8_t *colon = host.len == 0 ? NULL : memrchr(host.data, ':', host.len);
    if (colon == NULL || memchr(host.data, ':', host.len) != colon)
        return host;
    return bytes_make(host.data, (size_t)(colon - host.data));
}

static struct bytes host_of_url(struct bytes text)
{
    const uint8_t *scheme = memmem(text.data, text.len, "://", 3);
    if (scheme != NULL)
        text = from(text, (size_t)(scheme - text.data) + 3);
    else if (text.len > 2 && memcmp(text.data, "//", 2) == 0)
        text = from(text, 2);
    return without_port(behind_last(before_any(text, "/?#\\"), '@'));
}

static struct bytes domain_of_mail(struct bytes text)
{
    /* "A Name <user@example.org>", mailto:user@example.org?subject=… */
    const uint8_t *open = memrchr(text.data, '<', text.len);
    if (open != NULL)
        text = from(text, (size_t)(open - text.data) + 1);
    return behind_last(before_any(text, ">?"), '@');
}

enum failure_code hostname_read(struct bytes text, bool lenient, char out[HOSTNAME_BYTES])
{
    enum failure_code code = hostname_normalize(text, out);
    text = trim(text);
    if (!lenient || text.len == 0)
        return code;
    if (code == FAIL_INPUT_IS_EMAIL)
        return hostname_normalize(domain_of_mail(text), out);
    if (code != FAIL_INPUT_IS_URL)
        return code;
    struct bytes host = host_of_url(text);
    /* What has no slashes before it and no dot is no host: hash:/etc/aliases, a/b. */
    bool is_host = memmem(text.data, text.len, "//", 2) != NULL || bytes_have(host, '.');
    return is_host ? hostname_normalize(host, out) : code;
}
