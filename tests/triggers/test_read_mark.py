"""Verdicts on photos, and crops that are undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from unfind.images.edits import crop
from unfind.images.resize import scale
from unfind.triggers.chance_of_reading import chance_of_reading
from unfind.triggers.key import Key
from unfind.triggers.learned import UNTRAINED, Learned
from unfind.triggers.payload import Payload
from unfind.triggers.read_mark import CROPS, read_mark
from unfind.triggers.slots import Slots
from unfind.triggers.torch_mark import TorchMark
from unfind.triggers.unevenness import unevenness

Scene = Callable[..., np.ndarray]


@pytest.fixture
def smooth(scene: Scene) -> np.ndarray:
    """A photo that leaves room for a mark that nobody trained."""
    return scale(scene(32, 32), 10)


@pytest.fixture(scope="module")
def trigger() -> Learned:
    """Gratings that nobody trained."""
    return Learned(Key.from_seed(11), mark=UNTRAINED, strength=2.5, nonce=4)


@pytest.mark.parametrize("share", CROPS)
def test_a_crop_around_the_middle_is_undone(share: float, trigger: Learned, smooth: np.ndarray) -> None:
    found = trigger.find(crop(trigger.mark(smooth), share))
    assert found.payload is not None
    assert found.payload.nonce == 4


def test_the_chance_is_that_of_the_bits_that_were_repaired(trigger: Learned, smooth: np.ndarray) -> None:
    found = trigger.find(trigger.mark(smooth))
    assert found.repaired is not None
    assert found.false_alarm == chance_of_reading(found.repaired, len(CROPS))
    assert found.marked is (found.false_alarm < 1e-6)


def test_a_stricter_limit_lets_less_count(trigger: Learned, smooth: np.ndarray) -> None:
    looks = TorchMark(trigger.net).looks(trigger.mark(smooth))
    found = read_mark(looks, trigger.photos.slots, false_alarm=1e-40)
    assert found.payload is not None
    assert not found.marked


def test_the_first_look_that_reads_ends_the_search(trigger: Learned) -> None:
    signs = trigger.photos.slots.write(Payload(3, 4))
    silent = np.zeros(160, np.float32)

    def looks() -> Iterator[tuple[np.ndarray, float]]:
        yield silent, 5.0
        yield signs, -1.0
        raise AssertionError("a look too many")

    found = read_mark(looks(), trigger.photos.slots)
    assert found.payload == Payload(3, 4)
    assert found.presence == pytest.approx(1 / (1 + np.exp(-5)))


@pytest.mark.parametrize(("logit", "share"), [(0.0, 0.5), (-1e9, 0.0), (1e9, 1.0), (2.0, 1 / (1 + np.exp(-2.0)))])
def test_presence_is_the_logistic_function_of_the_logit(logit: float, share: float, trigger: Learned) -> None:
    found = read_mark([(np.zeros(160, np.float32), logit)], trigger.photos.slots)
    assert found.presence == pytest.approx(share)


@pytest.mark.parametrize("shape", [(1, 1), (20, 900), (128, 128)])
@pytest.mark.parametrize("level", [0, 255])
def test_a_blank_photo_says_nothing(shape: tuple[int, int], level: int, trigger: Learned) -> None:
    found = trigger.find(np.full((*shape, 3), level, np.uint8))
    assert (found.marked, found.payload, found.repaired, found.false_alarm) == (False, None, None, 1.0)
    assert -1 <= found.agreement <= 1
    assert 0 <= found.presence <= 1


def test_plain_photos_say_nothing(trigger: Learned, scene: Scene) -> None:
    for seed in range(4):
        assert not trigger.find(scene(140, 180, seed)).marked


@pytest.mark.parametrize(("logit", "other"), [(10.0, True), (0.0, False), (-10.0, False)])
def test_a_mark_that_is_seen_and_not_read_is_another_one(logit: float, other: bool, trigger: Learned) -> None:
    slots = trigger.photos.slots
    assert read_mark([(np.zeros(160, np.float32), logit)], slots).of_another is other
    assert not read_mark([(slots.write(Payload(1, 2)), logit)], slots).of_another


def test_signs_that_are_heard_evenly_and_not_read_are_another_mark(trigger: Learned) -> None:
    slots, others = trigger.photos.slots, Slots.of(Key.from_seed(12)).write(Payload(1, 2))
    noise = np.random.default_rng(0).normal(size=160).astype(np.float32)
    found = read_mark([(noise, -5.0), (others, -5.0)], slots)
    assert (found.marked, found.of_another, found.uneven) == (False, True, 0)
    plain = read_mark([(noise, -5.0)], slots)
    assert (plain.marked, plain.of_another) == (False, False)
    assert plain.uneven == unevenness(noise)
