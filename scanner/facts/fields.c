/* Turns fields.def into data. */
#include "scanner/facts/fields.h"

/* ---- words --------------------------------------------------------------------------------------------- */

#define WORDS(id, of, names, ...)                                                                            \
    static const char *id##_word(unsigned value)                                                             \
    {                                                                                                        \
        return names((of)value);                                                                             \
    }                                                                                                        \
    const struct field_words words_##id = {.word = id##_word, __VA_ARGS__}

WORDS(dns_status, enum dns_status, dns_status_name, .name = "dns_status", .count = DNS_STATUS_COUNT,
      .meaning = "How a lookup ended. Only answered, nxdomain and nodata say whether there are records.");
WORDS(dns_security, enum dns_security, dns_security_name, .name = "dns_security", .count = DNSSEC_COUNT,
      .meaning = "unvalidated: nobody whom the scan trusts has checked.");
WORDS(tls_end, enum tls_end, tls_end_name, .count = TLS_END_COUNT);
WORDS(tls_limit, enum tls_limit, tls_limit_name, .count = TLS_LIMIT_COUNT, .first = 1);
WORDS(net, enum net_error, net_error_name, .name = "net", .count = NET_ERROR_COUNT, .first = 1);
WORDS(not_tried, enum not_tried, not_tried_name, .name = "not_tried", .count = NOT_TRIED_COUNT, .first = 1);
WORDS(fetch_step, enum fetch_step, fetch_step_name, .count = FETCH_STEP_COUNT);
WORDS(fetch_decoding, enum fetch_decoding, fetch_decoding_name, .count = FETCH_DECODING_COUNT, .first = 1);
WORDS(smtp_step, enum smtp_step, smtp_step_name, .count = SMTP_STEP_COUNT);
WORDS(smtp_end, enum smtp_end, smtp_end_name, .count = SMTP_END_COUNT);
WORDS(sts_mode, enum sts_mode, sts_mode_name, .count = STS_MODE_COUNT, .first = 1);
WORDS(cached_found, enum cached_found, cached_found_name, .name = "cached_found", .count = CACHED_FOUND_COUNT,
      .first = 1, .meaning = "What a sender finds that has an earlier policy and looks for a newer one.");
WORDS(outcome, enum outcome, outcome_name, .name = "outcome", .count = OUTCOME_COUNT, .first = 1,
      .meaning = "What a sender that honours MTA-STS does with mail to the domain.");
WORDS(dane, enum dane_outcome, dane_outcome_name, .name = "dane", .count = DANE_OUTCOME_COUNT,
      .meaning = "What a sender that honours DANE (RFC 7672) meets.");
WORDS(tls, enum tls_outcome, tls_outcome_name, .name = "tls", .count = TLS_OUTCOME_COUNT,
      .meaning = "Whether the MX hosts offer STARTTLS to a sender that does not authenticate them.");
WORDS(delivery, enum delivery, delivery_name, .name = "delivery", .count = DELIVERY_COUNT, .first = 1,
      .meaning = "takes: mail goes through; some: at some addresses only; skips: validation fails, the next "
                 "host is tried; defers: not determined, or trouble that passes.");
WORDS(exo, enum exo_inbound, exo_inbound_name, .count = EXO_COUNT, .first = 1);
WORDS(rpt, enum rpt_type, rpt_type_name, .count = RPT_COUNT, .first = 1);
WORDS(failure, enum failure_code, failure_name, .count = FAIL_COUNT);

/* ---- rows ---------------------------------------------------------------------------------------------- */

#define MEMBER(shape, member)                                                                                \
    .has_member = true, .offset = offsetof(shape, member), .size = sizeof(((shape *)NULL)->member)
#define COUNTED(shape, member)                                                                               \
    .count_offset = offsetof(shape, member), .count_size = sizeof(((shape *)NULL)->member)

#define GROUP(id, shape, ...)                                                                                \
    typedef shape id##_shape;                                                                                \
    static const struct field id##_rows[] = {
#define END(id)                                                                                              \
    }                                                                                                        \
    ;
#define FIELD(id, named, as, member, when, keeps, in, from, says, ...)                                       \
    {.key = (named),                                                                                         \
     .type = AS_##as,                                                                                        \
     MEMBER(id##_shape, member),                                                                             \
     .left = LEFT_##when,                                                                                    \
     .keep = (keeps),                                                                                        \
     .unit = (in),                                                                                           \
     .since = (from),                                                                                        \
     .meaning = (says),                                                                                      \
     __VA_ARGS__},
#define LIST(id, named, as, member, counter, when, keeps, from, says, ...)                                   \
    {.key = (named),                                                                                         \
     .type = AS_##as,                                                                                        \
     MEMBER(id##_shape, member),                                                                             \
     COUNTED(id##_shape, counter),                                                                           \
     .left = LEFT_##when,                                                                                    \
     .keep = (keeps),                                                                                        \
     .unit = "",                                                                                             \
     .since = (from),                                                                                        \
     .meaning = (says),                                                                                      \
     __VA_ARGS__},
#define INSIDE(id, as, member, keeps, ...)                                                                   \
    {.type = AS_##as, MEMBER(id##_shape, member), .keep = (keeps), .unit = "", __VA_ARGS__},
#define INSIDE_LIST(id, as, member, counter, keeps, ...)                                                     \
    {.type = AS_##as,                                                                                        \
     MEMBER(id##_shape, member),                                                                             \
     COUNTED(id##_shape, counter),                                                                           \
     .keep = (keeps),                                                                                        \
     .unit = "",                                                                                             \
     __VA_ARGS__},
#define JUDGED(id, named, as, when, in, from, says, ...)                                                     \
    {.key = (named),                                                                                         \
     .type = AS_##as,                                                                                        \
     .judged = true,                                                                                         \
     .left = LEFT_##when,                                                                                    \
     .unit = (in),                                                                                           \
     .since = (from),                                                                                        \
     .meaning = (says),                                                                                      \
     __VA_ARGS__},
#define BY_HAND(id, named, as, when, in, from, says, ...)                                                    \
    {.key = (named),                                                                                         \
     .type = AS_##as,                                                                                        \
     .by_hand = true,                                                                                        \
     .left = LEFT_##when,                                                                                    \
     .unit = (in),                                                                                           \
     .since = (from),                                                                                        \
     .meaning = (says),                                                                                      \
     __VA_ARGS__},
#include "scanner/facts/fields.def"
#undef GROUP
#undef END
#undef FIELD
#undef LIST
#undef INSIDE
#undef INSIDE_LIST
#undef JUDGED
#undef BY_HAND

#define FIELD(...)
#define LIST(...)
#define INSIDE(...)
#define INSIDE_LIST(...)
#define JUDGED(...)
#define BY_HAND(...)
#define END(id)
#define GROUP(id, shape, says, ...)                                                                          \
    const struct field_group fields_##id = {.name = #id,                                                     \
                                            .size = sizeof(id##_shape),                                      \
                                            .fields = id##_rows,                                             \
                                            .count = sizeof id##_rows / sizeof *id##_rows,                   \
                                            .meaning = (says),                                               \
                                            __VA_ARGS__};
#include "scanner/facts/fields.def"
#undef GROUP

#define GROUP(id, ...) &fields_##id,
const struct field_group *const field_groups[] = {
#include "scanner/facts/fields.def"
};
const size_t field_group_count = sizeof field_groups / sizeof *field_groups;

/* ---- what is asked of rows ----------------------------------------------------------------------------- */

size_t field_count(const struct field *field, const void *facts)
{
    const char *place = (const char *)facts + field->count_offset;
    uint32_t narrow;
    size_t count;
    if (field->count_size == sizeof narrow) {
        memcpy(&narrow, place, sizeof narrow);
        return narrow;
    }
    memcpy(&count, place, sizeof count);
    return count;
}

void field_set_count(const struct field *field, void *facts, size_t count)
{
    char *place = (char *)facts + field->count_offset;
    uint32_t narrow = (uint32_t)count;
    if (field->count_size == sizeof narrow)
        memcpy(place, &narrow, sizeof narrow);
    else
        memcpy(place, &count, sizeof count);
}

const struct field *field_find(const struct field_group *group, const char *key)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct field *field = &group->fields[i];
        const struct field *within = field->type == AS_SPREAD ? field_find(field->group, key) : NULL;
        if (within != NULL)
            return within;
        if (field->key != NULL && strcmp(field->key, key) == 0)
            return field;
    }
    return NULL;
}
