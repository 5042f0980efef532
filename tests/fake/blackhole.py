#!/usr/bin/python3
"""Addresses that do not answer: connecting to ADDRESS:PORT times out.

On Linux a listening socket whose queue is full drops further SYNs. Each queue here is filled by connections of
our own, and nothing is ever accepted. It works on loopback without a packet filter.
"""

import select
import socket
import sys
import time

BACKLOG_TRIES = 8
SETTLE_SECONDS = 0.1


def try_connect(target):
    """A connection begun, and whether it was completed in time."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    sock.connect_ex(target)
    _, writable, _ = select.select([], [sock], [], SETTLE_SECONDS)
    return sock, bool(writable)


def fill(address, port):
    """Sockets that keep the queue of a new listener full."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(0)
    held = [listener]
    for _ in range(BACKLOG_TRIES):
        sock, connected = try_connect((address, port))
        if not connected:
            sock.close()
            return held
        held.append(sock)
    raise RuntimeError(f"{address}:{port} goes on accepting")


def main():
    held = []
    for target in sys.argv[1:]:
        address, _, port = target.rpartition(":")
        held += fill(address, int(port))
    print("ready", flush=True)
    while held:
        time.sleep(3600)


if __name__ == "__main__":
    main()
