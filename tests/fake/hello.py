"""The first flight of TLS 1.2 servers that today's libraries cannot be made to play (RFC 5246 section 7.4).

    old    a ServerHello without renegotiation_info, as servers sent it before RFC 5746
    dh512  a Diffie-Hellman group of 512 bits
    sha1   a handshake signed with SHA-1, whether the client takes that or not
    dh10000    a Diffie-Hellman group of 10,000 bits
    key16384   a leaf with an RSA key of 16,384 bits
    chain100   the leaf a hundred times over
    rsa, ecdsa the chain as it stands, and a key exchange signed with it, as it were

Nothing behind the flight works, and the signatures are of zeros: a client finds what it is to find before it looks at
them. All but old and ecdsa want a certificate with an RSA key.
"""

import base64
import os
import re
import ssl

HANDSHAKE, VERSION = b"\x16", b"\x03\x03"
SERVER_HELLO, CERTIFICATE, SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE = 2, 11, 12, 14
RENEGOTIATION_INFO = b"\xff\x01\x00\x01\x00"
DHE_RSA, ECDHE_RSA, ECDHE_ECDSA = b"\x00\x9e", b"\xc0\x2f", b"\xc0\x2b"
RSA_SHA1, RSA_SHA256, ECDSA_SHA256 = b"\x02\x01", b"\x04\x01", b"\x04\x03"
SIGNATURE_BYTES = 128
RECORD_BYTES = 16384
P256_BASE_POINT = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
SIGNED = {"sha1": (ECDHE_RSA, RSA_SHA1), "rsa": (ECDHE_RSA, RSA_SHA256), "ecdsa": (ECDHE_ECDSA, ECDSA_SHA256)}
DH_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dh512.pem")


def sized(data, width):
    return len(data).to_bytes(width, "big") + data


def message(kind, body):
    return bytes([kind]) + sized(body, 3)


def server_hello(cipher, extensions):
    body = VERSION + os.urandom(32) + sized(b"", 1) + cipher + b"\x00"
    return message(SERVER_HELLO, body + (sized(extensions, 2) if extensions else b""))


def chain(path):
    """The certificates of the PEM file, leaf first."""
    with open(path, encoding="ascii") as file:
        blocks = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", file.read(), re.DOTALL)
    return [ssl.PEM_cert_to_DER_cert(pem) for pem in blocks]


def certificates(ders):
    """The Certificate message for a chain."""
    return message(CERTIFICATE, sized(b"".join(sized(der, 3) for der in ders), 3))


def small_group():
    """p, g and a public value; p is the first integer of the file's DER, 64 bytes behind a zero."""
    with open(DH_FILE, encoding="ascii") as file:
        der = base64.b64decode("".join(file.read().splitlines()[1:-1]))
    prime = der[5:69]
    return sized(prime, 2) + sized(b"\x02", 2) + sized(prime[:-1] + b"\x01", 2)


def large_group():
    """The same of 10,000 bits; p is odd, and no prime."""
    prime = b"\xff" + os.urandom(1248) + b"\x0b"
    return sized(prime, 2) + sized(b"\x02", 2) + sized(b"\x7f" + prime[1:], 2)


def element(tag, content):
    """A tag, a length of DER, and what it is of."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes([tag, 0x80 + size]) + sized(content, size)


def elements(der):
    """(tag, content) of each element that stands one behind the other."""
    while der:
        at, length = 2, der[1]
        if length >= 0x80:
            at = 2 + length - 0x80
            length = int.from_bytes(der[2:at], "big")
        yield der[0], der[at : at + length]
        der = der[at + length :]


def with_large_key(der):
    """The certificate with another key; its signature is none of the issuer's any more."""
    (_, whole), = elements(der)
    (_, body), algorithm, signature = elements(whole)
    numbers = element(2, b"\x00\xff" + os.urandom(2046) + b"\x01") + element(2, b"\x01\x00\x01")
    parts = list(elements(body))
    kind = next(elements(parts[6][1]))
    parts[6] = (parts[6][0], element(*kind) + element(3, b"\x00" + element(0x30, numbers)))
    body = element(0x30, b"".join(element(*part) for part in parts))
    return element(0x30, body + element(*algorithm) + element(*signature))


def key_exchange(parameters, algorithm):
    return message(SERVER_KEY_EXCHANGE, parameters + algorithm + sized(bytes(SIGNATURE_BYTES), 2))


def flight(kind, path):
    """The bytes to be sent after a ClientHello."""
    if kind == "old":
        messages = server_hello(ECDHE_RSA, b"")
    elif kind == "dh512":
        messages = server_hello(DHE_RSA, RENEGOTIATION_INFO) + certificates(chain(path))
        messages += key_exchange(small_group(), RSA_SHA256) + message(SERVER_HELLO_DONE, b"")
    elif kind in SIGNED:
        cipher, algorithm = SIGNED[kind]
        point = b"\x03\x00\x17" + sized(P256_BASE_POINT, 1)
        messages = server_hello(cipher, RENEGOTIATION_INFO) + certificates(chain(path))
        messages += key_exchange(point, algorithm) + message(SERVER_HELLO_DONE, b"")
    elif kind == "dh10000":
        messages = server_hello(DHE_RSA, RENEGOTIATION_INFO) + certificates(chain(path))
        messages += key_exchange(large_group(), RSA_SHA256) + message(SERVER_HELLO_DONE, b"")
    elif kind == "key16384":
        leaf, *issuers = chain(path)
        messages = server_hello(ECDHE_RSA, RENEGOTIATION_INFO) + certificates([with_large_key(leaf), *issuers])
    elif kind == "chain100":
        messages = server_hello(ECDHE_RSA, RENEGOTIATION_INFO) + certificates(chain(path)[:1] * 100)
    else:
        raise ValueError(f"no such kind of hello: {kind}")
    records = [messages[at : at + RECORD_BYTES] for at in range(0, len(messages), RECORD_BYTES)]
    return b"".join(HANDSHAKE + VERSION + sized(record, 2) for record in records)
