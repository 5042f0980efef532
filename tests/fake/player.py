"""Plays a scenario on a TCP connection: what smtpd.py and httpsd.py share.

A scenario file has one step a line, played from top to bottom on each connection; '#' begins a comment line.
The player does what the scenario says and nothing else: it knows no SMTP and no HTTP beyond reading a line or
the head of a request, and it never connects anywhere.

    send TEXT       sends TEXT; \\r \\n \\t \\\\ \\xHH are escapes, {name} is the name that the server plays
    reply TEXT      sends TEXT and CRLF
    expect WORD     reads lines until one begins with WORD; answers QUIT (and ends), and 502 to all others
    request         reads the head of an HTTP request, up to its blank line
    read            reads what comes first, up to 16 KiB
    tls [KEY=VALUE] handshake as server with the certificate of {name}; max=1.0…1.3, min=1.0…1.3, seclevel=0…2,
                    ciphers=OpenSSL's names; drip=MS sends the server's part byte by byte, MS milliseconds before each, but
                    for the first at_once=BYTES of it, and ends behind it
    sleep MS        waits
    hello KIND      reads a ClientHello, answers as a server does that is behind the times (hello.py): old, dh512,
                     sha1; or as one that costs its clients much: dh10000, key16384, chain100; or with its chain as it stands: rsa, ecdsa
    segment MOST DOES   goes on if the ClientHello that comes is MOST bytes long or shorter, and leaves it to the next
                     step; upon a longer one it does as DOES says: silence, cut or reset
    silence         reads and throws away until the peer closes
    drip MS TEXT    sends TEXT byte by byte, MS milliseconds before each
    flood N TEXT    sends TEXT over and over until N bytes were sent or the peer closes
    on WHICH        what follows, up to the next `on`, is played on some connections to the address only: the first or
                    the later ones, or odd or even ones. Such a server is another at the second look. A connection that the
                    peer leaves amid the scenario, as on a machine that stands still, is none: it is played again
    cut             closes the socket at once, without TLS's close_notify
    reset           closes with a TCP RST

Each connection lives at most LIFETIME seconds, and at most CONNECTIONS are played at a time.
"""

import argparse
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time

import hello

LIFETIME = 60.0
CONNECTIONS = 512
LINE_MAX = 4096
HEAD_MAX = 16384
EXPECT_TRIES = 20
RECORD_HEADER = 5  # of TLS
BYTES_ACKED_AT = 120  # in struct tcp_info

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|[rnt\\])")
ESCAPED = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}


class Over(Exception):
    """The scenario or the peer ended the connection."""


def unescape(text):
    """TEXT of a step as bytes."""

    def one(match):
        code = match.group(1)
        return chr(int(code[1:], 16)) if code[0] == "x" else ESCAPED[code]

    return ESCAPE.sub(one, text).encode("latin-1")


def load(path):
    """The steps of a scenario file, as (verb, argument)."""
    steps = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n").lstrip()
            if not line or line.startswith("#"):
                continue
            verb, _, argument = line.partition(" ")
            if not hasattr(Connection, "do_" + verb):
                raise ValueError(f"{path}:{number}: no such step: {verb}")
            steps.append((verb, argument))
    return steps


def played_on(steps, number):
    """Those of the steps that the number-th connection to an address is played, counted from 1."""
    now = ("odd" if number % 2 else "even", "first" if number == 1 else "later")
    chosen, for_now = [], True
    for verb, argument in steps:
        if verb == "on":
            for_now = argument in now
        elif for_now:
            chosen.append((verb, argument))
    return chosen


class Connection:
    """One connection being played."""

    def __init__(self, sock, name, certs):
        self.sock = sock
        self.name = name
        self.certs = certs
        self.pending = b""
        self.sent = 0  # bytes of the scenario
        self.taken = 0  # bytes of the connection that the other side's kernel took
        self.end = time.monotonic() + LIFETIME
        self.left = False  # by the peer, before the scenario was at its end

    def play(self, steps):
        try:
            for verb, argument in steps:
                getattr(self, "do_" + verb)(argument)
            self.finish()
        except Over:
            pass
        except (OSError, ssl.SSLError):
            self.left = True
        finally:
            self.taken = bytes_taken(self.sock)
            self.sock.close()

    def finish(self):
        """An orderly close, with close_notify if there is TLS; the peer may be gone already, with all that it was to hear."""
        try:
            if isinstance(self.sock, ssl.SSLSocket):
                self.sock.settimeout(2.0)
                self.sock = self.sock.unwrap()
            self.sock.shutdown(socket.SHUT_WR)
        except (OSError, ssl.SSLError):
            pass

    def patience(self):
        left = self.end - time.monotonic()
        if left <= 0:
            raise Over
        self.sock.settimeout(left)

    def receive(self):
        self.patience()
        data = self.sock.recv(HEAD_MAX)
        if not data:
            self.left = True
            raise Over
        return data

    def transmit(self, data):
        data = memoryview(data)
        while data:
            self.patience()
            sent = self.sock.send(data)
            self.sent += sent
            data = data[sent:]

    def text(self, argument):
        return unescape(argument.replace("{name}", self.name.partition("@")[0]))

    def until(self, mark, limit):
        """Bytes up to and with the mark; what follows stays pending."""
        while mark not in self.pending:
            if len(self.pending) > limit:
                raise Over
            self.pending += self.receive()
        head, _, self.pending = self.pending.partition(mark)
        return head

    def do_send(self, argument):
        self.transmit(self.text(argument))

    def do_reply(self, argument):
        self.transmit(self.text(argument) + b"\r\n")

    def do_expect(self, word):
        for _ in range(EXPECT_TRIES):
            line = self.until(b"\n", LINE_MAX).strip().upper()
            if line.startswith(word.upper().encode()):
                return
            if line.startswith(b"QUIT"):
                self.transmit(b"221 2.0.0 Bye\r\n")
                self.finish()
                raise Over
            self.transmit(b"502 5.5.2 Not now\r\n")
        raise Over

    def do_request(self, _argument):
        self.until(b"\r\n\r\n", HEAD_MAX)

    def do_read(self, _argument):
        self.receive()

    def do_tls(self, argument):
        options = dict(word.split("=", 1) for word in argument.split())
        context = server_context(os.path.join(self.certs, self.name + ".pem"), options)
        self.patience()
        self.pending = b""
        if "drip" in options:
            self.drip_handshake(context, int(options["drip"]) / 1000, int(options.get("at_once", "0")))
        self.sock = context.wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
        self.sock.do_handshake()

    def do_sleep(self, argument):
        time.sleep(int(argument) / 1000)

    def drip_handshake(self, context, seconds, at_once):
        heard, said, at_once = ssl.MemoryBIO(), ssl.MemoryBIO(), at_once + self.sent
        tls = context.wrap_bio(heard, said, server_side=True)
        while True:
            try:
                tls.do_handshake()
                over = True
            except ssl.SSLWantReadError:
                over = False
            for byte in said.read():
                time.sleep(seconds if self.sent >= at_once else 0)
                self.transmit(bytes([byte]))
            if over:
                raise Over
            heard.write(self.receive())

    def do_hello(self, kind):
        self.receive()
        self.transmit(hello.flight(kind, os.path.join(self.certs, self.name + ".pem")))

    def do_segment(self, argument):
        most, does = argument.split()
        header = self.sock.recv(RECORD_HEADER, socket.MSG_PEEK | socket.MSG_WAITALL)
        if len(header) < RECORD_HEADER:
            raise Over
        if RECORD_HEADER + int.from_bytes(header[3:], "big") > int(most):
            getattr(self, "do_" + does)("")

    def do_silence(self, _argument):
        try:
            while True:
                self.receive()
        finally:
            self.left = False  # it is for the peer to end it

    def do_drip(self, argument):
        pause, _, text = argument.partition(" ")
        for byte in self.text(text):
            time.sleep(int(pause) / 1000)
            self.transmit(bytes([byte]))

    def do_flood(self, argument):
        total, _, text = argument.partition(" ")
        block = self.text(text)
        block *= max(1, 8192 // len(block))
        sent = 0
        while sent < int(total):
            self.transmit(block)
            sent += len(block)

    def do_on(self, _argument):
        """Never played: see played_on."""

    def do_cut(self, _argument):
        raise Over

    def do_reset(self, _argument):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Over


def bytes_taken(sock):
    try:
        return struct.unpack_from("Q", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256), BYTES_ACKED_AT)[0]
    except OSError:
        return 0


def server_context(path, options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Before the certificate: the level decides which keys may be loaded at all.
    context.set_ciphers(options.get("ciphers", "ALL") + ":@SECLEVEL=" + options.get("seclevel", "1"))
    context.minimum_version = VERSIONS[options.get("min", "1.0" if "max" in options else "1.2")]
    context.maximum_version = VERSIONS[options.get("max", "1.3")]
    context.load_cert_chain(path)
    return context


class Listener(threading.Thread):
    """Accepts on one address and plays its scenario on each connection."""

    def __init__(self, sock, steps, name, certs, room):
        super().__init__(daemon=True)
        self.listening, self.steps, self.name_played, self.certs, self.room = sock, steps, name, certs, room
        self.most_taken = 0  # bytes on one connection
        self.number = 1  # of the next connection

    def run(self):
        while True:
            sock, _ = self.listening.accept()
            if not self.room.acquire(blocking=False):
                sock.close()
                continue
            threading.Thread(target=self.serve, args=(sock, self.number), daemon=True).start()

    def serve(self, sock, number):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock, self.name_played, self.certs)
            connection.play(played_on(self.steps, number))
            self.most_taken = max(self.most_taken, connection.taken)
            if not connection.left:
                self.number = max(self.number, number + 1)
        finally:
            self.room.release()


def listen(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    sock.listen(256)
    return sock


def main(what, port):
    """Command line: ADDRESS=SCENARIO:NAME…; says "ADDRESS PORT SCENARIO" for each, then "ready"."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--port", type=int, default=port, help="0 takes a free one for each")
    parser.add_argument("--certs", default=".", help="directory of NAME.pem (key, certificate, chain)")
    parser.add_argument("--scenarios", default=os.path.join(os.path.dirname(__file__), "..", "scenarios"))
    parser.add_argument("plays", nargs="+", metavar="ADDRESS=SCENARIO:NAME")
    options = parser.parse_args()
    room = threading.BoundedSemaphore(CONNECTIONS)
    for play in options.plays:
        address, _, rest = play.partition("=")
        scenario, _, name = rest.partition(":")
        steps = load(os.path.join(options.scenarios, scenario + ".scenario"))
        sock = listen(address, options.port)
        Listener(sock, steps, name, options.certs, room).start()
        print(address, sock.getsockname()[1], scenario)
    print("ready")
    sys.stdout.flush()
    threading.Event().wait()
