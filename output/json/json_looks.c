/* Writes one object for each look. */
#include "output/json/json_looks.h"

#include "output/json/json_facts.h"

static void write_look(struct json *json, const struct look *look)
{
    json_open(json, NULL);
    json_put_string(json, "host", look->host);
    json_put_flag(json, "policy", look->policy);
    json_ip(json, "ip", &look->ip);
    json_put_time(json, "time", look->time);
    json_put_string(json, "step",
                    look->policy ? fetch_step_name((enum fetch_step)look->step)
                                 : smtp_step_name((enum smtp_step)look->step));
    json_put_string(json, "code", failure_name(look->code));
    json_put_flag(json, "dane", look->dane);
    json_put_flag(json, "hello_unanswered", look->hello_unanswered);
    json_close(json);
}

void json_looks(struct json *json, const struct domain_facts *facts, const struct judgement *judgement)
{
    json_put_flag(json, "one_look", judgement->one_look);
    if (facts->look_count == 0)
        return;
    json_open_array(json, "looks");
    for (size_t i = 0; i < facts->look_count; i++)
        write_look(json, &facts->looks[i]);
    json_close_array(json);
}
