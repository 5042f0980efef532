/*
 * What must hold of a parser's answer whatever the bytes: used by the fuzz targets and by the random loops of
 * the unit tests. Each returns NULL, or what does not hold.
 */
#ifndef STSWEEP_TESTS_INVARIANTS_H
#define STSWEEP_TESTS_INVARIANTS_H

#include <string.h>

#include "scanner/facts/record.h"
#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"

static inline bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* Of lines only the policy has more than were given. */
static inline const char *findings_broken(const struct findings *findings, size_t lines, size_t bytes)
{
    if (findings->count > FINDINGS_KEPT)
        return "more findings than there is room for";
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        if (finding->code == FAIL_NONE || finding->code >= FAIL_COUNT)
            return "a finding has no code";
        if (finding->detail != NULL && !is_printable(finding->detail))
            return "a detail is not printable";
        if (finding->line > lines || finding->column > bytes + 1)
            return "a finding lies outside of the text";
        if ((finding->line == 0) != (finding->column == 0))
            return "a finding has half a place";
    }
    return NULL;
}

static inline bool has_finding(const struct findings *findings, enum failure_code code)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->list[i].code == code)
            return true;
    return false;
}

static inline bool is_id(const char *id)
{
    size_t len = strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return len >= 1 && len <= 32 && id[len] == '\0';
}

static inline const char *record_broken(const struct sts_record *record)
{
    if (record->code >= FAIL_COUNT)
        return "no such code";
    if (record->code == FAIL_NONE && (record->candidates != 1 || !is_id(record->id)))
        return "valid without an id";
    if (record->id[0] != '\0' && !is_id(record->id))
        return "a bad id was kept";
    if ((record->code == FAIL_TXT_ABSENT) != (record->candidates == 0))
        return "absent and candidates disagree";
    if ((record->code == FAIL_TXT_MULTIPLE) != (record->candidates > 1))
        return "multiple and candidates disagree";
    if (record->candidates == 1 && record->code != FAIL_NONE && !record->findings.overflow &&
        !has_finding(&record->findings, record->code))
        return "a fault without a finding";
    return NULL;
}

static inline const char *tlsrpt_broken(const struct tlsrpt_record *record)
{
    if (record->code >= FAIL_COUNT)
        return "no such code";
    if (record->code == FAIL_NONE && (record->candidates != 1 || record->rua_count == 0))
        return "valid without an address";
    for (size_t i = 0; i < record->rua_count; i++)
        if (!is_printable(record->rua[i]) || (strncasecmp(record->rua[i], "mailto:", 7) != 0 &&
                                              strncasecmp(record->rua[i], "https://", 8) != 0))
            return "a bad address was kept";
    return NULL;
}

static inline const char *patterns_broken(const struct sts_policy *policy)
{
    for (size_t i = 0; i < policy->mx_count; i++) {
        uint32_t column;
        if (sts_policy_check_pattern(bytes_of(policy->mx[i]), &column) != FAIL_NONE)
            return "a bad pattern was kept";
        bool has_star = policy->mx[i][0] == '*';
        char host[300] = "a";
        strncat(host, policy->mx[i] + has_star, sizeof host - 2);
        if (!mx_pattern_match(has_star ? host : host + 1, policy->mx[i]))
            return "a pattern does not match what it is for";
    }
    return NULL;
}

static inline const char *policy_broken(const struct sts_policy *policy)
{
    if (policy->code >= FAIL_COUNT || !policy->parsed)
        return "no such code";
    if (policy->code == FAIL_NONE &&
        (!policy->version_ok || policy->mode == STS_MODE_UNSET || !policy->max_age_set))
        return "valid without a key that is required";
    if (policy->code == FAIL_NONE && policy->mx_count == 0 && policy->mode != STS_MODE_NONE)
        return "valid without mx";
    if (policy->max_age > 31557600)
        return "too large a max_age was kept";
    if (policy->code != FAIL_NONE && !policy->findings.overflow &&
        !has_finding(&policy->findings, policy->code))
        return "a fault without a finding";
    if (has_finding(&policy->findings, FAIL_POLICY_DISPUTED) &&
        policy->code != FAIL_POLICY_SYNTAX_BLANK_LINE && policy->code != FAIL_POLICY_SYNTAX_LINE)
        return "disputed without a blank line or a line that is no field";
    return patterns_broken(policy);
}

#endif
