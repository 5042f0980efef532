"""Keys, certification authorities and certificates of the lab, made with the openssl command.

A trusted root with an intermediate, another root that nobody trusts, and leaves of these kinds:
    good          by the intermediate, which is sent; DNS-ID is the name; valid
    soon          good, but it expires in five days
    expired, not-yet, wrong-name, cn-only (no DNS-ID), wrong-usage (client only), weak (RSA of 1024 bits)
    brainpool, secp256k1  good, but the key is on that curve
    incomplete    the intermediate is not sent; its URL (AIA) is named
    expired-wrong-name  both
    self-signed   signed with its own key
    untrusted     by the root that nobody trusts, which is sent
    constrained   by an authority below the trusted root that may name other hosts only; it is sent
Each leaf NAME becomes one file certs/NAME.pem: key, leaf, what is sent with it. Leaves are signed by a few threads
at a time; they are all there after finish().
"""

import base64
import concurrent.futures
import hashlib
import os
import subprocess
import time

DAY = 86400
CURVES = {"brainpool": "brainpoolP256r1", "secp256k1": "secp256k1"}
WRONG_NAME = "elsewhere.lab"
AIA = "authorityInfoAccess=caIssuers;URI:http://ca.lab/intermediate.der"
CA_EXTENSIONS = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
CONSTRAINT = "nameConstraints=critical,permitted;DNS:elsewhere.example\n"
CA_CONFIG = """
[ca]
default_ca = lab
[lab]
database = {dir}/{stem}.index
new_certs_dir = {dir}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""


def openssl(*arguments, **options):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def asn1_time(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(text)


class Pki:
    """Everything under one directory; `root` is the file of the trusted root."""

    def __init__(self, directory):
        self.dir = os.path.join(directory, "ca")
        self.certs = os.path.join(directory, "certs")
        os.makedirs(self.dir)
        os.makedirs(self.certs)
        self.root = os.path.join(self.dir, "root.crt")
        self.authority("root", "stsweep lab root", None)
        self.authority("other", "Nobody's root", None)
        self.authority("intermediate", "stsweep lab intermediate", "root")
        self.authority("constrained", "An authority for elsewhere.example", "root", CONSTRAINT)
        self.shared_key = self.key("shared")
        self.workers = concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1)
        self.jobs = {}

    def path(self, name):
        return os.path.join(self.dir, name)

    def key(self, stem, bits=0, curve="P-256"):
        """A new private key: EC on that curve, or RSA of so many bits. Returns its file; the public part is beside it."""
        path = self.path(stem + ".key")
        kind = ["RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}"] if bits else ["EC", "-pkeyopt", "ec_paramgen_curve:" + curve]
        write(path, openssl("genpkey", "-algorithm", *kind), 0o600)
        openssl("pkey", "-in", path, "-pubout", "-out", path + ".pub")
        return path

    def authority(self, stem, name, issuer, more=""):
        self.sign(self.key(stem), name, CA_EXTENSIONS + more, issuer or stem, self.path(stem + ".crt"), 3650)

    def sign(self, key, common_name, extensions, issuer, out, days):
        """A certificate for key by issuer; by itself where key is the issuer's own."""
        config = out + ".ext"
        write(config, extensions)
        serial = "0x" + os.urandom(8).hex()
        arguments = ["x509", "-new", "-subj", "/CN=" + common_name, "-extfile", config, "-days", str(days)]
        arguments += ["-sha256", "-set_serial", serial]
        issuer_key = self.path(issuer + ".key")
        if key == issuer_key:
            arguments += ["-signkey", key]
        else:
            arguments += ["-force_pubkey", key + ".pub", "-CA", self.path(issuer + ".crt"), "-CAkey", issuer_key]
        openssl(*arguments, "-out", out)

    def sign_between(self, key, common_name, extensions, start, end, out):
        """As sign() by the intermediate, for a validity that does not begin now."""
        stem = os.path.basename(out)
        write(out + ".ext", extensions)
        write(out + ".cnf", CA_CONFIG.format(dir=self.dir, stem=stem))
        write(self.path(stem + ".index"), "")
        openssl("req", "-new", "-key", key, "-subj", "/CN=" + common_name, "-out", out + ".csr")
        openssl(
            "ca", "-batch", "-notext", "-config", out + ".cnf", "-in", out + ".csr", "-out", out,
            "-extfile", out + ".ext", "-startdate", asn1_time(start), "-enddate", asn1_time(end),
            "-cert", self.path("intermediate.crt"), "-keyfile", self.path("intermediate.key"),
        )  # fmt: skip

    def leaf(self, stem, kind, names, own_key=False):
        """Begins to make certs/STEM.pem and returns its path; the key is there at once. names[0] is the subject's."""
        key = self.shared_key
        if kind == "weak":
            key = self.key(stem, bits=1024)
        elif kind in CURVES:
            key = self.key(stem, curve=CURVES[kind])
        elif own_key or kind == "self-signed":
            key = self.key(stem)
        path = os.path.join(self.certs, stem + ".pem")
        self.jobs[stem] = self.workers.submit(self.make_leaf, stem, kind, names, key, path)
        return path

    def make_leaf(self, stem, kind, names, key, path):
        out = self.path(stem + ".crt")
        self.issue(kind, key, names, out, stem)
        sent = {"self-signed": [], "incomplete": [], "untrusted": ["other"], "constrained": ["constrained"]}
        chain = sent.get(kind, ["intermediate"])
        write(path, read(key) + read(out) + "".join(read(self.path(name + ".crt")) for name in chain), 0o600)

    def finish(self):
        """Waits for all leaves; raises what went wrong."""
        for job in self.jobs.values():
            job.result()

    def close(self):
        """No worker is left behind, also where building was given up."""
        self.workers.shutdown(cancel_futures=True)

    def issue(self, kind, key, names, out, stem):
        extensions = leaf_extensions(kind, names)
        now = int(time.time())
        if kind in ("expired", "expired-wrong-name"):
            self.sign_between(key, names[0], extensions, now - 90 * DAY, now - 2 * DAY, out)
        elif kind == "not-yet":
            self.sign_between(key, names[0], extensions, now + 2 * DAY, now + 90 * DAY, out)
        else:
            issuers = {"self-signed": stem, "untrusted": "other", "constrained": "constrained"}
            issuer = issuers.get(kind, "intermediate")
            self.sign(key, names[0], extensions, issuer, out, 5 if kind == "soon" else 90)

    def association(self, stem, selector, matching):
        """A TLSA record's data for an authority or a leaf that has a key of its own, in hexadecimal."""
        if selector == 0 and stem in self.jobs:
            self.jobs[stem].result()
        lines = read(self.path(stem + (".key.pub" if selector else ".crt"))).splitlines()
        data = base64.b64decode("".join(lines[1:-1]))
        return {0: data, 2: hashlib.sha512(data).digest()}.get(matching, hashlib.sha256(data).digest()).hex()


def leaf_extensions(kind, names):
    usage = "clientAuth" if kind == "wrong-usage" else "serverAuth"
    lines = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", "extendedKeyUsage=" + usage]
    if kind in ("wrong-name", "expired-wrong-name"):
        names = [WRONG_NAME]
    if kind != "cn-only":
        lines.append("subjectAltName=" + ",".join("DNS:" + name for name in names))
    if kind not in ("self-signed", "untrusted", "constrained"):
        lines.append(AIA)
    return "\n".join(lines) + "\n"
