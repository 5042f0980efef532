/* Finds the one line of libunbound's log that matters here, among all that it says at the level at which it
 * says it. */
#include "scanner/dns/recursive_log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "scanner/base/clock.h"

/* The line goes on "ip4 192.0.2.1 port 53 (len 16)" (util/net_help.c of libunbound: log_addr). */
static const char words[] = "on the donotquery list ip";
enum { LOG_LEVEL = 4 /* VERB_ALGO */, FAMILY_DIGIT_BYTES = 2, LINE_BYTES = 16384 };

static const struct ip_set *_Atomic prefixes;
static _Thread_local int64_t heard_ms;

void recursive_log_read(const char *line, size_t len)
{
    const struct ip_set *set = atomic_load(&prefixes);
    const char *at = memmem(line, len, words, sizeof words - 1);
    struct ip_addr ip;
    if (at == NULL || set == NULL)
        return;
    struct bytes rest = bytes_make(at, len - (size_t)(at - line));
    const size_t before = sizeof words - 1 + FAMILY_DIGIT_BYTES;
    rest = bytes_behind(rest, before < rest.len ? before : rest.len);
    const uint8_t *end = rest.len > 0 ? memchr(rest.data, ' ', rest.len) : NULL;
    rest.len = end == NULL ? 0 : (size_t)(end - rest.data);
    /* A line that is read otherwise than it was meant counts: nobody is blamed for what we left undone. */
    if (!ip_parse_bytes(rest, &ip) || ip_set_contains(set, &ip))
        heard_ms = clock_monotonic_ms();
}

static ssize_t on_write(void *cookie, const char *text, size_t len)
{
    (void)cookie;
    recursive_log_read(text, len);
    return (ssize_t)len;
}

/* The stream that stands for the log, handed on a line at a time; NULL if it cannot be made. */
static FILE *log_stream;

static void open_log(void)
{
    static const cookie_io_functions_t functions = {.write = on_write};
    log_stream = fopencookie(NULL, "w", functions);
    if (log_stream != NULL)
        (void)setvbuf(log_stream, NULL, _IOLBF, LINE_BYTES);
}

void recursive_log_listen(struct ub_ctx *context, const struct ip_set *left_alone)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, open_log);
    atomic_store(&prefixes, left_alone);
    (void)ub_ctx_debugout(context, log_stream);
    (void)ub_ctx_debuglevel(context, LOG_LEVEL);
}

int64_t recursive_log_heard_ms(void)
{
    return heard_ms;
}
