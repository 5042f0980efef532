/*
 * Any bytes as a zone file. What comes out may not depend on how the bytes are cut, nor on what the reader
 * kept of the record before; each record is counted once; and the names that were given, written as a zone
 * of the root, are given again. The first byte is the size of the pieces.
 */
#include "input/zone.h"

#include "scanner/base/buf.h"
#include "tests/fuzz/target.h"

enum { TEXT_BYTES = 1 << 24 };

struct run {
    struct zone zone;
    struct lines lines;
    bool forgets; /* what was kept of the record before */
    struct buf names;
    struct buf told; /* names and rejects, in order */
    char last[HOSTNAME_BYTES];
    uint64_t given;
};

static enum error on_name(void *arg, const char *domain)
{
    struct run *run = arg;
    char again[HOSTNAME_BYTES];
    bool is_name = hostname_normalize(bytes_of(domain), again) == FAIL_NONE && strcmp(again, domain) == 0;
    expect(is_name ? NULL : "a name is none of the other lists'");
    run->given++;
    if (strcmp(domain, run->last) != 0) /* twice, if what is no name stood between */
        (void)buf_printf(&run->names, "%s.\tns\tn.\n", domain);
    (void)memcpy(run->last, domain, strlen(domain) + 1);
    (void)buf_printf(&run->told, "%s\n", domain);
    return ERR_OK;
}

static enum error on_reject(void *arg, const struct line *line, enum failure_code reason)
{
    struct run *run = arg;
    expect(reason != FAIL_NONE && line->number > 0 ? NULL : "a reject without a reason or a line");
    (void)buf_printf(&run->told, "%llu %s\n", (unsigned long long)line->number, failure_name(reason));
    return ERR_OK;
}

static enum error on_line(void *arg, const struct line *line)
{
    struct run *run = arg;
    if (run->forgets)
        run->zone.head.len = 0;
    return zone_take(&run->zone, line);
}

static void check_counts(const struct run *run)
{
    const struct input_zone *counts = &run->zone.counts;
    uint64_t sum = counts->delegating + counts->apex + counts->outside + counts->addresses + counts->dnssec +
                   counts->others + counts->other_classes;
    expect(sum == counts->records ? NULL : "a record is counted twice, or not at all");
    expect(run->given <= counts->delegating ? NULL : "a name without an NS record");
}

static struct run *run_make(struct bytes data, size_t piece, bool forgets)
{
    struct run *run = calloc(1, sizeof *run);
    expect(run == NULL ? "no memory" : NULL);
    struct zone_sink sink = {on_name, on_reject, run};
    enum error error = ERR_OK;
    buf_init(&run->names, TEXT_BYTES);
    buf_init(&run->told, TEXT_BYTES);
    run->forgets = forgets;
    zone_init(&run->zone, &sink);
    lines_init(&run->lines, on_line, run);
    for (size_t at = 0; at < data.len && error == ERR_OK; at += piece)
        error = lines_feed(&run->lines,
                           bytes_make(data.data + at, data.len - at < piece ? data.len - at : piece));
    if (error == ERR_OK)
        error = lines_end(&run->lines);
    if (error == ERR_OK)
        error = zone_end(&run->zone, true);
    expect(error == ERR_OK || error == ERR_CONFIG ? NULL : "an error that is none of a file's");
    expect((error == ERR_CONFIG) == (run->zone.refused.text[0] != '\0') ? NULL : "refused without a reason");
    if (error == ERR_OK)
        check_counts(run);
    else
        (void)buf_printf(&run->told, "%llu %s\n", (unsigned long long)run->zone.refused.line,
                         run->zone.refused.text);
    return run;
}

static void run_free(struct run *run)
{
    buf_dispose(&run->names);
    buf_dispose(&run->told);
    free(run);
}

static void expect_same(struct bytes data, size_t piece, bool forgets, const struct run *whole)
{
    struct run *other = run_make(data, piece, forgets);
    expect(bytes_equal(buf_bytes(&other->told), buf_bytes(&whole->told)) ? NULL : "it depends on the pieces");
    run_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char soa[] = ". soa a. b. 1 2 3 4 5\n";
    if (size == 0)
        return 0;
    struct bytes text = bytes_make(data + 1, size - 1);
    struct run *whole = run_make(text, size, false);
    struct buf again;
    expect_same(text, (size_t)data[0] + 1, true, whole);
    buf_init(&again, 2 * TEXT_BYTES);
    buf_text(&again, soa);
    (void)buf_append(&again, whole->names.data, whole->names.len);
    struct run *second = run_make(buf_bytes(&again), SIZE_MAX / 2, false);
    expect(bytes_equal(buf_bytes(&second->names), buf_bytes(&whole->names)) ? NULL
                                                                            : "its names are read otherwise");
    run_free(second);
    run_free(whole);
    buf_dispose(&again);
    return 0;
}
