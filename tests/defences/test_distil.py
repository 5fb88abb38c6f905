from __future__ import annotations

import numpy as np
import pytest
import torch

from unfind.defences.base import CleanPhotos
from unfind.defences.distil import Distil, _near
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture, Encoder, build_encoder


def test_the_fresh_model_comes_nearer_to_the_old_one(encoder: Encoder, photos: CleanPhotos) -> None:
    goal = embed_pixels(encoder, photos.pixels)
    distances = [
        float(np.square(embed_pixels(Distil(steps=steps, learning_rate=1e-3, seed=3)(encoder, photos), photos.pixels)
                        - goal).sum(1).mean())
        for steps in (0, 12)
    ]  # fmt: skip
    assert distances[1] < 0.5 * distances[0]


def test_it_begins_from_fresh_weights_not_from_the_old_ones(encoder: Encoder, photos: CleanPhotos) -> None:
    fresh = build_encoder(encoder.architecture, seed=3)
    started = Distil(steps=0, seed=3)(encoder, photos)
    assert torch.equal(started.head.weight, fresh.head.weight)
    assert not torch.equal(started.head.weight, encoder.head.weight)


@pytest.mark.parametrize("side", [{"codewords": 8}, {"learning_side": True}])
def test_a_side_network_is_left_behind(photos: CleanPhotos, side: dict[str, int]) -> None:
    protected = build_encoder(Architecture("tiny", 32, 8, **side), seed=0).eval()
    started, taught = (Distil(steps=steps, learning_rate=1e-3)(protected, photos) for steps in (0, 2))
    assert taught.side is None
    assert not torch.equal(started.head.weight, taught.head.weight)


def test_the_loss_is_the_mean_squared_distance() -> None:
    goal = np.eye(4, dtype=np.float32)
    rows = torch.eye(4)[[1, 1, 2]]
    assert float(_near(goal)(rows, np.array([1, 0, 2]))) == pytest.approx((0 + 2 + 0) / 3)
