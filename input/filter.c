/* Holds two lists in the form of the opt-out list. */
#include "input/filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "input/optout_list.h"
#include "input/stored.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/shown.h"
#include "scanner/base/trim.h"
#include "scanner/base/utf8.h"
#include "scanner/facts/hostname.h"

struct filter {
    struct optout *only; /* NULL: all names */
    struct optout *except;
};

enum { ITEM_SHOWN_BYTES = 64 };

/* Takes an item of input.only. One word alone is a suffix whose dot was forgotten: it is no name to scan. */
static enum error take_item(struct optout *only, struct bytes item, struct buf *why)
{
    char name[HOSTNAME_BYTES];
    bool is_suffix = item.len > 0 && item.data[0] == '.';
    struct bytes text = is_suffix ? bytes_make(item.data + 1, item.len - 1) : item;
    enum failure_code code = text.len == 0 ? FAIL_INPUT_BAD_NAME : hostname_normalize(text, name);
    char copy[ITEM_SHOWN_BYTES + 1];
    size_t len = utf8_cut(item, ITEM_SHOWN_BYTES);
    utf8_show(bytes_make(item.data, len), '?', copy);
    if (code == FAIL_NONE && (is_suffix || strchr(name, '.') != NULL))
        return is_suffix ? optout_add_suffix(only, name) : optout_add_domain(only, name);
    if (code == FAIL_NONE)
        buf_printf(why, "input.only: \"%s\" is no name of a list: write .%s for all below it", copy, name);
    else
        buf_printf(why,
                   "input.only: \"%s\": %s Write .suffixes or names with commas between, as in "
                   ".de,.co.uk,example.org",
                   copy, failure_get(code)->why);
    return ERR_CONFIG;
}

static enum error take_items(const char *text, struct optout *only, struct buf *why)
{
    for (;;) {
        text += strspn(text, " \t");
        size_t len = strcspn(text, ",");
        struct bytes item = trim(bytes_make(text, len));
        enum error error = take_item(only, item, why);
        if (error != ERR_OK || text[len] == '\0')
            return error;
        text += len + 1;
    }
}

static enum error read_only(const char *text, struct optout **only, struct buf *why)
{
    if (text[0] == '\0')
        return ERR_OK;
    *only = optout_create();
    if (*only == NULL)
        return ERR_MEMORY;
    enum error error = take_items(text, *only, why);
    if (error == ERR_OK)
        optout_finish(*only);
    return error;
}

static enum error let_go(void *arg, struct bytes data)
{
    (void)arg, (void)data;
    return ERR_OK;
}

/* Returns why the path is of no list, or NULL. */
static const char *fault_of(const char *path)
{
    struct stat status;
    if (strcmp(path, "-") != 0 && stat(path, &status) != 0)
        return errno == ENOENT ? "it does not exist; check its path" : errno_said(errno);
    return stored_is_file(path) ? NULL : "it is to be a file that can be read twice";
}

/* Hashes the file, so that a resume can tell whether it is the same. */
static enum error hash_file(const char *path, char sha256[FILTER_SHA256_BYTES], struct buf *why)
{
    struct stored stored = {.path = path, .sink = let_go};
    const char *fault = fault_of(path);
    if (fault != NULL) {
        buf_printf(why, "input.except: %s: %s", shown(path), fault);
        return ERR_CONFIG;
    }
    enum error error = stored_read(&stored);
    if (error != ERR_OK)
        buf_printf(why, "input.except: %s: %s", shown(path),
                   stored.reason[0] != '\0' ? stored.reason : error_text(error));
    memcpy(sha256, stored.sha256, FILTER_SHA256_BYTES);
    return error;
}

static enum error read_except(const char *path, struct optout **except, char sha256[FILTER_SHA256_BYTES],
                              struct buf *why)
{
    sha256[0] = '\0';
    size_t before = why->len;
    enum error error = path[0] == '\0' ? ERR_OK : hash_file(path, sha256, why);
    if (error == ERR_OK)
        error = optout_read(path, NULL, except, why);
    if (error == ERR_OK && optout_prefixes(*except)->count > 0) {
        buf_printf(why,
                   "input.except: %s: it holds prefixes, and names of a list have no address yet: who is not "
                   "to be connected to stands in safety.optout",
                   shown(path));
        error = ERR_CONFIG;
    }
    if (error == ERR_OK)
        why->len = before;
    return error == ERR_SYNTAX || error == ERR_NOT_FOUND ? ERR_CONFIG : error;
}

enum error filter_create(const char *only, const char *except, struct filter **filter,
                         char sha256[FILTER_SHA256_BYTES], struct buf *why)
{
    *filter = NULL;
    sha256[0] = '\0';
    struct filter *made = calloc(1, sizeof *made);
    if (made == NULL)
        return ERR_MEMORY;
    enum error error = read_only(only, &made->only, why);
    if (error == ERR_OK)
        error = read_except(except, &made->except, sha256, why);
    if (error == ERR_OK)
        *filter = made;
    else
        filter_destroy(made);
    return error;
}

void filter_destroy(struct filter *filter)
{
    if (filter == NULL)
        return;
    optout_destroy(filter->only);
    optout_destroy(filter->except);
    free(filter);
}

bool filter_passes(const struct filter *filter, const char *domain)
{
    return (filter->only == NULL || optout_has_domain(filter->only, domain)) &&
           !optout_has_domain(filter->except, domain);
}
