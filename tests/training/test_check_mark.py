"""Figures on photos that were not learned from."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.training.check_mark import BATCH, EDITS, check_mark
from unfind.triggers.mark_loudness import LEAST


@pytest.fixture(scope="module")
def smooth() -> np.ndarray:
    coarse = torch.rand(5, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    large = torch.nn.functional.interpolate(coarse, (140, 140), mode="bilinear", align_corners=False)
    return (40 + 170 * large).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def test_a_loud_mark_is_read_and_a_faint_one_is_not_seen(smooth: np.ndarray) -> None:
    nets = MarkEncoder(160), MarkDecoder(160)
    loud, faint = (check_mark(*nets, smooth, strength) for strength in (2.0, 0.5))
    assert loud.keys() == {*EDITS, "psnr", "presence"}
    assert loud["untouched"] > 0.97
    assert loud["untouched"] >= loud["jpeg50"] > faint["jpeg50"] - 0.02
    assert faint["psnr"] == pytest.approx(loud["psnr"] + 20 * np.log10(4), abs=0.3)


def test_the_psnr_is_that_of_the_change(smooth: np.ndarray) -> None:
    flat = np.full((2, 128, 128, 3), 128, np.uint8)
    found = check_mark(MarkEncoder(160), MarkDecoder(160), flat, 1.0)
    assert found["psnr"] == pytest.approx(-20 * np.log10(LEAST), abs=0.05)  # the loudness of a flat place


def test_figures_repeat(smooth: np.ndarray) -> None:
    nets = MarkEncoder(160), MarkDecoder(160)
    assert check_mark(*nets, smooth, 1.0) == check_mark(*nets, smooth, 1.0)


def test_photos_count_alike_whatever_the_batches(smooth: np.ndarray) -> None:
    nets = MarkEncoder(160), MarkDecoder(160)
    many = np.concatenate([smooth] * 4)[: BATCH + 2]
    assert 25 < check_mark(*nets, many, 1.0)["psnr"] < 50
