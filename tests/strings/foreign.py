"""Scan directories that strangers made: their records are JSON of the form of ours, and say what ours never would."""

import copy
import json
import os
import shutil
import subprocess

import world

STREAMS = ("domains", "hosts", "certs", "rejects")
FRAME_LINES = 50
TURNS = 3  # of the strings, a part stands at each place


def lines_of(path):
    return subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout.split(b"\n")[:-1]


def write_frames(path, lines):
    """As our readers want them: each frame says how much it holds."""
    with open(path, "wb") as file:
        for at in range(0, len(lines), FRAME_LINES):
            data = b"".join(line.replace(b"\n", b"") + b"\n" for line in lines[at:at + FRAME_LINES])
            file.write(subprocess.run(["zstd", "-qc", f"--stream-size={len(data)}"], input=data, capture_output=True, check=True).stdout)


def leaves(value, path=()):
    """The ways to each text and null in a value."""
    if isinstance(value, (dict, list)):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, (*path, key))
    elif isinstance(value, str) or value is None:
        yield path


def put(value, path, text):
    value = copy.deepcopy(value)
    at = value
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = text
    return value


def written(record, as_it_is):
    """A record with its characters escaped, or as they are, even where that is no UTF-8."""
    text = json.dumps(record, ensure_ascii=not as_it_is, separators=(",", ":"))
    return text.encode("utf-8", "surrogateescape")


def forged(lines):
    """Of each place in these records at which a text may stand, records that are as others but for a string there."""
    places, made = {}, []
    for record in map(json.loads, lines):
        for path in leaves(record):
            places.setdefault(tuple("#" if isinstance(key, int) else key for key in path), (record, path))
    for turn, (_, (record, path)) in enumerate(sorted(places.items())):
        for number, (_, string) in enumerate(world.STRINGS):
            if (turn + number) % TURNS != 0:
                continue
            as_it_is = number % 2 == 1
            one = put(record, path, string.decode("utf-8", "surrogateescape" if as_it_is else "replace"))
            if "ordinal" in one:
                one["ordinal"] = len(made) + 1
            made.append(written(one, as_it_is))
    return made


def spread(lines):
    """The records themselves, as a program might write them that escapes nothing and parts values by tabs."""
    texts = (json.dumps(json.loads(line), ensure_ascii=False, separators=(",\t", ":\t")) for line in lines)
    return [text.encode("utf-8", "surrogatepass") for text in texts]


def make(scan, to, rewrite):
    shutil.copytree(scan, to)
    for stream in STREAMS:
        path = os.path.join(to, stream + ".ndjson.zst")
        write_frames(path, rewrite(lines_of(path)))
