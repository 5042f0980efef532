/* Writes what changes of a domain as a line of JSON. */
#include "output/json/json_write.h"
#include "scanner/commands/suggest_format.h"

static void put_before(struct json *json, const struct suggest_change *change)
{
    static const char *const known[] = {[KNOWN_EXACTLY] = "whole",
                                        [KNOWN_PARTLY] = "partly",
                                        [KNOWN_WILDCARD] = "wildcard",
                                        [KNOWN_NOT] = "no"};
    json_put_string(json, "known", known[change->known]);
    json_open_array(json, "before");
    for (size_t i = 0; i < change->before_count; i++) {
        const struct suggest_before *before = &change->before[i];
        json_open(json, NULL);
        json_put_optional(json, "type", before->type);
        json_put_text(json, "data", before->text);
        json_put_bool(json, "goes", before->goes);
        json_close(json);
    }
    json_close_array(json);
}

static void put_change(struct json *json, const struct suggest_change *change)
{
    json_open(json, NULL);
    json_put_string(json, "what", suggest_what_name(change->what));
    json_put_string(json, "name", change->name);
    json_put_string(json, "risk", suggest_risk_name(change->risk));
    json_put_optional(json, "alias", change->alias);
    put_before(json, change);
    if (change->type != NULL) {
        json_put_string(json, "type", change->type);
        json_put_unsigned(json, "ttl", SUGGEST_TTL_S);
    }
    json_put_text(json, "after", change->after);
    json_close(json);
}

enum suggest_written suggest_json_line(struct buf *out, const struct suggest_part *part)
{
    const struct suggestion *suggestion = part->suggestion;
    struct json json;
    bool elsewhere = false;
    if (part->changes->count == 0)
        return WRITTEN;
    json_start(&json, out);
    json_open(&json, NULL);
    json_put_string(&json, "domain", part->facts->domain);
    json_put_string(&json, "action", suggestion->kind == SUGGEST_REMOVE ? "remove" : "publish");
    json_put_string(&json, "risk", suggest_risk_name(part->changes->risk));
    json_put_string(&json, "mode", sts_mode_name(suggestion->mode));
    json_put_string(&json, "id", suggestion->id);
    if (suggestion->cached_s > 0)
        json_put_unsigned(&json, "cached_s", suggestion->cached_s);
    json_put_flag(&json, "rua_is_placeholder", part->changes->is_placeholder);
    json_open_array(&json, "changes");
    for (size_t i = 0; i < part->changes->count; i++) {
        put_change(&json, &part->changes->items[i]);
        elsewhere = elsewhere || part->changes->items[i].alias != NULL;
    }
    json_close_array(&json);
    json_close(&json);
    if (!json_finish(&json))
        out->failed = true;
    return elsewhere ? WRITTEN_ELSEWHERE : WRITTEN;
}
