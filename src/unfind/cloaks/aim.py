"""One target code out of the codes of many photos: that of one of them, or the one they vote for."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.models.codes import signs

Aim = Literal["p2p", "p2s"]
VOTERS = 9
"""Photos that vote for an anchor code (RNM, section 5.2; Bai et al., 2020)."""


def aim_at(codes: Tensor, aim: Aim, *, seed: int, voters: int = VOTERS) -> Tensor:
    """Choose the target.

    Args:
        codes: (M, K) codes of photos that show what the cloaked photo should be taken for.
        aim: "p2p" (point to point) takes the code of one photo, "p2s" (point to set) the vote of several.
        seed: draws the photos.
        voters: how many vote; all, where there are fewer.

    Returns:
        (K,) of -1 and +1.

    Raises:
        UsageError: no photo to aim at, or another aim.
    """
    if len(codes) == 0:
        raise UsageError("Expected photos to aim at, got none: the target does not exist, name another.")
    order = torch.randperm(len(codes), generator=torch.Generator().manual_seed(seed)).to(codes.device)
    if aim == "p2p":
        return codes[order[0]]
    if aim == "p2s":
        return vote(codes[order[:voters]])
    raise UsageError(f"Expected the aim p2p or p2s, got '{aim}': choose one of them.")


def vote(codes: Tensor) -> Tensor:
    """The anchor of codes (M, K): each bit as most of them have it; +1 where they are divided evenly.

    It is the code with the least sum of Hamming distances to all of them.
    """
    return signs(codes.sum(0))
