/* Writes what was asked in the search for near misses. Judges nothing. */
#include "output/json/json_nearmiss.h"

#include "output/json/json_facts.h"

static bool was_asked(const struct txt_facts *txt)
{
    return txt->lookup.status != DNS_NOT_ASKED;
}

static void write_place(struct json *json, const char *key, const struct txt_facts *txt)
{
    if (!was_asked(txt))
        return;
    json_open(json, key);
    json_lookup(json, &txt->lookup);
    json_texts(json, "rrs", txt->rrs, txt->rr_count);
    json_close(json);
}

void json_near_miss(struct json *json, const struct near_miss_facts *found)
{
    bool has_address = found->address.status != DNS_NOT_ASKED;
    if (!has_address && !was_asked(&found->apex) && !was_asked(&found->wildcard) &&
        !was_asked(&found->tlsrpt))
        return;
    json_open(json, "near_miss");
    if (has_address)
        json_put_string(json, "address", dns_status_name(found->address.status));
    write_place(json, "apex", &found->apex);
    write_place(json, "policy_host", &found->policy_host);
    write_place(json, "underscore", &found->underscore);
    write_place(json, "wildcard", &found->wildcard);
    write_place(json, "tlsrpt", &found->tlsrpt);
    json_close(json);
}
