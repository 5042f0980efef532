"""Reads gcov's JSON documents from standard input and prints a table of them; tests/coverage runs it."""

import json
import sys

LINES, BRANCHES = 95.0, 90.0


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def figures(lines):
    """(lines run, lines, branches taken, branches, what was not run)."""
    ran = sum(1 for line in lines if line["count"])
    branches = [branch for line in lines for branch in line["branches"] if not branch["throw"]]
    taken = sum(1 for branch in branches if branch["count"])
    missed = [
        (line["line_number"], "not run" if not line["count"] else "a branch not taken")
        for line in lines
        if not line["count"] or any(not branch["count"] and not branch["throw"] for branch in line["branches"])
    ]
    return (ran, len(lines), taken, len(branches)), missed


def show_missed(name, missed):
    with open(name, encoding="utf-8") as file:
        text = file.read().splitlines()
    for number, what in missed:
        print(f"    {name}:{number}: {what}: {text[number - 1].strip()}")


def main():
    show, total = "--lines" in sys.argv[1:], [0, 0, 0, 0]
    print(f"{'core':36}{'lines':>14}{'':>9}{'branches':>14}")
    for document in sys.stdin:
        for file in json.loads(document)["files"]:
            if not file["file"].endswith(".c"):  # an inline function of a header
                continue
            counts, missed = figures(file["lines"])
            total = [sum(pair) for pair in zip(total, counts)]
            print_row(file["file"], counts)
            if show:
                show_missed(file["file"], missed)
    print_row("all pure cores", total)
    enough = percent(*total[:2]) >= LINES and percent(*total[2:]) >= BRANCHES
    print(f"{'1 passed, 0 failed' if enough else '0 passed, 1 failed'} ({LINES:.0f} % of lines, {BRANCHES:.0f} % of branches)")
    return 0 if enough and total[1] else 1


def print_row(name, counts):
    ran, lines, taken, branches = counts
    line, branch = f"{ran}/{lines}", f"{taken}/{branches}"
    print(f"{name:36}{line:>14}{percent(ran, lines):8.1f} %{branch:>13}{percent(taken, branches):8.1f} %")


if __name__ == "__main__":
    sys.exit(main())
