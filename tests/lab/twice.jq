# Host records (slurped) and $events, whether meta.json tells that something befell this machine -> a line "host address pass" for each
# address that was contacted twice in a pass without a reason. A reason is that the earlier contact may have been hit by an outage of our
# own, as the lab has addresses to which there is no route; whoever replied was not.
def may_be_ours: .not_tried != null or (.tls.end // "-" | . == "timeout" or . == "closed")
    or (.code // "-" | test("^smtp\\.(not-probed|tcp|session-deadline|dripping|line-too-long|[a-z]+\\.(timeout|closed|malformed|masked|path-doubtful|flood)$)"));
# Who was not contacted, as there was no route for a moment, has its turn in the same pass.
map(select(.code != "smtp.not-probed.no-route")) | group_by([.host, .ip, .pass // 1])[] | sort_by(.time)
    | select(length > 1 and (($events | not) or any(.[:-1][]; may_be_ours | not)))[0] | [.host, .ip, .pass // 1] | join(" ")
