"""The lab's tables: catalogue.tsv (one row a domain) and hosts.tsv (one row an MX host), and the same of the small
public world, public-catalogue.tsv and public-hosts.tsv.

Columns of catalogue.tsv ("-" is nothing):
    domain, what    the name, and one sentence on what it shows, with the rule
    zone            signed            a zone of its own with a DS in the parent
                    unsigned          a zone of its own, delegated insecurely
                    expired           signed, all signatures have expired
                    wrong-ds          signed, the DS in the parent belongs to another key
                    tampered          signed, then the MTA-STS record was changed
                    tampered-tlsa     signed, then the one TLSA record 3 1 1 in it was changed
                    lame              delegated to a server that does not serve it
                    missing           not delegated
                    dns-…             delegated to a scripted server (tests/scenarios/dns-….scenario); a second
                                      word refuse or deny makes the lab's recursor refuse or drop questions for it
                    wildcard          a name under one of the zones for bulk tests
    txt             TXT records at _mta-sts, between " | "; the strings of one between " + ";
                    "cname NAME": an alias; "large": the record is valid, the answer needs TCP
    mx              "PREF HOST", between ", "; "null": a null MX
    policy          words: enforce, testing, none (a policy of that mode with a line for each MX host), and
                    mx=HOST,… max_age=N (its fields), eol=lf, type=MEDIA/TYPE, cert=KIND (pki.py),
                    http=301|302|404|500|html|exact64k|over64k, play=SCENARIO (tests/scenarios/http-….scenario),
                    address=none|refused|timeout|unreachable|special|far6, or an address of the web server's, cname=NAME;
                    body=TEXT (the last; with \\r \\n \\xHH) is the policy as it stands
    extra           further records of the zone in the zone file's form, between " | "
    outcome, would_be, dane, tls
                    as in the domain record; "-" is not compared
    codes_stub, codes_embedded
                    codes that must (with ! must not) be in the record, between ","; a/b: one of them;
                    "=" is as the other way's

Columns of hosts.tsv:
    host            its name; the record goes into the nearest zone above
    addresses       between ","; "none": no record; "cname NAME": an alias
    server          postfix; postfix-plain (without TLS); smtp-… (a scenario); refused, timeout, unreachable
    cert            kind of certificate (pki.py), or one for each address, between ","
    tlsa            records between ", ": "USAGE SELECTOR MATCHING [WHOSE]"; WHOSE: the host's own certificate, one
                    of an authority or of a host above, by its file (pki.py), or "!" for data that fit nothing.
                    "good" is "3 1 1", "wrong" is "3 1 1 !", "unusable" is "1 1 1"
    what            one sentence
"""

import csv
import os

HERE = os.path.dirname(os.path.abspath(__file__))
DOMAIN_COLUMNS = [
    "domain", "what", "zone", "txt", "mx", "policy", "extra",
    "outcome", "would_be", "dane", "tls", "codes_stub", "codes_embedded",
]  # fmt: skip
HOST_COLUMNS = ["host", "addresses", "server", "cert", "tlsa", "what"]


def read_table(path, columns):
    """Rows as dicts; ValueError where a row or the header is not as it must be."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = [line for line in file if line.strip() and not line.startswith("#")]
    rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows or rows[0] != columns:
        raise ValueError(f"{path}: the header must be {' '.join(columns)}")
    for row in rows[1:]:
        if len(row) != len(columns) or not all(row):
            raise ValueError(f"{path}: {row[0]}: {len(columns)} filled columns wanted, got {len(row)}")
    table = [dict(zip(columns, row)) for row in rows[1:]]
    names = [row[columns[0]] for row in table]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{path}: {name} stands twice")
    return table


def domains(path=os.path.join(HERE, "catalogue.tsv")):
    return read_table(path, DOMAIN_COLUMNS)


def hosts(path=os.path.join(HERE, "hosts.tsv")):
    return read_table(path, HOST_COLUMNS)


def policy_words(cell):
    """The policy column as a dict; the bare words enforce, testing and none stand under "mode"."""
    head, mark, body = cell.partition("body=")
    words = {}
    for word in head.split():
        key, equals, value = word.partition("=")
        words[key if equals else "mode"] = value if equals else key
    if mark:
        words["body"] = body
    return words


def mx_records(cell):
    """(preference, host) of the mx column."""
    if cell == "-":
        return []
    if cell == "null":
        return [("0", ".")]
    return [tuple(item.split()) for item in cell.split(", ")]


def host_addresses(row):
    """The addresses of a row of hosts.tsv."""
    if row["addresses"] == "none" or row["addresses"].startswith("cname "):
        return []
    return row["addresses"].split(",")


def host_certificates(row):
    """(address, name of the certificate's file, its kind) for each address of a row of hosts.tsv."""
    addresses, kinds = host_addresses(row), row["cert"].split(",")
    if row["cert"] == "-":
        return []
    if len(kinds) == 1:
        return [(address, row["host"], kinds[0]) for address in addresses]
    return [(address, f"{row['host']}@{address}", kind) for address, kind in zip(addresses, kinds)]
