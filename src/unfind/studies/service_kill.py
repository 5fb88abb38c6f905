"""Kill a writer at random moments, and look what is left."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from unfind.gallery.ids import content_id
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery

DIMENSION = 64
PER_ROUND = 100_000
"""Numbers that one writer may use; it is killed long before."""
LONGEST = 1.0
"""Seconds that a writer may write at most."""
KEPT = 2000
"""Photos that are there from the beginning and that nobody removes; an erasure has to rewrite them all."""
THUMBNAIL_BYTES = 1000
LOOKED_AT = 20
"""Photos of each round whose vectors are searched with."""

Line = tuple[str, int]


@dataclass(frozen=True)
class Killed:
    """What rounds of kill -9 have shown.

    Attributes:
        rounds: Writers killed.
        acknowledged: Writes, removals and erasures that were acknowledged.
        during: How many kills hit which work: add, remove, erase, compact.
        lost: Acknowledged photos that were gone.
        back: Removed photos that were there again.
        wrong: Photos whose own vector did not find them.
        damaged: Rounds after which the check found damage.
        slowest_open: Seconds that opening took at most, with all digests compared.
    """

    rounds: int
    acknowledged: int
    during: dict[str, int]
    lost: int
    back: int
    wrong: int
    damaged: int
    slowest_open: float


@dataclass
class Ledger:
    """What must be in the gallery, and what must not.

    Work that a kill has cut short may have reached the disk or not. What the next look finds decides, and from then on
    it may not change any more.
    """

    must: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    open: set[int] = field(default_factory=set)

    def take(self, lines: Sequence[Line]) -> str:
        """Take in what a writer said; returns the work it was killed in."""
        under_way = "add"
        for word, number in lines:
            if word == "done":
                (self.must if under_way == "add" else self.gone).update(self.open)
                self.open = set()
            else:
                under_way = word
                self.open = set() if word == "compact" else {number}
                self.must -= self.open
        return under_way

    def settle(self, there: Callable[[int], bool]) -> tuple[int, int]:
        """Compare with what is there; returns how many acknowledged photos are lost, and how many removed are back."""
        lost, back = {n for n in self.must if not there(n)}, {n for n in self.gone if there(n)}
        for number in self.open:
            (self.must if there(number) else self.gone).add(number)
        self.open = set()
        return len(lost), len(back)


def vector_of(number: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The embedding of a made-up photo, float32 (64,)."""
    row = np.random.default_rng(number % 2**63).standard_normal(DIMENSION, np.float32)
    return np.asarray(row / np.linalg.norm(row), np.float32)


def id_of(number: int) -> str:
    """The content id of a made-up photo."""
    return content_id(str(number).encode())


def record_of(number: int) -> Record:
    """A made-up photo."""
    thumbnail = np.random.default_rng(number % 2**63).bytes(THUMBNAIL_BYTES)
    return Record(id_of(number), "", 1, 1, 1, datetime.now(UTC), vector_of(number), thumbnail=thumbnail)


def write_for_ever(folder: Path, first: int) -> None:
    """Add, remove, erase and merge; say what begins, and say when it is acknowledged."""
    gallery = Gallery.open(folder)
    for number in range(first, first + PER_ROUND):
        _told("add", number, lambda n: gallery.add([record_of(n)]))
        if number % 3 == 0:
            _told("remove", number, lambda n: gallery.remove([id_of(n)]))
        if number % 4 == 1:
            _told("erase", number, lambda n: gallery.erase([id_of(n)]))
        if number % 5 == 0:
            _told("compact", number, lambda _: gallery.compact())


def kill_rounds(folder: Path, rounds: int, seed: int = 0) -> Killed:
    """Start a writer, kill it with SIGKILL at a random moment, open the gallery and compare; again and again.

    Args:
        folder: For the gallery; nothing is there yet.
        rounds: How often.
        seed: Of the moments.

    Returns:
        What was seen.
    """
    Gallery.create(folder, dimension=DIMENSION, fingerprint="bench").add([record_of(-n) for n in range(1, KEPT + 1)])
    draw, ledger = np.random.default_rng(seed), Ledger(must=set(range(-KEPT, 0)))
    acknowledged = lost = back = wrong = damaged = 0
    during: Counter[str] = Counter()
    slowest = 0.0
    for turn in range(rounds):
        lines = _killed_writer(folder, turn * PER_ROUND, draw.uniform(0, LONGEST))
        acknowledged += sum(word == "done" for word, _ in lines)
        during[ledger.take(lines)] += 1
        began = time.perf_counter()
        gallery = Gallery.open(folder)
        ids = set(gallery.ids())
        slowest = max(slowest, time.perf_counter() - began)
        missing, returned = ledger.settle(lambda number, ids=ids: id_of(number) in ids)  # type: ignore[misc]
        lost, back = lost + missing, back + returned
        wrong += _wrong(gallery, ledger, ids, draw)
        damaged += bool(gallery.check())
    return Killed(rounds, acknowledged, dict(during), lost, back, wrong, damaged, slowest)


def _wrong(gallery: Gallery, ledger: Ledger, ids: set[str], draw: np.random.Generator) -> int:
    """Photos, old ones and the newest, that their own vector does not find."""
    there = sorted(number for number in ledger.must if id_of(number) in ids)
    looked_at = [*there[-LOOKED_AT // 2 :], *draw.choice(there, LOOKED_AT // 2).tolist()]
    found = gallery.search(np.stack([vector_of(number) for number in looked_at]), 1)
    return sum(not hits or hits[0].id != id_of(number) for number, hits in zip(looked_at, found, strict=True))


def _told(word: str, number: int, work: Callable[[int], object]) -> None:
    print(word, number, flush=True)
    work(number)
    print("done", number, flush=True)


def _killed_writer(folder: Path, first: int, seconds: float) -> list[Line]:
    """What a writer said before it was killed; its first line is waited for."""
    command = [sys.executable, "-m", "unfind.studies.service_kill", str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline()]
        time.sleep(seconds)
        writer.kill()
        lines += writer.stdout.readlines()
    words = [line.split() for line in lines if line.endswith("\n")]
    return [(word, int(number)) for word, number in words]


if __name__ == "__main__":
    write_for_ever(Path(sys.argv[1]), int(sys.argv[2]))
