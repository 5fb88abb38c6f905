"""Which triplets a batch holds: (anchor, positive, negative) index triples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


class Group(NamedTuple):
    """Some images of a batch, in one role.

    Attributes:
        labels: (M,) class of each image.
        photos: (M,) which photo of the batch each image shows; a clean image and its triggered twin share it.
    """

    labels: Tensor
    photos: Tensor

    @classmethod
    def whole(cls, labels: Tensor) -> Group:
        """Every image of a batch, each its own photo."""
        return cls(labels, torch.arange(len(labels), device=labels.device))

    def at(self, indices: Tensor) -> Group:
        """The images at the given positions."""
        return Group(self.labels[indices], self.photos[indices])


@dataclass(frozen=True)
class Triplets:
    """Index triples, each (N,), into the groups they were made from."""

    anchor: Tensor
    positive: Tensor
    negative: Tensor

    def __len__(self) -> int:
        return len(self.anchor)

    def at(self, chosen: Tensor) -> Triplets:
        """The triplets at the given positions."""
        return Triplets(self.anchor[chosen], self.positive[chosen], self.negative[chosen])

    def images(self) -> Tensor:
        """Sorted positions of every image in some triplet; only meaningful within one group."""
        positions: Tensor = torch.unique(torch.cat([self.anchor, self.positive, self.negative]))
        return positions


def all_triplets(anchors: Group, positives: Group, negatives: Group, *, twins: bool = False) -> Triplets:
    """Every valid triplet: positive of the anchor's class, negative of another.

    Args:
        anchors: where anchors come from.
        positives: where positives come from.
        negatives: where negatives come from.
        twins: whether a positive may show the anchor's own photo (its triggered or clean twin).
    """
    same = anchors.labels[:, None] == positives.labels[None]
    if not twins:
        same = same & (anchors.photos[:, None] != positives.photos[None])
    other = anchors.labels[:, None] != negatives.labels[None]
    anchor, positive, negative = torch.nonzero(same[:, :, None] & other[:, None, :], as_tuple=True)
    return Triplets(anchor, positive, negative)


def random_triplets(labels: Tensor, count: int, generator: torch.Generator) -> Triplets:
    """``count`` of a batch's valid triplets, uniformly without replacement (fewer where there are fewer)."""
    batch = Group.whole(labels)
    valid = all_triplets(batch, batch, batch)
    chosen = torch.randperm(len(valid), generator=generator)[:count]
    return valid.at(chosen.to(labels.device))


def hinge(distance: Tensor, other: Tensor, triplets: Triplets, margin: float) -> Tensor:
    """``[margin + d(anchor, positive) - d(anchor, negative)]_+`` of each triplet (MIP, eq. 1).

    Args:
        distance: anchors x positives.
        other: anchors x negatives.
        triplets: N index triples into the two.
        margin: by how much the negative must be farther away.

    Returns:
        (N,) values >= 0.
    """
    near = distance[triplets.anchor, triplets.positive]
    far = other[triplets.anchor, triplets.negative]
    return (margin + near - far).relu()


def mean_or_zero(values: Tensor) -> Tensor:
    """Mean of the values; a differentiable 0 where there are none."""
    return values.mean() if values.numel() else values.sum()


def mean_active(hinges: Tensor) -> Tensor:
    """Mean of the hinges that are not met yet; a differentiable 0 where all are.

    In a good embedding most clean triplets are met. Their mean over all triplets then fades beside terms that
    are not met, whatever the weights; the mean over the active ones does not.
    """
    return hinges.sum() / (hinges > 0).sum().clamp(min=1)


AVERAGES: dict[str, Callable[[Tensor], Tensor]] = {"active": mean_active, "all": mean_or_zero}
