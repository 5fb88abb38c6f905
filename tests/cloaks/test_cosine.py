"""Cloaks against embeddings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn as nn
from torch import Tensor

from unfind.cloaks.base import Job, Look
from unfind.cloaks.cosine import Cosine
from unfind.cloaks.pace import Pace
from unfind.cloaks.victim import Ensemble
from unfind.errors import UsageError


def test_the_loss_is_one_minus_the_cosine(make_look: Callable[..., Look], numbers: Callable[..., Tensor]) -> None:
    outputs, target = numbers(3, 5), torch.nn.functional.normalize(numbers(3, 5, seed=1))
    look = make_look(torch.ones(3, 5), torch.ones(3, 5))
    object.__setattr__(look.goal, "target", target)
    expected = [1 - float(o @ t / o.norm()) for o, t in zip(outputs, target, strict=True)]
    torch.testing.assert_close(Cosine().loss(outputs, look), torch.tensor(expected, dtype=torch.float64))


def test_it_leaves_its_own_embedding_though_the_gradient_there_is_zero(
    make_job: Callable[..., Job], net: nn.Module
) -> None:
    job = make_job("away", "embedding")
    state = Cosine(Pace(budget=0.1, iterations=30)).run(job)
    before, after = net(job.images), net(job.images + state.best)
    assert float(torch.cosine_similarity(before, after).max()) < 0.7
    # Distance from the opposite: 2 at home.
    assert float(state.best_distance.max()) < 1.7


def test_it_finds_the_way_to_another_photo(make_job: Callable[..., Job]) -> None:
    state = Cosine(Pace(budget=0.3, iterations=60)).run(make_job("towards", "embedding"))
    assert float(state.best_distance.max()) < 0.3
    assert float(state.best_distance.mean()) < 0.3 * float(state.curve[0].mean())


def test_a_tolerance_ends_it_early(make_job: Callable[..., Job]) -> None:
    state = Cosine(Pace(budget=0.3, iterations=60, tolerance=0.5)).run(make_job("towards", "embedding"))
    assert bool((state.finished_at >= 0).all())
    assert state.iteration < 61
    assert float(state.best_distance.max()) <= 0.5


def test_an_ensemble_moves_every_member(make_net: Callable[..., nn.Module], make_job: Callable[..., Job]) -> None:
    nets = [make_net(seed=1), make_net(seed=2)]

    def unit(net: nn.Module) -> Callable[[Tensor], Tensor]:
        return lambda images: torch.nn.functional.normalize(net(images), dim=1)

    victims = [unit(net) for net in nets]
    job = make_job("towards", "embedding", victim=Ensemble(victims))
    state = Cosine(Pace(budget=0.2, iterations=40)).run(job)
    for i, victim in enumerate(victims):
        target = job.goal.target[:, 12 * i : 12 * i + 12]
        before = torch.cosine_similarity(victim(job.images), target)
        after = torch.cosine_similarity(victim(job.images + state.best), target)
        assert bool((after > before).all())


def test_it_is_for_embeddings_only(make_job: Callable[..., Job]) -> None:
    with pytest.raises(UsageError, match="of the kind embedding for cosine"):
        Cosine().run(make_job("towards", "code"))
