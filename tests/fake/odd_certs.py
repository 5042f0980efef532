"""Certificates whose contents are odd, and whose signatures are good: what a hostile owner of a trusted authority can issue.

    plain, rsa     nothing is odd; the latter's key is of RSA
    years          valid from the year 1 to the year 9999
    year-1         it expired in the year 1
    year-9999      it is valid from the year 9999 on
    no-date        its dates are digits that are no dates
    nul            the names are those of the host, a zero byte and another domain behind each
    names          as many names as a message holds, those of the host last
    rsa-e1         an RSA key of 2,048 bits whose exponent is 1, with which anybody can sign
    rsa-16384      an RSA key of 16,384 bits
    rsa-e-long     an RSA key of 2,048 bits whose exponent is as long
    ec-explicit    an EC key with the parameters of P-256 written out
    ec-own         an EC key with parameters of nobody's curve

They are written by hand (DER), and signed by the openssl command. Those after rsa-e1 have no private key here: such a server
can say hello (hello.py), and no more.
"""

import base64
import os
import subprocess

from hello import P256_BASE_POINT, element, elements

SEQUENCE, SET, INTEGER, BIT_STRING, OCTETS, NULL, OID, UTF8, UTC, GENERALIZED = 0x30, 0x31, 2, 3, 4, 5, 6, 12, 0x17, 0x18
ECDSA_SHA256, EC_KEY, RSA_KEY, PRIME_FIELD = "2a8648ce3d040302", "2a8648ce3d0201", "2a864886f70d010101", "2a8648ce3d0101"
COMMON_NAME, SAN, BASIC = "550403", "551d11", "551d13"
VALID = (b"250101000000Z", b"490101000000Z")
DATES = {
    "years": (b"00010101000000Z", b"99991231235959Z"),
    "year-1": (b"00010101000000Z", b"00010101000001Z"),
    "year-9999": (b"99991231235958Z", b"99991231235959Z"),
    "no-date": (b"99999999999999Z", b"99999999999999Z"),
}
KINDS = ("plain", "rsa", *DATES, "nul", "names", "rsa-e1", "rsa-16384", "rsa-e-long", "ec-explicit", "ec-own")
NAMES_BYTES = 97 * 1024
P256 = {
    "p": (1 << 256) - (1 << 224) + (1 << 192) + (1 << 96) - 1,
    "b": 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    "n": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
}


def sequence(*parts):
    return element(SEQUENCE, b"".join(parts))


def oid(text):
    return element(OID, bytes.fromhex(text))


def integer(number):
    return element(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


def pem(label, der):
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def name_of(text):
    return sequence(element(SET, sequence(oid(COMMON_NAME), element(UTF8, text.encode()))))


def public_rsa(modulus, exponent):
    numbers = sequence(integer(modulus), integer(exponent))
    return sequence(sequence(oid(RSA_KEY), element(NULL, b"")), element(BIT_STRING, b"\0" + numbers))


def public_ec(point, generator, prime, a, b, order):
    """A key with its curve's parameters written out (SEC 1, C.2)."""
    size = (prime.bit_length() + 7) // 8
    curve = sequence(element(OCTETS, a.to_bytes(size, "big")), element(OCTETS, b.to_bytes(size, "big")))
    field = sequence(oid(PRIME_FIELD), integer(prime))
    parameters = sequence(integer(1), field, curve, element(OCTETS, generator), integer(order), integer(1))
    return sequence(sequence(oid(EC_KEY), parameters), element(BIT_STRING, b"\0" + point))


def numbers_of_rsa(path):
    """n, e, d, p, q, … of the file's key."""
    (_, body), = elements(openssl("rsa", "-in", path, "-traditional", "-outform", "DER"))
    return [int.from_bytes(content, "big") for _, content in elements(body)][1:]


class Certificates:
    """Makes them in a directory, under an authority whose certificate is `ca`."""

    def __init__(self, directory):
        self.directory = directory
        self.ca, self.ca_key, self.key = (os.path.join(directory, name) for name in ("ca.crt", "ca.key", "leaf.key"))
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=odd", "-days", "30",
                "-keyout", self.ca_key, "-out", self.ca)
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.key)
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.key + ".rsa")
        self.plain = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")
        self.modulus, _, _, self.p, self.q, *_ = numbers_of_rsa(self.key + ".rsa")

    def public_key(self, kind):
        if kind in ("rsa", "rsa-e1"):
            return public_rsa(self.modulus, 1 if kind == "rsa-e1" else 65537)
        if kind == "rsa-16384":
            return public_rsa(int.from_bytes(b"\xff" + os.urandom(2046) + b"\x01", "big"), 65537)
        if kind == "rsa-e-long":
            return public_rsa(self.modulus, self.modulus - 2)
        if kind == "ec-explicit":
            return public_ec(self.plain[-65:], P256_BASE_POINT, P256["p"], P256["p"] - 3, P256["b"], P256["n"])
        if kind == "ec-own":
            prime = int.from_bytes(b"\xff" + os.urandom(63) + b"\x01", "big")
            point = b"\x04" + os.urandom(130)
            return public_ec(point, point, prime, prime - 3, 7, prime - 2)
        return self.plain

    def private_key(self, kind):
        """In PEM; of rsa-e1 the one that anybody knows."""
        path = self.key + ".rsa" if kind == "rsa" else self.key
        if kind == "rsa-e1":
            inverse = pow(self.q, -1, self.p)
            return pem("RSA PRIVATE KEY", sequence(*map(integer, (0, self.modulus, 1, 1, self.p, self.q, 1, 1, inverse))))
        with open(path, encoding="ascii") as file:
            return file.read()

    def extensions(self, kind, names):
        names = [name.encode() for name in names]
        if kind == "nul":
            names = [name + b"\0.elsewhere.example" for name in names]
        if kind == "names":
            room = NAMES_BYTES - sum(len(name) + 2 for name in names)
            names = [b"n%05d.many.example" % i for i in range(room // 21)] + names
        san = sequence(*(element(0x82, name) for name in names))
        return element(0xA3, sequence(sequence(oid(BASIC), element(OCTETS, sequence())), sequence(oid(SAN), element(OCTETS, san))))

    def make(self, stem, kind, names):
        """STEM.pem with key and certificate for the names, STEM.crt with the certificate alone."""
        algorithm = sequence(oid(ECDSA_SHA256))
        dates = sequence(*(element(GENERALIZED if kind in DATES else UTC, date) for date in DATES.get(kind, VALID)))
        body = sequence(element(0xA0, integer(2)), integer(int.from_bytes(os.urandom(8), "big")), algorithm, name_of("odd"), dates,
                        name_of(names[0][:60]), self.public_key(kind), self.extensions(kind, names))
        signature = openssl("dgst", "-sha256", "-sign", self.ca_key, data=body)
        text = pem("CERTIFICATE", sequence(body, algorithm, element(BIT_STRING, b"\0" + signature)))
        path = os.path.join(self.directory, stem + ".pem")
        with open(path, "w", encoding="ascii") as file:
            file.write(self.private_key(kind) + text)
        return path
