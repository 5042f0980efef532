# Sourced by the benchmarks: medians, rows of one table, and what they leave for the history.
# $BENCH_RATIOS is a file that gets "what TAB ratio" lines, for history.tsv.
# shellcheck shell=bash
bench_format='%-36s %-18s %10s %10s %8s %8s %8s  %s\n'

# us COMMAND...: the figure that a program prints, "" where it failed; what it lost goes to $work/lost.NAME.
us() {
    timeout 600 "$@" 2>>"$work/errors" | tee -a "$work/log" | awk -v name="$(basename "$1")" -v lost="$work/lost.$(basename "$1")" '$1 == name {
        split($2, c, "="); split($3, g, "="); split($NF, u, "="); print c[2] - g[2], c[2] >> lost; if (g[2] >= c[2] * 0.8) print u[2] }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'; }

# spread FILE...: how far apart the rounds of a side lie at most, in per cent of its median.
spread() {
    for file in "$@"; do
        sort -n "$file" | awk '{ v[NR] = $1 } END { if (NR > 1 && v[int((NR + 1) / 2)] > 0) printf "%.0f\n", (v[NR] - v[1]) * 100 / v[int((NR + 1) / 2)] }'
    done | sort -n | tail -n 1
}

# lost NAME: what a program lost of all that it was given.
lost() { awk '{ lost += $1; all += $2 } END { if (lost) printf "%d of %d", lost, all; else printf "0" }' "$work/lost.$1" 2>/dev/null; }

# Ticks that all processors were busy, and that the machine's host took (of /proc/stat), and those of this shell's children.
ticks_of_all() { awk '$1 == "cpu" { print $2 + $3 + $4 + $7 + $8 + $9 }' /proc/stat; }
ticks_of_ours() { awk '{ sub(/.*\) /, ""); print $12 + $13 + $14 + $15 }' "/proc/$$/stat"; }

# watch_others, then say_others: what others used of the processors in between, and whether the figures can be judged.
watch_others() { others_all=$(ticks_of_all) others_ours=$(ticks_of_ours) others_since=$(date +%s); }
say_others() {
    awk -v all=$(($(ticks_of_all) - others_all)) -v ours=$(($(ticks_of_ours) - others_ours)) -v seconds=$(($(date +%s) - others_since)) \
        -v hertz="$(getconf CLK_TCK)" -v cores="$(getconf _NPROCESSORS_ONLN)" 'BEGIN {
            share = seconds ? (all - ours) * 100 / (seconds * hertz * cores) : 0; if (share < 0) share = 0
            printf "%s: others used %.0f %% of the processors meanwhile%s\n", "this machine", share,
                (share > 15 ? ": TOO BUSY TO JUDGE, run it again when it is quiet" : "") }'
}

# The heading of the table.
say_heading() {
    # shellcheck disable=SC2059
    printf "$bench_format" "$1" "held against" "theirs" "ours" "ratio" "aim" "spread" "lost: theirs, ours"
}

# say_row WHAT OTHER THEIR-FIGURE OUR-FIGURE AIM [SPREAD [LOST]]: above a spread of 25 % a row says little.
say_row() {
    awk -v what="$1" -v other="$2" -v a="$3" -v b="$4" -v aim="$5" -v spread="${6:-}" -v lost="${7:-}" -v form="$bench_format" 'BEGIN {
        ratio = a != "" && b != "" && a + 0 > 0 ? sprintf("%.2fx", b / a) : "-"
        printf form, what, other, a == "" ? "failed" : a, b == "" ? "failed" : b, ratio, aim, spread == "" ? "-" : spread " %",
            lost (spread > 25 ? "  (unsteady)" : "") }'
    awk -v what="$1 / $2" -v a="$3" -v b="$4" 'BEGIN { if (a + 0 > 0 && b != "") printf "%s\t%.3f\n", what, b / a }' >>"$BENCH_RATIOS"
}

# say_figure WHAT OUR-FIGURE AIM: nobody beside it.
say_figure() {
    # shellcheck disable=SC2059
    printf "$bench_format" "$1" "-" "-" "${2:-failed}" "-" "$3" "-" ""
}

# say_skipped WHAT OTHER WHY
say_skipped() {
    # shellcheck disable=SC2059
    printf "$bench_format" "$1" "$2" "skipped" "-" "-" "$3" "-" ""
}

# row WHAT AIM OTHER "other command" "our command": both sides interleaved, $rounds times, their medians.
row() {
    local other our
    other=$(basename "${4%% *}") our=$(basename "${5%% *}")
    rm -f "$work/lost.$other" "$work/lost.$our"
    : >"$work/a"
    : >"$work/b"
    for _ in $(seq "$rounds"); do
        # shellcheck disable=SC2086
        us $4 >>"$work/a"
        # shellcheck disable=SC2086
        us $5 >>"$work/b"
    done
    theirs=$(median <"$work/a")
    ours=$(median <"$work/b")
    say_row "$1" "$3" "$theirs" "$ours" "$2" "$(spread "$work/a" "$work/b")" "$(lost "$other"), $(lost "$our")"
}
