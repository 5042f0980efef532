"""Builds the targets with clang's libFuzzer and runs them, for tests/fuzz/run and tests/fuzz/planted. Their seconds are those of the CPU,
user and system: on a busy machine the clock on the wall says nothing."""

import glob
import os
import re
import signal
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# A target that stands still is ended after so many times its seconds on the wall.
STALLED = 30
SANITIZERS = "-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined"
TICK = os.sysconf("SC_CLK_TCK")


def targets():
    return sorted(os.path.basename(path)[:-2] for path in glob.glob(f"{TOP}/tests/fuzz/fuzz_*.c"))


class Chunk:
    """One process of libFuzzer that is asked to end when it has used so many seconds."""

    def __init__(self, build, target, seconds, stop):
        corpus, log, seeds = f"{build}/corpus/{target}", f"{build}/log/{target}", f"{TOP}/tests/fuzz/seeds/{target[5:]}"
        for folder in (corpus, f"{build}/found", f"{build}/log"):
            os.makedirs(folder, exist_ok=True)
        command = [f"{build}/libfuzzer/{target}", "-print_final_stats=1", f"-artifact_prefix={build}/found/{target}-"]
        with open(log, "wb") as file:
            process = subprocess.Popen([*command, corpus, seeds], stdout=file, stderr=subprocess.STDOUT)
        status, usage = self.wait(process.pid, seconds, time.monotonic() + STALLED * seconds, stop)
        process.returncode = self.code = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        with open(log, encoding="utf-8", errors="replace") as file:
            self.log = file.read()
        edges = [int(number) for number in re.findall(r"^#\d+.* cov: (\d+) ", self.log, re.M)]
        self.edges = (edges[0], edges[-1]) if edges else (0, 0)
        self.executions = max(map(int, re.findall(r"^(?:#|stat::number_of_executed_units: *)(\d+)", self.log, re.M)), default=0)

    @staticmethod
    def wait(pid, seconds, deadline, stop):
        asked_at, used = None, 0.0
        while True:
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                return status, usage
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                    used = sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13])) / TICK
            except (OSError, IndexError):
                pass
            late = time.monotonic() > deadline
            if asked_at is None and (used >= seconds or late or stop()):
                os.kill(pid, signal.SIGUSR1)
                asked_at, deadline = used, max(deadline, time.monotonic()) + 600
            elif asked_at is not None and (used > asked_at + 60 or late):
                os.kill(pid, signal.SIGABRT)  # an input that never ends: libFuzzer keeps it
            time.sleep(0.1)


def compile_targets(build, names, top=TOP):
    """What make says if it cannot build them; None if all were built."""
    command = ["make", f"-j{len(os.sched_getaffinity(0))}", f"BUILD={build}", f"CC={os.environ.get('FUZZ_CC', 'clang')}", "OPT=-O1 -g"]
    made = subprocess.run([*command, f"SANITIZE={SANITIZERS}", *(f"{build}/libfuzzer/{t}" for t in names)], cwd=top, capture_output=True, text=True)
    return None if made.returncode == 0 else "\n".join((made.stdout + made.stderr).splitlines()[-20:])
