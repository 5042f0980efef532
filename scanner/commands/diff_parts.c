/* Writes hosts. */
#include "scanner/commands/diff_parts.h"

void diff_put_hosts(struct json *json, const struct stand *stand)
{
    if (stand->host_count == 0)
        return;
    json_open_array(json, "hosts");
    for (size_t i = 0; i < stand->host_count; i++) {
        json_open(json, NULL);
        json_put_string(json, "host", stand->hosts[i].host);
        json_put_string(json, "code", failure_name(stand->hosts[i].code));
        json_close(json);
    }
    json_close_array(json);
}
