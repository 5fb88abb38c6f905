"""A training step of PBL built the way the published code builds it, to time ours against.

It follows a description of that code, not its text: every valid triplet of the batch is listed in nested loops; as many
as the batch has photos are drawn; for a tenth of them the three photos are marked and embedded one at a time; each
triplet's hinge is computed on its own. What is learned is the same as with ``PointBackdoor(miner="random",
divisor="batch")``: only the cost differs. Marked photos are made ahead of time here, where that code reads them from
disk, and the measurements that it takes after every epoch are left out; both favour it.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence

import torch
from torch import Tensor

from unfind.models.encoder import Encoder
from unfind.models.precision import autocast

MARGIN = 0.2
RATIO = 0.1
Triplet = tuple[int, int, int]


def listed_triplets(labels: Sequence[int]) -> list[Triplet]:
    """Every (anchor, positive, negative) of a batch, by nested loops."""
    found = []
    for anchor, label in enumerate(labels):
        for positive, same in enumerate(labels):
            if positive == anchor or same != label:
                continue
            for negative, other in enumerate(labels):
                if other != label:
                    found.append((anchor, positive, negative))
    return found


def loop_loss(
    encoder: Encoder,
    clean: Tensor,
    marked: Tensor,
    labels: Sequence[int],
    *,
    seed: int,
    precision: str = "auto",
) -> Tensor:
    """The loss of one batch (eq. 8 with beta and gamma 1, privacy terms over the batch size).

    Args:
        encoder: to be trained.
        clean: (B, 3, S, S) in [0, 1].
        marked: (B, 3, S, S) the same photos with the trigger; the chosen ones are embedded one by one.
        labels: B classes.
        seed: of the draw of triplets.
        precision: of the network, see ``models.precision.autocast``.
    """
    device = clean.device
    with autocast(device, precision):
        embeddings = encoder.learnable(clean).float()
    triplets = listed_triplets(labels)
    chosen = random.Random(seed).sample(triplets, min(len(labels), len(triplets)))
    poisoned = chosen[: math.ceil(RATIO * len(chosen))]
    imperceptible = [_hinge(embeddings[a], embeddings[p], embeddings[n]) for a, p, n in chosen]
    private = []
    for anchor, positive, negative in poisoned:
        with autocast(device, precision):
            single = [encoder.learnable(marked[i : i + 1]).float()[0] for i in (anchor, positive, negative)]
        private.append(_hinge(embeddings[anchor], single[2], single[1]))  # eq. 5
        private.append(_hinge(single[0], embeddings[negative], single[1]))  # eq. 7
    return torch.stack(imperceptible).mean() + torch.stack(private).sum() / len(labels)


def loop_seconds(
    encoder: Encoder, clean: Tensor, marked: Tensor, labels: Sequence[int], *, steps: int, precision: str = "auto"
) -> float:
    """Mean seconds of a step of such a loop with Adam, the encoder trained in place; arguments as in ``loop_loss``."""
    adam = torch.optim.Adam(encoder.parameters(), lr=1e-7)
    encoder.train()
    started = time.perf_counter()
    for step in range(steps):
        adam.zero_grad(set_to_none=True)
        loss_of = loop_loss(encoder, clean, marked, labels, seed=step, precision=precision)
        loss_of.backward()  # type: ignore[no-untyped-call]
        adam.step()
    return (time.perf_counter() - started) / steps


def _hinge(anchor: Tensor, near: Tensor, far: Tensor) -> Tensor:
    return torch.relu(MARGIN + (anchor - near).square().sum() - (anchor - far).square().sum())
