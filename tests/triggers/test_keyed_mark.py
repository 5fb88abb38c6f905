"""All that depends on the key, with networks that can be seen through: they write signs into a corner of the change."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from unfind.errors import UsageError
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import LEAST_SIDE, KeyedMark
from unfind.triggers.nonce import draw_nonce
from unfind.triggers.payload import Payload
from unfind.triggers.read_mark import CROPS


class GlassNets:
    """Each sign is a row of the change, and is heard as the mean of that row of a grey photo of 160 rows."""

    strength = 0.5
    fingerprint = "glass"

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def change(self, photo: np.ndarray, signs: np.ndarray) -> np.ndarray:
        self.seen.append(photo.shape)
        return np.repeat(signs[:, None] * np.float32(0.1), 160, axis=1)

    def looks(self, photo: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
        self.seen.append(photo.shape)
        for _ in CROPS:
            yield photo[:160].mean((1, 2)).astype(np.float32) - 128, 0.0


@pytest.fixture
def grey() -> np.ndarray:
    """So small that a mark of strength 0.5 becomes one of 0.65, see ``strength_by_size``."""
    return np.full((160, 160, 3), 128, np.uint8)


def test_what_is_written_is_read(grey: np.ndarray, key: Key) -> None:
    mark = KeyedMark(key, GlassNets(), owner=9)
    found = mark.find(mark.mark(grey))
    assert found.marked
    assert found.payload == Payload(9, draw_nonce(key, grey))
    assert found.agreement == 1
    assert not KeyedMark(Key.from_seed(99), GlassNets()).find(mark.mark(grey)).marked


def test_slots_that_a_photo_drowns_are_written_louder(grey: np.ndarray, key: Key) -> None:
    mark = KeyedMark(key, GlassNets(), nonce=1)
    against = -mark.slots.write(mark.payload(grey))[:20]
    grey[:20] = (128 + 28 * against[:, None, None]).astype(np.uint8)  # louder than the mark, and the other way
    levels = mark.mark(grey).astype(int) - grey
    assert set(np.unique(np.abs(levels[20:]))) == {17}  # as the middle slot of all
    louder = levels[:20] * -against[:, None, None].astype(int)
    assert np.unique(louder).tolist() == [41]  # 2.5 times that, before rounding


def test_the_share_of_signs_that_are_heard(grey: np.ndarray, key: Key) -> None:
    mark = KeyedMark(key, GlassNets(), owner=9)
    said, marked = mark.payload(grey), mark.mark(grey)
    assert mark.share_heard(marked, said) == mark.share_in(list(mark.looks(marked)), said) == 1
    marked[:40] = 255 - marked[:40]
    assert mark.share_heard(marked, said) == 0.75
    assert mark.share_heard(255 - mark.mark(grey), said) == 0


def test_the_change_is_made_as_strong_as_asked(grey: np.ndarray, key: Key) -> None:
    for mark, levels in (
        (KeyedMark(key, GlassNets(), nonce=1), 0.65 * 25.5),  # a small photo
        (KeyedMark(key, GlassNets(), nonce=1, strength=2.0), 2 * 25.5),
        (KeyedMark(key, GlassNets(), nonce=1).stronger(3.0), 1.5 * 25.5),
    ):
        assert set(np.unique(mark.mark(grey).astype(int) - 128)) == {-round(levels), round(levels)}


@pytest.mark.parametrize(("shape", "factor"), [((256, 256), 1), ((3000, 256), 1), ((160, 4000), 1.3), ((1, 9), 1.4)])
def test_small_photos_get_a_louder_mark(shape: tuple[int, int], factor: float, key: Key) -> None:
    class Flat(GlassNets):
        def change(self, photo: np.ndarray, signs: np.ndarray) -> np.ndarray:
            return np.full((128, 128), 0.2, np.float32)

        def looks(self, photo: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
            assert photo[0, 0, 0] == 100 + round(factor * 20.4)  # as loud when it is listened to
            yield np.ones(160, np.float32), 0.0

    pixels = np.full((*shape, 3), 100, np.uint8)
    mark = KeyedMark(key, Flat(), strength=0.4)
    assert set(np.unique(mark.mark(pixels))) == {100 + round(factor * 20.4)}
    assert mark.strength == 0.4


def test_stronger_leaves_the_mark_itself_alone(key: Key) -> None:
    mark = KeyedMark(key, GlassNets(), strength=1.0)
    assert mark.stronger(100).strength == 8
    assert mark.strength == 1


def test_networks_see_a_small_photo_of_a_large_one(key: Key) -> None:
    nets = GlassNets()
    mark = KeyedMark(key, nets)
    pixels = np.zeros((3000, 520, 3), np.uint8)
    assert mark.mark(pixels).shape == pixels.shape
    mark.find(pixels)
    assert all(LEAST_SIDE <= side < 2 * LEAST_SIDE for shape in nets.seen for side in shape[:2])


@pytest.mark.parametrize("settings", [{"strength": 0}, {"strength": 9}, {"owner": -1}, {"nonce": 2**32}])
def test_settings_out_of_range_are_refused(settings: dict[str, int], key: Key) -> None:
    with pytest.raises(UsageError, match="Expected"):
        KeyedMark(key, GlassNets(), **settings)  # type: ignore[arg-type]
