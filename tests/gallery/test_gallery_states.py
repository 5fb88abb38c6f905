"""Any order of adding, removing, erasing, merging and reopening gives what a dictionary would give."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from unfind.gallery.ids import content_id
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery

NAMES = st.sampled_from("abcdefgh")
# Few directions, so that several photos share one and the order of equal scores is put to the test.
DIRECTIONS = st.integers(0, 3)


def direction(number: int) -> np.ndarray:
    return np.eye(4, dtype=np.float32)[number]


class GalleryStates(RuleBasedStateMachine):
    @initialize()
    def create(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.gallery = Gallery.create(self.folder / "g", dimension=4, fingerprint="m")
        self.model: dict[str, int] = {}

    @rule(photos=st.lists(st.tuples(NAMES, DIRECTIONS), max_size=4))
    def add(self, photos: list[tuple[str, int]]) -> None:
        now = datetime.now(UTC)
        records = [Record(content_id(n.encode()), n, 1, 1, 1, now, direction(d)) for n, d in photos]
        before = len(self.model)
        for name, number in photos:
            self.model.setdefault(content_id(name.encode()), number)
        assert self.gallery.add(records) == len(self.model) - before

    @rule(names=st.lists(NAMES, max_size=3), erase=st.booleans())
    def remove(self, names: list[str], erase: bool) -> None:
        ids = [content_id(name.encode()) for name in names]
        there = {photo_id for photo_id in ids if photo_id in self.model}
        assert (self.gallery.erase(ids) if erase else self.gallery.remove(ids)) == len(there)
        for photo_id in there:
            del self.model[photo_id]

    @rule()
    def compact(self) -> None:
        self.gallery.compact()

    @rule()
    def reopen(self) -> None:
        self.gallery = Gallery.open(self.folder / "g")

    @rule(number=DIRECTIONS, k=st.integers(0, 9))
    def search(self, number: int, k: int) -> None:
        expected = sorted(self.model, key=lambda photo_id: (self.model[photo_id] != number, photo_id))[:k]
        [hits] = self.gallery.search(direction(number)[None], k)
        assert [hit.id for hit in hits] == expected

    @invariant()
    def same_ids(self) -> None:
        if hasattr(self, "gallery"):
            assert self.gallery.ids() == sorted(self.model)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)


TestGalleryStates = GalleryStates.TestCase
TestGalleryStates.settings = settings(
    max_examples=8, stateful_step_count=10, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
