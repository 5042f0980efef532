/*
 * Prints the names that a zone file delegates, as a scan reads them, and behind them what was rejected:
 * "! LINE CODE". Usage: owners FILE; exit 1 with the reason if the file is refused.
 */
#include <stdio.h>

#include "input/input.h"

enum { WHY_BYTES = 4096 };

static enum error on_name(void *arg, const struct input_name *name)
{
    (void)arg;
    (void)puts(name->domain);
    return ERR_OK;
}

static enum error on_reject(void *arg, const struct input_reject *reject)
{
    (void)arg;
    (void)printf("! %llu %s\n", (unsigned long long)reject->line, failure_name(reject->reason));
    return ERR_OK;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct input_file file = {.path = argv[1]};
    struct input_asked asked = {.format = INPUT_ZONE, .columns = ""};
    struct input_sink sink = {.name = on_name, .reject = on_reject};
    struct buf why;
    buf_init(&why, WHY_BYTES);
    enum error error = input_read(&file, 1, &asked, &sink, NULL, NULL, &why);
    if (error != ERR_OK)
        (void)fprintf(stderr, "%s\n", buf_string(&why));
    buf_dispose(&why);
    return error == ERR_OK ? 0 : 1;
}
