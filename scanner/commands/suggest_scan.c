/* Turns a scan's records back into facts, and these into suggestions. */
#include "scanner/commands/suggest_scan.h"

#include <stdio.h>
#include <string.h>

#include "scanner/base/put_bytes.h"
#include "scanner/base/shown.h"
#include "scanner/json/json_read.h"
#include "scanner/commands/show_judge.h"
#include "scanner/facts/record_kept.h"
#include "scanner/verdict/verdict.h"

struct walk {
    struct suggest_run *run;
    struct scanview *view;
    struct buf text;
    struct buf *why;
    uint64_t named; /* records that cannot be read, but whose domain a map names */
};

static enum error print(struct walk *walk)
{
    bool written = put_bytes(walk->run->out, buf_bytes(&walk->text));
    buf_reset(&walk->text);
    return written ? ERR_OK : ERR_STOPPED;
}

static bool take_domain(void *arg, const struct json_value *value)
{
    struct walk *walk = arg;
    if (strcmp(value->key, "domain") != 0 || value->sub[0] != 0 || value->kind != FIELD_STRING)
        return true;
    suggest_put_comment(&walk->text, value->text);
    return false;
}

/* A map of nginx is to take the place of yesterday's: it says whose line it does not have. */
static enum error leave_line(struct walk *walk, const struct view_record *record)
{
    buf_text(&walk->text, "    # left out: mta-sts.");
    (void)json_read_line(record->line, take_domain, walk);
    buf_text(&walk->text, ": its record cannot be judged: keep the line that served it before\n");
    walk->run->left_out++;
    return print(walk);
}

/* Counts the records that cannot be read, and says how many of them a map does not even name. */
static enum error tell_refused(struct walk *walk)
{
    uint64_t count = scanview_refused(walk->view, VIEW_DOMAINS);
    walk->run->undetermined += count;
    if (walk->run->format != FORMAT_NGINX || count <= walk->named)
        return ERR_OK;
    buf_printf(&walk->text,
               "    # %llu records cannot be read: keep the lines that served their domains before\n",
               (unsigned long long)(count - walk->named));
    return print(walk);
}

/* Likewise whom an opt-out list left out; they are not named here. */
static enum error tell_left_out(struct walk *walk, const struct scanview *view)
{
    uint64_t count = scanview_left_out(view, VIEW_DOMAINS);
    if (walk->run->format != FORMAT_NGINX || count == 0)
        return ERR_OK;
    buf_printf(&walk->text,
               "    # %llu domains are left out by --except: keep the lines that served them before\n",
               (unsigned long long)count);
    return print(walk);
}

/* Says of whom the host records or certificates are lost. Of a record that is none the view says it. */
static void say_lost(struct walk *walk, const struct view_record *record)
{
    (void)json_read_line(record->line, take_domain, walk);
    (void)fprintf(stderr, "stsweep: %s: left out: its hosts' or certificates' records are not there\n",
                  shown(buf_string(&walk->text)));
    buf_reset(&walk->text);
}

/* Leaves out a record whose facts are lost, or none: a domain more that could not be determined. */
static enum error leave_out(struct walk *walk, const struct view_record *record)
{
    if (record->error == ERR_NOT_FOUND) {
        say_lost(walk, record);
        walk->run->undetermined++;
    }
    walk->named += record->error != ERR_NOT_FOUND;
    return walk->run->format == FORMAT_NGINX ? leave_line(walk, record) : ERR_OK;
}

static enum error on_record(void *arg, const struct view_record *record)
{
    struct walk *walk = arg;
    if (record->found != VIEW_JUDGED)
        return leave_out(walk, record);
    if (suggest_run_domain(walk->run, &walk->text, record->domain, record->judgement))
        return walk->run->ended ? ERR_STOPPED : print(walk);
    buf_dispose(&walk->text); /* what there is of it, and that it is full */
    buf_init(&walk->text, RECORD_LINE_BYTES);
    (void)scanview_refuse(walk->view, ERR_LIMIT, "what is to be published of it is too large");
    return leave_out(walk, record);
}

static enum error on_line(void *arg, struct bytes line)
{
    uint64_t *count = arg;
    (void)line;
    ++*count;
    return ERR_OK;
}

/* Writes the stream's head. nginx wants to know how many names come; what is damaged is said when it is read.
 */
static enum error begin(struct walk *walk, struct scanview *view)
{
    uint64_t count = 0;
    struct buf why;
    buf_init(&why, walk->why->ceiling_bytes);
    enum error error = walk->run->format == FORMAT_NGINX
                           ? scanview_lines(view, VIEW_DOMAINS, on_line, &count, &why)
                           : ERR_OK;
    buf_dispose(&why);
    if (error != ERR_OK && error != ERR_CORRUPT)
        return error;
    return suggest_run_head(walk->run, count);
}

static enum error suggest_all(struct walk *walk, struct scanview *view)
{
    struct show_judge judge;
    enum error error = show_judge_init(&judge, view, BY_OWN_TIME, walk->why);
    if (error == ERR_OK)
        error = begin(walk, view);
    if (error == ERR_OK)
        error = scanview_records(view, VIEW_DOMAINS, on_record, walk, walk->why);
    bool is_damaged = error == ERR_CORRUPT && walk->why->len > 0;
    if (error == ERR_OK || is_damaged) { /* the stream ends in good order, as what was read is in it */
        error = tell_refused(walk);
        if (error == ERR_OK)
            error = tell_left_out(walk, view);
        if (error == ERR_OK)
            error = suggest_run_foot(walk->run);
    }
    if (is_damaged && error == ERR_OK)
        error = ERR_CORRUPT;
    if (error == ERR_STOPPED) /* main says that the answer cannot be written */
        error = ERR_OK;
    if (error == ERR_OK && scanview_damage(view)[0] != 0) {
        buf_text(walk->why, scanview_damage(view));
        error = ERR_CORRUPT;
    }
    show_judge_dispose(&judge);
    return error;
}

enum error suggest_scan(const char *dir, const struct except_files *except, struct suggest_run *run,
                        struct buf *why)
{
    struct walk walk = {.run = run, .why = why};
    struct scanview *view = NULL;
    struct except_list list;
    buf_init(&walk.text, RECORD_LINE_BYTES);
    enum error error = except_list_open(&list, except, stderr, why);
    if (error == ERR_OK)
        error = scanview_open(dir, &view, why);
    if (error == ERR_OK)
        error = except_list_use(&list, view);
    walk.view = view;
    if (error == ERR_OK) {
        error = suggest_all(&walk, view);
        except_list_tell(&list, view, VIEW_DOMAINS, NULL, stderr);
    }
    scanview_close(view);
    except_list_dispose(&list);
    buf_dispose(&walk.text);
    return error;
}
