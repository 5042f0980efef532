"""An authoritative name server of zones that are made to cost a validating resolver much, and of one in good order.

A domain is `<number>.<kind>`, and a kind is a zone of its own below the root:

    signed      in good order: a null MX, and what there is not is denied by NSEC
    iterations  the same, denied by NSEC3 with 65,535 iterations
    keytrap     KEYS keys of one tag, and on each set of records SIGNATURES signatures of which none is good
    nxns        each domain is delegated to NAME_SERVERS names under another's zone, without an address
    pingpong    each domain is delegated to a name under another one, and that to a name under the first
    lame        each domain is delegated to a server that delegates it to itself again
    upward      likewise, to a server that refers to the root
    aliases     each name is an alias of a new one, without end
    circle      each name leads to itself over two aliases

All but lame and upward answer at ADDRESS; VICTIM is the zone that nxns points to, at an address of its own. Signatures are made
here (ECDSA); what is large goes by TCP. The server counts what it is asked and what it sends, a zone each. It asks nobody.
"""

import base64
import collections
import functools
import hashlib
import itertools
import os
import random
import socket
import struct
import threading
import time

import dnsd

ADDRESS, VICTIM_ADDRESS, LAME_ADDRESS, UPWARD_ADDRESS = "127.54.0.1", "127.54.0.2", "127.54.0.3", "127.54.0.4"
KINDS = ("signed", "iterations", "keytrap", "nxns", "pingpong", "lame", "upward", "aliases", "circle")
SIGNED = ("signed", "iterations", "keytrap")
VICTIM = "victim"
KEYS, SIGNATURES, NAME_SERVERS, ITERATIONS = 100, 100, 80, 65535
A, NS, CNAME, SOA, MX, RRSIG, NSEC, DNSKEY, NSEC3, OPT = 1, 2, 5, 6, 15, 46, 47, 48, 50, 41
TTL, UDP_BYTES = 300, 1232
NXDOMAIN = 3
SALT = b"salt"

# Field, order and generator of the curves that algorithms 13 and 14 sign with; their a is -3.
Curve = collections.namedtuple("Curve", "p n x y size digest algorithm")
P256 = Curve(
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    32, hashlib.sha256, 13,
)  # fmt: skip
P384 = Curve(
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
    0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    48, hashlib.sha384, 14,
)  # fmt: skip


# ---- keys ------------------------------------------------------------------------------------------------------------


def added(curve, one, other):
    if one is None:
        return other
    if one == other:
        slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, curve.p)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, curve.p)
    x = (slope * slope - one[0] - other[0]) % curve.p
    return x, (slope * (one[0] - x) - one[1]) % curve.p


def multiplied(curve, factor):
    """A multiple of the generator."""
    point, step = None, (curve.x, curve.y)
    while factor:
        if factor & 1:
            point = added(curve, point, step)
        step = added(curve, step, step)
        factor >>= 1
    return point


def key_data(curve, point, flags=257):
    numbers = b"".join(number.to_bytes(curve.size, "big") for number in point)
    return struct.pack("!HBB", flags, 3, curve.algorithm) + numbers


def key_tag(data):
    total = sum(data[::2]) * 256 + sum(data[1::2])
    return (total + (total >> 16)) & 0xFFFF


def with_tag(curve, point, tag):
    """The key's data with flags that nobody reads, so that it has the tag; None if flags that matter would have to be others."""
    for more in range(2):
        flags = (tag - key_tag(key_data(curve, point, 0)) - more) & 0xFFFF
        data = key_data(curve, point, flags)
        if key_tag(data) == tag and flags & 0x0180 == 0x0100:
            return data
    return None


class Key:
    def __init__(self, curve):
        self.curve, self.secret = curve, random.randrange(1, curve.n)
        self.point = multiplied(curve, self.secret)
        self.data = key_data(curve, self.point)
        self.tag = key_tag(self.data)

    def sign(self, data):
        nonce = random.randrange(1, self.curve.n)
        r = multiplied(self.curve, nonce)[0] % self.curve.n
        number = int.from_bytes(self.curve.digest(data).digest(), "big")
        s = pow(nonce, -1, self.curve.n) * (number + r * self.secret) % self.curve.n
        return r.to_bytes(self.curve.size, "big") + s.to_bytes(self.curve.size, "big")

    def others(self, count):
        """Data of so many other keys with the same tag."""
        found, point = [], self.point
        while len(found) < count:
            point = added(self.curve, point, (self.curve.x, self.curve.y))
            data = with_tag(self.curve, point, self.tag)
            found += [data] if data else []
        return found


# ---- records ---------------------------------------------------------------------------------------------------------


def rr(name, rtype, data):
    return dnsd.wire_name(name) + struct.pack("!HHIH", rtype, 1, TTL, len(data)) + data


def bitmap(*types):
    bits = bytearray(8)
    for rtype in types:
        bits[rtype // 8] |= 0x80 >> rtype % 8
    return b"\0" + bytes([len(bits)]) + bytes(bits)


@functools.lru_cache(None)
def hashed(name):
    digest = dnsd.wire_name(name)
    for _ in range(ITERATIONS + 1):
        digest = hashlib.sha1(digest + SALT).digest()
    return digest


def soa_data(zone):
    return dnsd.wire_name("ns." + zone) + dnsd.wire_name("host." + zone) + struct.pack("!5I", 1, 3600, 600, 86400, TTL)


class Zone:
    """A signed one: sets of records with their signatures."""

    def __init__(self, name):
        self.name, self.key = name, Key(P384 if name == "keytrap" else P256)
        self.keys = [self.key.data] + (self.key.others(KEYS - 1) if name == "keytrap" else [])
        self.kept = {}

    def signatures(self, name, rtype, datas):
        now = int(time.time())
        labels = len([label for label in name.split(".") if label])
        head = struct.pack("!HBBIIIH", rtype, self.key.curve.algorithm, labels, TTL, now + 86400, now - 86400, self.key.tag)
        head += dnsd.wire_name(self.name)
        if self.name == "keytrap" and rtype != DNSKEY:
            return [head + os.urandom(self.key.curve.size * 2 - 1).rjust(self.key.curve.size * 2, b"\x01") for _ in range(SIGNATURES)]
        return [head + self.key.sign(head + b"".join(rr(name, rtype, data) for data in sorted(datas)))]

    def whole(self, name, rtype, *datas):
        if (name, rtype) not in self.kept:
            records = [rr(name, rtype, data) for data in datas]
            self.kept[name, rtype] = records + [rr(name, RRSIG, signature) for signature in self.signatures(name, rtype, datas)]
        return self.kept[name, rtype]

    def denial(self, name):
        """That there is nothing of the name but the record that says so."""
        soa = self.whole(self.name, SOA, soa_data(self.name))
        if self.name != "iterations":
            return soa + self.whole(name, NSEC, b"\1\0" + dnsd.wire_name(name) + bitmap(RRSIG, NSEC))
        digest = hashed(name)
        after = (int.from_bytes(digest, "big") + 1).to_bytes(20, "big")
        owner = base64.b32hexencode(digest).decode().lower() + "." + self.name
        head = struct.pack("!BBHB", 1, 0, ITERATIONS, len(SALT)) + SALT + b"\x14" + after
        return soa + self.whole(owner, NSEC3, head + bitmap(RRSIG))

    def answer(self, name, qtype):
        """(answer, authority)"""
        if name == self.name and qtype == DNSKEY:
            return self.whole(name, DNSKEY, *self.keys), []
        if name == self.name and qtype == SOA:
            return self.whole(name, SOA, soa_data(name)), []
        if qtype == MX and name.count(".") == 1:
            return self.whole(name, MX, b"\0\0\0"), []
        return [], self.denial(name)


# ---- the server ------------------------------------------------------------------------------------------------------


Parts = collections.namedtuple("Parts", "answer authority additional aa rcode", defaults=((), (), (), True, 0))


def no_data(zone, rcode=0):
    return Parts(authority=[rr(zone, SOA, soa_data(zone))], rcode=rcode)


def referral(cut, servers, glue=None):
    """To servers without an address, or to one with its address."""
    return Parts(authority=[rr(cut, NS, dnsd.wire_name(server)) for server in servers], aa=False,
                 additional=[rr(servers[0], A, socket.inet_aton(glue))] if glue else [])


class Authority:
    def __init__(self):
        self.zones = {name: Zone(name) for name in SIGNED}
        self.asked, self.sent = collections.Counter(), collections.Counter()
        self.aliases = itertools.count(1)

    def prepare(self, domains):
        """Makes beforehand what takes long: the server is not to be late."""
        for domain in domains:
            zone = self.zones.get(domain.rpartition(".")[2])
            for prefix in ("", "_mta-sts.", "_smtp._tls.") if zone else ():
                zone.answer(prefix + domain, MX)

    def anchors(self):
        """The text of a trust anchor file."""
        return "".join(f"{zone.name}. IN DNSKEY 257 3 {zone.key.curve.algorithm} {base64.b64encode(zone.key.data[4:]).decode()}\n"
                       for zone in self.zones.values())

    @staticmethod
    def hints():
        return f". 3600000 NS ns.root.\nns.root. 3600000 A {ADDRESS}\n"

    def alias(self, name, kind):
        """To a new name, or round and round between two."""
        target = f"n{next(self.aliases)}.x.{kind}"
        if kind == "circle":
            first, _, rest = name.partition(".")
            target = ("b." if first == "a" else "a.") + (rest if first in ("a", "b") else name)
        return Parts(answer=[rr(name, CNAME, dnsd.wire_name(target))])

    def of_root(self, name, qtype):
        data = {("", NS): dnsd.wire_name("ns.root"), ("", SOA): soa_data("root"), ("ns.root", A): socket.inet_aton(ADDRESS)}.get((name, qtype))
        return Parts(answer=[rr(name, qtype, data)]) if data else no_data("")

    def of_kind(self, name, qtype, kind):
        if kind in self.zones:
            return Parts(*self.zones[kind].answer(name, qtype))
        if kind == VICTIM:
            return referral(VICTIM, ["ns." + VICTIM], VICTIM_ADDRESS)
        if name == kind:
            return no_data(kind)
        domain = ".".join(name.split(".")[-2:])
        number = domain.partition(".")[0]
        if kind == "nxns":
            return referral(domain, [f"n{i}-{number}.{VICTIM}" for i in range(NAME_SERVERS)])
        if kind == "pingpong":
            return referral(domain, ["ns." + (number[:-1] if number.endswith("b") else number + "b") + ".pingpong"])
        if kind in ("lame", "upward"):
            return referral(domain, ["ns." + domain], LAME_ADDRESS if kind == "lame" else UPWARD_ADDRESS)
        return self.alias(name, kind)

    def parts(self, address, name, qtype, kind):
        if address == VICTIM_ADDRESS:
            return no_data(VICTIM, NXDOMAIN)
        if address == UPWARD_ADDRESS:
            return referral("", ["ns.root"], ADDRESS)
        if name in ("", "ns.root"):
            return self.of_root(name, qtype)
        return self.of_kind(name, qtype, kind) if kind in (*KINDS, VICTIM) else no_data("", NXDOMAIN)

    def reply(self, address, query, most):
        """The message that answers, at most so many bytes long or truncated."""
        name, qtype, question = dnsd.question_of(query)
        kind = name.rpartition(".")[2]
        parts = self.parts(address, name, qtype, kind)
        flags = 0x8000 | (0x0400 if parts.aa else 0) | parts.rcode
        whole = self.message(query, question, flags, parts[:3])
        if len(whole) > most:
            whole = self.message(query, question, flags | 0x0200, ((), (), ()))
        self.asked[kind] += 1
        self.sent[kind] += len(whole)
        return whole

    @staticmethod
    def message(query, question, flags, parts):
        opt = b"\0" + struct.pack("!HHIH", OPT, UDP_BYTES, 0x8000, 0)
        counts = [len(part) for part in parts]
        counts[2] += 1
        return query[:2] + struct.pack("!5H", flags, 1, *counts) + question + b"".join(map(b"".join, parts)) + opt

    def serve_udp(self, sock, address):
        while True:
            query, peer = sock.recvfrom(4096)
            sock.sendto(self.reply(address, query, UDP_BYTES), peer)

    def serve_connection(self, sock, address):
        sock.settimeout(dnsd.TCP_SECONDS)
        with sock:
            try:
                while True:
                    whole = self.reply(address, dnsd.exactly(sock, struct.unpack("!H", dnsd.exactly(sock, 2))[0]), 65535)
                    sock.sendall(struct.pack("!H", len(whole)) + whole)
            except OSError:
                return

    def serve_tcp(self, listener, address):
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=self.serve_connection, args=(sock, address), daemon=True).start()

    def start(self):
        """On threads that end with the process."""
        for address in (ADDRESS, VICTIM_ADDRESS, LAME_ADDRESS, UPWARD_ADDRESS):
            udp, tcp = dnsd.bind(socket.SOCK_DGRAM, address, 53), dnsd.bind(socket.SOCK_STREAM, address, 53)
            threading.Thread(target=self.serve_udp, args=(udp, address), daemon=True).start()
            threading.Thread(target=self.serve_tcp, args=(tcp, address), daemon=True).start()
