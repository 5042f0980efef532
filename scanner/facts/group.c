/* Names the kinds of groups. */
#include "scanner/facts/group.h"

static const char *const kind_names[GROUP_KIND_COUNT] = {
    [BY_PROVIDER] = "provider",
    [BY_MX_HOST] = "mx-host",
    [BY_MX_OPERATOR] = "mx-operator",
    [BY_POLICY_HOST] = "policy-host",
    [BY_IP] = "ip",
    [BY_NETWORK] = "network",
    [BY_TLD] = "tld",
    [BY_LABEL] = "label",
    [BY_WHO] = "who",
    [BY_CODE] = "code",
};

const char *group_kind_name(enum group_kind kind)
{
    return kind_names[kind];
}

enum group_kind group_kind_find(const char *name)
{
    enum group_kind kind = 0;
    while (kind < GROUP_KIND_COUNT && strcmp(kind_names[kind], name) != 0)
        kind++;
    return kind;
}
