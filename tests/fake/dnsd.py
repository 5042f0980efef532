#!/usr/bin/python3
"""A name server that misbehaves as its scenario says (tests/scenarios/dns-*.scenario). It never asks anyone.

A scenario file has one rule a line; the first that fits a question is followed; '#' begins a comment line.

    TRANSPORT NAME TYPE ACTION

    TRANSPORT  udp, tcp or any; the line "tcp none" means that nothing listens on TCP at all
    NAME       a name under the zone that the server plays, @ for the zone itself, * for every name, LABEL.* for every name
               that begins with it
    TYPE       TXT, MX, A, AAAA, … or * for every type
    ACTION     silence              no answer
               rcode NAME           SERVFAIL, REFUSED, FORMERR, NXDOMAIN, NOTIMP
               truncate             an empty answer with TC
               nodata               no such record, with the zone's SOA
               referral             no such record, with an NS record, as a server that does not serve the zone
               txt TEXT             a TXT record of one string
               a ADDRESS            an A record
               mx PREF HOST         an MX record
               cname NAME           an alias; NAME under the zone unless it ends in a dot
               mxs N                as many MX records
               circle N             as many aliases, of which each leads to the next and the last to the name
               large                bytes that are no records, up to the most that a message holds
               pointers             a record whose name is a pointer to itself
               garbage              bytes that are no DNS message
               close                (TCP) closes without an answer
               unfinished           (TCP) a length, and nothing of what it is of
               trickle MS ACTION    (TCP) the answer of ACTION byte by byte, MS milliseconds before each
               elsewhere ACTION     (UDP) the answer of ACTION from another port, and from another address
               misquote ACTION      the answer of ACTION, to another question
               forge N ACTION       so often the answer of ACTION, each with another id, and none that is right
               spoof ACTION         before the answer of ACTION two forged ones with other ids, which say
                                    `txt v=STSv1; id=spoofed;`

A question that no rule fits gets the zone's SOA or NS, or "nodata".
"""

import argparse
import os
import socket
import struct
import sys
import threading
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28, "DS": 43, "DNSKEY": 48, "TLSA": 52}
RCODES = {"FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
ACTIONS = {
    "silence", "rcode", "truncate", "nodata", "referral", "txt", "a", "mx", "cname", "mxs", "circle", "large", "pointers", "garbage",
    "close", "unfinished", "trickle", "elsewhere", "misquote", "forge", "spoof",
}  # fmt: skip
TTL = 60
TCP_SECONDS = 20.0
MESSAGE_MOST = 65535
ELSEWHERE = "127.99.99.99"
FLAG_QR, FLAG_AA, FLAG_TC, FLAG_RD = 0x8000, 0x0400, 0x0200, 0x0100


def wire_name(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question_of(message):
    """Name (lower case, without the last dot), type, and the question's bytes; ValueError where there is none."""
    if len(message) < 12 or struct.unpack_from("!H", message, 4)[0] != 1:
        raise ValueError("no question")
    at, labels = 12, []
    while message[at]:
        if message[at] > 63:
            raise ValueError("compressed question")
        labels.append(message[at + 1 : at + 1 + message[at]].decode("latin-1").lower())
        at += 1 + message[at]
    qtype = struct.unpack_from("!H", message, at + 1)[0]
    return ".".join(labels), qtype, message[12 : at + 5]


class Elsewhere(bytes):
    """A reply that goes out from where nobody asked."""


class Unfinished(bytes):
    """Bytes that are sent as they are, without a length before them."""


class Trickle(bytes):
    """A reply that goes out byte by byte, `seconds` before each."""

    seconds = 0.0


class Zone:
    """The zone that one server plays, and how its scenario answers."""

    def __init__(self, name, path):
        self.name = name.rstrip(".").lower()
        self.rules = []
        self.tcp = True
        self.sent = 0  # bytes
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                self.add(line.strip(), f"{path}:{number}")

    def add(self, line, place):
        if not line or line.startswith("#"):
            return
        if line.split() == ["tcp", "none"]:
            self.tcp = False
            return
        transport, name, qtype, action, *rest = line.split(None, 4)
        argument = rest[0] if rest else ""
        if action not in ACTIONS or transport not in ("udp", "tcp", "any") or (qtype != "*" and qtype not in TYPES):
            raise ValueError(f"{place}: not a rule: {line}")
        name = name.lower() if name.endswith("*") else self.full(name)
        self.rules.append((transport, name, TYPES.get(qtype, 0), action, argument))

    def full(self, name):
        if name.endswith("."):
            return name.rstrip(".").lower()
        return self.name if name == "@" else f"{name.lower()}.{self.name}"

    def find(self, transport, name, qtype):
        for rule_transport, rule_name, rule_type, action, argument in self.rules:
            fits = name.startswith(rule_name[:-1]) if rule_name.endswith("*") else name == rule_name
            if fits and rule_transport in ("any", transport) and rule_type in (0, qtype):
                return action, argument
        return "nodata", ""

    def soa(self):
        data = wire_name("ns." + self.name) + wire_name("hostmaster." + self.name)
        return record(self.name, "SOA", data + struct.pack("!5I", 1, 3600, 600, 86400, TTL))

    def ns(self):
        return record(self.name, "NS", wire_name("ns." + self.name))

    def replies(self, transport, message):
        """The messages that answer one question, in order. There may be very many."""
        try:
            name, qtype, question = question_of(message)
        except (ValueError, IndexError, struct.error):
            return []
        action, argument = self.find(transport, name, qtype)
        head = Head(message, question)
        if action == "spoof":
            lie = [record(name, "TXT", txt_data("v=STSv1; id=spoofed;"))]
            forged = [head.reply(answer=lie, message_id=head.message_id ^ bits) for bits in (0x0001, 0x5555)]
            return forged + self.act(head, name, qtype, *argument.partition(" ")[::2])
        if action == "forge":
            count, _, rest = argument.partition(" ")
            reply, = self.act(head, name, qtype, *rest.partition(" ")[::2])
            return (struct.pack("!H", head.message_id ^ (1 + i % 0xFFFF)) + reply[2:] for i in range(int(count)))
        return self.act(head, name, qtype, action, argument)

    def act(self, head, name, qtype, action, argument):
        if action in WRAPPED:
            return WRAPPED[action](self, head, name, qtype, argument)
        if action in ("silence", "close"):
            return []
        if action == "unfinished":
            return [Unfinished(b"\xff\xff")]
        if action == "large":
            return [head.reply().ljust(MESSAGE_MOST, b"\xc0")]
        if action == "pointers":
            at = 12 + len(head.question)
            return [head.reply(answer=[struct.pack("!HHHIH", 0xC000 | at, qtype, 1, TTL, 0)])]
        if action == "mxs":
            return [head.reply(answer=[record_at(12, "MX", struct.pack("!H", i) + wire_name(f"m{i}")) for i in range(int(argument))])]
        if action == "circle":
            names = [name, *(f"{i}.circle" for i in range(1, int(argument)))]
            return [head.reply(answer=[record(one, "CNAME", wire_name(names[(i + 1) % len(names)])) for i, one in enumerate(names)])]
        if action == "garbage":
            return [b"\xff" * 40]
        if action == "rcode":
            return [head.reply(rcode=RCODES[argument])]
        if action == "truncate":
            return [head.reply(flags=FLAG_TC)]
        if action == "nodata":
            return [self.nodata(head, name, qtype)]
        if action == "referral":
            return [head.reply(authority=[self.ns()])]
        return [head.reply(answer=[self.answer(name, action, argument)])]

    def trickle(self, head, name, qtype, argument):
        pause, _, rest = argument.partition(" ")
        reply = Trickle(self.act(head, name, qtype, *rest.partition(" ")[::2])[0])
        reply.seconds = int(pause) / 1000
        return [reply]

    def elsewhere(self, head, name, qtype, argument):
        return [Elsewhere(reply) for reply in self.act(head, name, qtype, *argument.partition(" ")[::2])]

    def misquote(self, head, name, qtype, argument):
        other = Head(head.reply(), wire_name("www.elsewhere.example") + head.question[-4:])
        return self.act(other, "www.elsewhere.example", qtype, *argument.partition(" ")[::2])

    def nodata(self, head, name, qtype):
        if name == self.name and qtype == TYPES["SOA"]:
            return head.reply(answer=[self.soa()])
        if name == self.name and qtype == TYPES["NS"]:
            return head.reply(answer=[self.ns()])
        return head.reply(authority=[self.soa()])

    def answer(self, name, action, argument):
        if action == "txt":
            return record(name, "TXT", txt_data(argument))
        if action == "a":
            return record(name, "A", socket.inet_aton(argument))
        if action == "mx":
            preference, host = argument.split()
            return record(name, "MX", struct.pack("!H", int(preference)) + wire_name(host))
        return record(name, "CNAME", wire_name(self.full(argument)))


WRAPPED = {"trickle": Zone.trickle, "elsewhere": Zone.elsewhere, "misquote": Zone.misquote}


class Head:
    """What of a question comes back in its answers."""

    def __init__(self, message, question):
        self.message_id, self.flags = struct.unpack_from("!HH", message)
        self.question = question

    def reply(self, answer=(), authority=(), rcode=0, flags=0, message_id=None):
        flags |= FLAG_QR | FLAG_AA | (self.flags & FLAG_RD) | rcode
        number = self.message_id if message_id is None else message_id
        head = struct.pack("!6H", number, flags, 1, len(answer), len(authority), 0)
        return head + self.question + b"".join(answer) + b"".join(authority)


def txt_data(text):
    data = text.encode()
    return bytes([len(data)]) + data


def record(name, rtype, data):
    return wire_name(name) + struct.pack("!HHIH", TYPES[rtype], 1, TTL, len(data)) + data


def record_at(at, rtype, data):
    """A record whose name stands there in the message."""
    return struct.pack("!HHHIH", 0xC000 | at, TYPES[rtype], 1, TTL, len(data)) + data


def serve_udp(sock, zone):
    here = sock.getsockname()[0]
    others = [bind(socket.SOCK_DGRAM, address, 0) for address in (here, ELSEWHERE)]
    while True:
        message, peer = sock.recvfrom(4096)
        for reply in zone.replies("udp", message):
            for source in others if isinstance(reply, Elsewhere) else [sock]:
                source.sendto(reply, peer)
                zone.sent += len(reply)


def exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def send_stream(sock, reply, zone):
    whole = reply if isinstance(reply, Unfinished) else struct.pack("!H", len(reply)) + reply
    if not isinstance(reply, Trickle):
        sock.sendall(whole)
        zone.sent += len(whole)
        return
    for byte in whole:
        time.sleep(reply.seconds)
        sock.sendall(bytes([byte]))
        zone.sent += 1


def serve_connection(sock, zone):
    sock.settimeout(TCP_SECONDS)
    with sock:
        try:
            while True:
                message = exactly(sock, struct.unpack("!H", exactly(sock, 2))[0])
                count = 0
                for reply in zone.replies("tcp", message):
                    send_stream(sock, reply, zone)
                    count += 1
                if not count:
                    return
        except OSError:
            return


def serve_tcp(listener, zone):
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve_connection, args=(sock, zone), daemon=True).start()


def bind(kind, address, port):
    sock = socket.socket(socket.AF_INET, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    if kind == socket.SOCK_STREAM:
        sock.listen(64)
    return sock


def start(address, port, zone):
    """The port that was bound."""
    udp = bind(socket.SOCK_DGRAM, address, port)
    port = udp.getsockname()[1]
    threading.Thread(target=serve_udp, args=(udp, zone), daemon=True).start()
    if zone.tcp:
        tcp = bind(socket.SOCK_STREAM, address, port)
        threading.Thread(target=serve_tcp, args=(tcp, zone), daemon=True).start()
    return port


def main():
    parser = argparse.ArgumentParser(description="a name server that misbehaves as its scenario says")
    parser.add_argument("--port", type=int, default=53, help="0 takes a free one for each")
    parser.add_argument("--scenarios", default=os.path.join(os.path.dirname(__file__), "..", "scenarios"))
    parser.add_argument("plays", nargs="+", metavar="ADDRESS=SCENARIO:ZONE")
    options = parser.parse_args()
    for play in options.plays:
        address, _, rest = play.partition("=")
        scenario, _, name = rest.partition(":")
        zone = Zone(name, os.path.join(options.scenarios, scenario + ".scenario"))
        print(address, start(address, options.port, zone), scenario)
    print("ready")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
