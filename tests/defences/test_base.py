from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unfind.defences.base import CleanPhotos, check_between, check_odd
from unfind.errors import UsageError


def test_clean_photos_are_checked() -> None:
    pixels = np.zeros((3, 8, 8, 3), np.uint8)
    assert len(CleanPhotos(pixels, np.arange(3)).labels) == 3
    wrong: list[tuple[Any, Any]] = [
        (pixels.astype(np.float32), np.arange(3)),
        (pixels[0], np.arange(8)),
        (pixels[..., :2], np.arange(3)),
        (pixels, np.arange(2)),
    ]
    for bad, labels in wrong:
        with pytest.raises(UsageError, match="clean photos"):
            CleanPhotos(bad, labels)
    with pytest.raises(UsageError, match="at least 2"):
        CleanPhotos(pixels[:1], np.arange(1))


@pytest.mark.parametrize("size", [3, 5, 63])
def test_odd_windows_pass(size: int) -> None:
    assert check_odd(size, "mean") == size


@pytest.mark.parametrize("size", [0, 1, 2, 4, 64, 65, -3, True, 3.5])
def test_other_windows_are_refused_with_the_filters_name(size: Any) -> None:
    with pytest.raises(UsageError, match="median filter"):
        check_odd(size, "median")


def test_bounds_are_included() -> None:
    assert check_between(0, 0, 1, "a share", 0.5) == 0
    assert check_between(1, 0, 1, "a share", 0.5) == 1
    for value in (-0.001, 1.001, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="a share of 0 to 1"):
            check_between(value, 0, 1, "a share", 0.5)
