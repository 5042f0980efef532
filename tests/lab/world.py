"""Builds one of the lab's worlds from its tables: certificates, zones, configurations. It starts nothing.

The world "lab", of loopback addresses, which its scan.ini allows:
    127.53.0.1    root                      127.53.0.10   the validating recursor (unbound)
    127.53.0.2    lab. (signed), plain.     127.53.1.x    scripted name servers
    127.53.0.3    the domains' zones
    127.44.0.1    policy hosts (nginx)      127.44.1.x    scripted policy hosts    127.44.2.x  not answering
    127.25.0.x    postfix, also [::1]       127.25.1.x    scripted mail servers    127.25.2.x  not answering
    127.66.0.0/16 no route

The world "public" is small and its scan.ini allows nothing: its servers stand on addresses that look globally
reachable (11.53.0.x, 11.44.0.1, 11.25.0.x, 2600:25::1), put on `lo` of the namespace, and so do servers on
special-purpose addresses, which must not be contacted.
"""

import collections
import os

import catalogue
import pki
import player
import servers
import zones

# stem: what the names of its tables begin with; allow: safety.allow; bulk: whether it has the zones for bulk tests.
Layout = collections.namedtuple("Layout", "stem root tld domains recursor nginx allow bulk")
LAYOUTS = {
    "lab": Layout(
        "", "127.53.0.1", "127.53.0.2", "127.53.0.3", "127.53.0.10", "127.44.0.1", "127.0.0.0/8,::1/128", True
    ),
    "public": Layout("public-", "11.53.0.1", "11.53.0.2", "11.53.0.3", "11.53.0.10", "11.44.0.1", "", False),
}
# TLD: whether it is signed. Those of Exchange Online's names are the lab's own, like all else.
TLDS = {"lab": True, "plain": False, "com": True, "microsoft": True}
POLICY_ADDRESSES = {
    "refused": "127.44.2.1",
    "timeout": "127.44.2.2",
    "unreachable": "127.66.0.1",
    "special": "10.1.2.3",
    "far6": "2600:44::6",
}
UNREACHABLE = "127.66.0.0/16"
SIGNED = ("signed", "expired", "wrong-ds", "tampered", "tampered-tlsa")
OWN_ZONE = SIGNED + ("unsigned",)
BODY_LIMIT = 65536
STS_NAMES = 500
CACHED_SERVER, CACHED_GROUPS, CACHED_OF_A_GROUP = "127.53.2.1", "abcd", 250
OPTOUT = "127.25.3.0/24\n127.44.3.0/24\n"
FILLER = "x-filler=" + "f" * 190

INI = """; A scan of the lab.
[scan]
retry_after = 300ms

[dns]
root_hints = {hints}
trust_anchor = {anchor}
timeout = 500ms
attempts = 2

[policy]
timeout = 3s
connect_timeout = 1s

[smtp]
ehlo = scanner.lab
connect_timeout = 1s
step_timeout = 2s
session_timeout = 4s

[limits]
ip_connections = 50
ip_per_minute = 100000
https_connections = 50
https_per_minute = 100000

[tls]
ca_file = {ca}

[safety]
allow = {allow}
optout = {optout}

[preflight]
port25 =
port443 =

[output]
flush = 500ms
"""


def policy_text(words, mx_hosts):
    """The policy's bytes."""
    if "body" in words:
        return player.unescape(words["body"])
    eol = "\n" if words.get("eol") == "lf" else "\r\n"
    lines = ["version: STSv1", "mode: " + words["mode"]]
    lines += ["mx: " + host for host in (words["mx"].split(",") if "mx" in words else mx_hosts)]
    lines.append("max_age: " + words.get("max_age", "604800"))
    text = "".join(line + eol for line in lines).encode()
    size = {"exact64k": BODY_LIMIT, "over64k": BODY_LIMIT + 1}.get(words.get("http"))
    return padded(text, size) if size else text


def padded(text, size):
    """The policy with well-formed unknown fields behind it, exactly so many bytes long."""
    number = 0
    while len(text) < size:
        room = size - len(text)
        length = 100 if room >= 200 else room
        head = f"x-pad-{number}: "
        text += (head + "p" * (length - len(head) - 2) + "\r\n").encode()
        number += 1
    return text


class World:
    """One lab under one directory. After build() it knows what is to be started."""

    def __init__(self, directory, with_postfix, name="lab"):
        self.dir = directory
        self.layout = LAYOUTS[name]
        self.with_postfix = with_postfix
        self.domains = catalogue.domains(self.table("catalogue"))
        self.hosts = catalogue.hosts(self.table("hosts"))
        self.sites, self.http_plays, self.smtp_plays, self.dns_plays = [], [], [], []
        self.local_zones, self.listeners, self.blackholes = [], [], [POLICY_ADDRESSES["timeout"] + ":443"]
        self.zones = {}
        self.policy_hosts = {self.layout.nginx}
        for name in ("dns", "www", "nginx"):
            os.mkdir(os.path.join(directory, name))

    def table(self, what):
        return os.path.join(catalogue.HERE, f"{self.layout.stem}{what}.tsv")

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def build(self):
        self.pki = pki.Pki(self.dir)
        try:
            self.assemble()
            self.pki.finish()
        finally:
            self.pki.close()

    def assemble(self):
        self.key = zones.Key(self.path("dns"))
        self.base_zones()
        for row in self.domains:
            self.add_domain(row)
        for row in self.hosts:
            self.add_host(row)
        if self.layout.bulk:
            self.add_bulk()
            self.add_cached()
        self.write_zones()
        self.write_configurations()

    # ---- zones

    def base_zones(self):
        self.root_zone = zones.Zone(".", self.layout.root)
        self.tlds = {name: zones.Zone(name, self.layout.tld) for name in TLDS}
        for name, signed in TLDS.items():
            self.root_zone.delegate(name, self.layout.tld, self.key.ds(name) if signed else None)
        self.tlds["lab"].add("scanner.lab.", "A 127.0.0.1")
        self.new_zone("mx.lab", "signed")
        self.new_zone("mx.plain", "unsigned")
        self.new_zone("mail.protection.outlook.com", "unsigned")
        self.new_zone("mx.microsoft", "signed")
        provider = self.new_zone("provider.lab", "signed")
        provider.add("_mta-sts", zones.txt(["v=STSv1; id=1;"]))
        provider.add("policy", "A " + self.layout.nginx)

    def new_zone(self, name, kind):
        """A zone on the domains' server, delegated from its TLD."""
        zone = zones.Zone(name, self.layout.domains)
        zone.kind = kind
        ds = self.key.ds(name, wrong=kind == "wrong-ds") if kind in SIGNED else None
        self.tlds[name.rsplit(".", 1)[1]].delegate(name, self.layout.domains, ds)
        self.zones[name] = zone
        return zone

    def zone_of(self, name):
        """The nearest zone on the domains' server, or None."""
        while name and name not in self.zones:
            name = name.partition(".")[2]
        return self.zones.get(name)

    def add_domain(self, row):
        name, (kind, *more) = row["domain"], row["zone"].split()
        words = catalogue.policy_words(row["policy"]) if row["policy"] != "-" else None
        if kind in OWN_ZONE:
            self.fill_zone(self.new_zone(name, kind), row)
        elif kind == "lame":
            self.tlds[name.rsplit(".", 1)[1]].delegate(name, self.layout.domains)
        elif kind.startswith("dns-"):
            self.play_zone(name, kind, more)
        elif kind not in ("missing", "wildcard"):
            raise ValueError(f"{name}: no such kind of zone: {kind}")
        if words:
            self.add_policy(row, words)

    def fill_zone(self, zone, row):
        if row["txt"].startswith("cname "):
            zone.add("_mta-sts", "CNAME " + zones.dotted(row["txt"].split()[1]))
        elif row["txt"] == "large":
            for text in ["v=STSv1; id=1;"] + [f"{FILLER}{number}" for number in range(12)]:
                zone.add("_mta-sts", zones.txt([text]))
        elif row["txt"] != "-":
            for record in row["txt"].split(" | "):
                zone.add("_mta-sts", zones.txt(record.split(" + ")))
        for preference, host in catalogue.mx_records(row["mx"]):
            zone.add("@", f"MX {preference} {zones.dotted(host)}")
        if row["extra"] != "-":
            for record in row["extra"].split(" | "):
                zone.add(*record.split(" ", 1))

    def play_zone(self, name, scenario, recursor):
        address = f"127.53.1.{len(self.dns_plays) + 1}"
        self.dns_plays.append(f"{address}={scenario}:{name}")
        self.tlds[name.rsplit(".", 1)[1]].delegate(name, address)
        for word in recursor:
            self.local_zones.append((name, {"refuse": "always_refuse", "deny": "always_deny"}[word]))

    def add_bulk(self):
        bulk = self.new_zone("bulk.plain", "unsigned")
        bulk.add("*", "MX 10 mx1.mx.lab.")
        bulk.add("*", "MX 20 mx2.mx.lab.")
        self.new_zone("nomail.plain", "unsigned").add("*", "MX 0 .")
        sts = self.new_zone("sts.plain", "unsigned")
        sts.add("*", zones.txt(["v=STSv1; id=1;"]))
        sts.add("*", "A " + self.layout.nginx)
        sts.add("*", "MX 10 mx1.mx.lab.")
        names = [f"mta-sts.n{number}.sts.plain" for number in range(1, STS_NAMES + 1)]
        pem = self.pki.leaf("sts.plain", "good", names)
        body = policy_text({"mode": "enforce"}, ["mx1.mx.lab"])
        self.add_site(r"~^mta-sts\.n[0-9]+\.sts\.plain$", pem, self.served("sts.plain", body, {}))

    def add_cached(self):
        """Names whose records and policies tests/lab/cached changes between scans: it serves the zone itself, and its
        files stand where www/cached has them. NAME.503 beside NAME.txt makes the policy host answer so."""
        self.tlds["plain"].delegate("cached.plain", CACHED_SERVER)
        directory = self.path("www", "cached")
        os.mkdir(directory)
        for group in CACHED_GROUPS:
            names = [f"mta-sts.{group}{number}.cached.plain" for number in range(CACHED_OF_A_GROUP)]
            pem = self.pki.leaf(f"{group}.cached.plain", "good", names)
            late = f"if (-f {directory}/$cached.503) {{ return 503; }}"
            content = f"{late} types {{}} default_type text/plain; alias {directory}/$cached.txt;"
            self.add_site(rf"~^mta-sts\.(?<cached>{group}[0-9]+)\.cached\.plain$", pem, content)

    def write_zones(self):
        directory = self.path("dns")
        self.root_file = self.root_zone.write(directory, self.key)
        self.tld_files = [
            (name, self.tlds[name].write(directory, self.key if signed else None)) for name, signed in TLDS.items()
        ]
        self.zone_files = [(name, self.write_zone(name, zone)) for name, zone in self.zones.items()]
        zones.forget_keys(directory)

    def write_zone(self, name, zone):
        if zone.kind not in SIGNED:
            return zone.write(self.path("dns"))
        tampers = {"tampered": ("id=1", "id=2"), "tampered-tlsa": ("TLSA\t3 1 1", "TLSA\t3 0 1")}
        tamper = tampers.get(zone.kind)
        return zone.write(self.path("dns"), self.key, zone.kind == "expired", tamper)

    # ---- policy hosts

    def add_policy(self, row, words):
        name, host = row["domain"], "mta-sts." + row["domain"]
        address = self.policy_address(host, words)
        zone = self.zones.get(name)
        if zone and "cname" in words:
            zone.add("mta-sts", "CNAME " + zones.dotted(words["cname"]))
        elif zone and address:
            zone.add("mta-sts", ("AAAA " if ":" in address else "A ") + address)
        if "play" in words:
            self.http_plays.append(f"{address}={words['play']}:{host}")
            self.pki.leaf(host, words.get("cert", "good"), [host])
        elif words.get("address") not in ["none", *POLICY_ADDRESSES]:
            self.policy_hosts.add(address.removeprefix("::ffff:"))  # mapped or not, it is one listener
            body = policy_text(words, [mx for _, mx in catalogue.mx_records(row["mx"])])
            pem = self.pki.leaf(host, words.get("cert", "good"), [host])
            self.add_site(host, pem, self.served(name, body, words))

    def policy_address(self, host, words):
        if "play" in words:
            return f"127.44.1.{len(self.http_plays) + 1}"
        kind = words.get("address")
        return None if kind == "none" else POLICY_ADDRESSES.get(kind, kind) if kind else self.layout.nginx

    def served(self, name, body, words):
        """What nginx does for the policy's path."""
        kind = words.get("http")
        if kind in ("404", "500"):
            return f"return {kind};"
        if kind == "302":
            return "return 302 https://$host/policy.txt;"
        if kind == "301":
            return "return 301 https://www.provider.lab/mta-sts.txt;"
        path = self.path("www", name + ".txt")
        if kind == "html":
            body = b"<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body>Welcome</body></html>\n"
        with open(path, "wb") as file:
            file.write(body)
        media_type = words.get("type", "text/html" if kind == "html" else "text/plain")
        return f"types {{}} default_type {media_type}; alias {path};"

    def add_site(self, name, pem, content):
        quoted = f'"{name}"' if name.startswith("~") else name
        self.sites.append({"name": quoted, "pem": pem, "content": content})

    # ---- MX hosts

    def add_host(self, row):
        self.add_host_records(row)
        certificates = catalogue.host_certificates(row)
        for stem, kind in sorted({(stem, kind) for _, stem, kind in certificates}):
            self.pki.leaf(stem, kind, [row["host"]], own_key=True)
        stems = {address: stem for address, stem, _ in certificates}
        for address in catalogue.host_addresses(row):
            self.serve_host(row, address, stems.get(address))
        self.add_tlsa(row, certificates)

    def add_host_records(self, row):
        zone, owner = self.zone_of(row["host"]), row["host"] + "."
        if row["addresses"].startswith("cname "):
            zone.add(owner, "CNAME " + zones.dotted(row["addresses"].split()[1]))
        for address in catalogue.host_addresses(row):
            zone.add(owner, ("AAAA " if ":" in address else "A ") + address)

    def serve_host(self, row, address, stem):
        server = row["server"]
        if server == "timeout":
            self.blackholes.append(address + ":25")
        elif server.startswith("smtp-"):
            self.smtp_plays.append(f"{address}={server}:{stem or row['host']}")
        elif server.startswith("postfix") and not self.with_postfix:
            scenario = "smtp-good" if stem else "smtp-no-starttls"
            self.smtp_plays.append(f"{address}={scenario}:{stem or row['host']}")
        elif server.startswith("postfix"):
            chain = os.path.join(self.pki.certs, stem + ".pem") if stem else None
            self.listeners.append((address, row["host"], chain))
        elif server not in ("refused", "unreachable", "-"):
            raise ValueError(f"{row['host']}: no such server: {server}")

    def add_tlsa(self, row, certificates):
        if row["tlsa"] == "-":
            return
        short = {"good": "3 1 1", "wrong": "3 1 1 !", "unusable": "1 1 1"}
        for record in short.get(row["tlsa"], row["tlsa"]).split(", "):
            usage, selector, matching, *whose = record.split()
            wrong = whose == ["!"]
            stem = whose[0] if whose and not wrong else certificates[0][1]
            data = self.pki.association(stem, int(selector), int(matching))
            rdata = f"TLSA {usage} {selector} {matching} {data[::-1] if wrong else data}"
            self.zone_of(row["host"]).add(f"_25._tcp.{row['host']}.", rdata)

    # ---- files

    def addresses(self):
        """All addresses of real servers that lo does not have by itself."""
        mail = [address for row in self.hosts for address in catalogue.host_addresses(row) if row["server"] != "-"]
        dns = [self.layout.root, self.layout.tld, self.layout.domains, self.layout.recursor]
        wanted = {*dns, *self.policy_hosts, *mail}
        return sorted(address for address in wanted if address != "::1" and not address.startswith("127."))

    def write_configurations(self):
        dns = self.path("dns")
        self.nsd = [
            servers.nsd(dns, "nsd-root", self.layout.root, [(".", self.root_file)]),
            servers.nsd(dns, "nsd-tld", self.layout.tld, self.tld_files),
            servers.nsd(dns, "nsd-domains", self.layout.domains, self.zone_files),
        ]
        self.hints, self.anchor = self.path("root.hints"), self.path("root.key")
        pki.write(self.hints, f". 3600000 NS a.root-servers.\na.root-servers. 3600000 A {self.layout.root}\n")
        pki.write(self.anchor, self.key.dnskey(".") + "\n")
        self.unbound = servers.unbound(dns, self.layout.recursor, self.hints, self.anchor, self.local_zones)
        log = self.path("log", "nginx.log")
        self.nginx = servers.nginx(self.path("nginx"), sorted(self.policy_hosts), log, self.sites)
        if self.with_postfix:
            self.postfix = servers.postfix(self.path("postfix"), self.path("log", "postfix.log"), self.listeners)
        self.ini, self.names, optout = self.path("scan.ini"), self.path("names"), self.path("optout")
        pki.write(optout, OPTOUT)
        values = {"hints": self.hints, "anchor": self.anchor, "ca": self.pki.root, "allow": self.layout.allow}
        pki.write(self.ini, INI.format(optout=optout, **values))
        pki.write(self.names, "".join(row["domain"] + "\n" for row in self.domains))
        pki.write(self.path("resolv.conf"), f"nameserver {self.layout.recursor}\noptions edns0 trust-ad\n")
