/* Makes the meta.json of a running scan, and compares it with that of a stopped one. */
#include "scanner/scan/scanmeta.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/clock.h"

enum { SKIP_MOST = 8, ARENA_BYTES = 4 * 1024 * 1024, TEXT_BYTES = 8 * 1024 * 1024, MOST_OPTIONS = 200 };

static void add_option(void *arg, const char *section, const char *key, const char *value)
{
    struct scan_meta *meta = arg;
    struct buf name;
    if (meta->options == NULL || meta->option_count == MOST_OPTIONS)
        return;
    buf_init(&name, 256);
    (void)buf_printf(&name, "%s.%s", section, key);
    const char *text = buf_string(&name);
    struct meta_option *option = &meta->options[meta->option_count++];
    option->may_change = config_resume(text) == RESUME_FREE;
    option->is_switch = config_resume(text) == RESUME_SWITCH;
    option->name = arena_string(&meta->arena, text);
    option->value = arena_string(&meta->arena, value);
    buf_dispose(&name);
}

/* Each option of the table comes in the same place, whatever its value. */
struct defaults {
    struct scan_meta *meta;
    size_t at;
};

static void add_initial(void *arg, const char *section, const char *key, const char *value)
{
    struct defaults *defaults = arg;
    (void)section, (void)key;
    if (defaults->at < defaults->meta->option_count)
        defaults->meta->options[defaults->at++].initial = arena_string(&defaults->meta->arena, value);
}

static enum error add_options(struct scan_meta *meta, const struct config *config)
{
    struct config initial;
    struct defaults defaults = {.meta = meta};
    meta->options = arena_array(&meta->arena, MOST_OPTIONS, sizeof *meta->options);
    config_each(config, add_option, meta);
    enum error error = config_init(&initial);
    if (error != ERR_OK)
        return error;
    config_each(&initial, add_initial, &defaults);
    config_dispose(&initial);
    return meta->arena.full ? ERR_MEMORY : ERR_OK;
}

/* Shards of the stage names are planned together, so that they need the same seed without being given one. */
static uint64_t seed_of(const struct config *config)
{
    if (config->scan_seed != 0)
        return (uint64_t)config->scan_seed;
    return config->scan_stage == SCAN_STAGE_NAMES ? SCAN_META_NAMES_SEED : setup_random() >> 1;
}

enum error scan_meta_init(struct scan_meta *meta, const struct config *config, const char *command)
{
    *meta = (struct scan_meta){.runs = 1, .command = command};
    arena_init(&meta->arena, ARENA_BYTES);
    buf_init(&meta->stored, TEXT_BYTES);
    meta->seed = seed_of(config);
    meta->started_ms = clock_wall_ms();
    if (gethostname(meta->host, sizeof meta->host - 1) != 0)
        meta->host[0] = 0;
    meta->resolver = config->dns_resolvers[0] == 0 ? "embedded" : config->dns_resolvers;
    meta->library_count = setup_libraries(meta->libraries);
    return add_options(meta, config);
}

void scan_meta_except(struct scan_meta *meta, const char *sha256)
{
    if (meta->option_count < MOST_OPTIONS)
        meta->options[meta->option_count++] =
            (struct meta_option){.name = "input.except.sha256", .value = sha256, .initial = ""};
}

void scan_meta_previous(struct scan_meta *meta, const struct meta_previous *previous)
{
    if (previous != NULL)
        meta->previous = *previous;
}

void scan_meta_dispose(struct scan_meta *meta)
{
    arena_dispose(&meta->arena);
    buf_dispose(&meta->stored);
}

static struct meta describe(const struct scan_meta *meta, const char *state)
{
    return (struct meta){.tool_version = STSWEEP_VERSION,
                         .state = state,
                         .started_ms = meta->started_ms,
                         .ended_ms = meta->ended_ms,
                         .resumed_ms = meta->resumed_ms,
                         .runs = meta->runs,
                         .host = meta->host,
                         .command = meta->command,
                         .seed = meta->seed,
                         .asked = {.inputs = meta->inputs,
                                   .input_count = meta->input_count,
                                   .options = meta->options,
                                   .option_count = meta->option_count,
                                   .previous = meta->previous.dir == NULL ? NULL : &meta->previous,
                                   .plan = meta->plan},
                         .libraries = meta->libraries,
                         .library_count = meta->library_count,
                         .preflight = meta->preflight,
                         .preflight_count = meta->preflight_count,
                         .events = meta->events,
                         .event_count = meta->event_count,
                         .counters = meta->counters,
                         .tail = meta->tail,
                         .resolver = meta->resolver,
                         .stored = buf_bytes(&meta->stored)};
}

enum error scan_meta_resume(struct scan_meta *meta, struct store *store, struct buf *why)
{
    struct meta_stored found;
    enum error error = store_read_file(store, "meta.json", &meta->stored, why);
    if (error != ERR_OK)
        return error;
    struct meta now = describe(meta, "reading");
    error = meta_compare(buf_bytes(&meta->stored), &now.asked, &found, why);
    if (error != ERR_OK)
        return error;
    meta->seed = found.seed;
    meta->runs = found.runs + 1;
    meta->resumed_ms = meta->started_ms;
    meta->started_ms = found.started_ms;
    return ERR_OK;
}

enum error scan_meta_is_of(const struct config *config, int dir_fd, struct buf *why)
{
    struct scan_meta meta;
    enum error error = scan_meta_init(&meta, config, "");
    const struct meta_asked asked = {.options = meta.options, .option_count = meta.option_count};
    if (error == ERR_OK)
        error = meta_same_options_in(dir_fd, &asked, why);
    scan_meta_dispose(&meta);
    return error;
}

/* ---- how the inputs are read --------------------------------------------------------------------------- */

static struct meta_form form_to_meta(struct scan_meta *meta, const struct input_form *form)
{
    bool is_csv = form->format == INPUT_CSV;
    const char separator[] = {(char)form->separator, '\0'};
    return (struct meta_form){.format = form->format == INPUT_AUTO ? "" : input_format_name(form->format),
                              .separator = is_csv ? arena_string(&meta->arena, separator) : "",
                              .header = form->header,
                              .field = form->field,
                              .rank_field = form->rank_field,
                              .label_field = form->label_field,
                              .origins = form->origins,
                              .skip = form->skip,
                              .domain = is_csv ? (uint64_t)(form->columns.domain + 1) : 0,
                              .rank = is_csv ? (uint64_t)(form->columns.rank + 1) : 0,
                              .label = is_csv ? (uint64_t)(form->columns.label + 1) : 0};
}

/* false: nobody reads a list so. */
static bool form_from_meta(const struct meta_form *stored, struct input_form *form)
{
    *form = (struct input_form){
        .format = input_format_find(stored->format),
        .separator = (uint8_t)stored->separator[0],
        .skip = (uint8_t)stored->skip,
        .origins = stored->origins,
        .columns = {(int)stored->domain - 1, (int)stored->rank - 1, (int)stored->label - 1}};
    (void)snprintf(form->header, sizeof form->header, "%s", stored->header);
    (void)snprintf(form->field, sizeof form->field, "%s", stored->field);
    (void)snprintf(form->rank_field, sizeof form->rank_field, "%s", stored->rank_field);
    (void)snprintf(form->label_field, sizeof form->label_field, "%s", stored->label_field);
    bool known = form->format != INPUT_AUTO || stored->format[0] == '\0';
    bool is_csv = form->format == INPUT_CSV;
    if ((form->format == INPUT_JSON) != (form->field[0] != '\0'))
        return false;
    return known && stored->skip <= SKIP_MOST && stored->domain <= INPUT_COLUMNS &&
           stored->rank <= INPUT_COLUMNS && stored->label <= INPUT_COLUMNS &&
           is_csv == (stored->domain > 0) && is_csv == (strlen(stored->separator) == 1);
}

enum error scan_meta_forms(struct scan_meta *meta, struct input_file *files, size_t count, struct buf *why)
{
    struct meta_form *forms = arena_array(&meta->arena, count, sizeof *forms);
    if (forms == NULL)
        return ERR_MEMORY;
    enum error error = meta_forms(buf_bytes(&meta->stored), forms, count, &meta->arena, why);
    for (size_t i = 0; i < count && error == ERR_OK; i++) {
        if (form_from_meta(&forms[i], &files[i].form))
            continue;
        buf_printf(why, "meta.json: input %zu was read in a form that this program does not know", i + 1);
        error = ERR_CORRUPT;
    }
    return error;
}

enum error scan_meta_inputs(struct scan_meta *meta, const struct input_file *files, size_t count,
                            struct buf *why)
{
    struct meta_input *inputs = arena_array(&meta->arena, count, sizeof *inputs);
    if (inputs == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        inputs[i] = (struct meta_input){.path = files[i].path,
                                        .bytes = files[i].bytes,
                                        .lines = files[i].lines,
                                        .inputs = files[i].inputs,
                                        .sha256 = files[i].sha256,
                                        .form = form_to_meta(meta, &files[i].form)};
    meta->inputs = inputs;
    meta->input_count = count;
    if (meta->stored.len == 0)
        return ERR_OK;
    struct meta_stored found;
    struct meta now = describe(meta, "scanning");
    return meta_compare(buf_bytes(&meta->stored), &now.asked, &found, why);
}

enum error scan_meta_write(struct scan_meta *meta, struct store *store, const char *state, struct buf *why)
{
    struct buf text;
    /* A resumed scan that has not read its input again knows less than the stored file says. */
    if (meta->input_count == 0 && meta->stored.len > 0)
        return ERR_OK;
    buf_init(&text, TEXT_BYTES);
    meta->previous.matched = summary_cached(store_summary(store));
    struct meta now = describe(meta, state);
    struct amount amounts[AMOUNT_STREAMS];
    store_amounts(store, state, amounts);
    now.amounts = amounts;
    enum error error = ERR_LIMIT;
    if (meta_json(&text, &now))
        error = store_write_file(store, "meta.json", buf_bytes(&text), why);
    buf_dispose(&text);
    return error;
}
