"""Torch runs a mark's networks on photos as they come out of files."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from unfind.triggers.learned import load
from unfind.triggers.read_mark import CROPS
from unfind.triggers.shipped import SHIPPED
from unfind.triggers.torch_mark import TorchMark

Scene = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def nets() -> TorchMark:
    return TorchMark(load(SHIPPED))


def test_it_knows_what_the_card_says(nets: TorchMark) -> None:
    mark = load(SHIPPED)
    assert (nets.strength, nets.fingerprint) == (mark.card["strength"], mark.fingerprint)


@pytest.mark.filterwarnings("error")
def test_read_only_and_turned_photos_are_taken(nets: TorchMark, scene: Scene) -> None:
    signs, pixels = np.ones(160, np.float32), scene(60, 90)
    expected = nets.change(pixels, signs)
    assert (expected.shape, expected.dtype) == ((128, 128), np.float32)
    fixed = pixels.copy()
    fixed.flags.writeable = False
    turned = np.ascontiguousarray(pixels[:, ::-1])[:, ::-1]
    for same in (fixed, turned):
        np.testing.assert_array_equal(nets.change(same, signs), expected)


def test_looks_are_made_one_by_one(nets: TorchMark, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    forward = nets.reader.decoder.forward

    def counted(view: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        calls.append(1)
        return forward(view)

    monkeypatch.setattr(nets.reader.decoder, "forward", counted)
    looks = nets.looks(scene(50, 50))
    evidence, logit = next(looks)
    assert (evidence.shape, isinstance(logit, float), len(calls)) == ((160,), True, 1)
    assert len(list(looks)) == len(CROPS) - 1
    assert len(calls) == len(CROPS)
