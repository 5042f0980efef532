#!/usr/bin/python3
"""Recursive resolvers whose whole DNS is a function of the name, so that a scan of any size needs no data.

    tests/fake/resolverd.py [--outage COUNT:WHO:SECONDS]... [--heard FILE:WORDS] [--slow MS] ADDRESS:PORT...

Says "ready" when it listens, answers by UDP until it is told to end (SIGTERM), and says then how many questions it
answered. An outage begins when that many questions have been answered since the one before ended: the resolvers WHO (numbers from 0 joined by +)
are silent for so many seconds; if they are all of them, also until FILE has the words of --heard once more. --slow pauses after each turn. It asks nobody and keeps nothing.

Of a hundred domains about 10 do not exist, 3 have dead servers (SERVFAIL), 15 have an _mta-sts record (and no policy
host), 20 a TLSRPT record, 60 a mail provider's MX. The root exists; a name of one label does not.
"""

import argparse
import select
import signal
import socket
import struct
import sys
import time
import zlib

A, SOA, MX, TXT, AAAA = 1, 6, 15, 16, 28
NXDOMAIN, SERVFAIL = 3, 2
BATCH = 64
HEARD_SECONDS = 120  # no outage lasts for longer
TTL = struct.pack("!I", 300)
PROVIDERS = 40


def wire_name(name):
    return b"".join(bytes([len(label)]) + label for label in name.split(b".")) + b"\0"


def record(rtype, data):
    """Its owner is the question's name."""
    return b"\xc0\x0c" + struct.pack("!HH", rtype, 1) + TTL + struct.pack("!H", len(data)) + data


def txt(text):
    return record(TXT, bytes([len(text)]) + text)


STS = txt(b"v=STSv1; id=1;")
TLSRPT = txt(b"v=TLSRPTv1; rua=mailto:reports@example.net")
ROOT = record(SOA, wire_name(b"a.root.example") + wire_name(b"host.root.example") + struct.pack("!5I", 1, 2, 3, 4, 5))
MXS = [record(MX, b"\0\x0a" + wire_name(b"mx%d.provider.example" % i)) for i in range(PROVIDERS)]
ADDRESSES = [record(A, bytes((198, 51, 100, i))) for i in range(PROVIDERS)]


def labels_of(message):
    at, labels = 12, []
    while message[at]:
        labels.append(message[at + 1 : at + 1 + message[at]].lower())
        at += 1 + message[at]
    return labels, at + 1


def of_domain(labels, prefix, qtype):
    """rcode and answers for a domain, or for one of the names below it that a scan asks for."""
    share = zlib.crc32(b".".join(labels))
    kind = share % 100
    if kind < 10:
        return NXDOMAIN, []
    if kind < 13:
        return SERVFAIL, []
    if prefix == b"_mta-sts" and qtype == TXT:
        return (0, [STS]) if kind < 28 else (NXDOMAIN, [])
    if prefix == b"_smtp._tls" and qtype == TXT:
        return (0, [TLSRPT]) if share // 100 % 5 == 0 else (NXDOMAIN, [])
    if prefix:
        return NXDOMAIN, []
    return 0, [MXS[share // 500 % PROVIDERS]] if qtype == MX and share // 100 % 10 < 7 else []


def answer(labels, qtype):
    if not labels:
        return 0, [ROOT] if qtype == SOA else []
    if len(labels) == 1:
        return NXDOMAIN, []
    if labels[-2:] == [b"provider", b"example"]:
        number = int(labels[0][2:]) if labels[0].startswith(b"mx") and labels[0][2:].isdigit() else PROVIDERS
        return (0, [ADDRESSES[number]] if qtype == A else []) if number < PROVIDERS else (NXDOMAIN, [])
    for prefix in (b"_mta-sts", b"mta-sts"):
        if labels[0] == prefix:
            return of_domain(labels[1:], prefix, qtype)
    if labels[:2] == [b"_smtp", b"_tls"]:
        return of_domain(labels[2:], b"_smtp._tls", qtype)
    return of_domain(labels, b"", qtype)


def reply(message):
    """The whole answer, or nothing for what is no question."""
    try:
        labels, at = labels_of(message)
        qtype = message[at] << 8 | message[at + 1]
    except IndexError:
        return None
    rcode, records = answer(labels, qtype)
    flags = bytes((0x80 | (message[2] & 1), 0x80 | rcode))
    head = message[:2] + flags + b"\0\1" + struct.pack("!H", len(records)) + b"\0\0\0\0"
    return head + message[12 : at + 4] + b"".join(records)


class Outage:
    def __init__(self, text):
        count, who, seconds = text.split(":")
        self.count, self.seconds = int(count), float(seconds)
        self.who = {int(number) for number in who.split("+")}
        self.until = None
        self.heard = 0


class Resolvers:
    def __init__(self, addresses, outages, delay, heard):
        self.sockets = []
        for address in addresses:
            host, _, port = address.rpartition(":")
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            made.bind((host, int(port)))
            made.setblocking(False)
            self.sockets.append(made)
        self.outages, self.delay, self.heard = outages, delay, heard.partition(":")[::2]
        self.answered = self.ignored = self.calm_since = 0
        self.reigning = None

    def times_heard(self):
        path, words = self.heard
        if not path:
            return 0
        with open(path, encoding="utf-8") as file:
            return file.read().count(words)

    def is_over(self):
        """Whether the outage that reigns is: of all of them, it is to be noticed before."""
        now, outage = time.monotonic(), self.reigning
        if now < outage.until:
            return False
        noticed = not self.heard[0] or len(outage.who) < len(self.sockets) or self.times_heard() > outage.heard
        return noticed or now >= outage.until + HEARD_SECONDS

    def current(self):
        """The outage that reigns now, or None."""
        if self.reigning and self.is_over():
            self.reigning, self.calm_since = None, self.answered
        if not self.reigning and self.outages and self.answered >= self.calm_since + self.outages[0].count:
            self.reigning = self.outages.pop(0)
            self.reigning.until = time.monotonic() + self.reigning.seconds
            self.reigning.heard = self.times_heard()
            print(f"outage of {sorted(self.reigning.who)} after {self.answered} answers", flush=True)
        return self.reigning

    def serve(self, index):
        outage = self.current()
        hit = outage is not None and index in outage.who
        made = self.sockets[index]
        for _ in range(BATCH):
            try:
                message, peer = made.recvfrom(2048)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            if hit:
                self.ignored += 1
                continue
            text = reply(message)
            if text is not None:
                self.answered += 1
                made.sendto(text, peer)

    def run(self):
        poll = select.epoll()
        for index, made in enumerate(self.sockets):
            poll.register(made, select.EPOLLIN)
        numbers = {made.fileno(): index for index, made in enumerate(self.sockets)}
        print("ready", flush=True)
        while True:
            for fd, _ in poll.poll():
                self.serve(numbers[fd])
            if self.delay:
                time.sleep(self.delay / 1000)


class Ended(Exception):
    """SIGTERM came."""


def end(_number, _frame):
    raise Ended


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--outage", action="append", default=[], type=Outage)
    parser.add_argument("--heard", default="")
    parser.add_argument("--slow", type=float, default=0)
    parser.add_argument("addresses", nargs="+")
    arguments = parser.parse_args()
    resolvers = Resolvers(arguments.addresses, arguments.outage, arguments.slow, arguments.heard)
    signal.signal(signal.SIGTERM, end)
    try:
        resolvers.run()
    except (Ended, KeyboardInterrupt):
        print(f"answered {resolvers.answered}, left unanswered {resolvers.ignored}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
