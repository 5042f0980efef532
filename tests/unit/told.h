/* A sink for the tests of input/ that writes down what it is told. cmocka's headers come first. */
#ifndef STSWEEP_TESTS_TOLD_H
#define STSWEEP_TESTS_TOLD_H

#include "input/input.h"

/* The sink notes what it was told, a line each: "1 example.com 7 label" or "2! input.bad-name 3 text". */
struct told {
    struct buf text;
    uint64_t names, rejects;
    uint64_t stop_after; /* names; 0 for never */
    bool keep;
};

static inline enum error on_name(void *arg, const struct input_name *name)
{
    struct told *told = arg;
    told->names++;
    if (told->keep)
        assert_true(buf_printf(&told->text, "%llu %s %u %s\n", (unsigned long long)name->ordinal,
                               name->domain, name->rank, name->label == NULL ? "-" : name->label));
    return told->stop_after != 0 && told->names == told->stop_after ? ERR_FULL : ERR_OK;
}

static inline enum error on_reject(void *arg, const struct input_reject *reject)
{
    struct told *told = arg;
    told->rejects++;
    assert_true(reject->text.len <= 1024);
    if (told->keep)
        assert_true(buf_printf(&told->text, "%llu! %s %llu %.*s\n", (unsigned long long)reject->ordinal,
                               failure_name(reject->reason), (unsigned long long)reject->line,
                               reject->text.len > 20 ? 20 : (int)reject->text.len,
                               (const char *)reject->text.data));
    return ERR_OK;
}

static inline void told_init(struct told *told)
{
    *told = (struct told){.keep = true};
    buf_init(&told->text, 1 << 20);
}

static inline struct input_sink sink_of(struct told *told)
{
    return (struct input_sink){.name = on_name, .reject = on_reject, .arg = told};
}

#endif
