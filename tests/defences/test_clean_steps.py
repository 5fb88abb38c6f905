from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from unfind.defences.base import CleanPhotos
from unfind.defences.clean_steps import CLASSES, Steps, draw_pairs, take_steps
from unfind.errors import DataError, UsageError
from unfind.models.encoder import Architecture, Encoder, build_encoder


def to_the_first_axis(embeddings: torch.Tensor, chosen: np.ndarray) -> torch.Tensor:
    return (1 - embeddings[:, 0]).mean()


def test_pairs_are_two_different_photos_of_each_class() -> None:
    labels = np.array([0, 0, 0, 1, 2, 2, 3, 3, 3])
    for seed in range(20):
        chosen = draw_pairs(labels, seed=[seed])
        assert len(set(chosen.tolist())) == len(chosen) == 6
        assert sorted(labels[chosen].tolist()) == [0, 0, 2, 2, 3, 3]  # class 1 has no pair


def test_no_more_classes_than_a_batch_holds() -> None:
    labels = np.repeat(np.arange(3 * CLASSES), 2)
    first, second = draw_pairs(labels, seed=[0]), draw_pairs(labels, seed=[1])
    assert len(first) == 2 * CLASSES
    assert not np.array_equal(first, second)
    assert np.array_equal(first, draw_pairs(labels, seed=[0]))


def test_too_few_pairs_are_refused() -> None:
    with pytest.raises(DataError, match="2 classes with 2"):
        draw_pairs(np.array([0, 0, 1, 2]), seed=[0])


def test_steps_go_where_the_loss_points(encoder: Encoder, photos: CleanPhotos) -> None:
    losses: list[float] = []

    def told(embeddings: torch.Tensor, chosen: np.ndarray) -> torch.Tensor:
        assert embeddings.detach().norm(dim=1).tolist() == pytest.approx([1.0] * len(chosen), abs=1e-4)
        loss = to_the_first_axis(embeddings, chosen)
        losses.append(float(loss.detach()))
        return loss

    take_steps(encoder, photos, told, Steps(6, 3e-3))
    assert len(losses) == 6
    assert losses[-1] < losses[0] - 0.05


def test_after_each_step_something_can_be_done(encoder: Encoder, photos: CleanPhotos) -> None:
    calls: list[int] = []

    def zero(tuned: Encoder) -> None:
        calls.append(1)
        with torch.no_grad():
            tuned.head.bias.zero_()

    tuned = take_steps(encoder, photos, to_the_first_axis, Steps(3, 1e-3), after_step=zero)
    assert len(calls) == 3
    assert not tuned.head.bias.any()
    assert encoder.head.bias.any()


def test_models_for_codes_are_tuned_on_their_logits(photos: CleanPhotos) -> None:
    encoder = build_encoder(Architecture("tiny", size=32, dimension=16, head="hash"), seed=0)
    tuned = take_steps(encoder, photos, to_the_first_axis, Steps(1, 1e-3))
    assert not torch.equal(tuned.head.weight, encoder.head.weight)


@pytest.mark.parametrize(("count", "rate"), [(-1, 1e-3), (100_001, 1e-3), (1, 0.0), (1, 1.5), (1, float("nan"))])
def test_steps_out_of_range(count: int, rate: float) -> None:
    with pytest.raises(UsageError, match="Expected"):
        Steps(count, rate)


def test_the_photos_given_stay_as_they_are(
    encoder: Encoder, photos: CleanPhotos, weights_of: Callable[[Encoder], str]
) -> None:
    before, weights = photos.pixels.copy(), weights_of(encoder)
    take_steps(encoder, photos, to_the_first_axis, Steps(1, 1e-3))
    np.testing.assert_array_equal(photos.pixels, before)
    assert weights_of(encoder) == weights
