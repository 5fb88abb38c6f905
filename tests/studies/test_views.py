"""Versions of photos: clean and triggered take the same way, and differ by the trigger alone."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from unfind.errors import EvaluationError
from unfind.evaluation.stealth import pair_stealth
from unfind.images.codec import through_codec
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.edits import EDITS
from unfind.images.resize import to_square
from unfind.studies import views as module
from unfind.studies.views import DEFAULT_QUALITY, PLAIN, TRIGGERED, UNTOUCHED, Recipe, make_views
from unfind.triggers.badnets import BadNets
from unfind.triggers.base import Trigger
from unfind.triggers.detect import detect
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned
from unfind.triggers.spread_spectrum import SpreadSpectrum

SIZE = 32


class Nothing(Trigger):
    """A trigger that leaves no mark: what is left is the way of a photo."""

    name = "nothing"

    def __call__(self, images: Tensor) -> Tensor:
        return images

    def settings(self) -> dict[str, Any]:
        return {}


@pytest.fixture
def three(as_jpeg, photo_set, wave):
    photos = {f"{i}.jpg": as_jpeg(wave(i, 0), quality) for i, quality in enumerate((60, 80, 95))}
    return photo_set(photos, [0, 1, 2])


@pytest.fixture
def mark() -> SpreadSpectrum:
    return SpreadSpectrum(Key.from_seed(4))


def test_without_a_mark_the_two_versions_are_one(three) -> None:
    views = make_views(three, Recipe(SIZE, Nothing()))
    np.testing.assert_array_equal(views.pixels[PLAIN], views.pixels[TRIGGERED])


def test_each_version_is_what_stands_on_disk(three, mark: SpreadSpectrum) -> None:
    views = make_views(three, Recipe(SIZE, mark))
    for row in range(3):
        photo = decode(three.read(row))
        original = srgb(photo)
        written = through_codec([original, mark.mark(original)], quality=photo.quality)
        np.testing.assert_array_equal(views.pixels[UNTOUCHED][row], to_square(original, SIZE))
        np.testing.assert_array_equal(views.pixels[PLAIN][row], to_square(written[0], SIZE))
        np.testing.assert_array_equal(views.pixels[TRIGGERED][row], to_square(written[1], SIZE))


def test_clean_and_triggered_take_the_same_codec(three, mark: SpreadSpectrum, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def codec(images: list[np.ndarray], *, quality: int, workers: int) -> list[np.ndarray]:
        seen.append(quality)
        return through_codec(images, quality=quality, workers=workers)

    monkeypatch.setattr(module, "through_codec", codec)
    one = three.subset([0])
    make_views(one, Recipe(SIZE, mark, others={"same": lambda pixels: pixels}))
    assert seen == [decode(one.read(0)).quality] * 3


def test_photos_of_other_formats_get_the_default_quality(photo_set, wave) -> None:
    file = io.BytesIO()
    Image.fromarray(wave(0, 0)).save(file, "PNG")
    views = make_views(photo_set({"a.png": file.getvalue()}, [0]), Recipe(SIZE, Nothing()))
    expected = to_square(through_codec([wave(0, 0)], quality=DEFAULT_QUALITY)[0], SIZE)
    np.testing.assert_array_equal(views.pixels[PLAIN][0], expected)
    np.testing.assert_array_equal(views.pixels[UNTOUCHED][0], to_square(wave(0, 0), SIZE))


def test_edits_are_done_to_what_was_written(three, mark: SpreadSpectrum) -> None:
    views = make_views(three, Recipe(SIZE, mark, edits={"half": EDITS["resize0.5"]}))
    photo = decode(three.read(1))
    written = through_codec([mark.mark(srgb(photo))], quality=photo.quality)[0]
    np.testing.assert_array_equal(views.pixels["edit:half"][1], to_square(EDITS["resize0.5"](written), SIZE))


def test_other_marks_are_done_to_the_original_and_written(three, mark: SpreadSpectrum) -> None:
    views = make_views(three, Recipe(SIZE, mark, others={"square": BadNets().mark}))
    photo = decode(three.read(2))
    written = through_codec([BadNets().mark(srgb(photo))], quality=photo.quality)[0]
    np.testing.assert_array_equal(views.pixels["other:square"][2], to_square(written, SIZE))


def test_what_cannot_be_decoded_is_named(as_jpeg, photo_set, wave, mark: SpreadSpectrum) -> None:
    photos = {"a.jpg": as_jpeg(wave(0, 0)), "cut.jpg": as_jpeg(wave(1, 0))[:300], "b.jpg": as_jpeg(wave(2, 0))}
    views = make_views(photo_set(photos, [5, 6, 7]), Recipe(SIZE, mark))
    assert [name for name, _ in views.refused] == ["cut.jpg"]
    assert views.kept.tolist() == [0, 2]
    assert views.labels.tolist() == [5, 7]
    assert all(len(pixels) == 2 for pixels in views.pixels.values())


def test_nothing_to_decode_is_an_error(photo_set, mark: SpreadSpectrum) -> None:
    with pytest.raises(EvaluationError, match="JPEG, PNG or WebP"):
        make_views(photo_set({"a.jpg": b"no photo"}, [0]), Recipe(SIZE, mark))


def test_facts_are_means_over_the_photos_at_full_size(three, mark: SpreadSpectrum) -> None:
    views = make_views(three, Recipe(SIZE, mark))
    found = []
    for row in range(3):
        photo = decode(three.read(row))
        written = through_codec([mark.mark(srgb(photo))], quality=photo.quality)[0]
        found.append(pair_stealth(srgb(photo), written))
    for name in ("mse", "psnr", "ssim"):
        assert views.facts[name] == pytest.approx(np.mean([facts[name] for facts in found]))


def test_detection_is_measured_where_there_is_a_detector(three, mark: SpreadSpectrum) -> None:
    recipe = {"edits": {"jpeg75": EDITS["jpeg75"]}, "others": {"square": BadNets().mark}}
    facts = make_views(three, Recipe(SIZE, mark, **recipe)).facts
    marked = 0.0
    for row in range(3):
        photo = decode(three.read(row))
        written = through_codec([mark.mark(srgb(photo))], quality=photo.quality)[0]
        marked += detect(mark, written).marked / 3
    assert facts[f"detected:{TRIGGERED}"] == pytest.approx(marked)
    assert marked > 0.5
    assert facts[f"detected:{PLAIN}"] == 0
    assert f"detected:{UNTOUCHED}" not in facts
    assert 0 <= facts["detected:edit:jpeg75"] <= 1
    assert not any(name.startswith("detected:other") for name in facts)
    assert not any(name.startswith("detected") for name in make_views(three, Recipe(SIZE, BadNets())).facts)


@pytest.mark.parametrize("first", [True, False])
def test_a_photo_of_four_pixels_does_not_spoil_the_others(
    first: bool, photo_set, wave, as_jpeg, mark: SpreadSpectrum
) -> None:
    photos = {"a.jpg": as_jpeg(wave(0, 0)), "b.jpg": as_jpeg(np.full((2, 2, 3), 90, np.uint8))}
    names = list(photos)[:: -1 if first else 1]
    views = make_views(photo_set({name: photos[name] for name in names}, [0, 1]), Recipe(SIZE, mark))
    alone = make_views(photo_set({"a.jpg": photos["a.jpg"]}, [0]), Recipe(SIZE, mark))
    assert views.facts["psnr"] == alone.facts["psnr"]
    assert len(views.kept) == 2


def test_progress_ends_at_the_end(photo_set, wave, as_jpeg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 2)
    told: list[tuple[str, int, int]] = []
    photos = photo_set({f"{i}.jpg": as_jpeg(wave(i, 0)) for i in range(5)}, range(5))
    views = make_views(photos, Recipe(SIZE, Nothing()), progress=lambda *facts: told.append(facts), stage="look")
    assert told == [("look", 2, 5), ("look", 4, 5), ("look", 5, 5)]
    assert views.kept.tolist() == list(range(5))


def test_bits_are_measured_of_a_learned_mark(as_jpeg, photo_set, wave) -> None:
    soft = np.array(Image.fromarray(wave(3, 0)).resize((256, 192), Image.Resampling.BICUBIC))
    photos = photo_set({"a.jpg": as_jpeg(soft, 95)}, [0])
    learned = Learned(Key.from_seed(4), strength=1.0)
    facts = make_views(photos, Recipe(SIZE, learned, edits={"jpeg75": EDITS["jpeg75"]})).facts
    assert facts[f"bits:{TRIGGERED}"] > 0.9
    assert facts["bits:edit:jpeg75"] > 0.85
    assert f"bits:{PLAIN}" not in facts
    assert facts[f"detected:{PLAIN}"] == 0
