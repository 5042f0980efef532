#include "scanner/base/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scanner/base/clock.h"

enum { DIALOGUE_LINES = 20, DIALOGUE_BYTES = 100 };

/* Returns the time since the first event; the first call sets that. */
static long long elapsed_ms(struct trace *trace)
{
    int64_t now = clock_monotonic_ms();
    int_fast64_t started = 0;
    if (atomic_compare_exchange_strong(&trace->started_ms, &started, now))
        started = now;
    return (long long)(now - started);
}

/* Appends the bytes to a line of size bytes, escaped; bytes that do not fit are cut. */
static void escape(char *line, size_t size, struct bytes text)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len && len + sizeof "\\xNN" <= size; i++) {
        unsigned char c = text.data[i];
        if (c >= 0x20 && c < 0x7F)
            line[len++] = (char)c;
        else
            len += (size_t)snprintf(line + len, size - len, "\\x%02X", c);
    }
    line[len] = '\0';
}

void trace_say(struct trace *trace, const char *name, const struct ip_addr *ip, const char *format, ...)
{
    char text[TRACE_LINE_BYTES];
    char line[TRACE_LINE_BYTES];
    va_list arguments;
    if (trace == NULL)
        return;
    char address[IP_TEXT_BYTES] = "";
    if (ip != NULL)
        (void)ip_format(ip, address);
    int len = snprintf(text, sizeof text, "%6lld ms  %s%s%s: ", elapsed_ms(trace), name,
                       ip == NULL ? "" : " ", address);
    if (len < 0 || (size_t)len >= sizeof text)
        len = sizeof text - 1;
    va_start(arguments, format);
    (void)vsnprintf(text + len, sizeof text - (size_t)len, format, arguments);
    va_end(arguments);
    escape(line, sizeof line, bytes_of(text));
    trace->write(trace->arg, line);
}

void trace_bytes(struct trace *trace, const char *name, const struct ip_addr *ip, const char *mark,
                 struct bytes data)
{
    const char *rest = (const char *)data.data;
    size_t left = data.len;
    for (int i = 0; trace != NULL && left > 0 && i < DIALOGUE_LINES; i++) {
        const char *end = memchr(rest, '\n', left);
        size_t len = end == NULL ? left : (size_t)(end - rest);
        size_t shown = len > 0 && rest[len - 1] == '\r' ? len - 1 : len;
        bool cut = shown > DIALOGUE_BYTES;
        char line[DIALOGUE_BYTES * 4 + 1];
        escape(line, sizeof line, bytes_make(rest, cut ? DIALOGUE_BYTES : shown));
        trace_say(trace, name, ip, "%s %s%s", mark, line, cut ? " (cut)" : "");
        left -= end == NULL ? left : len + 1;
        rest += end == NULL ? len : len + 1;
    }
}
