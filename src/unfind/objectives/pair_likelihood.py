"""How likely codes make the similarity of pairs: the likelihood under DPSH and HashNet."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def pair_likelihood_loss(affinity: Tensor, alike: Tensor) -> Tensor:
    """Negative log-likelihood ``log(1 + exp(a)) - s a`` of each pair, where P(alike) is the logistic of the affinity.

    Args:
        affinity: (B, B), such as half the inner product of two codes.
        alike: bool (B, B).

    Returns:
        (B, B) values of at least 0, finite for every finite affinity: the exponential of a large one is never taken.
    """
    return F.softplus(affinity) - alike * affinity


def different_photos(count: int, device: torch.device) -> Tensor:
    """Pairs of two different photos, bool (B, B): a photo is always like itself, which teaches nothing."""
    return ~torch.eye(count, dtype=torch.bool, device=device)


def mean_over_different(values: Tensor) -> Tensor:
    """Mean of values (B, B) over the pairs of different photos; a differentiable 0 where there are none."""
    count = len(values)
    return (values * different_photos(count, values.device)).sum() / max(1, count * (count - 1))


def quantisation(outputs: Tensor) -> Tensor:
    """How far outputs (B, K) are from -1 and +1: the mean of ``(|u| - 1)^2``, which is ``(u - sign u)^2``."""
    return (outputs.abs() - 1).square().mean()
