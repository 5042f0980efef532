"""Starts the lab's servers and ends them: every process by its own id, and whatever it left behind.

As a "subreaper" this process becomes the parent of all that its children leave behind, so that nothing below it
is out of sight; and its children are sent SIGTERM by the kernel should it die itself.
"""

import ctypes
import os
import select
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
READY_SECONDS = 200.0
TERM_SECONDS = 3.0
PAUSE = 0.02

LIBC = ctypes.CDLL(None, use_errno=True)


class NotReady(Exception):
    """A server did not answer in time."""


def become_subreaper():
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def children_of(parents):
    """Process ids whose parent is in parents, from /proc."""
    found = set()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="latin-1") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) in parents and fields[0] != "Z":
            found.add(int(entry))
    return found


def descendants():
    known, level = set(), {os.getpid()}
    while level:
        level = children_of(level) - known
        known |= level
    return known


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] > 0:
            pass
    except ChildProcessError:
        pass


class Processes:
    """The running servers."""

    def __init__(self, log_directory):
        self.log_directory = log_directory
        self.running = []

    def start(self, name, command, says_ready=False, environment=None):
        """Starts one in a session of its own, so that a terminal's ^C does not reach it before COMMAND's end."""
        with open(os.path.join(self.log_directory, name + ".out"), "wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if says_ready else log, stderr=log,
                env=environment, start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip
        process.name = name
        self.running.append(process)
        return process

    def check(self):
        for process in self.running:
            if process.poll() is not None:
                raise NotReady(f"{process.name} ended with {process.returncode}:\n{self.log_of(process.name)}")

    def log_of(self, name):
        text = ""
        for suffix in (".out", ".log"):
            path = os.path.join(self.log_directory, name + suffix)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    text += file.read()[-4000:]
        return text

    def wait_until(self, what, ready):
        """Waits until ready() is true."""
        end = time.monotonic() + READY_SECONDS
        while not ready():
            self.check()
            if time.monotonic() > end:
                raise NotReady(f"{what} does not answer\n{self.log_of(what)}")
            time.sleep(PAUSE)

    def wait_said_ready(self, process):
        """Waits for the line "ready"."""
        end, said = time.monotonic() + READY_SECONDS, b""
        while not said.endswith(b"ready\n"):
            left = end - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                raise NotReady(f"{process.name} does not say that it is ready")
            data = os.read(process.stdout.fileno(), 4096)
            if not data:
                process.wait()
                self.check()
            said += data

    def stop(self):
        """Ends all; nothing below this process is left."""
        for process in reversed(self.running):
            if process.poll() is None:
                process.terminate()
        self.end_descendants()
        for process in self.running:
            process.poll()
            if process.stdout:
                process.stdout.close()

    def end_descendants(self):
        end = time.monotonic() + TERM_SECONDS
        asked = set()
        while time.monotonic() < end:
            reap()
            left = descendants()
            if not left:
                return
            for pid in left - asked:
                send(pid, signal.SIGTERM)
            asked |= left
            time.sleep(PAUSE)
        while descendants():
            for pid in descendants():
                send(pid, signal.SIGKILL)
            time.sleep(PAUSE)
            reap()


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def tcp_answers(address, port, greeting=b""):
    """Whether a connection is accepted, and what comes first begins with greeting."""
    try:
        with socket.create_connection((address, port), timeout=1.0) as sock:
            return not greeting or sock.recv(512).startswith(greeting)
    except OSError:
        return False


def dns_query(address, name, qtype, timeout=0.3):
    """(flags, rcode, number of answers) of one question over UDP, or None."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    # RD, one question, one additional record: EDNS with DO.
    message = b"\x4c\x42\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01" + labels + b"\0" + bytes([0, qtype, 0, 1])
    message += b"\0\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        try:
            sock.sendto(message, (address, 53))
            answer = sock.recv(4096)
        except OSError:
            return None
    flags = int.from_bytes(answer[2:4], "big")
    return flags, flags & 15, int.from_bytes(answer[6:8], "big")
