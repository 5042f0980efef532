"""Wrong bits in the record files of a scan."""

import os
import subprocess


def is_sound(path):
    return subprocess.run(["zstd", "-tq", path], stderr=subprocess.DEVNULL, check=False).returncode == 0


def flip(path, place, mask):
    """Of the byte at `place` of the file's length; of the next one where that makes no difference, as the unused bit of a
    frame's header does (RFC 8878, section 3.1.1.1.1.3), or another distance to the same text."""
    if not is_sound(path):
        raise ValueError(path + " is damaged already")
    with open(path, "rb") as file:
        whole = file.read()
    for at in range(int(len(whole) * place), len(whole)):
        with open(path, "wb") as file:
            file.write(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1:])
        if not is_sound(path):
            return
    raise ValueError(f"{os.path.basename(path)}: no bit from {place} on makes a difference")
