"""A check amid which this machine stood still is made again: what came too late then tells of the machine, and of nobody else.

A scan says itself that it stood still ("stood still for N s", three at least). A test that compares scans, or counts who was contacted
how often, asks `look` of what each has said, and is run by `calmly`.
"""

import contextlib
import io
import tempfile

TRIES = 6


class StoodStill(Exception):
    """This machine did, amid a scan that was to be undisturbed."""


def look(said):
    """Raises if a scan that has said so stood still."""
    for line in said.splitlines():
        if "this program stood still for" in line:
            raise StoodStill(line)


def calmly(count, place, name, check):
    """check(FOLDER), with a folder below `place` that is new for each try; what it returns. `count` is a class with passed, failed and
    result(); what a try has counted and printed is forgotten if the machine stood still amid it."""
    for _ in range(TRIES):
        before, said, still = (count.passed, count.failed), io.StringIO(), None
        try:
            with contextlib.redirect_stdout(said):
                return check(tempfile.mkdtemp(prefix="try-", dir=place))
        except StoodStill as error:
            still = error
        finally:
            if still is None:
                print(said.getvalue(), end="", flush=True)
        count.passed, count.failed = before
        print(f"{name}: once more, as this machine stood still: {still}", flush=True)
    count.result(f"{name}: this machine stood still each time", False)
    return None
