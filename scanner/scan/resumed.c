/* Reads the store of a stopped scan, and tells the terminal and the pacers. */
#include "scanner/scan/resumed.h"

#include "output/store/unanswered.h"
#include "scanner/reach/limits.h"

uint64_t resumed_tell(struct store *store, FILE *out)
{
    const char *damage = store_damage(store);
    if (store_cut_bytes(store) > 0)
        (void)fprintf(out, "stsweep: %llu bytes that the last run had not finished writing were cut\n",
                      (unsigned long long)store_cut_bytes(store));
    if (damage[0] != 0)
        (void)fprintf(
            out,
            "stsweep: WARNING: stored records were damaged; what is damaged was set aside beside its file, "
            "as\n"
            "  NAME.OFFSET.damaged, and its domains are scanned again; records of hosts in it are lost\n%s",
            damage);
    return store_summary(store)->records;
}

uint64_t resumed_left(uint64_t names, uint64_t done_before)
{
    return names > done_before ? names - done_before : 0;
}

static void tell_pacers(const struct unanswered *silent, enum pace_class class, struct worker *workers)
{
    for (size_t i = 0; i < silent->count; i++)
        pace_note_silent(workers, &silent->ips[i], class);
}

void resumed_silence(const struct store *store, struct worker *workers)
{
    tell_pacers(store_silent_mx(store), PACE_SMTP, workers);
    tell_pacers(store_silent_policy(store), PACE_HTTPS, workers);
}

enum error resumed_stuck(struct store *store, struct stuck_list *stuck, struct buf *why)
{
    struct buf text;
    struct buf unread;
    size_t line = 0;
    buf_init(&text, STUCK_BYTES);
    buf_init(&unread, 256);
    enum error error = store_read_file(store, "stuck", &text, &unread);
    if (error == ERR_NOT_FOUND) {
        error = ERR_OK;
    } else if (error != ERR_OK) {
        buf_append(why, unread.data, unread.len);
    } else if (!stuck_list_read(stuck, buf_bytes(&text), &line)) {
        buf_printf(why, "stuck: line %zu is none of its addresses", line);
        error = ERR_CONFIG;
    }
    buf_dispose(&text);
    buf_dispose(&unread);
    return error;
}
