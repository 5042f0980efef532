#!/usr/bin/python3
"""Counts the packets that leave on an interface, by protocol, destination address and port.

    tests/special/watch.py INTERFACE

Says "ready" once it listens. For each line of its standard input it says in one line what has been sent since the line before,
a JSON list of [PROTOCOL, ADDRESS, PORT, COUNT], and counts anew. Nothing is missed: the kernel hands a packet over before the call
that sends it returns, and if there was no room for one it says so and ends with 1.
"""

import collections
import ctypes
import ipaddress
import json
import select
import socket
import struct
import sys

ETH_P_ALL, SOL_PACKET, PACKET_STATISTICS, SO_ATTACH_FILTER, SO_RCVBUFFORCE = 3, 263, 6, 26, 33
ROOM = 256 << 20
KEPT_BYTES = 96
# Of a packet whose type is PACKET_OUTGOING (4) the first bytes, of others nothing.
FILTER = [(0x28, 0, 0, 0xFFFFF004), (0x15, 0, 1, 4), (0x06, 0, 0, KEPT_BYTES), (0x06, 0, 0, 0)]
V4, V6 = 0x0800, 0x86DD
PORTS = {6: "tcp", 17: "udp"}


def listen(interface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    program = b"".join(struct.pack("HBBI", *step) for step in FILTER)
    held = ctypes.create_string_buffer(program)
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(FILTER), ctypes.addressof(held)))
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
    sock.bind((interface, ETH_P_ALL))
    sock.setblocking(False)
    return sock


def told(kind, data):
    """(protocol, destination, port) of a packet, without its link header."""
    if kind == V4:
        number, head, address = data[9], (data[0] & 15) * 4, data[16:20]
    elif kind == V6:
        number, head, address = data[6], 40, data[24:40]
    else:
        return f"type {kind:#x}", "", 0
    port = struct.unpack_from("!H", data, head + 2)[0] if number in PORTS else 0
    return PORTS.get(number, f"protocol {number}"), str(ipaddress.ip_address(address)), port


def drain(sock, counts):
    while True:
        try:
            data, origin = sock.recvfrom(KEPT_BYTES)
        except BlockingIOError:
            return
        counts[told(origin[1], data)] += 1


def main():
    sock = listen(sys.argv[1])
    print("ready", flush=True)
    counts = collections.Counter()
    while True:
        ready, _, _ = select.select([sock, sys.stdin], [], [])
        asked = sys.stdin in ready and sys.stdin.readline()
        drain(sock, counts)
        if struct.unpack("II", sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]:
            print("packets were lost", flush=True)
            return 1
        if asked == "":
            return 0
        if asked:
            print(json.dumps([[*what, count] for what, count in counts.items()]), flush=True)
            counts.clear()


if __name__ == "__main__":
    sys.exit(main())
