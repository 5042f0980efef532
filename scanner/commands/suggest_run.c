/* Makes one domain's suggestion, prints or writes it, and counts. */
#include "scanner/commands/suggest_run.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "output/frames/disk.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"

enum { ARENA_BYTES = 8 << 20, README_BYTES = 1 << 20 };

/* Of what is to be taken down it must be known whether it is there. */
static bool is_undetermined(const struct domain_facts *facts, const struct suggestion *suggestion)
{
    return suggestion->kind == SUGGEST_UNKNOWN || suggestion->kind == SUGGEST_STAYS ||
           (suggestion->kind == SUGGEST_REMOVE && !dns_says_anything(facts->txt.lookup.status));
}

static void count(struct suggest_run *run, const struct domain_facts *facts,
                  const struct suggestion *suggestion, const struct suggest_changes *changes)
{
    if (changes->count > 0) {
        run->done++;
        run->at_risk[changes->risk]++;
        run->placeholders += changes->is_placeholder;
    } else if (is_undetermined(facts, suggestion)) {
        run->undetermined++;
    } else if (suggestion->unchanged) {
        run->standing_well++;
    } else {
        run->nothing++;
    }
}

/* Says at which path the writing failed, and of what. What this machine cannot do ends the run: the next
 * domain would fail as well. */
static void say_unwritten(struct suggest_run *run, const char *domain, enum error error, int number)
{
    const struct suggest_folder *folder = run->folder;
    char path[PATH_MAX];
    const bool is_told = error == ERR_FULL || error == ERR_IO || error == ERR_NOT_FOUND;
    (void)snprintf(path, sizeof path, "%s/%s%s%s", folder->path, domain, folder->file == NULL ? "" : "/",
                   folder->file == NULL ? "" : folder->file);
    (void)fprintf(stderr, "stsweep: %s: %s\n", shown(path), is_told ? disk_said(number) : error_text(error));
    run->failed = true;
    run->ended = error == ERR_FULL || error == ERR_IO || error == ERR_MEMORY;
}

static bool write_folder(struct suggest_run *run, const struct domain_facts *facts,
                         const struct suggestion *suggestion)
{
    struct buf readme;
    buf_init(&readme, README_BYTES);
    bool made = suggest_text(&readme, facts, suggestion);
    enum error error = made ? suggest_folder_write(run->folder, suggestion, buf_bytes(&readme)) : ERR_MEMORY;
    if (error == ERR_EXISTS) {
        (void)fprintf(stderr,
                      "stsweep: %s: its files stand already and were left alone: --force replaces them\n",
                      facts->domain);
        run->standing++;
    } else if (error != ERR_OK) {
        say_unwritten(run, facts->domain, error, errno);
    } else {
        run->written++;
    }
    buf_dispose(&readme);
    return made;
}

static bool write_part(struct suggest_run *run, struct buf *text, const struct suggest_part *part)
{
    enum suggest_written written;
    bool made = suggest_format_part(text, run->format, part, &written);
    run->elsewhere += written == WRITTEN_ELSEWHERE;
    run->left_out += written == WRITTEN_NOT;
    return made;
}

bool suggest_run_domain(struct suggest_run *run, struct buf *text, const struct domain_facts *facts,
                        const struct judgement *judgement)
{
    struct arena arena;
    struct suggestion suggestion;
    struct suggest_changes changes;
    const struct suggest_part part = {facts, judgement, &suggestion, &changes};
    if (run->ended)
        return true;
    arena_init(&arena, ARENA_BYTES);
    bool made =
        suggest_make(facts, judgement, &run->options, run->now, &arena, &suggestion) == ERR_OK &&
        suggest_changes_make(facts, judgement, &run->options, &suggestion, &arena, &changes) == ERR_OK;
    if (made && run->format != FORMAT_NONE)
        made = write_part(run, text, &part);
    else if (made && run->folder != NULL && suggest_has_texts(&suggestion))
        made = write_folder(run, facts, &suggestion);
    else if (made)
        made = run->json ? suggest_json(text, facts, &suggestion) : suggest_text(text, facts, &suggestion);
    made = made && !text->failed;
    if (made)
        count(run, facts, &suggestion, &changes);
    arena_dispose(&arena);
    return made;
}

static enum error put(const struct suggest_run *run, struct buf *text)
{
    bool written =
        !text->failed && (text->len == 0 || fwrite(text->data, 1, text->len, run->out) == text->len);
    buf_dispose(text);
    return written ? ERR_OK : ERR_STOPPED;
}

enum error suggest_run_head(const struct suggest_run *run, uint64_t domains)
{
    struct buf text;
    buf_init(&text, README_BYTES);
    (void)suggest_format_head(&text, run->format, domains);
    return put(run, &text);
}

enum error suggest_run_foot(const struct suggest_run *run)
{
    struct buf text;
    buf_init(&text, README_BYTES);
    (void)suggest_format_end(&text, run->format, run->done);
    return put(run, &text);
}

static void say_stream(const struct suggest_run *run)
{
    if (run->done > 0) {
        (void)fputs("stsweep: risk of what is to be published:", stderr);
        for (unsigned risk = RISK_NONE; risk < RISK_COUNT; risk++)
            if (run->at_risk[risk] > 0)
                (void)fprintf(stderr, " %s %zu", suggest_risk_name((enum suggest_risk)risk),
                              run->at_risk[risk]);
        (void)fputc('\n', stderr);
    }
    if (run->placeholders > 0)
        (void)fprintf(stderr,
                      "stsweep: the address of the reports is a placeholder in %zu domains: give one that "
                      "somebody reads with --rua\n",
                      run->placeholders);
    if (run->elsewhere > 0)
        (void)fprintf(
            stderr,
            "stsweep: of %zu domains a record is an alias: a comment says where it is to be changed\n",
            run->elsewhere);
    if (run->left_out > 0)
        (void)fprintf(stderr, "stsweep: %zu policies are left out: comments say why\n", run->left_out);
}

int suggest_run_end(const struct suggest_run *run)
{
    if (run->ended) {
        (void)fprintf(stderr,
                      "stsweep: it ended there: the files of %zu domains are written, and no others\n",
                      run->written);
        return EXIT_FAILED;
    }
    if (run->folder != NULL || run->format != FORMAT_NONE)
        (void)fprintf(stderr,
                      "stsweep: %zu domains have something to publish, %zu do not (%zu of them as it stands "
                      "already), %zu could not be determined",
                      run->done, run->standing_well + run->nothing, run->standing_well, run->undetermined);
    if (run->folder != NULL)
        (void)fprintf(stderr, "; %zu were left alone", run->standing);
    if (run->folder != NULL && run->failed)
        (void)fprintf(stderr, ", and not all others could be written: %zu are", run->written);
    if (run->folder != NULL || run->format != FORMAT_NONE)
        (void)fputc('\n', stderr);
    if (run->format != FORMAT_NONE)
        say_stream(run);
    if (run->failed)
        return EXIT_FAILED;
    if (run->standing > 0)
        return EXIT_USAGE;
    return run->undetermined > 0 ? EXIT_UNKNOWN : EXIT_DONE;
}
