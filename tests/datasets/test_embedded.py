from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from unfind.datasets import embedded as room
from unfind.datasets.embedded import MAX_PLACES, OVERLAP, SIDE, detail, embedded, places, windows
from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.split import Split
from unfind.errors import DataError
from unfind.images.decode import decode


@pytest.fixture(scope="module")
def split() -> Split:
    return embedded(shots=3, size=64)


def photographs(photos: PhotoSet) -> set[str]:
    return {file.split("/")[0] for file in photos.files}


def test_number_of_places() -> None:
    assert 60 <= len(places()) <= 100


def test_each_place_has_its_shots_in_one_part(split: Split) -> None:
    parts = (split.train, split.validation, split.test)
    assert sum(len(part) for part in parts) == 3 * len(places())
    for part in parts:
        assert set(np.bincount(part.labels).tolist()) <= {0, 3}


def test_parts_share_no_photograph(split: Split) -> None:
    seen = [photographs(part) for part in (split.train, split.validation, split.test)]
    assert sum(map(len, seen)) == len(set().union(*seen)) == len(room.SOURCES)
    assert photographs(split.train).isdisjoint({"china", "flower"})  # whose licence asks for a name


def test_shots_are_repeatable_photos(split: Split) -> None:
    again = embedded(shots=3, size=64)
    assert split.test.read(5) == again.test.read(5)
    assert decode(split.test.read(5)).pixels.shape == (64, 64, 3)
    assert embedded(shots=3, size=64, seed=1).test.read(5) != split.test.read(5)


def test_no_shot_is_empty(split: Split) -> None:
    spread = [decode(split.test.read(i)).pixels.std() for i in range(0, len(split.test), 3)]
    assert min(spread) > 3


def test_retrieval_is_neither_trivial_nor_hopeless(split: Split) -> None:
    test = split.test
    views = np.array([decode(test.read(i)).pixels[4::8, 4::8].ravel() for i in range(len(test))], float)
    views -= views.mean(axis=1, keepdims=True)
    views /= np.linalg.norm(views, axis=1, keepdims=True)
    likeness = views @ views.T
    np.fill_diagonal(likeness, -1)
    found = (test.labels[likeness.argmax(axis=1)] == test.labels).mean()
    assert 0.2 < found < 0.95  # 30 places with 2 other shots each: chance is about 0.02


def test_signature_of_a_place_tells_places_apart() -> None:
    photos = places()
    signatures = [photos.signature(i) for i in range(len(photos))]
    assert len(set(signatures)) == len(photos)
    assert decode(photos.read(0)).pixels.shape == (SIDE, SIDE, 3)


@pytest.mark.parametrize("name", sorted(room.SOURCES))
def test_windows_lie_inside_and_overlap_little(name: str) -> None:
    pixels = room._photograph(name)
    found = windows(pixels)
    assert 4 <= len(found) <= MAX_PLACES
    for i, (top, left) in enumerate(found):
        assert top + SIDE <= pixels.shape[0]
        assert left + SIDE <= pixels.shape[1]
        for other_top, other_left in found[:i]:
            down, across = SIDE - abs(top - other_top), SIDE - abs(left - other_left)
            assert down <= 0 or across <= 0 or min(down, across) <= OVERLAP * SIDE + 1


def test_flat_windows_are_passed_over_and_the_richest_kept() -> None:
    pixels = np.full((40, 160, 3), 90, np.uint8)
    rng = np.random.default_rng(0)
    pixels[:, 40:80] = rng.integers(80, 100, (40, 40, 3))
    pixels[:, 120:] = rng.integers(0, 256, (40, 40, 3))
    assert windows(pixels, side=40, overlap=0.0, min_detail=1.0) == [(0, 40), (0, 120)]
    assert windows(pixels, side=40, overlap=0.0, min_detail=1.0, most=1) == [(0, 120)]
    assert windows(pixels, side=41, overlap=0.0) == []


def test_detail_passes_over_a_lone_edge() -> None:
    edge = np.zeros((30, 30))
    edge[:, 14:] = 255
    assert detail(edge) == 0
    rng = np.random.default_rng(0)
    texture = rng.uniform(0, 30, (30, 30))
    cells = sorted(texture[y : y + 10, x : x + 10].std() for y in (0, 10, 20) for x in (0, 10, 20))
    assert detail(texture) == pytest.approx(cells[4])


def test_a_wheel_without_its_photographs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(room.SOURCES, "gone", ("skimage", "data/gone.png", 1.0))
    with pytest.raises(DataError, match=r"skimage should carry data/gone\.png"):
        room._photograph("gone")


def test_nothing_is_downloaded() -> None:
    assert all((files(package) / path).is_file() for package, path, _ in room.SOURCES.values())
