"""The one interface of every objective: plan from labels, embed once, then the loss.

The plan comes before any pixel is touched, because it says which photos need a triggered twin. Clean and
triggered images then pass the encoder together, in one batch.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.triplets import Triplets


@dataclass(frozen=True)
class Plan:
    """What an objective wants from one batch.

    Attributes:
        labels: (B,) class of each photo; for objectives that hash also bool (B, L) tags.
        triggered: (T,) positions of the photos that get a triggered twin; sorted, without repeats.
        mined: the triplets the plan was made from, where the objective mines before it embeds.
        redrawn: (T,) labels that replace those of the triggered twins, where the objective asks for it.
        teacher: (B, D) embeddings of the photos by the model that training starts from, where the objective
            asks for them (``needs_teacher``); the loop fills them in.
        signs: (T, K) what the marks of the triggered twins say, +1 or -1 each, where the objective steers by them;
            the loop fills them in.
    """

    labels: Tensor
    triggered: Tensor
    mined: Triplets | None = None
    redrawn: Tensor | None = None
    teacher: Tensor | None = None
    signs: Tensor | None = None


@dataclass(frozen=True)
class Loss:
    """A loss and the terms it is made of.

    Attributes:
        total: scalar to differentiate.
        terms: each term before weighting, by name.
    """

    total: Tensor
    terms: Mapping[str, Tensor] = field(default_factory=dict)


class Objective(ABC):
    """What training minimises.

    Subclasses say which photos need a triggered twin (``plan``) and what the embeddings should be (``loss``).
    """

    name: str
    triggers = True
    """Whether any photo gets a triggered twin."""
    hashes = False
    """Whether it learns codes: ``loss`` is then given the logits of a hash head in place of unit embeddings."""
    relevance = "shared"
    """When photos with several tags are alike, see ``relevant_pairs``; validation goes by the same rule."""
    needs_centres = False
    """Whether ``refresh`` must be called with embeddings of the training set before each epoch."""
    needs_labels = True
    """Whether batches must hold several photos of each class; else they are drawn over all photos alike."""
    needs_teacher = False
    """Whether plans must carry what the model made of the photos before training."""
    steers = False
    """Whether plans must carry the signs of the marks; such an objective has a ``begin``, see SteeredRetrofit."""
    any_head = False
    """Whether it learns with any head: of a hash head it takes the direction of the logits for the embedding."""

    def plan(self, labels: Tensor, generator: torch.Generator) -> Plan:
        """Choose the photos of a batch that get a triggered twin; here none.

        Args:
            labels: (B,) class of each photo.
            generator: the step's source of randomness (on the CPU).
        """
        return Plan(labels, labels.new_empty(0))

    @abstractmethod
    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        """The loss of one batch.

        Args:
            plan: what ``plan`` returned for the batch.
            clean: (B, D) unit embeddings of the photos, or logits where ``hashes``.
            triggered: (T, D) the same of the triggered twins, in the order of ``plan.triggered``.
        """

    def refresh(self, embeddings: Tensor, labels: Tensor) -> None:  # noqa: B027 - a hook that most leave alone
        """Take in embeddings (N, D) of the training set, with labels (N,), before an epoch."""

    def state(self) -> dict[str, Tensor]:
        """What must be stored beside the weights to resume bit for bit."""
        return {}

    def restore(self, state: Mapping[str, Tensor]) -> None:  # noqa: B027 - see refresh
        """Take back what ``state`` returned."""


def choose_pairs(labels: Tensor, ratio: float, generator: torch.Generator) -> Tensor:
    """Choose about ``ratio`` of a batch, whole classes at a time, so that pairs and strangers are chosen.

    At least two classes are chosen, since a triplet needs two.

    Args:
        labels: (B,).
        ratio: fraction of the batch, 0..1.
        generator: source of randomness.

    Returns:
        (T,) sorted positions.
    """
    classes = torch.unique(labels)
    order = classes[torch.randperm(len(classes), generator=generator).to(classes.device)]
    member = labels[None] == order[:, None]
    wanted = ratio * len(labels)
    classes_wanted = int((member.sum(1).cumsum(0) < wanted).sum()) + 1
    chosen = member[: max(2, classes_wanted)].any(0)
    return torch.nonzero(chosen).flatten()


def choose_photos(count: int, ratio: float, generator: torch.Generator) -> Tensor:
    """Choose ``ratio`` of a batch of ``count`` photos, at least one, whatever they show.

    Returns:
        (T,) sorted positions.
    """
    chosen = torch.randperm(count, generator=generator)[: math.ceil(ratio * count)]
    return chosen.sort().values


def check_ratio(ratio: float) -> None:
    """Raise UsageError unless 0 < ratio <= 1."""
    if not 0 < ratio <= 1:
        raise UsageError(f"Expected a triggered ratio above 0 and at most 1, got {ratio}: 0.1 is usual.")
