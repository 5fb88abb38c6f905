from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from unfind.gallery.thumbnail import thumbnail


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(400, 800, (160, 80)), (800, 400, (80, 160)), (50, 30, (30, 50)), (160, 160, (160, 160)), (1, 5000, (160, 1))],
)
def test_longest_side_is_at_most_160(height: int, width: int, expected: tuple[int, int]) -> None:
    data = thumbnail(np.full((height, width, 3), 90, np.uint8))
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG"
        assert image.size == expected


def test_colours_stay_and_no_metadata_comes_along() -> None:
    data = thumbnail(np.full((300, 300, 3), (200, 60, 30), np.uint8))
    with Image.open(io.BytesIO(data)) as image:
        assert np.abs(np.asarray(image, dtype=int) - (200, 60, 30)).max() <= 4
        assert not image.getexif()
        assert "icc_profile" not in image.info


def test_side_can_be_chosen() -> None:
    with Image.open(io.BytesIO(thumbnail(np.zeros((100, 200, 3), np.uint8), side=20))) as image:
        assert image.size == (20, 10)
