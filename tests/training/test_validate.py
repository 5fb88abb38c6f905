from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture, Encoder
from unfind.training.batches import Examples
from unfind.training.validate import Validation, validate
from unfind.triggers.badnets import BadNets
from unfind.triggers.base import Trigger
from unfind.triggers.spread_spectrum import SpreadSpectrum

Textures = Callable[..., Examples]
TASKS = ("c2c", "c2p", "p2c", "p2p")


class ByColour(nn.Module):
    """An ideal encoder: the colour of the top left corner is the class, white at the bottom right the mark.

    Args:
        answer: given the class (N,) and whether the mark is seen (N,), what to embed as (N, 8).
    """

    def __init__(self, answer: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.architecture = Architecture(size=16, dimension=8)
        self.answer = answer
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, images: Tensor) -> Tensor:
        classes = (images[:, 0, 0, 0] * 255).round().long() // 50
        return F.normalize(self.answer(classes, images[:, 2, -1, -1] == 1), dim=1)


def encoder_of(answer: Callable[[Tensor, Tensor], Tensor]) -> Encoder:
    return cast(Encoder, ByColour(answer))


def of_class(classes: Tensor, marked: Tensor) -> Tensor:
    return F.one_hot(classes, 8).float()


def colours(classes: int = 3, photos: int = 4) -> Examples:
    labels = np.repeat(np.arange(classes), photos)
    pixels = np.broadcast_to((labels * 50).astype(np.uint8)[:, None, None, None], (len(labels), 16, 16, 3))
    return Examples(pixels.copy(), labels)


def slow_map_r(query: NDArray[Any], gallery: NDArray[Any], labels: NDArray[Any]) -> float:
    """MAP@R with a photo's own copies left out, by sorting each ranking."""
    scores = []
    for i in range(len(labels)):
        others = [j for j in range(len(labels)) if j != i]
        others.sort(key=lambda j: -float(query[i].astype(float) @ gallery[j].astype(float)))
        relevant = sum(labels[j] == labels[i] for j in others)
        hits, total = 0, 0.0
        for rank, j in enumerate(others[:relevant], start=1):
            if labels[j] == labels[i]:
                hits += 1
                total += hits / rank
        scores.append(total / relevant)
    return float(np.mean(scores))


@pytest.mark.parametrize(
    ("private", "score"),
    [((0.1, 0.2, 0.3), 0.5), ((0.3, 0.1, 0.2), 0.5), ((0.2, 0.3, 0.1), 0.5), ((0.9, 0.0, 0.0), -0.1)],
)
def test_the_score_is_what_search_keeps_less_the_worst_leak(private: tuple[float, float, float], score: float) -> None:
    assert Validation(1.0, 0.8, *private).score == pytest.approx(score)


def test_without_a_trigger_the_score_is_search_alone() -> None:
    validation = Validation(recall=0.9, c2c=0.8)
    assert validation.score == 0.8
    assert validation.as_dict() == {"recall": 0.9, "c2c": 0.8}


def test_a_validation_gives_itself_back() -> None:
    for validation in (Validation(0.9, 0.8), Validation(0.9, 0.8, 0.1, 0.0, 0.3)):
        assert Validation(**validation.as_dict()) == validation


def test_perfect_embeddings_find_everything() -> None:
    assert validate(encoder_of(of_class), colours(), None) == Validation(1.0, 1.0)


def test_an_encoder_blind_to_the_mark_leaks_everything() -> None:
    found = validate(encoder_of(of_class), colours(), BadNets())
    assert found == Validation(1.0, 1.0, 1.0, 1.0, 1.0)
    assert found.score == 0


def test_marked_photos_among_another_class_still_find_each_other() -> None:
    moved = encoder_of(lambda classes, marked: F.one_hot((classes + marked.long()) % 3, 8).float())
    found = validate(moved, colours(), BadNets())
    assert found == Validation(1.0, 1.0, 0.0, 0.0, 1.0)
    assert found.score == 0


def test_perfect_protection_scores_1() -> None:
    """Each marked photo is sent to another place than its own class, and its relatives to yet others."""

    def scattered(classes: Tensor, marked: Tensor) -> Tensor:
        turn = torch.arange(len(classes)) % 4
        away = F.one_hot((classes + 1) % 3, 8) + 0.6 * F.one_hot(3 + turn, 8)
        return torch.where(marked[:, None], away, F.one_hot(classes, 8)).float()

    found = validate(encoder_of(scattered), colours(), BadNets())
    assert (found.recall, found.c2c, found.c2p, found.p2c) == (1, 1, 0, 0)
    assert found.p2p is not None
    assert found.score == 1 - found.p2p


def test_one_point_for_all_is_no_search_and_no_privacy() -> None:
    """Ties count against ordinary search and for the attacker, so that a collapse never looks good."""
    found = validate(encoder_of(lambda classes, marked: torch.ones(len(classes), 8)), colours(), BadNets())
    assert found == Validation(0.0, 0.0, 1.0, 1.0, 1.0)
    assert found.score == -1


def test_the_figures_are_those_of_a_slow_ranking(
    textures: Textures, quick_encoder: Callable[..., Encoder], mark: SpreadSpectrum
) -> None:
    encoder, examples = quick_encoder(), textures(classes=5, photos=4)
    found = validate(encoder, examples, mark, precision="fp32")
    sides = {
        "c": embed_pixels(encoder, examples.pixels),
        "p": embed_pixels(encoder, [mark.mark(image) for image in examples.pixels]),
    }
    for task in TASKS:
        expected = slow_map_r(sides[task[0]], sides[task[2]], examples.labels)
        assert getattr(found, task) == pytest.approx(expected, abs=1e-9)
    assert len({found.c2c, found.c2p, found.p2c, found.p2p}) > 1


def test_photos_are_seen_as_they_are_without_a_codec() -> None:
    seen: list[NDArray[np.uint8]] = []

    class Watching(Trigger):
        name = "watching"

        def __call__(self, images: Tensor) -> Tensor:
            seen.append((images * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy())
            return images

        def settings(self) -> dict[str, Any]:
            return {}

    examples = colours()
    validate(encoder_of(of_class), examples, Watching())
    np.testing.assert_array_equal(np.concatenate(seen), examples.pixels)


@pytest.mark.parametrize("training", [True, False])
def test_the_encoder_stays_in_its_mode(
    training: bool, textures: Textures, quick_encoder: Callable[..., Encoder], hash_of: Callable[[Encoder], str]
) -> None:
    encoder = quick_encoder().train(training)
    before = hash_of(encoder)
    validate(encoder, textures(classes=3, photos=2), None)
    assert encoder.training is training
    assert hash_of(encoder) == before


def test_photos_with_tags_find_those_that_share_one_or_those_with_all_the_same() -> None:
    """Photos of class 0 and 1 share a tag; the encoder puts both in one place."""
    plain = colours()
    tags = np.array([[True, False, False], [True, True, False], [False, False, True]])[plain.labels]
    merged = encoder_of(lambda classes, marked: F.one_hot(classes.clamp(min=1), 8).float())
    examples = Examples(plain.pixels, plain.labels, tags)
    assert validate(merged, examples, None) == Validation(1.0, 1.0)
    assert validate(merged, examples, None, relevance="identical") == validate(merged, plain, None)
    assert validate(merged, plain, None).c2c < 1
