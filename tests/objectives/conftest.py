"""Small random batches in double precision, and the distance written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.objectives.base import Objective, Plan


class Batch(NamedTuple):
    labels: Tensor
    clean: Tensor
    seed: int


@pytest.fixture
def generator() -> Callable[[int], torch.Generator]:
    return lambda seed: torch.Generator().manual_seed(seed)


@pytest.fixture
def units(generator: Callable[[int], torch.Generator]) -> Callable[..., Tensor]:
    """Random unit vectors, float64, that collect gradients."""

    def make(count: int, *, seed: int = 0, dimension: int = 4) -> Tensor:
        values = torch.randn(count, dimension, generator=generator(seed), dtype=torch.float64)
        return F.normalize(values, dim=1).requires_grad_()

    return make


@pytest.fixture(params=[0, 1, 2])
def batch(request: pytest.FixtureRequest, units: Callable[..., Tensor]) -> Batch:
    """Ten photos of four classes of unequal sizes, one of them a single photo, in random order."""
    labels = torch.tensor([7, 7, 7, 7, 2, 2, 2, 5, 5, 0])
    order = torch.randperm(10, generator=torch.Generator().manual_seed(request.param))
    return Batch(labels[order], units(10, seed=request.param), request.param)


@pytest.fixture
def squared() -> Callable[[Tensor, Tensor], float]:
    """Squared Euclidean distance of two vectors, number by number."""
    return lambda u, v: sum((a - b) ** 2 for a, b in zip(u.tolist(), v.tolist(), strict=True))


@pytest.fixture
def twins_of(units: Callable[..., Tensor]) -> Callable[[Plan], Tensor]:
    """Random embeddings for the triggered twins of a plan."""
    return lambda plan: units(len(plan.triggered), seed=1000 + len(plan.triggered))


@pytest.fixture
def gradients(
    batch: Batch, generator: Callable[[int], torch.Generator], twins_of: Callable[[Plan], Tensor]
) -> Callable[[Objective, str], tuple[Tensor, Tensor]]:
    """What one term of a loss sends to the clean and to the triggered embeddings; zeros where nothing arrives."""

    def measure(objective: Objective, term: str) -> tuple[Tensor, Tensor]:
        plan = objective.plan(batch.labels, generator(batch.seed))
        triggered = twins_of(plan)
        value = objective.loss(plan, batch.clean, triggered).terms[term]
        found = torch.autograd.grad(value, (batch.clean, triggered), allow_unused=True)
        given = (batch.clean, triggered)
        clean, twin = (torch.zeros_like(x) if g is None else g for g, x in zip(found, given, strict=True))
        return clean, twin

    return measure


@pytest.fixture
def logits(generator: Callable[[int], torch.Generator]) -> Callable[..., Tensor]:
    """Random outputs of a hash head of 8 bits, float64, that collect gradients."""

    def make(count: int, *, seed: int = 0, bits: int = 8) -> Tensor:
        return torch.randn(count, bits, generator=generator(seed), dtype=torch.float64).requires_grad_()

    return make


@pytest.fixture
def tags() -> Tensor:
    """Tags of six photos: two with the same set, some that overlap, one that has nothing in common with any."""
    rows = [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [1, 1, 1, 1, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]
    return torch.tensor(rows, dtype=torch.bool)
