"""Uploads are JPEG-coded, and some of them are made smaller."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from unfind.images.codec import through_codec
from unfind.images.resize import scale, to_square
from unfind.models.embed import to_tensor
from unfind.training.uploads import QUALITIES, SHRUNKEN, uploaded


def images(count: int = 24, size: int = 40) -> Tensor:
    pixels = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    return to_tensor(pixels)


def detail(photos: Tensor) -> Tensor:
    """How much neighbours differ, image by image: less after shrinking."""
    return (photos[..., 1:] - photos[..., :-1]).abs().mean((1, 2, 3))


def test_every_image_is_coded_at_one_of_the_qualities() -> None:
    given = images()
    for plain, image in zip(given, uploaded(given, np.random.default_rng(1)), strict=True):
        pixels = (plain * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        written = np.stack([through_codec([pixels], quality=quality)[0] for quality in QUALITIES])
        assert any(torch.equal(image, one) for one in to_tensor(written))


def test_the_same_numbers_give_the_same_uploads() -> None:
    one, again, other = (uploaded(images(), np.random.default_rng(seed), 0.5) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_qualities_do_not_depend_on_whether_photos_are_made_smaller() -> None:
    """So that a run is what it was where nobody asks for smaller photos."""
    whole, some = (uploaded(images(), np.random.default_rng(3), smallest) for smallest in (1.0, 0.5))
    kept = (whole == some).flatten(1).all(1)
    assert 0.2 < float(kept.float().mean()) < 0.8
    assert bool((detail(some)[~kept] < detail(whole)[~kept]).all())


@pytest.mark.parametrize("smallest", [0.3, 0.8])
def test_about_half_are_made_smaller_within_the_limit(smallest: float) -> None:
    given = images(200, 60)
    given = given.round()  # black and white: nothing that JPEG could hide
    random = np.random.default_rng(0)
    whole = uploaded(given, np.random.default_rng(0))
    some = uploaded(given, random, smallest)
    smaller = ~(whole == some).flatten(1).all(1)
    assert float(smaller.float().mean()) == pytest.approx(SHRUNKEN, abs=0.1)
    assert some.shape == given.shape


def test_a_smaller_photo_is_scaled_after_it_was_coded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Always:
        """Draws the last quality, and a share of 0.5 for all."""

        def integers(self, high: int, size: int) -> np.ndarray:
            return np.full(size, high - 1)

        def random(self, size: int) -> np.ndarray:
            return np.zeros(size)

        def uniform(self, low: float, high: float, size: int) -> np.ndarray:
            return np.full(size, low)

    given = images(2)
    pixels = (given * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    expected = [to_square(scale(one, 0.5), 40) for one in through_codec(list(pixels), quality=QUALITIES[-1])]
    assert torch.equal(uploaded(given, Always(), 0.5), to_tensor(np.stack(expected)))  # type: ignore[arg-type]
