/* TXT-1: records as dig and zone files write them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/sts/presentation.h"

static void what_dig_and_zone_files_write(void **state)
{
    static const struct {
        const char *text;
        const char *rr; /* NULL: it is not written so */
    } rows[] = {
        {"\"v=STSv1; id=1;\"", "v=STSv1; id=1;"},
        {" \"v=STSv1; \" \"id=1;\" \n", "v=STSv1; id=1;"},
        {"\"v=STSv1;\"\"id=1\"", "v=STSv1;id=1"},
        {"_mta-sts.example.com. 300 IN TXT \"v=STSv1; id=1;\"", "v=STSv1; id=1;"},
        {"_mta-sts\tIN\ttxt\t\"v=STSv1\\; id=1\"", "v=STSv1; id=1"},
        {"@ TXT \"a\\\"b\\\\c\\065\" ; as published", "a\"b\\cA"},
        {"TXT\"x\"", "x"},
        {"\"\"", ""},
        {"v=STSv1; id=1;", NULL},
        {"", NULL},
        {"_mta-sts IN A \"x\"", NULL},
        {"example.com. TXT", NULL},
        {"\"open", NULL},
        {"\"open\\", NULL},
        {"\"too \\256 large\"", NULL},
        {"\"a\" b", NULL},
        {"v=STSv1; x=\"quoted\";", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena;
        struct bytes rr;
        arena_init(&arena, 4096);
        bool is_so = presentation_read(bytes_of(rows[i].text), &arena, &rr);
        if (is_so != (rows[i].rr != NULL) || (is_so && !bytes_equal(rr, bytes_of(rows[i].rr))))
            fail_msg("%s: %s %.*s", rows[i].text, is_so ? "read as" : "not read", is_so ? (int)rr.len : 0,
                     is_so ? (const char *)rr.data : "");
        arena_dispose(&arena);
    }
}

static void without_memory_it_stays_as_it_is(void **state)
{
    struct arena arena;
    struct bytes rr;
    char text[4096];
    (void)state;
    memset(text, 'x', sizeof text);
    text[0] = text[sizeof text - 1] = '"';
    arena_init(&arena, 64);
    assert_false(presentation_read(bytes_make(text, sizeof text), &arena, &rr));
    arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_dig_and_zone_files_write),
        cmocka_unit_test(without_memory_it_stays_as_it_is),
    };
    return cmocka_run_group_tests_name("presentation", tests, NULL, NULL);
}
