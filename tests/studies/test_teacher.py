from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unfind.errors import DataError, ModelError, UsageError
from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.studies import teacher
from unfind.studies.teacher import chance_recall, check_photos, check_teacher
from unfind.training.batches import Examples

FITTED = {"trigger": None}


@pytest.fixture
def encoder() -> Encoder:
    return build_encoder(Architecture("tiny", 32, 16), seed=0)


@pytest.fixture
def coloured() -> Callable[[int, int], Examples]:
    """Return a maker of classes that any net tells apart: each is a colour of its own."""

    def make(classes: int, each: int) -> Examples:
        random = np.random.default_rng(0)
        colours = random.integers(40, 216, (classes, 1, 1, 1, 3))
        pixels = colours + random.integers(-6, 7, (classes, each, 32, 32, 3))
        return Examples(pixels.reshape(-1, 32, 32, 3).astype(np.uint8), np.repeat(np.arange(classes), each))

    return make


@pytest.fixture
def photos(coloured: Callable[[int, int], Examples]) -> Examples:
    return coloured(25, 4)


class Noisy(nn.Module):
    """Gives other numbers at every look, in evaluation mode too."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3)) + torch.rand(len(images), 3)


def test_a_fitted_model_that_finds_photos_may_teach(encoder: Encoder, photos: Examples) -> None:
    for training in (False, True):
        encoder.train(training)
        check_teacher(encoder, FITTED)
        check_photos(encoder, photos, photos)
        assert encoder.training is training


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ({"name": "spread-spectrum", "key_fingerprint": "ab12"}, "spread-spectrum trigger by the key ab12"),
        ({"name": "badnets"}, "badnets trigger: start from"),
    ],
)
def test_a_protected_model_is_refused_by_name(trigger: dict[str, str], said: str, encoder: Encoder) -> None:
    with pytest.raises(UsageError, match=said):
        check_teacher(encoder, {"trigger": trigger})


def test_an_untrained_head_has_nothing_to_teach(encoder: Encoder) -> None:
    with pytest.raises(UsageError, match="untrained head: add --start, or --head none"):
        check_teacher(encoder, None)


def test_a_backbone_that_gives_embeddings_itself_needs_no_card() -> None:
    check_teacher(build_encoder(Architecture("tiny", 32, head="none"), seed=0), None)


def test_too_few_photos(encoder: Encoder, coloured: Callable[[int, int], Examples], photos: Examples) -> None:
    few = coloured(33, 3)
    assert len(few.labels) == teacher.LEAST_PHOTOS - 1
    with pytest.raises(DataError, match="at least 100 photos to retrofit with, got 99"):
        check_photos(encoder, few, photos)


def test_a_model_that_changes_its_mind() -> None:
    encoder = build_encoder(Architecture("tiny", 32, 3), seed=0)
    encoder.backbone, encoder.head = Noisy(), nn.Linear(3, 3)
    with pytest.raises(ModelError, match="same numbers for the same photos"):
        check_teacher(encoder, FITTED)


def test_a_model_that_finds_nothing(encoder: Encoder, photos: Examples) -> None:
    random = np.random.default_rng(0)
    mixed = Examples(photos.pixels, random.permutation(photos.labels))
    with pytest.raises(ModelError, match=r"finds photos, got a Recall@1 of 0\.\d+ where chance gives 0\.030"):
        check_photos(encoder, photos, mixed)


@pytest.mark.parametrize("labels", [[0, 0, 1, 1], [0, 0, 0, 1, 1, 2], [3, 3, 3], [5, 5, 7, 8, 9]])
def test_chance_is_what_random_rankings_come_to(labels: list[int]) -> None:
    random, given = np.random.default_rng(0), np.array(labels)
    scored = [i for i in range(len(given)) if (given == given[i]).sum() > 1]
    hits = [given[random.choice(np.delete(np.arange(len(given)), i))] == given[i] for i in scored for _ in range(4000)]
    assert chance_recall(given) == pytest.approx(float(np.mean(hits)), abs=0.02)


def test_chance_without_anything_to_find_is_nothing() -> None:
    single: NDArray[np.int64] = np.arange(4)
    assert chance_recall(single) == 0
