"""Runs the steps of a suite: some at a time, each within its limits, and nothing of a step outlives it.

tests/run and tests/long are lists of steps; this file runs them. A step is a command. It runs in a session, a process namespace
and a folder for temporary files of its own, so that whatever it starts ends with it, also if the suite itself is killed. Where
namespaces cannot be had, the step's process group is ended in their place, and a line says so.

A step that takes longer than its limit, or says nothing for longer than it may be silent, hangs: it is ended and counts as failed,
and the test function that was running is named. Of silence, waiting counts by the clock and working by the CPU that was had, so that a
busy machine ends nobody; time in which this machine stood still is not counted.

The end of what a step says is printed if it fails, and once more, shorter, at the very end. Lines come in the order of the list, whichever ends first. While steps run, their
names and seconds are said: on a terminal each second in one line, elsewhere in a line every ten seconds. The ten dearest
steps and those that failed come last, before "N passed, N failed", which is the sum of what the steps count; a step that counts nothing counts as one.
"""

import ctypes
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
PAUSE = 0.05
# A look that comes later than this after the last one tells that the machine stood still, not that the step did.
TICK_MOST = 2.0
# A step that is asked to end may take so long to tidy up.
GRACE_SECONDS = 10.0
TAIL_LINES = 60
# Of a step that failed, so many lines are said again at the end: those that speak of a failure, else its last ones.
AGAIN_LINES = 12
SPEAKS_OF_FAILURE = re.compile(r"^(?!.*\b0 failed)(?!.*0 failed,).*(\bfail|FAIL|not ok|[Ee]rror|ERROR|[Aa]ssert|expected)", re.M)
NAME_WIDTH = 44
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The first process of a namespace is a shell: it reaps what the command leaves behind, and all of that ends with the shell.
FIRST = ["sh", "-c", '"$@"; exit $?', "step"]
NAMESPACE = ["--pid", "--fork", "--kill-child", "--mount-proc", "--"]
COUNT = re.compile(r"^(\d+) passed, (\d+) failed", re.MULTILINE)
CMOCKA_PASSED = re.compile(r"^\[  PASSED  \] (\d+) test", re.MULTILINE)
CMOCKA_FAILED = re.compile(r"^\[  FAILED  \] [^ ]*: (\d+) test", re.MULTILINE)
CMOCKA_BEGAN = re.compile(r"^\[ RUN      \] (\S+)$", re.MULTILINE)
CMOCKA_ENDED = re.compile(r"^\[ +(?:OK|FAILED|ERROR|SKIPPED) +\] (\S+)$", re.MULTILINE)


TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def work_of(session):
    """(whether a process of the session could work, the CPU seconds that all of them have had)."""
    runnable, ticks = False, 0
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{int(entry)}/stat", encoding="latin-1") as file:
                fields = file.read().rpartition(")")[2].split()
        except (ValueError, OSError):
            continue
        if int(fields[3]) == session:
            runnable |= fields[0] in "RD"
            ticks += int(fields[11]) + int(fields[12])
    return runnable, ticks / TICKS_A_SECOND


def silence_of(seconds, runnable, cpu):
    """How much of these seconds without a word counts."""
    return min(seconds, max(cpu, 0.0)) if runnable else seconds


class Interrupted(Exception):
    """A signal asks the suite to end."""

    def __init__(self, number):
        super().__init__(f"signal {number}")
        self.number = number


def die_with_suite():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def container():
    """The words before a command that give it a process namespace of its own; none where that cannot be had."""
    mine = ["unshare"] if os.geteuid() == 0 else ["unshare", "--user", "--map-current-user"]
    tried = subprocess.run([*mine, *NAMESPACE, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if tried.returncode == 0:
        return [*mine, *NAMESPACE, *FIRST]
    print("No process namespaces can be had here: what a step puts into a session of its own may outlive it.")
    return []


class Step:
    """A command with its name and its limits in seconds: `limit` for all of it, `silence` between two words of it (None: any)."""

    def __init__(self, name, command, limit=600, silence=None):
        self.name, self.command, self.limit, self.silence = name, shlex.split(command), limit, silence
        self.process = self.hangs = None
        self.seconds = self.silent = self.cpu = self.unheard = self.worked = 0.0
        self.said = self.code = 0
        self.folder = self.log = None
        self.again = []

    def start(self, contained, folder):
        """Begins the command, whose temporary files and output are kept in the folder."""
        self.folder, self.log = folder, os.path.join(folder, "said")
        temporary = os.path.join(folder, "t")
        os.makedirs(temporary)
        os.chmod(temporary, 0o1777)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*contained, *self.command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=die_with_suite, cwd=TOP, env=dict(os.environ, TMPDIR=temporary),
            )  # fmt: skip

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def look(self, tick):
        """Whether it has ended. `tick` seconds have passed since the last look."""
        pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
        self.seconds += tick
        if self.silence and not pid:
            self.listen(tick)
        if pid:
            self.ended(status, usage)
        elif self.silence and self.silent > self.silence:
            self.hang(f"nothing was said for {self.silence} s")
        elif self.seconds > self.limit:
            self.hang(f"it took longer than {self.limit} s")
        return self.process is None

    def listen(self, tick):
        """Counts for how long it has said nothing, each second anew."""
        said = os.stat(self.log).st_size
        if said != self.said:
            self.said, self.silent, self.unheard = said, 0.0, 0.0
        self.unheard += tick
        if self.unheard >= 1.0:
            runnable, worked = work_of(self.process.pid)
            self.silent += silence_of(self.unheard, runnable, worked - self.worked)
            self.unheard, self.worked = 0.0, worked

    def ended(self, status, usage):
        self.code = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        self.signal(signal.SIGKILL)  # what is left of its group where there is no namespace
        self.process.returncode = self.code  # so that it is not waited for again
        self.process = None
        shutil.rmtree(os.path.join(self.folder, "t"), ignore_errors=True)

    def hang(self, why):
        open_tests = [name for name in CMOCKA_BEGAN.findall(self.text()) if name not in CMOCKA_ENDED.findall(self.text())]
        self.hangs = why + (f", in {open_tests[-1]}" if open_tests else "")
        end([self])

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        """Ends it at once: with the first process of the namespace all others in it end."""
        self.signal(signal.SIGKILL)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.ended(status, usage)

    def counts(self):
        """(passed, failed) as it says itself; else itself."""
        text = self.text()
        last = COUNT.findall(text)[-1:] or [
            tuple((found.findall(text)[-1:] or ["0"])[0] for found in (CMOCKA_PASSED, CMOCKA_FAILED))
        ]  # fmt: skip
        passed, failed = (int(word) for word in last[0])
        fine = self.code == 0 and not self.hangs
        return (1 if fine and passed + failed == 0 else passed), (failed if fine or failed else 1)

    def tell(self):
        """Prints its line, and what it said if it failed; (passed, failed)."""
        passed, failed = self.counts()
        say(f"{self.name:{NAME_WIDTH}} {passed:5} passed {failed:3} failed {self.seconds:4.0f} s")
        if failed:
            how = f"hangs: {self.hangs}; it was ended" if self.hangs else f"exit {self.code}"
            tail = self.text().splitlines()[-TAIL_LINES:]
            say("\n".join([f"--- {self.name}: {how}; the end of its output", *tail, "---"]))
            telling = [line for line in self.text().splitlines() if SPEAKS_OF_FAILURE.search(line)] or tail
            self.again = [f"{self.name}: {failed} failed, {how}", *("    " + line[:200] for line in telling[-AGAIN_LINES:])]
        shutil.rmtree(self.folder, ignore_errors=True)
        return passed, failed


def end(steps):
    """Ends steps: they are asked to, given time to tidy up, and killed."""
    for step in steps:
        step.signal(signal.SIGTERM)
    last = time.monotonic() + GRACE_SECONDS
    while steps and time.monotonic() < last:
        for step in list(steps):
            pid, status, usage = os.wait4(step.process.pid, os.WNOHANG)
            if pid:
                step.ended(status, usage)
                steps.remove(step)
        time.sleep(PAUSE)
    for step in steps:
        step.kill()


def say(text):
    print(("\r\033[K" if sys.stdout.isatty() else "") + text, flush=True)


class Suite:
    """Groups of steps, one group after the other: [(how many at a time, [step, ...]), ...]."""

    def __init__(self, groups):
        self.groups = groups
        self.steps = [step for _, steps in groups for step in steps]
        self.running, self.passed, self.failed = [], 0, 0
        self.every = float(os.environ.get("STEPS_EVERY", "1" if sys.stdout.isatty() else "10"))
        self.beat = time.monotonic() + self.every

    def run(self):
        """Runs them all; the exit status."""
        # A short name: sockets in it may be 107 bytes long at most.
        folder = tempfile.mkdtemp(prefix="tests-")
        os.chmod(folder, 0o711)  # a user of a step's own must be able to pass
        began = time.monotonic()
        for number in ENDING:
            signal.signal(number, self.stop)
        try:
            contained = container()
            for at_once, steps in self.groups:
                self.group(contained, folder, at_once, steps)
            self.close(time.monotonic() - began)
            return 1 if self.failed else 0
        except Interrupted as interrupted:
            return 128 + interrupted.number
        finally:
            for number in ENDING:
                signal.signal(number, lambda _number, _frame: None)
            end(self.running)
            shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def stop(number, _frame):
        raise Interrupted(number)

    def group(self, contained, folder, at_once, steps):
        waiting, untold, last = list(steps), list(steps), time.monotonic()
        while untold:
            while waiting and len(self.running) < at_once:
                step = waiting.pop(0)
                step.start(contained, os.path.join(folder, str(self.steps.index(step))))
                self.running.append(step)
            time.sleep(PAUSE)
            now = time.monotonic()
            for step in list(self.running):
                if step.look(min(now - last, TICK_MOST)):
                    self.running.remove(step)
            last = now
            self.heartbeat(now)
            while untold and untold[0].process is None and untold[0] not in waiting:
                passed, failed = untold.pop(0).tell()
                self.passed, self.failed = self.passed + passed, self.failed + failed

    def heartbeat(self, now):
        if now < self.beat or not self.running:
            return
        self.beat = now + self.every
        text = ", ".join(f"{step.name} {step.seconds:.0f} s" for step in self.running) + " so far"
        if sys.stdout.isatty():
            print("\r\033[K" + text[: shutil.get_terminal_size().columns - 1], end="", flush=True)
        else:
            print(text, flush=True)

    def close(self, seconds):
        total, seconds = sum(step.seconds for step in self.steps), round(seconds)
        say(f"{len(self.steps)} steps, {seconds // 60} min {seconds % 60} s ({total / 60:.0f} min one by one); the dearest:")
        for step in sorted(self.steps, key=lambda step: -step.seconds)[:10]:
            say(f"{step.seconds:{NAME_WIDTH}.0f} s  {step.name} ({step.cpu:.0f} s of CPU)")
        for step in self.steps:
            if step.again:
                say("\n".join(step.again))
        say(f"{self.passed} passed, {self.failed} failed")


def only(groups, parts):
    """The groups with the steps whose names have one of the parts in them; all where none is given."""
    chosen = [(at_once, [step for step in steps if not parts or any(part in step.name for part in parts)]) for at_once, steps in groups]
    return [(at_once, steps) for at_once, steps in chosen if steps]


def main(suites, arguments, usage):
    """Runs a suite of {name: (minutes on two cores that have nothing else to do, groups)}; the exit status."""
    groups = only(suites[arguments[0]][1], arguments[1:]) if arguments and arguments[0] in suites else []
    if not groups:
        print(usage, file=sys.stderr)
        return 2
    os.chdir(TOP)
    os.environ["LC_ALL"] = "C.UTF-8"
    if len(arguments) == 1:
        print(f"This takes about {suites[arguments[0]][0]} minutes on two cores.", flush=True)
    return Suite(groups).run()
