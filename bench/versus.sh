#!/bin/bash
# Other tools beside ours, on the same names, in the synthetic internet: one table of CPU microseconds a unit of work.
# massdns, zdns and zgrab2 are taken from PATH or from MASSDNS, ZDNS, ZGRAB2; dnsperf, curl and openssl are Debian's.
# What is not found is skipped with a line. Usage: bench/versus.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
bin=$top/build/bench
names=${VERSUS_NAMES:-100000} slow_names=$((${VERSUS_NAMES:-100000} / 10)) hosts=${VERSUS_HOSTS:-1000} few=50

if [ "${VERSUS_INSIDE:-}" = "" ]; then
    make -C "$top" -s bench-programs || exit 1
    VERSUS_INSIDE=1 exec "$here/in-world" --sts-share=200000 -- "$0" "$@"
fi

work=$WORLD_DIR
# shellcheck disable=SC2086
for list in "alive $names names" "alive $slow_names some" "hosts $hosts hosts" "hosts $few few" "policies $hosts policies"; do
    set -- $list
    "$WORLD" $WORLD_OPTIONS "$1" "$2" >"$work/$3"
done
sed 's/^/_mta-sts./' "$work/names" >"$work/questions"
awk '{ print "_mta-sts." $1 " TXT" }' "$work/names" >"$work/dnsperf"

row() { printf '%-22s %-34s %12s\n' "$1" "$2" "$3"; }

# timed UNITS COMMAND...: CPU microseconds a unit, its output thrown away; "failed" where it fails.
timed() {
    local units=$1
    shift
    if timeout 300 "$here/timed" "$work/time" "$@" >/dev/null 2>"$work/log"; then
        awk -F'[= ]' -v n="$units" '{ printf "%.2f", ($2 + $4) * 1e6 / n }' "$work/time"
    else
        echo failed
    fi
}
ours() { timeout 300 "$@" 2>>"$work/log" | awk -v name="$(basename "$1")" '$1 == name { sub("us=", "", $NF); print $NF }'; }
found() { # VARIABLE-VALUE NAME
    [ -n "$1" ] && { echo "$1"; return; }
    command -v "$2"
}

row "what" "who" "CPU us a unit"
row "DNS question" "stsweep, stub engine" "$(ours "$bin/bench_dns" "$work/names" 1000 --dns.resolvers=127.53.0.53 --dns.timeout=1s)"
row "DNS question" "bare stub" "$(ours "$bin/floor_dns" 127.53.0.53 "$work/names" 1000)"
if tool=$(found "${MASSDNS:-}" massdns); then
    row "DNS question" "massdns -o J" "$(ours "$here/peer_massdns" "$tool" "$work/names" "$work")"
else row "DNS question" massdns "skipped"; fi
if tool=$(found "" dnsperf); then
    row "DNS question" "dnsperf (keeps nothing)" \
        "$(timed "$names" "$tool" -s 127.53.0.53 -d "$work/dnsperf" -q 1000 -n 1 -T 1 -c 1)"
else row "DNS question" dnsperf "skipped"; fi
if tool=$(found "${ZDNS:-}" zdns); then
    row "DNS question" "zdns, external resolver" \
        "$(timed "$slow_names" sh -c "head -n $slow_names '$work/questions' | GOMAXPROCS=1 '$tool' TXT --name-servers=127.53.0.53 -t 500")"
else row "DNS question" zdns "skipped"; fi
row "embedded resolver" "stsweep" "$(ours "$bin/bench_dns" "$work/some" 500 --dns.root_hints="$work/root.hints" \
    --dns.trust_anchor= --safety.allow=127.0.0.0/8 --dns.timeout=1s)"
row "embedded resolver" "bare libunbound" "$(ours "$bin/floor_recursive" "$work/some" 500 "$work/root.hints")"

row "STARTTLS probe" "stsweep" "$(ours "$bin/bench_probe" "$work/root.pem" "$work/hosts" 100)"
row "STARTTLS probe" "bare OpenSSL" "$(ours "$bin/floor_probe" "$work/root.pem" "$work/hosts" 100)"
if tool=$(found "${ZGRAB2:-}" zgrab2); then
    row "STARTTLS probe" "zgrab2 smtp" "$(ours "$here/peer_zgrab2" "$tool" "$work/hosts" "$work")"
else row "STARTTLS probe" zgrab2 "skipped"; fi
row "STARTTLS probe" "openssl s_client, one root" "$(timed "$few" sh -c "while read -r host address; do
    echo QUIT | openssl s_client -starttls smtp -connect \$address:25 -servername \$host -verify_hostname \$host \
        -CAfile '$work/root.pem' -quiet; done <'$work/few'; true")"

row "policy fetch" "stsweep" "$(ours "$bin/bench_fetch" "$work/root.pem" "$work/policies" 100)"
row "policy fetch" "bare libcurl" "$(ours "$bin/floor_fetch" "$work/root.pem" "$work/policies" 100)"
awk -v root="$work/root.pem" '{ print "url = \"https://" $1 "/.well-known/mta-sts.txt\"\noutput = \"/dev/null\"\nresolve = \"+" $1 ":443:" $2 "\"" }' \
    "$work/policies" >"$work/curl"
if tool=$(found "" curl); then
    row "policy fetch" "curl --parallel, one root" "$(timed "$hosts" "$tool" -s --parallel --parallel-max 100 \
        --cacert "$work/root.pem" --capath /nonexistent --noproxy '*' -K "$work/curl")"
else row "policy fetch" curl "skipped"; fi
