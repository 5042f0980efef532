"""Peers that are as hostile as can be: MX hosts, policy hosts and the name server that leads to them.

A domain `<way>-<i>.example` has an MX host where <way> is one of SMTP, an _mta-sts record and a policy host where it is
one of HTTPS. Each has a loopback address of its own, 127.<number of the way>.<i>, by which the peer knows how to behave. They
listen on ports 53, 25 and 443: a network namespace is wanted.

    tests/fake/hostile.py FILE     serves until it is ended; its certificate goes to FILE.crt

Whatever the first number of an address is, the second and the others decide, so that it can serve another network than 127/8.
"""

import asyncio
import logging
import socket
import ssl
import struct
import subprocess
import sys
import threading

import dnsd

RESOLVER = "127.0.0.53"
FIRST_NET = 16  # of 127/8, for the first way
CHAIN_BYTES = 98 * 1024  # just below what OpenSSL takes as a certificate message
ENTRY_BYTES = 5  # around each in it
RUBBISH = bytes(range(256)) * 64
PIECE = len(RUBBISH)
SILENT_SECONDS, DRIP_SECONDS = 4, 0.05
FLOOD_BYTES = 8 << 20
EHLO = b"".join(b"250-EXTENSION%d with a text behind it\r\n" % i for i in range(100000))
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx.example\r\nmax_age: 604800\r\n"
TXT, MX, A = 16, 15, 1


# ---- what both kinds do --------------------------------------------------------------------------------------------


async def flood(writer, piece):
    """Without end, as far as any ceiling could tell; in turns with all others."""
    for _ in range(FLOOD_BYTES // len(piece)):
        if writer.transport.is_closing():
            return
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    await asyncio.sleep(SILENT_SECONDS)


async def drip(writer, text):
    for byte in text:
        writer.write(bytes([byte]))
        await asyncio.sleep(DRIP_SECONDS)


# ---- MX hosts ------------------------------------------------------------------------------------------------------


async def starttls(reader, writer, context):
    """Up to the end of the handshake; context: None to say no more than 220."""
    writer.write(b"220 hello\r\n")
    await reader.readline()
    writer.write(b"250-hello\r\n250 STARTTLS\r\n")
    await reader.readline()
    writer.write(b"220 go\r\n")
    await writer.drain()
    if context is not None:
        await writer.start_tls(context)


async def mx_tame(reader, writer, tls):
    await starttls(reader, writer, tls.tame)
    await reader.readline()
    writer.write(b"250 hello\r\n")
    await reader.readline()


async def mx_line(_reader, writer, _tls):
    """One line of a greeting, without end."""
    writer.write(b"220 ")
    await flood(writer, b"x" * PIECE)


async def mx_garbage(_reader, writer, _tls):
    await flood(writer, RUBBISH)


async def mx_lines(reader, writer, _tls):
    writer.write(b"220 hello\r\n")
    await reader.readline()
    for at in range(0, len(EHLO), PIECE):
        writer.write(EHLO[at:at + PIECE])
        await writer.drain()
        await asyncio.sleep(0)
    await asyncio.sleep(SILENT_SECONDS)


async def mx_drip(_reader, writer, _tls):
    await drip(writer, b"220 slow and slower" * 10)


async def mx_silence(_reader, _writer, _tls):
    await asyncio.sleep(SILENT_SECONDS)


async def mx_rubbish(reader, writer, _tls):
    """What follows the 220 to STARTTLS is no TLS."""
    await starttls(reader, writer, None)
    await flood(writer, RUBBISH)


async def mx_chain(reader, writer, tls):
    await starttls(reader, writer, tls.chain)
    await reader.readline()
    await asyncio.sleep(SILENT_SECONDS)


# ---- policy hosts --------------------------------------------------------------------------------------------------


async def request(reader, writer, context):
    await writer.start_tls(context)
    while await reader.readline() not in (b"\r\n", b""):
        pass


async def policy_tame(reader, writer, tls):
    await request(reader, writer, tls.tame)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(POLICY) + POLICY)
    await writer.drain()


async def policy_body(reader, writer, tls):
    """A body without end, of bytes that take most room in a record."""
    await request(reader, writer, tls.tame)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    await flood(writer, b"\x01" * PIECE)


async def policy_almost(reader, writer, tls):
    """As large a body as is taken, whose end does not come."""
    await request(reader, writer, tls.tame)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 65536\r\n\r\n" + b"mx: a.example\r\n" * 4369)
    await writer.drain()
    await asyncio.sleep(SILENT_SECONDS)


async def policy_headers(reader, writer, tls):
    await request(reader, writer, tls.tame)
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await flood(writer, b"".join(b"X-Header-%d: " % i + b"x" * 1000 + b"\r\n" for i in range(16)))


async def policy_header(reader, writer, tls):
    """One header without end."""
    await request(reader, writer, tls.tame)
    writer.write(b"HTTP/1.1 200 OK\r\nX-Header: ")
    await flood(writer, b"x" * PIECE)


async def policy_chunks(reader, writer, tls):
    """A chunk's extension without end: bytes of which HTTP shows nothing."""
    await request(reader, writer, tls.tame)
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
    await flood(writer, b"x" * PIECE)


async def policy_drip(reader, writer, tls):
    await request(reader, writer, tls.tame)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    await drip(writer, POLICY)


async def policy_silence(reader, writer, tls):
    await request(reader, writer, tls.tame)
    await asyncio.sleep(SILENT_SECONDS)


async def policy_rubbish(_reader, writer, _tls):
    await flood(writer, RUBBISH)


async def policy_chain(reader, writer, tls):
    await request(reader, writer, tls.chain)
    await asyncio.sleep(SILENT_SECONDS)


def ways(kind):
    return {name.split("_", 1)[1]: play for name, play in globals().items() if name.startswith(kind + "_")}


SMTP = {"mx" + name: play for name, play in ways("mx").items()}
HTTPS = {"policy" + name: play for name, play in ways("policy").items()}
WAYS = [*SMTP, *HTTPS]
TAME = ("mxtame", "policytame")
CHAINS = ("mxchain", "policychain")
LINES = ("mxline", "mxlines")
BODIES = ("policybody", "policyalmost")


# ---- certificates --------------------------------------------------------------------------------------------------


def der(tag, *parts):
    body = b"".join(parts)
    return bytes([tag, len(body)]) + body  # all of them are short


def smallest_certificate(key):
    """As few bytes as can be read as a certificate: nobody's name, no signature. key: a public key's DER."""
    algorithm, time_of = der(0x30, der(0x06, bytes.fromhex("2b6570"))), der(0x17, b"260101000000Z")
    body = der(0x30, der(0x02, b"\x01"), algorithm, der(0x30), der(0x30, time_of, time_of), der(0x30), key)
    return der(0x30, body, algorithm, der(0x03, b"\x00"))


def public_key():
    """On P-256, as short as it can be written."""
    made = subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"], check=True, capture_output=True)
    return subprocess.run(["openssl", "ec", "-pubout", "-conv_form", "compressed", "-outform", "DER"], input=made.stdout,
                          check=True, capture_output=True).stdout


class Tls:
    """Two servers' contexts: a certificate of its own issuer, and behind it as many small ones as OpenSSL takes."""

    def __init__(self, path):
        self.ca = path + ".crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=hostile", "-days", "5", "-keyout", path, "-out", self.ca], check=True, capture_output=True)
        with open(self.ca, encoding="ascii") as file:
            leaf = file.read()
        small = smallest_certificate(public_key())
        self.chain_length = CHAIN_BYTES // (len(small) + ENTRY_BYTES)
        with open(path + ".chain", "w", encoding="ascii") as file:
            file.write(leaf + ssl.DER_cert_to_PEM_cert(small) * self.chain_length)
        self.tame, self.chain = self.context(self.ca, path), self.context(path + ".chain", path)

    @staticmethod
    def context(chain, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        return context


# ---- serving -------------------------------------------------------------------------------------------------------


def address_of(label):
    way, index = label.rsplit("-", 1)
    return bytes([127, FIRST_NET + WAYS.index(way), int(index) >> 8, int(index) & 255])


def way_at(address):
    number = int(address.split(".")[1]) - FIRST_NET
    return WAYS[number] if 0 <= number < len(WAYS) else None


def answer(query):
    name, qtype, question = dnsd.question_of(query)
    below, label = name.split(".")[:-2], name.split(".")[-2:-1]
    way = label[0].split("-")[0] if label else ""
    exists, rdata = way in WAYS, b""
    if below == [] and way in SMTP and qtype == MX:
        rdata = struct.pack("!H", 10) + dnsd.wire_name("mx." + name)
    elif below == ["_mta-sts"] and way in HTTPS and qtype == TXT:
        rdata = b"\x0ev=STSv1; id=1;"
    elif below == (["mta-sts"] if way in HTTPS else ["mx"]) and exists and qtype == A:
        rdata = address_of(label[0])
    head = query[:2] + struct.pack("!HHHHH", 0x8180 | (0 if exists else 3), 1, 1 if rdata else 0, 0, 0)
    return head + question + (b"\xc0\x0c" + struct.pack("!HHIH", qtype, 1, 60, len(rdata)) + rdata if rdata else b"")


def serve_dns():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind((RESOLVER, 53))

    def run():
        while True:
            query, peer = sock.recvfrom(2048)
            sock.sendto(answer(query), peer)

    threading.Thread(target=run, daemon=True).start()


def player(plays, tls):
    async def on_connection(reader, writer):
        try:
            play = plays.get(way_at(writer.get_extra_info("sockname")[0]))
            if play is not None:
                await play(reader, writer, tls)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()

    return on_connection


def serve(tls):
    """All of them, on threads that end with the process."""
    ready = threading.Event()

    async def run():
        servers = [await asyncio.start_server(player(plays, tls), "0.0.0.0", port, backlog=1024) for port, plays in ((25, SMTP), (443, HTTPS))]
        ready.set()
        await asyncio.gather(*(server.serve_forever() for server in servers))

    serve_dns()
    threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()
    ready.wait()


def main():
    tls = Tls(sys.argv[1])
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it tells of each peer that went away
    serve(tls)
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
