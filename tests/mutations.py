"""Small changes of C source, as tests/mutants samples them: a list of (line, kind, text before, text after).

Nothing here parses C: clang-format has put spaces around binary operators and one statement on a line, and what does
not compile is thrown away by whoever asks. Each change stays on its line, so that line numbers hold.
"""

import re

# Binary operators, with the spaces that clang-format puts around them.
SWAPS = [
    (" < ", " <= "),
    (" <= ", " < "),
    (" > ", " >= "),
    (" >= ", " > "),
    (" == ", " != "),
    (" != ", " == "),
    (" && ", " || "),
    (" || ", " && "),
    (" + ", " - "),
    (" - ", " + "),
    (" += ", " -= "),
    (" | ", " & "),
    (" & ", " | "),
]
CONSTANT = re.compile(r"(?<![\w.{])(\d+)(?![\w.}])")
# What only a failing allocation reaches: tests/faults makes those fail, no unit test does.
LEFT_ALONE = re.compile(r"^extern|^_Static_assert|ERR_MEMORY|out_of_memory|ERR_LIBRARY")
CALL = re.compile(r"^ +(\(void\))?[A-Za-z_][\w.>\-\[\]]*\(.*\);$")
ASSIGNMENT = re.compile(r"^ +\*?[a-z_][\w.>\-\[\]]*( \+=| -=| \|=| &=| =) .*;$")
STEP = re.compile(r"^ +[^ ]*(\+\+|--)[^ ]*;$")
CONDITION = re.compile(r"^( *(?:\} else )?if \()(.*)(\)(?: \{)?)$")
NAMED = re.compile(r"^ +[A-Z_0-9]+ = ")  # sizes and ceilings: most are as good one larger
RETURN = re.compile(r"^( +return )(.+)(;)$")
TYPES = re.compile(
    r"^ +(?:static |const |unsigned |struct |enum |union |size_t |int |bool |char |double |void |ssize_t |u?int\d+_t |"
    r"off_t |time_t |FILE |DIR |SSL|X509|BIO|EVP_|CURL|mode_t )"
)


def masked(text):
    """The text with comments and what stands in quotes blanked out, places unchanged."""
    out = []
    at = 0
    while at < len(text):
        if text.startswith("/*", at):
            end = text.find("*/", at + 2) + 2
            out.append(re.sub(r"[^\n]", " ", text[at:end]))
        elif text.startswith("//", at):
            end = text.find("\n", at)
            out.append(" " * (end - at))
        elif text[at] in "\"'":
            end = at + 1
            while text[end] != text[at]:
                end += 2 if text[end] == "\\" else 1
            end += 1
            out.append("_" * (end - at))
        else:
            end = at + 1
            out.append(text[at])
        at = end
    return "".join(out)


def of_condition(line, mask):
    """`if (x)` becomes `if (!(x))`."""
    match = CONDITION.match(mask)
    if match and match.group(2).count("(") == match.group(2).count(")"):
        start, end = match.span(2)
        yield "negated", line[:start] + "!(" + line[start:end] + ")" + line[end:]


def of_return(line, mask):
    """Another value comes back."""
    match = RETURN.match(mask)
    if not match:
        return
    value = match.group(2)
    start, end = match.span(2)
    others = {"true": ["false"], "false": ["true"], "0": ["1"], "NULL": [], "ERR_OK": ["ERR_MEMORY"]}.get(value)
    if others is None and re.match(r"(ERR|FAIL|NOT_TRIED|TLS|DNS)_[A-Z_]+$", value):
        others = ["0"]
    if others is None:
        others = ["0", "!(" + line[start:end] + ")"]
    for other in others:
        yield "returned", line[:start] + other + line[end:]


def of_statement(line, mask, last):
    """A call, an assignment, a step of a counter or a return before the end is dropped."""
    if TYPES.match(mask):
        return
    if RETURN.match(mask) or mask.strip() == "return;":
        if not last:
            yield "dropped", re.match(" *", line).group(0) + ";"
        return
    if CALL.match(mask) or ASSIGNMENT.match(mask) or STEP.match(mask):
        yield "dropped", re.match(" *", line).group(0) + ";"
    elif mask.strip() in ("break;", "continue;"):
        yield "dropped", re.match(" *", line).group(0) + ";"


def of_operators(line, mask):
    """One operator becomes another."""
    for old, new in SWAPS:
        at = mask.find(old)
        while at >= 0:
            yield "swapped", line[:at] + new + line[at + len(old) :]
            at = mask.find(old, at + 1)


def of_constants(line, mask):
    """A number is off by one."""
    for match in CONSTANT.finditer(mask):
        start, end = match.span(1)
        yield "off by one", line[:start] + str(int(match.group(1)) + 1) + line[end:]


def of_source(text):
    """All changes of a source file: (line from 1, kind, before, after)."""
    lines = text.split("\n")
    masks = masked(text).split("\n")
    found = []
    for number, (line, mask) in enumerate(zip(lines, masks), 1):
        if mask.startswith("#") or not mask.strip() or LEFT_ALONE.search(mask):
            continue
        inside = mask.startswith(" ")
        last = masks[number].startswith("}") if number < len(masks) else True
        changes = list(of_operators(line, mask))
        if inside and not NAMED.match(mask):
            changes += list(of_constants(line, mask))
        if inside:
            changes += list(of_condition(line, mask)) + list(of_return(line, mask))
            changes += list(of_statement(line, mask, last))
        found += [(number, name, line, after) for name, after in changes if after != line]
    return found


def changed(text, number, after):
    """The source with line `number` replaced."""
    lines = text.split("\n")
    lines[number - 1] = after
    return "\n".join(lines)
