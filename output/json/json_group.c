/* Leaves out no outcome, so that a column is there in every row. */
#include "output/json/json_group.h"

void json_group(struct json *json, const struct group_row *row, bool with_kind)
{
    json_open(json, NULL);
    if (with_kind)
        json_put_string(json, "by", group_kind_name(row->kind));
    json_put_text(json, "group", row->name);
    json_put_unsigned(json, "gain", row->gain);
    json_put_unsigned(json, "domains", row->domains);
    json_open(json, "outcomes");
    for (enum outcome outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++)
        json_put_unsigned(json, outcome_name(outcome), row->outcomes[outcome]);
    json_close(json);
    if (row->failure != FAIL_NONE) {
        json_put_string(json, "failure", failure_name(row->failure));
        json_put_unsigned(json, "failing", row->failing);
        json_put_flag(json, "open", row->open);
    }
    json_close(json);
}
