"""Reads the lab's tables: catalogue.tsv (one row a domain) and hosts.tsv (one row an MX host), and the same of the small
public world, public-catalogue.tsv and public-hosts.tsv. README.md beside this file says what their columns are.
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
