/* A scan's records, back to facts, to suggestions. */
#include "scanner/commands/suggest_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "output/readback/facts_index.h"
#include "output/readback/meta_read.h"
#include "scanner/machine/suffixes.h"
#include "scanner/verdict/verdict.h"

enum { TEXT_BYTES = RECORD_LINE_BYTES, ARENA_BYTES = 256 << 20 };

struct walk {
    struct suggest_run *run;
    struct facts_source source;
    struct buf text;
    struct buf *why;
};

static bool has_gaps(const struct facts_gaps *gaps)
{
    return gaps->hosts > 0 || gaps->certs > 0;
}

/* The facts of a record, whole; ERR_NOT_FOUND where a part of them is lost. */
static enum error read_facts(struct walk *walk, struct bytes line, struct arena *arena,
                             struct domain_facts *facts)
{
    struct facts_gaps gaps = {0};
    enum error error = facts_read_domain(line, arena, facts, walk->why);
    if (error == ERR_OK)
        error = facts_complete(facts, &walk->source, arena, &gaps, walk->why);
    if (error == ERR_OK && has_gaps(&gaps))
        error = ERR_NOT_FOUND;
    return error;
}

static enum error print(struct walk *walk)
{
    size_t len = walk->text.len;
    bool written = len == 0 || fwrite(walk->text.data, 1, len, stdout) == len;
    buf_reset(&walk->text);
    return written ? ERR_OK : ERR_IO;
}

static enum error on_line(void *arg, struct bytes line)
{
    struct walk *walk = arg;
    struct domain_facts facts;
    struct judgement judgement;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    enum error error = read_facts(walk, line, &arena, &facts);
    if (error == ERR_NOT_FOUND || error == ERR_SYNTAX) {
        (void)fprintf(stderr, "stsweep: a record was left out: %s\n",
                      error == ERR_SYNTAX ? buf_string(walk->why) : "its hosts' or certificates' are lost");
        buf_reset(walk->why);
        walk->run->undetermined++;
        error = ERR_OK;
    } else if (error == ERR_OK) {
        verdict_judge(&facts, BY_OWN_TIME, &arena, &judgement);
        if (!suggest_run_domain(walk->run, &walk->text, &facts, &judgement))
            error = ERR_LIMIT;
        if (error == ERR_OK)
            error = print(walk);
    }
    arena_dispose(&arena);
    return error;
}

/* The directory of a scan; -1 with *why where it is none. */
static int open_scan(const char *dir, struct buf *why)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        (void)buf_text(why, strerror(errno));
    } else if (faccessat(fd, "meta.json", F_OK, 0) != 0) {
        (void)buf_printf(why, "no scan directory: meta.json: %s", strerror(errno));
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

enum error suggest_scan(const char *dir, struct suggest_run *run, struct buf *why)
{
    struct facts_index *index = NULL;
    struct walk walk = {.run = run, .why = why};
    struct meta_stored stored;
    int fd = open_scan(dir, why);
    if (fd < 0)
        return ERR_IO;
    suffixes_load();
    buf_init(&walk.text, TEXT_BYTES);
    enum error error = meta_read_in(fd, &stored, why);
    if (error == ERR_OK)
        error = meta_may_rejudge(&stored, why);
    if (error == ERR_OK)
        error = facts_index_open(fd, stored.rules, &index, why);
    if (error == ERR_OK) {
        walk.source = facts_index_source(index);
        error = frames_read(fd, "domains", on_line, &walk, why);
    }
    if (error == ERR_OK && fflush(stdout) != 0)
        error = ERR_IO;
    if (error == ERR_OK && facts_index_damage(index)[0] != 0) {
        (void)buf_text(why, facts_index_damage(index));
        error = ERR_CORRUPT;
    }
    facts_index_close(index);
    buf_dispose(&walk.text);
    (void)close(fd);
    return error;
}
