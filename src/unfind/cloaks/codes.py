"""Binary codes as tensors of -1 and +1: compared, and with a gradient."""

from __future__ import annotations

from torch import Tensor

from unfind.models.codes import signs


def hamming(logits: Tensor, code: Tensor) -> Tensor:
    """In how many bits the codes of logits (..., K) differ from codes (..., K) of -1 and +1, (...)."""
    return (signs(logits) != code).sum(-1).to(logits.dtype)


def straight_through(logits: Tensor) -> Tensor:
    """The code of logits, whose gradient passes to the logits as if nothing had been rounded.

    The forward-backward step of RNM (equations 9 to 11): forward the sign, backward the identity.
    """
    return logits + (signs(logits) - logits).detach()
