from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from unfind.images.orientation import as_stored, upright


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_agrees_with_pillow(orientation: int) -> None:
    stored = np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)
    image = Image.fromarray(stored)
    turned = np.array(upright(image, orientation))
    image.getexif()[0x0112] = orientation
    np.testing.assert_array_equal(turned, np.array(ImageOps.exif_transpose(image)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("shape", [(3, 5, 3), (3, 5), (1, 1, 3), (1, 4, 4), (3, 1)])
def test_as_stored_undoes_upright(orientation: int, shape: tuple[int, ...]) -> None:
    stored = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    there = upright(Image.fromarray(stored), orientation)
    np.testing.assert_array_equal(np.array(as_stored(there, orientation)), stored)


def test_the_eight_orientations_are_all_different() -> None:
    picture = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    turned = [upright(picture, orientation) for orientation in range(1, 9)]
    assert len({(one.size, one.tobytes()) for one in turned}) == 8
