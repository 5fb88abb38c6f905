"""Where a cloak is to bring what the model sees: towards a code or an embedding, or away from one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.cloaks.victim import Victim
from unfind.errors import ModelError, UsageError
from unfind.models.codes import signs

Kind = Literal["code", "embedding"]


@dataclass(frozen=True)
class Goal:
    """Where each of N images is to go.

    To leave a code or embedding means to go towards its negative, so one loss serves both ways.

    Attributes:
        target: (N, K) codes of -1 and +1, or (N, D) unit embeddings.
        kind: "code" or "embedding".
        away: whether ``target`` is the negative of what is to be left.
        others: (N, M, K) further codes that each image should be far from, for methods that look at them.
    """

    target: Tensor
    kind: Kind = "code"
    away: bool = False
    others: Tensor | None = None

    def __post_init__(self) -> None:
        if self.target.dim() != 2 or not bool(self.target.isfinite().all()):
            raise UsageError(f"Expected finite targets (N, K), got {tuple(self.target.shape)}: give one per image.")
        if self.kind == "code" and not bool((self.target.abs() == 1).all()):
            raise UsageError("Expected target codes of -1 and +1, got other numbers: take the signs of the logits.")
        if self.others is not None and (self.others.dim() != 3 or self.others.shape[::2] != self.target.shape):
            raise UsageError(
                f"Expected other codes (N, M, K) for targets {tuple(self.target.shape)}, got "
                f"{tuple(self.others.shape)}: repeat shared ones for each image."
            )

    def of(self, which: Tensor) -> Goal:
        """The goal of some of the images, by their positions (n,)."""
        others = self.others[which] if self.others is not None else None
        return Goal(self.target[which], self.kind, self.away, others)


def towards(target: Tensor, count: int, *, kind: Kind = "code") -> Goal:
    """Bring every image to a target.

    Args:
        target: (K,) for all images or (N, K), one each; codes of -1 and +1, or embeddings of any length above 0.
        count: N.
        kind: what the target is.
    """
    whole = target.expand(count, -1) if target.dim() == 1 else target
    if whole.shape[0] != count:
        raise UsageError(f"Expected {count} targets, one per image, got {len(whole)}: give one each, or one for all.")
    return Goal(_unit(whole) if kind == "embedding" else whole, kind)


def away_from(own: Tensor, *, kind: Kind = "code", others: Tensor | None = None) -> Goal:
    """Bring every image away from what the model sees in it now.

    Args:
        own: (N, K) codes of -1 and +1, or (N, D) embeddings.
        kind: what they are.
        others: (M, K) codes for all images, or (N, M, K), that are to be left as well.
    """
    whole = others.expand(len(own), -1, -1) if others is not None and others.dim() == 2 else others
    return Goal(-_unit(own) if kind == "embedding" else -own, kind, True, whole)


def seen(victim: Victim, images: Tensor, *, kind: Kind = "code", batch: int = 64) -> Tensor:
    """What a model sees in images (N, 3, H, W): codes (N, K) of -1 and +1, or unit embeddings (N, D)."""
    with torch.no_grad():
        outputs = torch.cat([victim(part) for part in torch.split(images, batch)])
    return signs(outputs) if kind == "code" else _unit(outputs)


def check_fit(goal: Goal, outputs: Tensor) -> None:
    """Raise unless a goal fits outputs (n, K) of the model.

    Raises:
        UsageError: codes or embeddings of another length.
    """
    wanted, found = goal.target.shape[1], outputs.shape[1]
    if wanted != found:
        unit = "bits" if goal.kind == "code" else "dimensions"
        raise UsageError(f"Expected a target of {found} {unit}, as the model has, got {wanted}: give {found}.")


def _unit(vectors: Tensor) -> Tensor:
    if bool((vectors.norm(dim=-1) == 0).any()):
        raise ModelError("Expected embeddings of a length above 0, got one of length 0: check the model.")
    return F.normalize(vectors, dim=-1)
