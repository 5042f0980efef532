# Host records (slurped) -> a line "host address pass" for each address that was contacted twice in a pass without a reason. A reason is that
# the earlier contact may have been hit by an outage of our own, as the lab has addresses to which there is no route; whoever replied was not.
def may_be_ours: .not_tried != null or (.tls.end // "-" | . == "timeout" or . == "closed")
    or (.code // "-" | test("^smtp\\.(not-probed|tcp|session-deadline|dripping|[a-z]+\\.(timeout|closed)$)"));
map(select(may_be_ours | not)) | group_by([.host, .ip, .pass // 1])[] | select(length > 1)[0] | [.host, .ip, .pass // 1] | join(" ")
