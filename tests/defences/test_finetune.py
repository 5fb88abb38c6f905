from __future__ import annotations

import numpy as np
import pytest
import torch

from unfind.defences.base import CleanPhotos
from unfind.defences.clean_steps import Steps
from unfind.defences.finetune import MARGIN, FineTune, _triplets_of, tuned_on_triplets
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.objectives.triplet import triplet_loss


def loss_on_all(encoder: Encoder, photos: CleanPhotos) -> float:
    rows = torch.from_numpy(embed_pixels(encoder, photos.pixels))
    return float(triplet_loss(rows, torch.from_numpy(photos.labels), MARGIN, average="all"))


def test_the_triplet_loss_of_the_photos_falls(encoder: Encoder, photos: CleanPhotos) -> None:
    tuned = FineTune(steps=8, learning_rate=1e-3)(encoder, photos)
    assert loss_on_all(tuned, photos) < 0.8 * loss_on_all(encoder, photos)


def test_the_loss_is_that_of_the_photos_drawn(photos: CleanPhotos) -> None:
    chosen = np.array([0, 1, 4, 5, 8, 9])
    rows = torch.nn.functional.normalize(torch.randn(6, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    expected = triplet_loss(rows, torch.tensor([0, 0, 1, 1, 2, 2]), MARGIN)
    assert torch.equal(_triplets_of(photos)(rows, chosen), expected)


@pytest.mark.parametrize("side", [{"codewords": 8}, {"learning_side": True}])
def test_a_model_beside_a_side_network_is_tuned_too(photos: CleanPhotos, side: dict[str, int]) -> None:
    protected = build_encoder(Architecture("tiny", 32, 8, **side), seed=0).eval()
    tuned = FineTune(steps=2, learning_rate=1e-3)(protected, photos)
    for one, other in ((protected.head, tuned.head), (protected.backbone, tuned.backbone)):
        assert any(not torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert not any(weight.requires_grad for weight in protected.backbone.parameters())


def test_the_class_is_the_function(encoder: Encoder, photos: CleanPhotos) -> None:
    direct = tuned_on_triplets(encoder, photos, Steps(2, 1e-3, 4))
    again = FineTune(steps=2, learning_rate=1e-3, seed=4)(encoder, photos)
    assert torch.equal(direct.head.weight, again.head.weight)
