# Sourced by the benchmarks: medians, rows of one table, and what they leave for the history.
# $BENCH_RATIOS is a file that gets "what TAB ratio" lines, for history.tsv.
# shellcheck shell=bash
bench_format='%-36s %-18s %10s %10s %8s %8s\n'

# us COMMAND...: the figure that a program prints, "" where it failed or lost work.
us() {
    timeout 600 "$@" 2>>"$work/errors" | tee -a "$work/log" | awk -v name="$(basename "$1")" '$1 == name {
        split($2, c, "="); split($3, g, "="); split($NF, u, "="); if (g[2] >= c[2] * 0.999) print u[2] }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'; }

# The heading of the table.
say_heading() {
    # shellcheck disable=SC2059
    printf "$bench_format" "$1" "held against" "theirs" "ours" "ratio" "aim"
}

# say_row WHAT OTHER THEIR-FIGURE OUR-FIGURE AIM
say_row() {
    awk -v what="$1" -v other="$2" -v a="$3" -v b="$4" -v aim="$5" -v form="$bench_format" 'BEGIN {
        ratio = a != "" && b != "" && a + 0 > 0 ? sprintf("%.2fx", b / a) : "-"
        printf form, what, other, a == "" ? "failed" : a, b == "" ? "failed" : b, ratio, aim }'
    awk -v what="$1 / $2" -v a="$3" -v b="$4" 'BEGIN { if (a + 0 > 0 && b != "") printf "%s\t%.3f\n", what, b / a }' >>"$BENCH_RATIOS"
}

# say_figure WHAT OUR-FIGURE AIM: nobody beside it.
say_figure() {
    # shellcheck disable=SC2059
    printf "$bench_format" "$1" "-" "-" "${2:-failed}" "-" "$3"
}

# say_skipped WHAT OTHER WHY
say_skipped() {
    # shellcheck disable=SC2059
    printf "$bench_format" "$1" "$2" "skipped" "-" "-" "$3"
}

# row WHAT AIM OTHER "other command" "our command": both sides interleaved, $rounds times, their medians.
row() {
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
    say_row "$1" "$3" "$theirs" "$ours" "$2"
}
