#!/usr/bin/python3
"""Writes a zone file of a seed, in as many of the forms of RFC 1035 section 5.1 as other readers take.

    make.py SEED common|full      common: what both ldns-read-zone and named-compilezone read, as the zone example.

full has what only BIND reads as the RFC has it: a class before the TTL, TTLs with units in a record, parentheses around
TTL and type, owners that look like classes, types or TTLs, comments within them, names that leave the zone, $ORIGIN with a
relative name. BIND takes no zone with DS records at its apex, or NS records of a wildcard.
"""

import random
import sys

seed, kind = int(sys.argv[1]), sys.argv[2]
rng = random.Random(f"{seed} {kind}")
FULL = kind == "full"
WORDS = ["in", "ns", "a", "ch", "soa", "type2", "class1", "3600", "1h", "hs", "any", "ttl"]
out = []


def blank():
    return rng.choice([" ", "\t", "  ", "\t\t", " \t "])


def label():
    if FULL and rng.random() < 0.15:
        return rng.choice(WORDS)
    text = "".join(rng.choice("abcdefgxyz0189") for _ in range(rng.randint(1, 9))) + rng.choice(["", "-q", "_1", "xn--p1ai"])
    return text if not text.isdigit() else "n" + text


def written(text):
    """The same label in another way."""
    chance = rng.random()
    if chance < 0.08:
        at = rng.randrange(len(text))
        return f"{text[:at]}\\{ord(text[at]):03d}{text[at + 1:]}"
    if chance < 0.12:
        at = rng.randrange(len(text))
        return text if text[at].isdigit() else f"{text[:at]}\\{text[at:]}"
    return text.upper() if chance < 0.3 else text


def strange():
    """A label that no host has."""
    return rng.choice(["a\\.b", "x\\032y", "\\000", "p\\/q", "\\255", "\\@", "c\\,d", "\\\\"])


origins = ["example."]
origin = "example."
names = []
last = None
def DS():
    return "DS 4711 13 2 " + "0123456789abcdef" * 4


WAYS = [lambda: "TXT " + rng.choice(['"a;b" "c ( d"', "plain", '"\\"(" x', '"back\\\\"', '"\\;"', "a\\;b", '"" ""']),
        lambda: "A 192.0.2." + str(rng.randrange(256)),
        lambda: "AAAA 2001:db8::" + str(rng.randrange(9)),
        DS,
        lambda: "MX 10 mail" + rng.choice(["", ".example."]),
        lambda: "TYPE65534 \\# 3 " + rng.choice(["010203", "01 0203"]),
        lambda: "CAA 0 issue \"ca.example; x=(y\"",
        lambda: "( TXT ( a ) )" if FULL else "TXT ( a\n  \"b ; c\"\n\t) ; d )"]


def head():
    ttl, internet = rng.random() < 0.6, rng.random() < 0.6
    parts = ([str(rng.randrange(1, 99999)) if not FULL or rng.random() < 0.5 else rng.choice(["1h30m", "2W", "5s", "1d2H"])] if ttl else [])
    if internet:
        parts.insert(rng.randint(0, len(parts)) if FULL else len(parts), rng.choice(["IN", "in", "In"] + (["CLASS1"] if FULL else [])))
    return parts


def ns():
    target = rng.choice(["ns1", "ns2.other.net.", "NS3.example.", "@", "n\\097.other.net."])
    if rng.random() < 0.05:
        return rng.choice(["TYPE2", "NS"]) + " \\# 5 03 61 62 63 00" if FULL else "NS n."
    if rng.random() < 0.15:
        return rng.choice(["NS (" + target + ")", "NS ( ; ns )\n\n\t" + target + "\n) ; x", "NS\t(" + target + "\n )"])
    return rng.choice(["NS", "ns", "Ns"]) + blank() + target


def record(owner, data):
    parts = head()
    if FULL and rng.random() < 0.1:
        at = rng.randint(0, len(parts))
        line = owner + blank() + "".join(p + blank() for p in parts[:at]) + "( ; (\n" + "".join(p + blank() for p in parts[at:])
        word, rest = data.split(None, 1) if "(" not in data and "\n" not in data else (None, None)
        if word is not None:
            return line + word + "\n " + rest + " )"
    return owner + blank() + "".join(part + blank() for part in parts) + data


def new_owner():
    global origin
    text = strange() if rng.random() < 0.04 else written(label())
    chance = rng.random()
    if chance < 0.45:
        return f"{text}.{origin}" if origin != "." else f"{text}.example."
    if origin == ".":
        return f"{text}.example"
    if FULL and chance < 0.5:
        return f"{text}.elsewhere."
    if chance < 0.55:
        return f"{text}.{written(label())}"
    return text


out.append(rng.choice(["", "; a comment ( \" \\", "\t ; indented"]))
out.append("$TTL " + rng.choice(["86400", "1d", "1h30m"]))
if rng.random() < 0.7:
    out.append("$ORIGIN example.")
    out.append("@" + blank() + rng.choice(["", "900 "]) + "IN SOA ns1 hostmaster ( 1 ; serial )\n\t7200 900\n ;;\n 1209600 3600 )")
else:
    out.append("$ORIGIN .\nexample 900 IN SOA ns1.example. h.example. 1 7200 900 1209600 3600\n$ORIGIN example.")
out.append(record("", "NS ns1"))
out.append("ns1" + blank() + "A 192.0.2.1\nns3.example. A 192.0.2.3\n@ A 192.0.2.4\nexample. IN NS ns1.example.")
out.append(record("@", "NS ns2.other.net."))
for _ in range(rng.randint(5, 120)):
    chance = rng.random()
    if chance < 0.05:
        origin = rng.choice(["example.", "sub.example.", "."])
        out.append("$ORIGIN" + blank() + origin)
    elif FULL and chance < 0.08 and origin != ".":
        text = label()
        out.append("$ORIGIN" + blank() + text + "; relative")
        origin = f"{text}.{origin}"
    elif chance < 0.1:
        out.append("$TTL" + blank() + rng.choice(["5", "1w", "3h"]))
    elif chance < 0.16:
        out.append(rng.choice(["", " ", "\t; x", ";", "; 'a' \"b", ";;( "]))
    else:
        owner = "" if rng.random() < 0.3 else "@" if rng.random() < 0.03 and origin != "." else new_owner()
        # The owner that is left out may be the apex.
        others = [way for way in WAYS if owner not in ("", "@") or way is not DS]
        out.append(record(owner, ns() if rng.random() < 0.55 else rng.choice(others)()))
text = "\n".join(out)
sys.stdout.write(text + rng.choice(["\n", "\n", "\n\n"]))
