#!/usr/bin/python3
"""Peers that say the strings of strings.tsv by the ways of ways.tsv.

    tests/strings/world.py FOLDER TURN

The domain WAY-NUMBER.lab has the string NUMBER + TURN by that way, and is in good order otherwise. It wants a network namespace, says
"ready" and runs until it is ended. FOLDER holds the certificates (make_certificates).
"""

import ast
import asyncio
import collections
import logging
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
RESOLVER, MAIL, WEB = "127.0.0.53", "127.0.1.1", "127.0.2.1"
NETS = {"smtp": 3, "mxcert": 4}  # 127.x: each domain of these has an MX host of its own, so that the server knows whose it is
TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
SERVFAIL, NXDOMAIN, EDE = 2, 3, 15
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: *.hosts.lab\r\nmx: mx.lab\r\nmax_age: 604800\r\n"
LONG = 3000
LABEL_BYTES, TEXT_BYTES = 63, 255


def table(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    return [collections.namedtuple("Row", lines[0])(*line) for line in lines[1:]]


def bytes_of(row):
    return b"A" * LONG if row.bytes == "LONG" else ast.literal_eval("b'''" + row.bytes.replace("'", "\\'") + "'''")


STRINGS = [(row.name, bytes_of(row)) for row in table("strings.tsv")]
WAYS = table("ways.tsv")
SCANNED = [row.way for row in WAYS if row.by == "peer"]
HOSTED = [*SCANNED, "label", "file"]  # domains of these have a policy host
MAIL_HOSTS = "mail-hosts"


def domain(way, number):
    return f"{way}-{number}.lab"


class Said:
    """Which string a domain has by its way."""

    def __init__(self, turn):
        self.turn = turn

    def of(self, name):
        """(way, string) of a name at or under a domain; ("", b"") for others."""
        for label in name.split("."):
            way, _, number = label.rpartition("-")
            if way in SCANNED and number.isdigit():
                return way, STRINGS[(int(number) + self.turn) % len(STRINGS)][1]
        return "", b""


# ---- the name server ---------------------------------------------------------------------------------------------------


def wire_name(name):
    """name: of text labels, or a list of labels as bytes."""
    labels = name if isinstance(name, list) else [label.encode("latin-1") for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels if label) + b"\0"


def odd(string):
    """A host with a label of the string."""
    return [string[:LABEL_BYTES] or b"x", b"hosts", b"lab"]


def texts(data):
    parts = [data[at:at + TEXT_BYTES] for at in range(0, len(data), TEXT_BYTES)]
    return b"".join(bytes([len(part)]) + part for part in parts)


def own_address(name, way):
    number = int(name.split(".")[0].rpartition("-")[2])
    return bytes([127, NETS["mxcert" if way == "certificate" else "smtp"], SCANNED.index(way), number + 1])


def records_of(said, name, kind):
    """[(owner in wire form, type, data)], or None for no such name."""
    way, string = said.of(name)
    own = wire_name(name)
    if name in ("", "lab"):
        return [(own, "SOA", b"\0\0" + struct.pack("!5I", 1, 1, 1, 1, 60))] if kind == "SOA" else []
    if name.endswith(".hosts.lab") or name == "mx.lab":
        if kind != "A":
            return []
        if way.startswith("smtp") or way == "certificate":
            return [(own, "A", own_address(name, way))]
        alias = wire_name(odd(string))
        if way == "mx-alias":
            return [(own, "CNAME", alias), (alias, "A", socket.inet_aton(MAIL))]
        return [(own, "A", socket.inet_aton(MAIL))]
    if name.startswith("mta-sts.") and kind == "A":
        alias = wire_name(odd(string))
        named = [(own, "CNAME", alias), (alias, "A", socket.inet_aton(WEB))]
        return named if way == "policy-alias" else [(own, "A", socket.inet_aton(WEB))]
    if name.startswith("_mta-sts.") and kind == "TXT" and way == "txt-alias":
        return [(own, "CNAME", wire_name(odd(string))), (wire_name(odd(string)), "TXT", texts(b"v=STSv1; id=1;"))]
    if name.startswith("_mta-sts.") and kind == "TXT" and way == "near-miss":
        return []
    if name.startswith("_mta_sts.") and kind == "TXT" and way == "near-miss":
        return [(own, "TXT", texts(b"v=STSv1; id=1; x=" + string))]
    if name.startswith("_mta-sts.") and kind == "TXT":
        return [(own, "TXT", texts({"txt": b"v=STSv1; id=1; x=" + string, "txt-id": b"v=STSv1; id=" + string + b";", "txt-own": string}
                                   .get(way, b"v=STSv1; id=1;")))]
    if name.startswith("_smtp._tls.") and kind == "TXT":
        return [(own, "TXT", texts({"tlsrpt": b"v=TLSRPTv1; rua=mailto:" + string + b"@example.net", "tlsrpt-own": string}[way]))] \
            if way.startswith("tlsrpt") else []
    if name.count(".") == 1 and kind == "MX":
        host = odd(string) if way == "mx" else f"{name.split('.')[0]}.hosts.lab"
        return [(own, "MX", b"\0\x0a" + wire_name(host if way.startswith(("smtp", "mx", "certificate")) else "mx.lab"))]
    return [] if name.count(".") == 1 else None


def reply(said, message, by_tcp):
    at, labels = 12, []
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1").lower())
        at += 1 + message[at]
    name, kind, question = ".".join(labels), NAMES.get(struct.unpack_from("!H", message, at + 1)[0], "?"), message[12:at + 5]
    way, string = said.of(name)
    if way == "extended-error" and name.startswith("_mta-sts."):
        text = struct.pack("!H", 22) + string
        option = struct.pack("!HH", EDE, len(text)) + text
        opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(option)) + option
        return message[:2] + struct.pack("!5H", 0x8180 | SERVFAIL, 1, 0, 0, 1) + question + opt
    found = records_of(said, name, kind)
    body = b"".join(owner + struct.pack("!HHIH", TYPES[one], 1, 300, len(data)) + data for owner, one, data in found or [])
    if len(body) > 1100 and not by_tcp:
        return message[:2] + struct.pack("!5H", 0x8380, 1, 0, 0, 0) + question
    rcode = NXDOMAIN if found is None else 0
    return message[:2] + struct.pack("!5H", 0x8180 | rcode, 1, len(found or []), 0, 0) + question + body


def serve_names(said):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    udp.bind((RESOLVER, 53))
    tcp = socket.create_server((RESOLVER, 53), backlog=256)

    def by_tcp():
        while True:
            stream, _ = tcp.accept()
            with stream, stream.makefile("rb") as file:
                head = file.read(2)
                if len(head) == 2:
                    text = reply(said, file.read(struct.unpack("!H", head)[0]), True)
                    stream.sendall(struct.pack("!H", len(text)) + text)

    def by_udp():
        while True:
            message, peer = udp.recvfrom(2048)
            udp.sendto(reply(said, message, False), peer)

    for run in (by_udp, by_tcp):
        threading.Thread(target=run, daemon=True).start()


# ---- mail servers and policy hosts ---------------------------------------------------------------------------------------


def lines(head, text, last=True):
    """Lines of a reply: the string stands in one, whatever ends of lines it has."""
    return head + (b" " if last else b"-") + text + b"\r\n"


def who(writer, said):
    """(way, string, number) by the address of an MX host that is a domain's own."""
    parts = [int(part) for part in writer.get_extra_info("sockname")[0].split(".")]
    if parts[1] not in NETS.values():
        return "", b"", 0
    number = parts[3] - 1
    return (SCANNED[parts[2]], *said.of(domain(SCANNED[parts[2]], number))[1:], number)


async def smtp(said, contexts, reader, writer):
    way, string, number = who(writer, said)
    greeting = {"smtp-greeting": lines(b"220", string), "smtp-refusal": lines(b"554", string)}.get(way, b"220 mx.lab ESMTP\r\n")
    writer.write(greeting)
    while line := await reader.readline():
        verb = line.strip().upper().split(b" ")[0]
        if verb == b"QUIT":
            writer.write(b"221 bye\r\n")
            return
        if verb == b"EHLO" and way == "smtp-ehlo-refusal":
            writer.write(lines(b"550", string))
        elif verb == b"EHLO" and way == "smtp-ehlo-name":
            writer.write(lines(b"250", string, False) + b"250 STARTTLS\r\n")
        elif verb == b"EHLO":
            writer.write(b"250-mx.lab\r\n" + (lines(b"250", string, False) if way == "smtp-ehlo" else b"") + b"250 STARTTLS\r\n")
        elif verb == b"STARTTLS" and way == "smtp-starttls":
            writer.write(lines(b"454", string))
        elif verb == b"STARTTLS":
            writer.write(b"220 go on\r\n")
            await writer.start_tls(contexts[(number + said.turn) % len(STRINGS)] if way == "certificate" else contexts[MAIL_HOSTS])
        else:
            writer.write(b"502 no\r\n")


async def https(said, _contexts, reader, writer):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    host = next(line.split(":", 1)[1].strip() for line in head.split("\r\n") if line.lower().startswith("host:"))
    way, string = said.of(host)
    status, kind, more, body = b"200 OK", b"text/plain", b"", POLICY
    if way == "policy":
        body = POLICY + b"x-" + string + b": " + string + b"\r\n"
    elif way == "policy-mx":
        body = POLICY + b"mx: " + string + b"\r\n"
    elif way == "policy-own":
        body = string
    elif way == "http-type":
        kind = string
    elif way == "http-location":
        status, more = b"301 Moved", b"Location: " + string + b"\r\n"
    elif way == "http-reason":
        status = b"404 " + string
    elif way == "http-encoding":
        more = b"Content-Encoding: " + string + b"\r\n"
    elif way == "http-later":
        status, more = b"503 Later", b"Retry-After: " + string + b"\r\nServer: " + string + b"\r\nAlt-Svc: " + string + b"\r\n"
    writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Type: " + kind + b"\r\n" + more + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)


def session(play, *arguments):
    async def run(reader, writer):
        try:
            await asyncio.wait_for(play(*arguments, reader, writer), 20)
            await writer.drain()
        except (asyncio.TimeoutError, asyncio.IncompleteReadError, OSError, ssl.SSLError, StopIteration):
            pass
        finally:
            writer.close()

    return run


# ---- certificates --------------------------------------------------------------------------------------------------------


def der(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    head = bytes([size]) if size < 128 else bytes([0x82]) + struct.pack("!H", size)
    return bytes([tag]) + head + body


def oid(*bytes_):
    return der(0x06, bytes(bytes_))


def name_of(string):
    """A common name, an organisation and an e-mail address. What is no UTF-8 may not be in a UTF8String, and is in a T61String."""
    try:
        string.decode()
        kind = 0x0C
    except UnicodeDecodeError:
        kind = 0x14
    parts = ((oid(0x55, 4, 3), kind), (oid(0x55, 4, 10), 0x14), (oid(0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 1), 0x16))
    return der(0x30, *(der(0x31, der(0x30, kind, der(tag, string))) for kind, tag in parts))


def certificate(string, key):
    """One that says the string in its subject, its issuer and its names. Nobody signed it."""
    algorithm = der(0x30, oid(0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2))
    names = der(0x30, der(0x82, string), der(0x82, b"*.hosts.lab"), der(0x81, string), der(0x86, b"https://" + string))
    extensions = der(0xA3, der(0x30, der(0x30, oid(0x55, 0x1D, 0x11), der(0x04, names))))
    dates = der(0x30, der(0x17, b"260101000000Z"), der(0x17, b"491231000000Z"))
    body = der(0x30, der(0xA0, der(0x02, b"\x02")), der(0x02, b"\x01"), algorithm, name_of(string + b"(issuer)"), dates, name_of(string), key, extensions)
    return der(0x30, body, algorithm, der(0x03, b"\0", der(0x30, der(0x02, b"\x01"), der(0x02, b"\x01"))))


def openssl(*words, text=None):
    return subprocess.run(["openssl", *words], check=True, capture_output=True, input=text).stdout


def make_certificates(folder):
    """One for the MX hosts that are good, one for the policy hosts of each way, all of one key and their own roots (roots has them all);
    and one for each string."""
    key = os.path.join(folder, "key")
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    roots = b""
    for way in [MAIL_HOSTS, *HOSTED]:
        hosts = ["mx.lab", "*.hosts.lab"] if way == MAIL_HOSTS else ["mta-sts." + domain(way, number) for number in range(len(STRINGS))]
        names = "subjectAltName=" + ",".join("DNS:" + host for host in hosts)
        roots += openssl("req", "-x509", "-key", key, "-subj", "/CN=" + way, "-days", "400", "-addext", names, "-out", os.path.join(folder, way), "-outform", "PEM")
        with open(os.path.join(folder, way), "rb") as made:
            roots += made.read()
    with open(os.path.join(folder, "roots"), "wb") as file:
        file.write(roots)
    public = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
    for number, (_, string) in enumerate(STRINGS):
        with open(os.path.join(folder, str(number)), "w", encoding="ascii") as file:
            file.write(ssl.DER_cert_to_PEM_cert(certificate(string, public)))


def context(folder, name):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(os.path.join(folder, name), os.path.join(folder, "key"))
    return made


async def serve(folder, said):
    contexts = {number: context(folder, str(number)) for number in range(len(STRINGS))}
    contexts.update({way: context(folder, way) for way in [MAIL_HOSTS, *HOSTED]})

    def by_name(connection, name, _first):
        way, _, number = "".join((name or "").split(".")[1:2]).rpartition("-")
        of = (int(number) + said.turn) % len(STRINGS) if way == "policy-certificate" else way
        connection.context = contexts.get(of, contexts[MAIL_HOSTS])

    contexts[MAIL_HOSTS].sni_callback = by_name
    serve_names(said)
    await asyncio.start_server(session(smtp, said, contexts), "0.0.0.0", 25, backlog=1024)
    await asyncio.start_server(session(https, said, contexts), WEB, 443, backlog=1024, ssl=contexts[MAIL_HOSTS])
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it tells of each peer that went away
    asyncio.run(serve(sys.argv[1], Said(int(sys.argv[2]))))
