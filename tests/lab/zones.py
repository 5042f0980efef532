"""Zones of the lab: their text, keys, DS records and signatures (ldns-keygen, ldns-signzone).

One ECDSA key (a CSK) is made for the whole lab and used under the name of each zone: making a key for each would
cost seconds and show nothing more.
"""

import base64
import glob
import hashlib
import os
import shutil
import struct
import subprocess
import time

TTL = 300
ALGORITHM = "ECDSAP256SHA256"
DAY = 86400


def wire_name(name):
    labels = [label.encode() for label in name.strip(".").lower().split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def key_tag(data):
    """RFC 4034 appendix B."""
    total = sum(byte << 8 if index % 2 == 0 else byte for index, byte in enumerate(data))
    return (total + (total >> 16)) & 0xFFFF


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def txt(strings):
    """The strings of one TXT record as they stand in a zone file."""
    return "TXT " + " ".join(quoted(string) for string in strings)


def dotted(name):
    return name if name.endswith(".") else name + "."


class Key:
    """The lab's one DNSSEC key."""

    def __init__(self, directory):
        self.dir = directory
        done = subprocess.run(
            ["ldns-keygen", "-a", ALGORITHM, "-k", "-r", "/dev/urandom", "template.lab"],
            cwd=directory, capture_output=True, text=True, check=True,
        )  # fmt: skip
        self.stem = os.path.join(directory, done.stdout.strip())
        with open(self.stem + ".key", encoding="ascii") as file:
            fields = file.read().split("DNSKEY", 1)[1].split(";")[0].split()
        self.fields = " ".join(fields)
        flags, protocol, algorithm = (int(field) for field in fields[:3])
        self.data = struct.pack("!HBB", flags, protocol, algorithm) + base64.b64decode("".join(fields[3:]))

    def dnskey(self, zone):
        return f"{dotted(zone)} {TTL} IN DNSKEY {self.fields}"

    def ds(self, zone, wrong=False):
        digest = hashlib.sha256(wire_name(zone) + self.data + (b"wrong" if wrong else b"")).hexdigest()
        return f"DS {key_tag(self.data)} {self.data[3]} 2 {digest}"

    def under(self, zone):
        """Files of the key under the zone's name, as ldns-signzone wants them; their common stem."""
        stem = os.path.join(self.dir, "K-" + (zone.strip(".") or "root"))
        with open(stem + ".key", "w", encoding="ascii") as file:
            file.write(self.dnskey(zone) + "\n")
        shutil.copyfile(self.stem + ".private", stem + ".private")
        return stem


class Zone:
    """One zone: collect records with add(), delegate() children, then write()."""

    def __init__(self, name, server):
        self.name = dotted(name)
        self.server = server
        self.lines = []
        nameserver = "a.root-servers." if self.name == "." else "ns." + self.name
        self.add("@", f"SOA {nameserver} hostmaster.lab. 1 3600 600 86400 60")
        self.add("@", "NS " + nameserver)
        self.add(nameserver, "A " + server)

    def add(self, owner, data):
        self.lines.append(f"{owner} {TTL} IN {data}")

    def delegate(self, child, server, ds=None):
        """Delegates to ns.CHILD at server; ds is the DS record's data, or None for an insecure delegation."""
        child = dotted(child)
        self.add(child, "NS ns." + child)
        self.add("ns." + child, "A " + server)
        if ds:
            self.add(child, ds)

    def write(self, directory, key=None, expired=False, tamper=None):
        """The zone's file, signed where there is a key. tamper: (old, new) changed after signing."""
        path = os.path.join(directory, (self.name.strip(".") or "root") + ".zone")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"$ORIGIN {self.name}\n$TTL {TTL}\n" + "\n".join(self.lines) + "\n")
        return sign(path, self.name, key, expired, tamper) if key else path


def sign(path, name, key, expired, tamper):
    now = int(time.time())
    start, end = (now - 30 * DAY, now - DAY) if expired else (now - DAY, now + 30 * DAY)
    stem = key.under(name)
    command = ["ldns-signzone", "-i", stamp(start), "-e", stamp(end), "-o", name, "-f", path + ".signed", path, stem]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    if tamper:
        change(path + ".signed", *tamper)
    return path + ".signed"


def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))


def change(path, old, new):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        raise RuntimeError(f"{path}: {old} stands {text.count(old)} times")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def forget_keys(directory):
    """Private keys are of no use once all is signed."""
    for path in glob.glob(os.path.join(directory, "*.private")):
        os.unlink(path)
