/* Writes the senders' views. Leaves out what the reader can fill in; judges nothing. */
#include "output/json/json_senders.h"

/* Says whether each host is as all of them; a placeholder is no host. */
static bool is_uniform(const struct sender_view *view)
{
    for (size_t i = 0; i < view->host_count; i++)
        if (view->hosts[i] != view->all && view->hosts[i] != DELIVERY_NONE)
            return false;
    return true;
}

static bool says_nothing(const struct domain_facts *facts, const struct sender_view *view)
{
    return view->all == DELIVERY_TAKES && is_uniform(view) && facts->host_count > 0 &&
           view->delivered_by == facts->hosts[0].host && !view->validated;
}

static void write_view(struct json *json, enum sender_kind kind, const struct sender_view *view)
{
    json_open(json, sender_kind_name(kind));
    json_put_string(json, "all", delivery_name(view->all));
    if (view->delivered_by != NULL) {
        json_put_string(json, "delivered_by", view->delivered_by);
        json_put_bool(json, "validated", view->validated);
    }
    if (!is_uniform(view)) {
        json_open_array(json, "hosts");
        for (size_t i = 0; i < view->host_count; i++)
            json_put_string(json, NULL, delivery_name(view->hosts[i]));
        json_close_array(json);
    }
    json_close(json);
}

/* Says whether a view of a sender that asks for TLSA records is to be written; it has none if nobody has
 * validated. */
static bool differs(const struct sender_view *view, const struct sender_view *base)
{
    return view->all != DELIVERY_NONE && !sender_views_equal(view, base);
}

void json_senders(struct json *json, const struct domain_facts *facts, const struct judgement *judgement)
{
    const struct sender_view *sts = &judgement->senders[SENDER_MTA_STS],
                             *dane = &judgement->senders[SENDER_DANE],
                             *plain = &judgement->senders[SENDER_OPPORTUNISTIC],
                             *postfix = &judgement->senders[SENDER_POSTFIX_DANE],
                             *tlspol = &judgement->senders[SENDER_POSTFIX_TLSPOL];
    bool has_plain = !says_nothing(facts, plain), has_sts = !sender_views_equal(sts, plain),
         has_dane = differs(dane, sts), has_postfix = differs(postfix, plain),
         has_tlspol = differs(tlspol, dane);
    if (plain->all == DELIVERY_NONE || !(has_plain || has_sts || has_dane || has_postfix || has_tlspol))
        return;
    json_open(json, "senders");
    if (has_sts)
        write_view(json, SENDER_MTA_STS, sts);
    if (has_dane)
        write_view(json, SENDER_DANE, dane);
    if (has_plain)
        write_view(json, SENDER_OPPORTUNISTIC, plain);
    if (has_postfix)
        write_view(json, SENDER_POSTFIX_DANE, postfix);
    if (has_tlspol)
        write_view(json, SENDER_POSTFIX_TLSPOL, tlspol);
    json_close(json);
}
