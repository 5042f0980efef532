"""What an output may hold, by its kind. Each rule returns what is wrong, in words, or ""."""

import csv
import html.parser
import io
import json
import os
import re
import subprocess
import unicodedata

MARKER = "FORGED"
# Letters and marks that nobody sees (Default_Ignorable_Code_Point), besides those that unicodedata calls formats.
UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]")
FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
NUMBER = re.compile(r"-?\d+(\.\d+)?$")


def decoded(data):
    try:
        return data.decode(), ""
    except UnicodeDecodeError as error:
        return "", f"no UTF-8: {data[max(0, error.start - 40):error.start + 20]!r}"


def unseen_in(text, allowed):
    for char in set(text) - set(allowed):
        if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Cn") or UNSEEN.match(char):
            at = text.index(char)
            return f"U+{ord(char):04X} in {text[max(0, at - 60):at + 20]!r}"
    return ""


def forged_in(text):
    """At the margin, or behind what a line of ours begins with: what is folded stands further in."""
    line = next((line for line in re.split("[\r\n]", text) if re.match(r"[ \t|#-]{0,3}" + MARKER, line)), None)
    return "" if line is None else f"a line that is forged: {line!r}"


def terminal(data):
    """UTF-8; no control but the end of a line and tab, nothing that turns or hides what stands around it; no line of a stranger's."""
    text, wrong = decoded(data)
    return wrong or unseen_in(text, "\n\t") or forged_in(text)


def screen(data):
    """The same of what is shown on a terminal while a scan runs: with the cursor's moves and bold titles, which are ours."""
    return terminal(re.sub(rb"\x1b\[(?:\d*[AHJK]|0m|1m|1;31m)|\r", b"", data))


def coloured(data):
    """The same of what is said to a terminal at which somebody reads, with colours, which are ours."""
    return terminal(re.sub(rb"\x1b\[(?:\d+;)?\d*m", b"", data).replace(b"\r\n", b"\n"))


def policy(data):
    """Lines of a policy's keys, each with its value, which end in CR and LF."""
    wrong = terminal(data.replace(b"\r\n", b"\n"))
    line = next((line for line in data.split(b"\r\n")[:-1] if not re.fullmatch(rb"(version|mode|mx|max_age): [!-~]+", line)), b"")
    return wrong or (f"no line of a policy: {line!r}" if line or not data.endswith(b"\r\n") else "")


def table(data, separator=","):
    """CSV that is as wide everywhere, without a cell that a spreadsheet would take for a formula, and without controls. Marks that
    nobody sees stay: CSV has no way to write them, and a label may need them."""
    text, wrong = decoded(data)
    if wrong:
        return wrong
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True, delimiter=separator))
    if {len(row) for row in rows} != {len(rows[0])}:
        return f"rows of {sorted({len(row) for row in rows})} cells: {next(row for row in rows if len(row) != len(rows[0]))}"
    for row in rows:
        for cell in row:
            if cell.lstrip(" \u00a0")[:1] and cell.lstrip(" \u00a0")[0] in FORMULA and not NUMBER.match(cell):
                return f"a formula: {cell!r}"
    control = next((char for char in set(text) - set("\n\t\r") if unicodedata.category(char) == "Cc"), "")
    return f"U+{ord(control):04X} in {text[max(0, text.index(control) - 60):][:80]!r}" if control else ""


def semicolons(data):
    return table(data, ";")


def tabs(data):
    return table(data, "\t")


COMMAND_OF_GITHUB = re.compile(r"::(error|warning|notice) title=[^:,\r\n]*::[^\r\n]*$")


def github(data):
    """Workflow commands of GitHub Actions, a line each, whose title and message are not ended by what is in them."""
    text, wrong = decoded(data)
    wrong = wrong or unseen_in(text, "\n") or forged_in(text)
    if wrong:
        return wrong
    bad = [line for line in text.split("\n")[:-1] if not COMMAND_OF_GITHUB.match(line) or re.search("%(?!25|0A|3A|2C)", line)]
    return f"no command: {bad[0]!r}" if bad or not text.endswith("\n") else ""


def junit(data):
    """XML by the schema, of printable ASCII, without an element that is forged."""
    text, wrong = decoded(data)
    wrong = wrong or unseen_in(text, "\n") or ("" if text.isascii() else "no ASCII")
    if wrong:
        return wrong
    schema = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "junit.xsd")
    done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", schema, "-"], input=data, capture_output=True, check=False)
    return f"xmllint: {done.stderr[-400:]!r}" if done.returncode != 0 else ""


def ticket(data):
    """Markdown as GitHub renders it: of headings, paragraphs and tables alone, with no link, image, tag or mention outside of code."""
    wrong = markdown(data)
    if wrong:
        return wrong
    done = subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough"], input=data, capture_output=True, check=False)
    page = re.sub(r"<code>[^<]*</code>", "", done.stdout.decode())
    odd = set(re.findall(r"</?([a-zA-Z0-9]+)[^>]*>", page)) - {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "strong"}
    rows = [len(re.findall("<t[hd]", row)) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)]
    if odd or set(rows) - {6} or done.returncode != 0 or not rows:
        return f"odd tags: {odd}, rows of {set(rows)} cells"
    mention = re.search(r"(?<!\w)@\w", re.sub(r"<[^>]*>", " ", page))
    return f"a mention: {page[mention.start() - 40:mention.start() + 40]!r}" if mention else ""


def refuse(word):
    raise ValueError(f"no JSON: {word}")


def once(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError(f"a key twice: {pairs}")
    return dict(pairs)


def parse(text):
    return json.loads(text, parse_constant=refuse, object_pairs_hook=once)


def values(data):
    """A JSON text, or one a line (NDJSON); ValueError if it is none."""
    text = data.decode()
    if text.startswith("{\n"):
        return [parse(text)]
    return [parse(line) for line in text.split("\n")[:-1]]


def json_text(data):
    """JSON by the letter, in UTF-8, no key twice; no character that a terminal obeys or nobody sees, as \\u stands for it."""
    text, wrong = decoded(data)
    if wrong:
        return wrong
    try:
        found = values(data)
    except ValueError as error:
        return f"{error}: {text[:200]!r}"
    if any(MARKER in one for one in found if isinstance(one, dict)):
        return "a key that is forged"
    return unseen_in(text, "\n")


def zone(data):
    """A zone file that BIND takes, without a name or a record that is forged."""
    text, wrong = decoded(data)
    wrong = wrong or unseen_in(text, "\n\t")
    if wrong:
        return wrong
    head = "$ORIGIN .\n$TTL 300\n@ SOA ns. ns. 1 1 1 1 1\n@ NS ns.\nns. A 192.0.2.1\n"
    done = subprocess.run(["named-checkzone", "-i", "none", "-k", "ignore", "-n", "ignore", "-m", "ignore", "-D", "-o", "-", ".", "/dev/stdin"],
                          input=head + text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"named-checkzone: {done.stderr[-400:]}"
    owners = [line.split()[0] for line in done.stdout.splitlines() if line and not line.startswith((";", "zone ", "OK"))]
    owners = [owner.lower() for owner in owners if not owner.lower().endswith(f".{MARKER.lower()}.")]  # a line of a list: a name
    return next((f"a name that is forged: {owner}" for owner in owners if MARKER.lower() in owner), "")


COMMAND = re.compile(r"(;.*|server .*|zone [!-~]+|send|answer|ttl .*|prereq [a-z]+ [!-~]+( .*)?|update (add|delete) [!-~]+( \d+)?( (IN )?[A-Z0-9]+( .*)?)?|)$")


def nsupdate(data):
    """Commands of nsupdate and comments, a line each."""
    text, wrong = decoded(data)
    wrong = wrong or unseen_in(text, "\n\t") or forged_in(text)
    if wrong:
        return wrong
    bad = [line for line in text.split("\n") if not COMMAND.match(line)]
    return f"no command: {bad[0]!r}" if bad else ""


def nginx(data, place):
    """A part of a configuration that nginx takes, without a server or an answer that is forged outside of quotes."""
    text, wrong = decoded(data)
    wrong = wrong or unseen_in(text, "\n\t") or forged_in(text)
    if wrong:
        return wrong
    with open(os.path.join(place, "policies.conf"), "wb") as file:
        file.write(data)
    main = f"pid {place}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n" + \
        "".join(f"{kind}_temp_path {place}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) + \
        f"include {place}/policies.conf;\nserver {{ listen 127.0.0.1:8080; }}\n}}\n"
    with open(os.path.join(place, "nginx.conf"), "w", encoding="ascii") as file:
        file.write(main)
    done = subprocess.run(["nginx", "-t", "-q", "-p", place, "-c", place + "/nginx.conf"], capture_output=True, text=True, check=False)
    return f"nginx: {done.stderr[-400:]}" if done.returncode != 0 else ""


class Page(html.parser.HTMLParser):
    """What stands in a page that is neither text nor the value of an attribute, and where its links lead."""

    ASKING = {"img", "iframe", "object", "embed", "link", "form", "base", "use", "foreignobject", "video", "audio", "input"}

    def __init__(self):
        super().__init__()
        self.wrong, self.within, self.scripts = [], "", 0

    def handle_starttag(self, tag, attrs):
        self.within = tag
        self.scripts += tag == "script"
        values = dict(attrs)
        odd = [name for name in values if not re.fullmatch("[a-z-]+", name) or name.startswith("on")]
        link = values.get("href") or values.get("src") or ""
        if odd or MARKER.lower() in tag or (tag in self.ASKING and (tag != "input" or values.get("type") != "search")):
            self.wrong.append(f"a tag: {tag} {attrs}")
        if re.match(r"\s*[a-z]+:", link, re.IGNORECASE) and not re.match("https?://", link):
            self.wrong.append(f"a link: {link}")

    def handle_endtag(self, tag):
        self.within = ""

    def handle_data(self, data):
        if self.within in ("script", "style") and MARKER in data:
            self.wrong.append(f"in {self.within}: {data[:80]!r}")

    def handle_comment(self, data):
        self.wrong.append(f"a comment: {data[:80]!r}")


def page(data):
    """HTML in which nothing of a stranger's is markup, with one script, which is ours."""
    text, wrong = decoded(data)
    wrong = wrong or unseen_in(text, "\n\t")
    if wrong:
        return wrong
    read = Page()
    read.feed(text)
    read.close()
    return "; ".join(read.wrong[:3]) or ("" if read.scripts <= 1 else f"{read.scripts} scripts")


def markdown(data):
    """As a terminal's, without a tag; a table is as wide everywhere."""
    text, wrong = decoded(data)
    wrong = wrong or unseen_in(text, "\n\t") or forged_in(text)
    if wrong:
        return wrong
    tag = re.search(r"(?<!\\)<[a-zA-Z/!]|(?<!\\)\]\(https://forged", re.sub(r"`[^`]*`", "", text))
    return f"markup: {text[tag.start() - 40:tag.start() + 40]!r}" if tag else ""
