/* Makes one domain's suggestion, prints or writes it, and counts. */
#include "scanner/commands/suggest_run.h"

#include <errno.h>
#include <stdio.h>

#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"

enum { ARENA_BYTES = 8 << 20, README_BYTES = 1 << 20 };

static void count(struct suggest_run *run, const struct suggestion *suggestion)
{
    if (suggestion->kind == SUGGEST_UNKNOWN || suggestion->kind == SUGGEST_STAYS)
        run->undetermined++;
    else if (suggest_has_texts(suggestion))
        run->done++;
    else
        run->nothing++;
}

static bool write_folder(struct suggest_run *run, const struct domain_facts *facts,
                         const struct suggestion *suggestion)
{
    struct buf readme;
    buf_init(&readme, README_BYTES);
    bool made = suggest_text(&readme, facts, suggestion);
    enum error error = made ? suggest_folder_write(run->folder, suggestion, buf_bytes(&readme)) : ERR_MEMORY;
    if (error == ERR_EXISTS) {
        (void)fprintf(stderr, "stsweep: %s: its files stand already and were left alone (--force)\n",
                      facts->domain);
        run->standing++;
    } else if (error != ERR_OK) {
        (void)fprintf(stderr, "stsweep: %s: %s%s%s\n", facts->domain, error_text(error),
                      error == ERR_IO ? ": " : "", error == ERR_IO ? strerror(errno) : "");
        run->failed = true;
    }
    buf_dispose(&readme);
    return made;
}

bool suggest_run_domain(struct suggest_run *run, struct buf *text, const struct domain_facts *facts,
                        const struct judgement *judgement)
{
    struct arena arena;
    struct suggestion suggestion;
    arena_init(&arena, ARENA_BYTES);
    bool made = suggest_make(facts, judgement, &run->options, clock_wall_ms(), &arena, &suggestion) == ERR_OK;
    if (made)
        count(run, &suggestion);
    if (made && run->folder != NULL && suggest_has_texts(&suggestion))
        made = write_folder(run, facts, &suggestion);
    else if (made)
        made = run->json ? suggest_json(text, facts, &suggestion) : suggest_text(text, facts, &suggestion);
    arena_dispose(&arena);
    return made;
}

int suggest_run_end(const struct suggest_run *run)
{
    if (run->folder != NULL)
        (void)fprintf(stderr,
                      "stsweep: %zu domains have something to publish, %zu do not, %zu could not be "
                      "determined; %zu were left alone\n",
                      run->done, run->nothing, run->undetermined, run->standing);
    if (run->failed)
        return EXIT_FAILED;
    if (run->standing > 0)
        return EXIT_USAGE;
    return run->undetermined > 0 ? EXIT_UNKNOWN : EXIT_DONE;
}
