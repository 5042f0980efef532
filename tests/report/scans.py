#!/usr/bin/python3
"""Three scans of one list, a month apart, made of the stored scan of the lab: what changes between them is said here, so that a
report of them can be held to it.

    tests/report/scans.py FOLDER       makes FOLDER/scan-2026-09, -10 and -11, to look at

The last has the lab's records as they were stored, with labels and ranks; the two before differ by CHANGES. Nothing of it
comes from a network.
"""

import datetime
import json
import os
import shutil
import subprocess
import sys

STORED = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "stored", "lab-stub")
NAMES = ("scan-2026-09", "scan-2026-10", "scan-2026-11")
STARTED = ("2026-09-01T06:00:00.000Z", "2026-10-01T06:00:00.000Z", "2026-11-01T06:00:00.000Z")
LABELS = ("Adler Logistik", "Banque Sud", "Clínica Sur", "Dunmore Foods", "Elbe Werke", "Fjord Energi")

# The second has ten letters, whose number is a newline. Which domains stood otherwise before: how many of an outcome of the last scan, which outcome they had in the two before, and
# what kinds of change that is from the second to the last.
CHANGES = (
    ("refused", 9, "protected", "protected", {"delivery"}),
    ("refused", 4, "testing", "protected", {"delivery"}),
    ("broken", 6, "protected", "protected", {"protection"}),
    ("absent", 5, "protected", "protected", {"protection"}),
    ("protected", 7, "absent", "refused", {"better"}),
    ("protected", 8, "absent", "testing", {"better"}),
    ("testing", 3, "absent", "absent", {"better"}),
    ("unknown", 4, "protected", "protected", {"unclear"}),
)
NEW, GONE, VICTIMS, SAME_IDS = 7, 5, 3, 2


def read(directory, stream="domains"):
    text = subprocess.run(["zstd", "-dcq", os.path.join(directory, stream + ".ndjson.zst")], capture_output=True, check=True).stdout
    return [json.loads(line) for line in text.decode().splitlines()]


def write(directory, records, stream="domains"):
    plain = os.path.join(directory, stream + ".plain")
    with open(plain, "w", encoding="utf-8") as file:  # of a file, the frame says how much it holds
        file.writelines(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in records)
    subprocess.run(["zstd", "-q", "-f", "--rm", plain, "-o", os.path.join(directory, stream + ".ndjson.zst")], check=True)


def stood(record, outcome):
    """The record as it was with another outcome."""
    before = json.loads(json.dumps(record))
    before["outcome"] = outcome
    before.pop("would_be", None)
    if outcome == "testing":
        before["would_be"] = "protected"
    before["tls"] = "all"
    if outcome != "refused":
        for host in before.get("mx", {}).get("hosts", []):
            host["code"] = "ok"
            for ip in host.get("ips", []):
                ip["code"] = "ok"
    return before


def victim(record):
    record["codes"] = record.get("codes", []) + ["cached.refused"]
    record["cached"] = {"id": "20260901", "mode": "enforce", "mx": ["mx1.old.lab"], "max_age": 2592000,
                        "fetched": STARTED[1], "since": STARTED[2], "found": "no-record", "would_be": "refused",
                        "sure_until": "2026-11-20T06:00:00.000Z", "none_after": "2026-12-01T06:00:00.000Z",
                        "hosts": [{"host": "mx1.mx.lab", "code": "mx.not-in-policy"}]}  # fmt: skip


def counted(records):
    outcomes = {}
    for record in records:
        outcomes[record["outcome"]] = outcomes.get(record["outcome"], 0) + 1
    return outcomes


def put(folder, at, records, has_previous=False):
    directory = os.path.join(folder, NAMES[at])
    shutil.copytree(STORED, directory)
    write(directory, records)
    for name in ("meta.json", "summary.json"):
        path = os.path.join(directory, name)
        with open(path, encoding="utf-8") as file:
            tree = json.load(file)
        if name == "meta.json":
            tree["started"], tree["ended"] = STARTED[at], STARTED[at].replace("06:00", "06:20")
            tree["command"] = f"stsweep scan customers.csv -o {NAMES[at]} --config=scan.ini"
            tree["inputs"][0]["path"] = "customers.csv"
            tree["config"]["output.dir"] = NAMES[at]
            if has_previous:
                tree["previous"] = {"dir": NAMES[at - 1], "started": STARTED[at - 1]}
            tree["started_ms"] = int(datetime.datetime.fromisoformat(STARTED[at][:-1] + "+00:00").timestamp() * 1000)
        else:
            tree["outcomes"] = counted(records)
            tree["inputs"] += len(records) - tree["records"]
            tree["records"] = len(records)
            for label in ("codes", "dane", "tls", "would_be"):
                tree.pop(label, None)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(tree, file, indent=2)
    return directory


def make(folder):
    """Makes them; returns their directories, and how many domains are of each kind from the second to the last."""
    last = sorted(read(STORED), key=lambda record: record["domain"])
    for at, record in enumerate(last):
        record["label"], record["rank"] = LABELS[at * len(LABELS) // len(last)], at * at + 1
    before = [{record["domain"]: record for record in last} for _ in range(2)]
    wanted = {"victims": VICTIMS, "delivery": 0, "protection": 0, "same-id": SAME_IDS, "better": 0, "new": NEW, "gone": GONE, "unclear": 0}
    taken = set()

    def take(outcome, count, fits=lambda record: True):
        found = [r for r in last if r["outcome"] == outcome and r["domain"] not in taken and fits(r)][:count]
        assert len(found) == count, (outcome, count, len(found))
        taken.update(record["domain"] for record in found)
        return found

    for outcome, count, first, second, kinds in CHANGES:
        for record in take(outcome, count):
            before[0][record["domain"]], before[1][record["domain"]] = stood(record, first), stood(record, second)
            for kind in kinds:
                wanted[kind] += 1
    for record in take("protected", NEW):
        del before[0][record["domain"]], before[1][record["domain"]]
    for record in take("protected", SAME_IDS, lambda r: "body" in r.get("policy", {}) and r["txt"].get("id")):
        for one in before:
            one[record["domain"]] = json.loads(json.dumps(record))
            one[record["domain"]]["policy"]["body"] += "mx: another.lab\r\n"
    gone = take("protected", 1)[0]
    for at in range(GONE):
        for one in before:
            one[f"gone{at}.lab"] = {**gone, "domain": f"gone{at}.lab", "ordinal": 1000 + at}
    for record in take("absent", VICTIMS):
        before[1][record["domain"]] = json.loads(json.dumps(record))
        victim(record)
        wanted["delivery"] += 1
    lists = [list(before[0].values()), list(before[1].values()), last]
    return [put(folder, at, records, at == 2) for at, records in enumerate(lists)], wanted



HOSTILE = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</table></section>", "a\u202eb", "\x1b[31m",
           "=cmd()", "&lt;b&gt;", "--><!--", "']]>", "x\u0007\u009b", "javascript:alert(1)"]


def hostile(folder):
    """A scan whose every text is a stranger's."""
    directory = os.path.join(folder, "hostile")
    shutil.copytree(STORED, directory)
    record = {"schema": 1, "ordinal": 1, "outcome": "refused", "dane": "absent", "tls": "all", "codes": ["smtp.tls.expired"]}
    streams = {"domains": [], "hosts": [], "certs": []}
    for at, text in enumerate(HOSTILE):
        streams["domains"].append({**record, "ordinal": at + 1, "domain": text, "tld": text, "label": text,
                                   "provider": {"mx": text, "policy": text}, "policy": {"host": text, "code": "policy.http.status"},
                                   "txt": {"lookup": "answered", "code": "ok"},
                                   "mx": {"lookup": "answered", "hosts": [{"host": text, "code": "ok"}]}})
        streams["hosts"].append({"host": text, "step": "quit", "tls": {"end": "done", "version": text, "group": text}})
        streams["certs"].append({"sha256": text, "subject": text, "dns_names": [text], "not_after": "2026-12-01T00:00:00.000Z"})
    for stream, lines in streams.items():
        write(directory, lines, stream)
    return directory


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    print("\n".join(make(sys.argv[1])[0]))
