from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from unfind.errors import GalleryError
from unfind.gallery.vectors import unit_rows


def test_unit_rows_pass_unchanged_as_float32(unit: Callable[..., np.ndarray]) -> None:
    rows = unit(5)
    checked = unit_rows(rows.astype(np.float64), 8)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, rows)
    assert checked.flags.c_contiguous


def test_no_rows_are_fine() -> None:
    assert unit_rows(np.empty((0, 8)), 8).shape == (0, 8)


def test_half_precision_is_near_enough(unit: Callable[..., np.ndarray]) -> None:
    assert unit_rows(unit(50).astype(np.float16), 8).shape == (50, 8)


@pytest.mark.parametrize("shape", [(8,), (3, 7), (3, 9), (1, 3, 8), ()])
def test_wrong_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(GalleryError, match=r"shape \(N, 8\)"):
        unit_rows(np.ones(shape), 8)


@pytest.mark.parametrize("rows", [[[1.0], [1.0, 2.0]], [["a"] * 8], None])
def test_ragged_and_wordy_input_is_refused(rows: object) -> None:
    with pytest.raises(GalleryError, match="shape"):
        unit_rows(rows, 8)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0.0, 2.0, float("nan"), float("inf")])
def test_rows_of_another_length_are_named(unit: Callable[..., np.ndarray], value: float) -> None:
    rows = unit(3)
    rows[1] = value
    with pytest.raises(GalleryError, match="row 1 has length"):
        unit_rows(rows, 8)
