/* Compares sizes; records are counted only if they are others. */
#include "output/readback/amounts.h"

#include <inttypes.h>

#include "output/frames/frames.h"
#include "output/frames/frames_part.h"
#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"

enum { REASON_BYTES = 512 };

const char *amount_name(enum amount_stream stream)
{
    static const char *const names[AMOUNT_STREAMS] = {[AMOUNT_DOMAINS] = "domains",
                                                      [AMOUNT_HOSTS] = "hosts",
                                                      [AMOUNT_CERTS] = "certs",
                                                      [AMOUNT_REJECTS] = "rejects"};
    return names[stream];
}

static bool read_number(const struct json_node *object, const char *key, uint64_t *number)
{
    const struct json_node *node = json_tree_at(object, key);
    return node != NULL && node->kind == JSON_NUMBER && json_read_number(node->text, number);
}

bool amounts_of(const struct json_node *root, struct amount amounts[AMOUNT_STREAMS])
{
    const struct json_node *stored = json_tree_at(root, "stored");
    for (enum amount_stream i = 0; i < AMOUNT_STREAMS; i++) {
        const struct json_node *node = json_tree_at(stored, amount_name(i));
        amounts[i] = (struct amount){.known = node != NULL};
        if (node != NULL && !(read_number(node, "records", &amounts[i].records) &&
                              read_number(node, "bytes", &amounts[i].bytes)))
            return false;
    }
    return stored == NULL || stored->kind == JSON_OBJECT;
}

uint64_t amount_bytes_in(int dir_fd, enum amount_stream stream)
{
    struct buf reason;
    uint32_t count = 0;
    buf_init(&reason, REASON_BYTES);
    enum error error = part_count(dir_fd, amount_name(stream), &count, &reason);
    buf_dispose(&reason);
    return error == ERR_OK ? part_bytes(dir_fd, amount_name(stream), count) : 0;
}

static enum error count(void *arg, struct bytes line)
{
    (void)line;
    ++*(uint64_t *)arg;
    return ERR_OK;
}

/* Damage on the way is said by whoever reads the records. */
static uint64_t records_in(int dir_fd, enum amount_stream stream)
{
    struct buf reason;
    uint64_t records = 0;
    buf_init(&reason, REASON_BYTES);
    (void)frames_read(dir_fd, amount_name(stream), count, &records, &reason);
    buf_dispose(&reason);
    return records;
}

bool amount_is_amiss(int dir_fd, enum amount_stream stream, const struct amount *amount,
                     const struct amount *there, bool exact, struct buf *why)
{
    if (!amount->known || there->bytes == amount->bytes || (there->bytes > amount->bytes && !exact))
        return false;
    const uint64_t records = there->known ? there->records : records_in(dir_fd, stream);
    if (records == amount->records || (records > amount->records && !exact))
        return false;
    if (why != NULL)
        buf_printf(why, "%s.ndjson.zst: %" PRIu64 " of %" PRIu64 " records are there: %s",
                   amount_name(stream), records, amount->records,
                   records < amount->records ? "a part of it, or its end, is gone"
                                             : "it is not the file that the scan wrote");
    return true;
}
