"""A few steps of training on clean photos alone: what fine-tuning, fine-pruning and distillation share."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from unfind.defences.base import CleanPhotos, check_between
from unfind.errors import DataError
from unfind.models.embed import to_tensor
from unfind.models.encoder import Encoder
from unfind.models.precision import autocast

LossOf = Callable[[Tensor, NDArray[np.int64]], Tensor]
"""From unit embeddings (B, D) that can be differentiated, and which photos (B,) they are of, to a scalar."""
CLASSES, EACH = 20, 2
"""Photos of a batch, where there are so many: enough classes to tell apart, and a pair of each."""


@dataclass(frozen=True)
class Steps:
    """How long and how fast an adversary trains.

    Attributes:
        count: steps, 0 to 100,000.
        rate: learning rate of Adam, above 0 and at most 1.
        seed: of the batches.

    Raises:
        UsageError: a number outside its range.
    """

    count: int
    rate: float
    seed: int = 0

    def __post_init__(self) -> None:
        check_between(self.count, 0, 100_000, "a number of steps", 100)
        check_between(self.rate, 1e-9, 1, "a learning rate", 1e-4)


def take_steps(
    encoder: Encoder,
    photos: CleanPhotos,
    loss_of: LossOf,
    steps: Steps,
    *,
    after_step: Callable[[Encoder], None] | None = None,
) -> Encoder:
    """Train all weights of a copy of an encoder on clean photos.

    Args:
        encoder: where to start; stays as it is.
        photos: to learn from; batches take two photos of each of some classes.
        loss_of: what to minimise.
        steps: how long and how fast.
        after_step: done to the copy after each step, such as keeping weights at zero.

    Returns:
        The copy, in evaluation mode.

    Raises:
        DataError: fewer than two classes have two photos.
    """
    tuned = copy.deepcopy(encoder).train().requires_grad_()  # what stood still beside a side network is tuned too
    device = next(tuned.parameters()).device
    adam = torch.optim.Adam(tuned.parameters(), lr=steps.rate)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(steps.seed)  # for backbones with dropout
        for step in range(steps.count):
            chosen = draw_pairs(photos.labels, seed=[steps.seed, step])
            with autocast(device):
                logits = tuned.logits(to_tensor(photos.pixels[chosen]).to(device)).float()
            adam.zero_grad(set_to_none=True)
            loss_of(F.normalize(logits, dim=1), chosen).backward()  # type: ignore[no-untyped-call]
            adam.step()
            if after_step is not None:
                after_step(tuned)
    adam.zero_grad(set_to_none=True)
    return tuned.eval()


def draw_pairs(labels: NDArray[np.int64], *, seed: list[int]) -> NDArray[np.int64]:
    """Positions of two different photos of each of up to ``CLASSES`` classes, (2 * classes,).

    Raises:
        DataError: fewer than two classes have two photos.
    """
    random = np.random.default_rng(seed)
    classes, counts = np.unique(labels, return_counts=True)
    usable = classes[counts >= EACH]
    if len(usable) < 2:
        raise DataError(f"Expected 2 classes with {EACH} clean photos or more, got {len(usable)}: add photos.")
    some = random.choice(usable, min(CLASSES, len(usable)), replace=False)
    pairs = [random.choice(np.flatnonzero(labels == one), EACH, replace=False) for one in some]
    return np.concatenate(pairs)
