#!/usr/bin/python3
"""An internet in which every address answers: on each there is a name server, a mail server and a policy host.

    tests/special/world.py names|hosts FOLDER

plays the name servers, or the others (handshakes are not to hold up answers). It wants a network namespace in which all addresses are
its own. FOLDER holds the certificates (make_certificates). It says "ready" and runs until it is ended. Each row of routes.tsv has a domain for each row of addresses.tsv, ROUTE-NUMBER.lab, which leads to that address by
that route, and is in good order otherwise. RESOLVER resolves; ROOT and all other addresses are authoritative.
"""

import asyncio
import collections
import ipaddress
import logging
import os
import select
import socket
import ssl
import struct
import subprocess
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT, RESOLVER, OWN6 = "11.53.0.1", "11.53.0.53", "2600:99::1"
ORDINARY, BESIDE = "11.26.0.1", "11.26.0.2"  # in good order; what stands beside ADDRESS
BUSY = ["11.26.0.3", "2600:26::3"]  # where mail servers and policy hosts want to be asked again
PREFLIGHT, PREFLIGHT_AFTER = "preflight.lab", "preflight-after.lab"  # with every special address; and with an ordinary one behind them
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
NXDOMAIN = 3
FREEBIND = {socket.AF_INET: 15, socket.AF_INET6: 78}  # to answer from addresses that no interface has by name
TTL = 300
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: *.hosts.lab\r\nmx: *.lab\r\nmax_age: 604800\r\n"


def table(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    return [collections.namedtuple("Row", lines[0])(*line) for line in lines[1:]]


ADDRESSES, ROUTES = table("addresses.tsv"), table("routes.tsv")


def domain(route, number):
    return f"{route}-{number}.lab"


# ---- spellings -------------------------------------------------------------------------------------------------------


def spellings(text):
    """An address as some library or other reads it, none of them with a slash or a blank."""
    address = ipaddress.ip_address(text)
    if address.version == 6:
        return [text, f"[{text}]", address.exploded, f"[{address.exploded}]", f"IPv6:{text}", f"[{text}%25lo]", f"{text}%lo",
                text.replace(":", "-") + ".ipv6-literal.net"]
    parts, whole = text.split("."), int(address)
    return [text, f"[{text}]", str(whole), hex(whole), oct(whole).replace("0o", "0"), ".".join(hex(int(part)) for part in parts),
            ".".join("0" + oct(int(part))[2:] for part in parts), f"{parts[0]}.{whole & 0xFFFFFF}", f"{parts[0]}.{parts[1]}.{whole & 0xFFFF}",
            ".".join(part.rjust(3, "0") for part in parts), f"::ffff:{text}", "".join(chr(0xFF10 + int(c)) if c.isdigit() else c for c in text)]


def in_url(text):
    return f"[{text}]" if ":" in text else text


def locations(text):
    """Where redirects lead that mean an address."""
    encoded = "".join(f"%{ord(char):02x}" for char in text)
    spelled = [urllib.parse.quote(one, safe="[]:%") for one in spellings(text)]
    return [f"https://{encoded}/", f"http://{in_url(text)}/", f"//{in_url(text)}/", f"https://good@{in_url(text)}:443/", f"https:{in_url(text)}/",
            f"ftp://{in_url(text)}/", f"gopher://{in_url(text)}:443/", f"dict://{in_url(text)}:443/", *(f"https://{one}/" for one in spelled)]


# ---- names -----------------------------------------------------------------------------------------------------------


class Names:
    """What the DNS of this world holds."""

    def __init__(self):
        self.records = collections.defaultdict(lambda: collections.defaultdict(list))  # name, type: values
        self.later = {}  # name: its address from the second question on
        self.zones = {}  # zone: the names of its servers
        self.asked = collections.Counter()
        self.add("", "NS", "ns.root")
        self.add("ns.root", "A", ROOT)
        self.add("ok.hosts.lab", "A", ORDINARY)
        for row in ADDRESSES:
            if row.reachable == "no":
                self.address(PREFLIGHT, row.address)
                self.address(PREFLIGHT_AFTER, row.address)
        self.add(PREFLIGHT_AFTER, "A", ORDINARY)
        for route in ROUTES:
            for number, row in enumerate(ADDRESSES):
                self.lead(route.route, domain(route.route, number), f"{route.route}-{number}.hosts.lab", row.address)

    def add(self, name, kind, value):
        self.records[name][kind].append(value)

    def address(self, name, address):
        self.add(name, "AAAA" if ":" in address else "A", address)

    def alias(self, name, address):
        for step in "bc":
            self.add(name, "CNAME", f"{step}.{name}")
            name = f"{step}.{name}"
        self.address(name, address)

    def changes(self, name, address):
        self.address(name, BUSY[":" in address])
        self.later[name] = address

    def lead(self, route, name, host, address):
        """A domain that leads to the address by a route, and to ORDINARY hosts otherwise."""
        self.add("_mta-sts." + name, "TXT", "v=STSv1; id=1;")
        kind, _, way = route.partition("-")
        policy_host = "mta-sts." + name
        own = {"": self.address, "alias": self.alias, "changes": self.changes}
        if kind in ("mx", "policy") and way in own:
            own[way](host if kind == "mx" else policy_host, address)
        elif way == "beside" and kind != "ns":
            self.address(host if kind == "mx" else policy_host, address)
            self.add(host if kind == "mx" else policy_host, "A", BESIDE)
        if kind != "policy":
            self.add(policy_host, "A", ORDINARY)
        if route == "mx-implicit":
            self.address(name, address)
        elif route == "mx-spelled":
            for spelled in spellings(address):
                self.add(name, "MX", spelled)
                self.address(spelled.lower(), address)
        else:
            self.add(name, "MX", host if kind == "mx" else "ok.hosts.lab")
        if route == "reports":
            self.add("_smtp._tls." + name, "TXT", f"v=TLSRPTv1; rua=https://{in_url(address)}/report")
        if kind == "ns":
            self.delegate(way, name, host, address)

    def delegate(self, way, name, host, address):
        server = "ns." + name if way == "glue" else host
        self.zones[name] = [server] + (["ns.beside.lab"] if way == "beside" else [])
        self.address(server, address)
        if not self.records["ns.beside.lab"]:
            self.add("ns.beside.lab", "A", BESIDE)

    def find(self, name, kind):
        """The records of a name, or None for no such name."""
        if name in self.later and kind in self.records[name]:
            self.asked[name] += 1
            if self.asked[name] > 1:
                return [self.later[name]]
        if name in self.records:
            return self.records[name].get(kind, [])
        return [] if name in ("lab", "hosts.lab") or any(other.endswith("." + name) for other in self.zones) else None

    def answer(self, name, kind):
        """rcode and the records, as (owner, type, value), from a name on."""
        found = []
        while self.records.get(name, {}).get("CNAME") and kind != "CNAME":
            target = self.records[name]["CNAME"][0]
            found.append((name, "CNAME", target))
            name = target
        values = self.find(name, kind)
        return (NXDOMAIN if values is None else 0), found + [(name, kind, value) for value in values or []]

    def zone_of(self, name):
        """The delegated zone that a name is in, or None."""
        while name:
            if name in self.zones:
                return name
            name = name.partition(".")[2]
        return None


# ---- the name servers ------------------------------------------------------------------------------------------------


def wire_name(name):
    """A spelled address is the name that a zone file makes of it: each of its dots parts labels."""
    return b"".join(bytes([len(label)]) + label for label in (part.encode() for part in name.split(".")) if label) + b"\0"


def record(owner, kind, value, ttl):
    if kind in ("A", "AAAA"):
        data = ipaddress.ip_address(value).packed
    elif kind == "MX":
        data = b"\0\x0a" + wire_name(value)
    elif kind == "TXT":
        data = bytes([len(value)]) + value.encode()
    elif kind == "SOA":
        data = wire_name("ns.root") * 2 + struct.pack("!5I", 1, 3600, 600, 86400, 60)
    else:
        data = wire_name(value)
    return wire_name(owner) + struct.pack("!HHIH", TYPES[kind], 1, ttl, len(data)) + data


def reply(names, message, server):
    """What the server at this address says."""
    at, labels = 12, []
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode().lower())
        at += 1 + message[at]
    name, kind, question = ".".join(labels), NAMES.get(struct.unpack_from("!H", message, at + 1)[0], "?"), message[12:at + 5]
    zone = names.zone_of(name)
    sections = [[], [], []]
    rcode, flags = 0, 0x8400
    if zone is not None and server == ROOT:
        flags = 0x8000
        sections[1] = [(zone, "NS", host) for host in names.zones[zone]]
        glued = [host for host in names.zones[zone] if host.endswith("." + zone)]
        sections[2] = [(host, "AAAA" if ":" in value else "A", value) for host in glued for value in sum(names.records[host].values(), [])]
    elif kind == "SOA" and name == "":
        sections[0] = [("", "SOA", "")]
    else:
        rcode, sections[0] = names.answer(name, kind)
        if name == zone and kind == "NS":
            sections[0] = [(zone, "NS", host) for host in names.zones[zone]]
    if server == RESOLVER:
        flags = 0x8180
    if not sections[0] and not sections[1]:
        sections[1] = [(zone or "", "SOA", "")]
    ttl = 0 if name in names.later else TTL
    body = b"".join(record(*one, ttl) for section in sections for one in section)
    return message[:2] + struct.pack("!5H", flags | rcode | (message[2] & 1) << 8, 1, *map(len, sections)) + question + body


class NameServer:
    """One for all addresses of a family, which answers from the address that it was asked at."""

    LEVELS = {socket.AF_INET: (socket.IPPROTO_IP, 8, 8), socket.AF_INET6: (socket.IPPROTO_IPV6, 49, 50)}  # level, IP_PKTINFO, what comes

    def __init__(self, family, names):
        self.family, self.names = family, names
        level, wish, self.comes = self.LEVELS[family]
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.sock.setsockopt(level, wish, 1)
        self.sock.setsockopt(level, FREEBIND[family], 1)
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        self.sock.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", 53))
        self.sock.setblocking(False)

    def serve(self):
        for _ in range(64):
            try:
                message, told, _, peer = self.sock.recvmsg(2048, 256)
            except OSError:
                return
            info = next(data for level, kind, data in told if kind == self.comes)
            at = info[:16] if self.family == socket.AF_INET6 else info[8:12]
            text = reply(self.names, message, str(ipaddress.ip_address(at)))
            source = at + info[16:20] if self.family == socket.AF_INET6 else struct.pack("=i", 0) + at + at
            try:
                self.sock.sendmsg([text], [(told[0][0], self.comes, source)], 0, peer)
            except OSError:
                pass  # the kernel sends nothing from some of these addresses


# ---- the others ------------------------------------------------------------------------------------------------------


async def smtp(contexts, reader, writer):
    if writer.get_extra_info("sockname")[0] in BUSY:
        writer.write(b"421 later\r\n")
        return
    writer.write(b"220 mx.lab ESMTP\r\n")
    while line := await reader.readline():
        verb = line.strip().upper().split(b" ")[0]
        if verb == b"STARTTLS":
            writer.write(b"220 go on\r\n")
            await writer.start_tls(contexts["smtp"])
        else:
            writer.write(b"250-mx.lab\r\n250 STARTTLS\r\n" if verb == b"EHLO" else b"221 bye\r\n")
        if verb == b"QUIT":
            return


def place_of(host):
    """(route, address, its number) of a policy host's name."""
    route, _, number = host.split(".")[1].rpartition("-")
    return route, ADDRESSES[int(number)].address, int(number)


async def https(_contexts, reader, writer):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    host = next(line.split(":", 1)[1].strip() for line in head.split("\r\n") if line.lower().startswith("host:"))
    route, address, number = place_of(host)
    status, headers = "200 OK", ""
    if route == "redirect":
        status, headers = "301 Moved", f"Location: https://{in_url(address)}/\r\n"
    elif route == "redirect-spelled":
        places = locations(address)
        status, headers = "302 Found", f"Location: {places[number % len(places)]}\r\n"
    elif route == "alt-svc":
        status, headers = "503 Later", f'Alt-Svc: h2="{in_url(address)}:443"; ma=3600; persist=1, h3="{in_url(address)}:443"\r\n'
    elif writer.get_extra_info("sockname")[0] in BUSY:
        status = "503 Later"
    text = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(POLICY)}\r\nConnection: close\r\n{headers}\r\n"
    writer.write(text.encode() + POLICY)


def session(play, contexts):
    async def run(reader, writer):
        try:
            await asyncio.wait_for(play(contexts, reader, writer), 20)
            await writer.drain()
        except (asyncio.TimeoutError, asyncio.IncompleteReadError, OSError, ssl.SSLError):
            pass
        finally:
            writer.close()

    return run


# ---- certificates ----------------------------------------------------------------------------------------------------


def make_certificate(folder, name, names, more=()):
    path = os.path.join(folder, name)
    options = ["subjectAltName=" + ",".join("DNS:" + one for one in names), *more]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name, "-days", "5"]
    subprocess.run(command + [word for one in options for word in ("-addext", one)] + ["-keyout", path, "-out", path + ".crt"],
                   check=True, capture_output=True)
    return path + ".crt"


def make_certificates(folder):
    """One for each route's policy hosts, and one for all MX hosts; each is its own root. FOLDER/roots has them all."""
    made = []
    uris = [f"http://{in_url(row.address)}/x" for row in ADDRESSES]
    more = ["authorityInfoAccess=" + ",".join(f"{kind};URI:{uri}" for uri in uris for kind in ("OCSP", "caIssuers")),
            "crlDistributionPoints=" + ",".join("URI:" + uri for uri in uris)]
    for route in ROUTES:
        names = ["mta-sts." + domain(route.route, number) for number in range(len(ADDRESSES))]
        made.append(make_certificate(folder, route.route, names, more if route.route == "certificate" else ()))
    implicit = [domain("mx-implicit", number) for number in range(len(ADDRESSES))]
    aliases = [f"c.b.mx-alias-{number}.hosts.lab" for number in range(len(ADDRESSES))]
    made.append(make_certificate(folder, "smtp", ["*.hosts.lab", *implicit, *aliases]))
    with open(os.path.join(folder, "roots"), "w", encoding="ascii") as roots:
        for path in made:
            with open(path, encoding="ascii") as one:
                roots.write(one.read())


def context(folder, name):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(os.path.join(folder, name + ".crt"), os.path.join(folder, name))
    return made


def serve_names():
    names = Names()
    servers = {server.sock: server for server in (NameServer(family, names) for family in NameServer.LEVELS)}
    print("ready", flush=True)
    while True:
        for sock in select.select(list(servers), [], [])[0]:
            servers[sock].serve()


async def serve(folder):
    contexts = {name: context(folder, name) for name in [route.route for route in ROUTES] + ["smtp"]}

    def by_name(connection, name, _first):
        connection.context = contexts[place_of(name)[0]]

    first = context(folder, "smtp")
    first.sni_callback = by_name
    for family, every in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        await asyncio.start_server(session(smtp, contexts), every, 25, family=family, backlog=1024)
        await asyncio.start_server(session(https, contexts), every, 443, family=family, backlog=1024, ssl=first)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it tells of each peer that went away
    if sys.argv[1] == "names":
        serve_names()
    asyncio.run(serve(sys.argv[2]))
