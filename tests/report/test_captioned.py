"""Pictures in a grid."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from unfind.errors import UsageError
from unfind.report.captioned import captioned

PICTURES = {f"picture {place}\nsecond line": np.full((8, 8, 3), 40 * place, np.uint8) for place in range(5)}


def test_captions_are_in_the_figure() -> None:
    svg = captioned(PICTURES, columns=3).decode()
    assert all(f"picture {place}" in svg for place in range(5))
    assert svg.count("<image") == 5


def test_the_same_pictures_give_the_same_bytes() -> None:
    assert captioned(PICTURES) == captioned(dict(PICTURES))


def test_a_grid_is_as_wide_as_its_columns() -> None:
    sizes = []
    for columns in (2, 5):
        with Image.open(io.BytesIO(captioned(PICTURES, columns=columns, format="png"))) as image:
            sizes.append(image.size)
    (narrow, high), (wide, low) = sizes
    assert narrow < wide
    assert high > low


def test_one_picture() -> None:
    assert captioned({"alone": PICTURES["picture 1\nsecond line"]}, format="png").startswith(b"\x89PNG")


@pytest.mark.parametrize(("pictures", "columns"), [({}, 3), (PICTURES, 0)])
def test_nothing_to_draw(pictures: dict[str, np.ndarray], columns: int) -> None:
    with pytest.raises(UsageError, match="a grid needs"):
        captioned(pictures, columns=columns)
