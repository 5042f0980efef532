/* A text that grows. */
#include "tests/unit/reach/world/story.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/reach/world/fake_clock.h"

static FILE *out;
static char *text;
static size_t size;

void story_begin(void)
{
    if (out != NULL)
        (void)fclose(out);
    free(text);
    text = NULL;
    out = open_memstream(&text, &size);
    if (out == NULL)
        out_of_memory("what happens in a world");
}

void story_tell(const char *format, ...)
{
    va_list args;
    (void)fprintf(out, "%12.3f s  ", (double)fake_clock_us() / 1e6);
    va_start(args, format);
    (void)vfprintf(out, format, args);
    va_end(args);
    (void)fputc('\n', out);
}

void story_print(void)
{
    (void)fflush(out);
    printf("%s", text);
}
