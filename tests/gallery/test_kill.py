"""A writer that is killed at any point loses no acknowledged write and brings no removed photo back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from unfind.gallery.ids import content_id
from unfind.gallery.store import Gallery

ROUNDS = 3
AT_LEAST = 4
"""Acknowledgements before the kill, however slow the machine: 0 is added and gone, 1 and 2 are added."""
WRITER = """
import sys
from datetime import UTC, datetime
import numpy as np
from unfind.gallery.ids import content_id
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery

gallery, first = Gallery.open(sys.argv[1]), int(sys.argv[2])
for number in range(first, first + 100_000):
    vector = np.random.default_rng(number).normal(size=16).astype(np.float32)
    vector /= np.linalg.norm(vector)
    photo_id = content_id(str(number).encode())
    gallery.add([Record(photo_id, "p", 1, 1, 1, datetime.now(UTC), vector)])
    print("added", number, flush=True)
    if number % 3 == 0:
        (gallery.erase if number % 9 == 0 else gallery.remove)([photo_id])
        print("gone", number, flush=True)
    if number % 7 == 0:
        gallery.compact()
"""


def killed_after(seconds: float, folder: Path, first: int) -> list[list[str]]:
    """What a writer acknowledged before kill -9 hit it."""
    command = [sys.executable, "-c", WRITER, str(folder), str(first)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(AT_LEAST)]
        time.sleep(seconds)
        writer.kill()
        lines += writer.stdout.readlines()
    return [line.split() for line in lines if line.endswith("\n")]


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a matter of POSIX")
def test_nothing_acknowledged_is_lost_and_nothing_removed_comes_back(tmp_path: Path) -> None:
    Gallery.create(tmp_path / "g", dimension=16, fingerprint="m")
    draw, there, gone, either = np.random.default_rng(0), set(), set(), set()
    for turn in range(ROUNDS):
        acknowledged = killed_after(draw.uniform(0.05, 0.6), tmp_path / "g", 1000 * turn)
        for word, number in acknowledged:
            (there if word == "added" else gone).add(content_id(number.encode()))
        either |= under_removal(acknowledged)
        gallery = Gallery.open(tmp_path / "g")
        ids = set(gallery.ids())
        assert there - gone - either <= ids, "an acknowledged write is lost"
        assert not gone & ids, "a removed photo is back"
        assert gallery.check() == []
    number = next(n for n in range(1000) if content_id(str(n).encode()) in ids)
    vector = np.random.default_rng(number).normal(size=16).astype(np.float32)
    [[best]] = gallery.search(vector[None] / np.linalg.norm(vector), 1)
    assert best.id == content_id(str(number).encode())


def under_removal(acknowledged: list[list[str]]) -> set[str]:
    """The one photo whose removal may have been under way at the kill: it may be there or gone, from then on."""
    word, number = acknowledged[-1]
    return {content_id(number.encode())} if word == "added" and int(number) % 3 == 0 else set()
