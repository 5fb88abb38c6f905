"""A picture of cloaked photos, from the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unfind.errors import ImageError
from unfind.studies.cloak import Cloaked
from unfind.studies.cloak_preview import cloak_preview


@pytest.fixture
def done(tmp_path: Path) -> list[Cloaked]:
    """Three photos and their copies, two of one name; and one of which nothing was written."""
    made = []
    for number, name in enumerate(("a/x.png", "b/x.png", "b/y.png")):
        source, target = tmp_path / "in" / name, tmp_path / "out" / name
        for path, level in ((source, 100), (target, 103)):
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 10, 3), level + number, np.uint8)).save(path)
        made.append(Cloaked(source, target, psnr=40.0 + number))
    return [Cloaked(tmp_path / "in" / "bad.png", problem="it is no photo"), *made]


def test_each_photo_has_a_row_with_its_psnr(done: list[Cloaked]) -> None:
    svg = (cloak_preview(done, format="svg") or b"").decode()
    assert svg.count("<image") == 9
    assert all(f"{40 + number}.0 dB" in svg for number in range(3))
    assert "bad.png" not in svg


def test_photos_of_one_name_keep_their_rows(done: list[Cloaked]) -> None:
    svg = (cloak_preview([*done, done[2]], format="svg") or b"").decode()
    assert svg.count("<image") == 12
    assert all(name in svg for name in ("x.png #2", "x.png #3", "y.png"))


def test_a_long_name_is_cut_in_the_middle(done: list[Cloaked]) -> None:
    assert done[1].target is not None
    long = done[1].source.with_name(f"holiday-{'0' * 40}-evening.png")
    done[1].source.rename(long)
    svg = (cloak_preview([Cloaked(long, done[1].target)], format="svg") or b"").decode()
    assert "holiday-00..vening.png" in svg
    assert long.name not in svg


def test_a_photo_without_psnr_is_drawn_too(done: list[Cloaked]) -> None:
    assert done[1].target is not None
    assert cloak_preview([Cloaked(done[1].source, done[1].target)], format="png") is not None


def test_no_more_than_so_many(done: list[Cloaked]) -> None:
    assert (cloak_preview(done, most=1, format="svg") or b"").decode().count("<image") == 3


def test_nothing_written_is_no_picture(done: list[Cloaked]) -> None:
    assert cloak_preview(done[:1]) is None
    assert cloak_preview([]) is None


def test_a_copy_that_is_gone(done: list[Cloaked]) -> None:
    assert done[1].target is not None
    done[1].target.unlink()
    with pytest.raises(ImageError, match=r"x\.png"):
        cloak_preview(done)
