/* Writes hosts and cells. */
#include "scanner/commands/diff_parts.h"

#include "scanner/commands/show_cells.h"

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

void diff_put_cell(FILE *out, const char *text)
{
    (void)fputc(',', out);
    show_csv_cell(out, bytes_of(text));
}
