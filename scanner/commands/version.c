#include "scanner/commands/version.h"

#include "output/json/json_write.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/put_bytes.h"
#include "scanner/base/shown.h"
#include "scanner/commands/flags.h"
#include "scanner/facts/record.h"
#include "scanner/machine/build.h"

enum { ANSWER_BYTES = 64 * 1024 };

static void tell(FILE *out)
{
    (void)fprintf(out, "stsweep " STSWEEP_VERSION "\nschema %d, rules %d\n", RECORD_SCHEMA_VERSION,
                  RECORD_RULES);
}

static const char *or_none(const char *text)
{
    return text[0] == '\0' ? "none" : text;
}

static void tell_more(const struct build *build, FILE *out)
{
    (void)fprintf(out, "compiler %s\nflags %s\nhardening %s\n", build->compiler, or_none(build->flags),
                  or_none(build->hardening));
    for (size_t i = 0; i < build->library_count; i++)
        (void)fprintf(out, "library %s %s\n", build->libraries[i].name, shown(build->libraries[i].version));
    (void)fprintf(out, "kernel %s\n", shown(build->kernel));
    if (build->landlock > 0)
        (void)fprintf(out, "landlock ABI %d\n", build->landlock);
    else
        (void)fputs("landlock none: other files and ports cannot be given away\n", out);
    (void)fprintf(out, "seccomp %s\n", build->seccomp ? "yes" : "none: system calls cannot be refused");
}

static void put_build(const struct build *build, struct json *json)
{
    json_put_string(json, "compiler", build->compiler);
    json_put_string(json, "flags", build->flags);
    json_put_string(json, "hardening", build->hardening);
    json_open(json, "libraries");
    for (size_t i = 0; i < build->library_count; i++)
        json_put_string(json, build->libraries[i].name, build->libraries[i].version);
    json_close(json);
    json_put_string(json, "kernel", build->kernel);
    json_put_signed(json, "landlock_abi", build->landlock);
    json_put_bool(json, "seccomp", build->seccomp);
}

static int tell_json(const struct build *build, FILE *out, FILE *err)
{
    struct buf text;
    struct json json;
    buf_init(&text, ANSWER_BYTES);
    json_start(&json, &text);
    json_open(&json, NULL);
    json_put_string(&json, "version", STSWEEP_VERSION);
    json_put_unsigned(&json, "schema", RECORD_SCHEMA_VERSION);
    json_put_unsigned(&json, "rules", RECORD_RULES);
    put_build(build, &json);
    json_close(&json);
    bool fine = json_finish(&json);
    if (fine)
        (void)put_bytes(out, buf_bytes(&text));
    else
        (void)fputs("stsweep: version: out of memory: leave out --json, or try again with less running\n",
                    err);
    buf_dispose(&text);
    return fine ? EXIT_DONE : EXIT_FAILED;
}

int version_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct flags flags;
    struct build build;
    bool json = false, verbose = false;
    enum flag flag;
    flags_begin(&flags, "version", argc - 1, argv + 1);
    while ((flag = flags_next(&flags)) != FLAG_END && flag != FLAG_FAULT) {
        json = json || flag == FLAG_JSON;
        verbose = verbose || flag == FLAG_VERBOSE;
        if (flag == FLAG_NAME)
            flag = flags_refuse(&flags, "it takes no word: ", flags.value, "");
        if (flag == FLAG_FAULT)
            break;
    }
    if (flag == FLAG_FAULT) {
        flags_say(&flags, err);
        return EXIT_USAGE;
    }
    if (json || verbose)
        build_describe(&build);
    if (json)
        return tell_json(&build, out, err);
    tell(out);
    if (verbose)
        tell_more(&build, out);
    return EXIT_DONE;
}
