"""Configurations of the lab's real servers: nsd, unbound, nginx, postfix. It starts nothing."""

import os
import pwd

from pki import write

NSD_HEAD = """
server:
    ip-address: {address}@53
    username: ""
    chroot: ""
    zonesdir: "{dir}"
    database: ""
    pidfile: ""
    zonelistfile: "{dir}/{stem}.list"
    xfrdfile: "{dir}/{stem}.xfrd"
    xfrdir: "{dir}"
    server-count: 1
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
    hide-version: yes
remote-control:
    control-enable: no
"""

UNBOUND = """
server:
    interface: {address}
    port: 53
    username: ""
    chroot: ""
    directory: "{dir}"
    pidfile: ""
    use-syslog: no
    do-daemonize: no
    do-ip6: no
    num-threads: 1
    outgoing-range: 2048
    num-queries-per-thread: 1024
    so-rcvbuf: 0
    access-control: {address}/8 allow
    access-control: 127.0.0.0/8 allow
    do-not-query-localhost: no
    root-hints: "{hints}"
    trust-anchor-file: "{anchor}"
    trust-anchor-signaling: no
    module-config: "validator iterator"
    cache-max-negative-ttl: 60
    infra-keep-probing: yes
{local}
remote-control:
    control-enable: no
"""

NGINX_HEAD = """
user root root;
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log {log} warn;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type text/plain;
    server_names_hash_max_size 4096;
    server_names_hash_bucket_size 256;
    client_body_temp_path {dir}/tmp; proxy_temp_path {dir}/tmp; fastcgi_temp_path {dir}/tmp;
    uwsgi_temp_path {dir}/tmp; scgi_temp_path {dir}/tmp;
    ssl_protocols TLSv1.2 TLSv1.3;
    server {{ {listen} ssl_reject_handshake on; }}
"""

NGINX_SITE = """
    server {{
        {listen}
        server_name {name};
        ssl_certificate {pem};
        ssl_certificate_key {pem};
        location = /.well-known/mta-sts.txt {{ {content} }}
        location / {{ return 404; }}
    }}
"""

POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {log}
maillog_file_prefixes = {log_dir}
myhostname = postfix.lab
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
local_transport = error:nobody lives here
inet_interfaces = all
inet_protocols = all
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject
smtpd_recipient_restrictions = reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_timeout = 20s
smtpd_tls_security_level = may
smtpd_tls_session_cache_database =
default_process_limit = 200
"""

POSTFIX_MASTER = """
postlog unix-dgram n - n - 1 postlogd
tlsmgr unix - - n - 1 tlsmgr
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
cleanup unix n - n - 0 cleanup
error unix - - n - - error
"""

QUEUES = ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "pid",
          "private", "public", "saved", "trace"]  # fmt: skip


def nsd(directory, stem, address, zones):
    """zones: (name, file). Returns the configuration's file."""
    text = NSD_HEAD.format(dir=directory, stem=stem, address=address)
    for name, path in zones:
        text += f'zone:\n    name: "{name}"\n    zonefile: "{path}"\n'
    path = os.path.join(directory, stem + ".conf")
    write(path, text)
    return path


def unbound(directory, address, hints, anchor, local):
    """local: (zone, type of local-zone) that the recursor answers by itself."""
    lines = "\n".join(f'    local-zone: "{name}" {kind}' for name, kind in local)
    path = os.path.join(directory, "unbound.conf")
    write(path, UNBOUND.format(dir=directory, address=address, hints=hints, anchor=anchor, local=lines))
    return path


def listens(addresses, more):
    return " ".join(f"listen {f'[{ip}]' if ':' in ip else ip}:443 ssl{more};" for ip in addresses)


def nginx(directory, addresses, log, sites):
    """sites: dicts of name, pem, content (what stands in the policy's location)."""
    os.makedirs(os.path.join(directory, "tmp"))
    text = NGINX_HEAD.format(dir=directory, listen=listens(addresses, " default_server backlog=1024"), log=log)
    listen = listens(addresses, "")
    text += "".join(NGINX_SITE.format(listen=listen, **site) for site in sites) + "}\n"
    path = os.path.join(directory, "nginx.conf")
    write(path, text)
    return path


def postfix_daemons():
    """Where postfix keeps its daemons, or None where it is not installed."""
    for path in ("/usr/lib/postfix/sbin", "/usr/libexec/postfix"):
        if os.access(os.path.join(path, "master"), os.X_OK):
            return path
    return None


def postfix(directory, log, listeners):
    """listeners: (address, host, chain file or None). Returns the directory of the configuration."""
    config = os.path.join(directory, "etc")
    for path in [config, os.path.join(directory, "data"), os.path.join(directory, "queue")]:
        os.makedirs(path)
    owner = pwd.getpwnam("postfix")
    for name in QUEUES:
        path = os.path.join(directory, "queue", name)
        os.mkdir(path, 0o755)
        os.chown(path, 0 if name == "pid" else owner.pw_uid, 0)
    os.chown(os.path.join(directory, "data"), owner.pw_uid, 0)
    main = POSTFIX_MAIN.format(dir=directory, daemons=postfix_daemons(), log=log, log_dir=os.path.dirname(log))
    write(os.path.join(config, "main.cf"), main)
    services = "".join(postfix_service(*listener) for listener in listeners)
    write(os.path.join(config, "master.cf"), POSTFIX_MASTER + services)
    return config


def postfix_service(address, host, chain):
    where = f"[{address}]:25" if ":" in address else f"{address}:25"
    tls = f"-o smtpd_tls_chain_files={chain}" if chain else "-o smtpd_tls_security_level=none"
    return f"{where} inet n - n - - smtpd\n  -o myhostname={host} {tls}\n"
