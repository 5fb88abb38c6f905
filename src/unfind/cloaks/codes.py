"""Binary codes as tensors of -1 and +1: from logits, compared, negated."""

from __future__ import annotations

import torch
from torch import Tensor


def signs(logits: Tensor) -> Tensor:
    """The code of logits (..., K): -1 below zero, +1 otherwise, so that zero has a bit too."""
    return torch.where(logits < 0, -1.0, 1.0).to(logits.dtype)


def hamming(logits: Tensor, code: Tensor) -> Tensor:
    """In how many bits the codes of logits (..., K) differ from codes (..., K) of -1 and +1, (...)."""
    return (signs(logits) != code).sum(-1).to(logits.dtype)


def straight_through(logits: Tensor) -> Tensor:
    """The code of logits, whose gradient passes to the logits as if nothing had been rounded.

    The forward-backward step of RNM (equations 9 to 11): forward the sign, backward the identity.
    """
    return logits + (signs(logits) - logits).detach()
