#!/usr/bin/python3
"""A small world that writes down what it is asked: one name server, mail servers, policy servers.

    tests/fake/peers.py WORLD LOG

WORLD is a JSON file: {"resolver": ADDRESS, "names": {NAME: {"A": [..], "AAAA": [..], "MX": [..], "TXT": [..], "CNAME": NAME}},
"smtp": [ADDRESS..], "https": [ADDRESS..], "cert": FILE, "linger_ms": N, "faults": bool}. It listens on port 53, 25 and
443 there, says "ready", and at the end (SIGTERM) writes LOG: a JSON line for each event, with the time in seconds, the
kind (dns, smtp, https), the address, what happened, and a detail. A session is held for linger_ms, so that how many are
open at a time shows. With "faults" a part of the sessions (by a seeded draw) closes, stays silent or drips, and the
name server is silent now and then. At the addresses of "tarpit" a session says the greeting (443: the end of the
handshake), then nothing until the other side has had enough. With "starttls" the mail servers offer it, with the certificate of "cert"; "device": {"after": N, "until": M, "masks": bool} takes
it out of the sessions from the N-th to the M-th, as a device on the way does, or crosses it out. With "lags" it notes as well
(kind lag, the seconds) when it has come to its turn that much too late, so that all it notes may be late by as much. "endless" is a domain under which names are made up; "quiet" writes down nothing.
"""

import asyncio
import json
import logging
import random
import signal
import socket
import ssl
import struct
import sys
import time
import zlib

TYPES = {1: "A", 5: "CNAME", 6: "SOA", 15: "MX", 16: "TXT", 28: "AAAA"}
NUMBERS = {name: number for number, name in TYPES.items()}
NXDOMAIN = 3
SESSION_SECONDS = 30.0
DRIP_SECONDS = 0.05
FAILS_EVERY, FAILS_FOR = 45.0, 8.0  # seconds; the name server is silent now and then
CHAIN = 4
TICK_SECONDS, LAG_SECONDS = 0.02, 0.02
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: *.test\r\nmax_age: 604800\r\n"


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def wire_data(rtype, value):
    if rtype == "A":
        return socket.inet_aton(value)
    if rtype == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if rtype == "MX":
        return b"\0\x0a" + wire_name(value)
    if rtype == "CNAME":
        return wire_name(value)
    return bytes([len(value)]) + value.encode()


class World:
    def __init__(self, path):
        self.endless, self.quiet, self.tarpit, self.lags = "", False, [], False
        self.starttls, self.device, self.sessions, self.tls = False, None, 0, None
        with open(path, encoding="utf-8") as file:
            self.__dict__.update(json.load(file))
        self.events = []
        self.draw = random.Random(1)

    def note(self, kind, address, event, detail=""):
        if not self.quiet:
            self.events.append((time.monotonic(), kind, address, event, detail))

    def made_up(self, name):
        """What stands at a name under the domain `endless`, where names are a function of themselves; or None."""
        if not self.endless or not name.endswith("." + self.endless):
            return None
        label = name[: -len(self.endless) - 1]
        number = zlib.crc32(label.rsplit(".", 1)[-1].encode())
        if label.startswith("mx."):
            return {"A": [self.smtp[number % len(self.smtp)]]}
        if label.startswith("mta-sts."):
            return {"A": [self.https[number % len(self.https)]]} if number % 10 == 0 else None
        if label.startswith("_mta-sts."):
            return {"TXT": ["v=STSv1; id=1;"]} if number % 10 == 0 else None
        return {"MX": ["mx." + name]} if "." not in label else None

    def device_does(self):
        """What the device does to the session that begins now: "" nothing, "strips" or "masks"."""
        self.sessions += 1
        if not self.device or not self.device["after"] < self.sessions <= self.device.get("until", 1 << 60):
            return ""
        return "masks" if self.device.get("masks") else "strips"

    def resolver_fails(self):
        return self.faults and time.monotonic() % FAILS_EVERY < FAILS_FOR

    def answer(self, name, rtype):
        """rcode and the records of the chain from name on."""
        records = []
        for _ in range(CHAIN):
            at = self.names.get(name) or self.made_up(name)
            if at is None:
                return (0 if not name else NXDOMAIN), records
            if "CNAME" not in at:
                return 0, records + [(name, rtype, value) for value in at.get(rtype, [])]
            records.append((name, "CNAME", at["CNAME"]))
            name = at["CNAME"]
        return 0, records


class Resolver(asyncio.DatagramProtocol):
    def __init__(self, world):
        self.world, self.transport = world, None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        at, labels = 12, []
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode("latin-1").lower())
            at += 1 + data[at]
        name, rtype = ".".join(labels), TYPES.get(struct.unpack_from("!H", data, at + 1)[0], "?")
        if self.world.resolver_fails():
            return
        self.world.note("dns", rtype, name)
        rcode, records = self.world.answer(name, rtype)
        head = data[:2] + bytes((0x81, 0x80 | rcode)) + struct.pack("!4H", 1, len(records), 0, 0)
        body = b"".join(
            wire_name(owner) + struct.pack("!HHIH", NUMBERS[kind], 1, 300, len(wire)) + wire
            for owner, kind, wire in ((o, k, wire_data(k, v)) for o, k, v in records)
        )
        self.transport.sendto(head + data[12 : at + 5] + body, addr)


async def fault(world, writer):
    """True where the session is to end here, by one fault or another."""
    kind = world.draw.randrange(8) if world.faults else 0
    if kind == 1:
        await asyncio.sleep(SESSION_SECONDS)
    elif kind == 2:
        writer.transport.abort()
    elif kind == 3:
        for byte in b"220-drip drip drip drip drip\r\n":
            if writer.is_closing():
                break
            writer.write(bytes([byte]))
            await asyncio.sleep(DRIP_SECONDS)
    return kind in (1, 2, 3)


def capabilities(world, device):
    offer = {"": b"250-STARTTLS\r\n", "masks": b"250-XXXXXXXA\r\n"}.get(device, b"") if world.starttls else b""
    return b"250-mx.test\r\n" + offer + b"250 SIZE 1000\r\n"


async def smtp(world, reader, writer):
    address = writer.get_extra_info("sockname")[0]
    if await fault(world, writer):
        return
    device = world.device_does()
    writer.write(b"220 ******************\r\n" if device == "masks" else b"220 mx.test ESMTP\r\n")
    await asyncio.sleep(world.linger_ms / 1000)
    while line := await reader.readline():
        verb, _, rest = line.decode("latin-1").strip().partition(" ")
        world.note("smtp", address, verb.lower(), rest)
        if verb.upper() == "QUIT":
            writer.write(b"221 bye\r\n")
            return
        if verb.upper() == "STARTTLS" and world.starttls and not device:
            writer.write(b"220 go on\r\n")
            await writer.start_tls(world.tls)
        else:
            writer.write(capabilities(world, device) if verb.upper() == "EHLO" else b"502 no\r\n")


async def https(world, reader, writer):
    address = writer.get_extra_info("sockname")[0]
    if await fault(world, writer):
        return
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.decode("latin-1").split("\r\n"):
        if line.lower().startswith("user-agent:"):
            world.note("https", address, "agent", line.split(":", 1)[1].strip())
    await asyncio.sleep(world.linger_ms / 1000)
    reply = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(POLICY)}\r\nConnection: close\r\n\r\n"
    writer.write((reply + POLICY).encode())


async def tarpit(_world, reader, writer):
    if writer.get_extra_info("sockname")[1] == 25:
        writer.write(b"220 mx.test ESMTP\r\n")
    while await reader.read(4096):
        pass


def session(world, kind, play):
    stuck = set(world.tarpit)

    async def run(reader, writer):
        address = writer.get_extra_info("sockname")[0]
        world.note(kind, address, "open")
        try:
            await asyncio.wait_for((tarpit if address in stuck else play)(world, reader, writer), SESSION_SECONDS)
            await writer.drain()
        except (asyncio.TimeoutError, asyncio.IncompleteReadError, OSError, ssl.SSLError):
            pass
        finally:
            writer.close()
            world.note(kind, address, "close")

    return run


async def note_lags(world):
    while True:
        began = time.monotonic()
        await asyncio.sleep(TICK_SECONDS)
        late = time.monotonic() - began - TICK_SECONDS
        if late > LAG_SECONDS:
            world.note("lag", "", "late", late)


async def serve(world):
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    made.bind((world.resolver, 53))
    await loop.create_datagram_endpoint(lambda: Resolver(world), sock=made)
    for address in world.smtp:
        await asyncio.start_server(session(world, "smtp", smtp), address, 25, backlog=512)
    tls = world.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if world.https or world.starttls:
        tls.load_cert_chain(world.cert)
    for address in world.https:
        await asyncio.start_server(session(world, "https", https), address, 443, backlog=512, ssl=tls)
    lags = loop.create_task(note_lags(world)) if world.lags else None
    print("ready", flush=True)
    await ended.wait()
    if lags:
        lags.cancel()


def main():
    if len(sys.argv) != 3:
        print("usage: tests/fake/peers.py WORLD LOG", file=sys.stderr)
        return 2
    world = World(sys.argv[1])
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it tells of each peer that went away
    asyncio.run(serve(world))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        for event in world.events:
            file.write(json.dumps(event) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
