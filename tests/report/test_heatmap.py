"""Heatmaps over pictures."""

from __future__ import annotations

import numpy as np
import pytest

from unfind.errors import UsageError
from unfind.report.heatmap import SHARE, overlaid

GREY = np.full((4, 6, 3), 100, np.uint8)


def test_warm_is_brighter_than_cold() -> None:
    heat = np.zeros((4, 6), np.float32)
    heat[1, 2] = 3.0
    laid = overlaid(GREY, heat)
    assert (laid.shape, laid.dtype) == (GREY.shape, np.uint8)
    assert laid[1, 2].sum() > laid[0, 0].sum()


def test_only_proportions_count() -> None:
    heat = np.random.default_rng(0).random((4, 6)).astype(np.float32)
    assert np.array_equal(overlaid(GREY, heat), overlaid(GREY, 8 * heat))


def test_no_heat_at_all_is_cold_everywhere() -> None:
    laid = overlaid(GREY, np.zeros((4, 6), np.float32))
    assert len(np.unique(laid.reshape(-1, 3), axis=0)) == 1
    assert laid[0, 0, 0] == pytest.approx(SHARE * 100, abs=2)


def test_another_size_is_refused() -> None:
    with pytest.raises(UsageError, match=r"picture's size \(4, 6\)"):
        overlaid(GREY, np.zeros((6, 4), np.float32))
