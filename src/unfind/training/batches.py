"""Which photos a step learns from, and how they are photographed: a pure function of seed and step.

Nothing here remembers anything between steps. That is why a fit that was stopped goes on bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.errors import TrainingError
from unfind.models.embed import to_tensor
from unfind.objectives.base import Objective, Plan
from unfind.objectives.triplets import Triplets
from unfind.training.impostors import with_impostors
from unfind.training.schedule import strength_factor
from unfind.training.settings import FitSettings
from unfind.training.uploads import uploaded
from unfind.triggers.base import Trigger


@dataclass(frozen=True)
class Examples:
    """Decoded training photos.

    Attributes:
        pixels: uint8 (N, size, size, 3).
        labels: int64 (N,).
        tags: bool (N, L) of photos that show several things; None where each has one class.
        mirrored: uint8 (size, size, 3) by position, what training takes for the mirror image of single photos in place
            of their own.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    tags: NDArray[np.bool_] | None = None
    mirrored: Mapping[int, NDArray[np.uint8]] = field(default_factory=dict)

    def compared_by(self, relevance: str) -> NDArray[Any]:
        """What decides who is relevant to whom: tags under the rule "shared", labels without them or else."""
        return self.labels if self.tags is None or relevance == "identical" else self.tags

    def drawn_freely(self, objective: Objective) -> bool:
        """Whether batches are drawn over all photos alike: nobody asks for classes, or photos have sets of tags, which
        are too many to draw some photos of each."""
        return not objective.needs_labels or (objective.hashes and self.tags is not None)


@dataclass(frozen=True)
class Batch:
    """One step's images, clean ones first, and the objective's plan.

    Attributes:
        images: float32 (B + T, 3, size, size) in [0, 1].
        plan: which photos the T triggered ones are, and what the objective mined.
    """

    images: Tensor
    plan: Plan

    def to(self, device: torch.device) -> Batch:
        """The same batch with every tensor on a device."""
        plan, mined = self.plan, self.plan.mined
        if mined is not None:
            mined = Triplets(mined.anchor.to(device), mined.positive.to(device), mined.negative.to(device))
        rest = (None if x is None else x.to(device) for x in (plan.redrawn, plan.teacher, plan.signs))
        moved = Plan(plan.labels.to(device), plan.triggered.to(device), mined, *rest)
        return Batch(self.images.to(device), moved)


def draw_photos(labels: NDArray[np.int64], settings: FitSettings, step: int) -> NDArray[np.int64]:
    """P classes and K different photos of each, (P * K,).

    Classes with fewer than K photos are never drawn; where fewer than P are left, all of them are.
    """
    random = np.random.default_rng([settings.seed, step, 0])
    classes, counts = np.unique(labels, return_counts=True)
    usable = classes[counts >= settings.photos_per_class]
    chosen = random.choice(usable, min(settings.classes_per_batch, len(usable)), replace=False)
    rows = [random.choice(np.flatnonzero(labels == one), settings.photos_per_class, replace=False) for one in chosen]
    return np.concatenate(rows)


def draw_any(count: int, settings: FitSettings, step: int) -> NDArray[np.int64]:
    """P * K different photos out of ``count``, or all of them where there are fewer."""
    random = np.random.default_rng([settings.seed, step, 0])
    return random.permutation(count)[: settings.classes_per_batch * settings.photos_per_class]


def make_batch(
    examples: Examples,
    objective: Objective,
    trigger: Trigger | None,
    settings: FitSettings,
    step: int,
    teacher: NDArray[np.float32] | None = None,
) -> Batch:
    """Everything a step needs, on the CPU; ``teacher`` holds the embeddings (N, D) of all examples."""
    photos, labels = _drawn(examples, objective, settings, step)
    random = np.random.default_rng([settings.seed, step, 1])
    torch_random = torch.Generator().manual_seed(int(random.integers(2**62)))
    plan = objective.plan(torch.from_numpy(labels), torch_random)
    if teacher is not None:
        plan = replace(plan, teacher=torch.from_numpy(teacher[photos]))
    clean = to_tensor(examples.pixels[photos])
    if settings.flip:
        clean = _mirrored(clean, examples, photos, random.random(len(photos)) < 0.5)
    images = clean
    if len(plan.triggered):
        if trigger is None:
            raise TrainingError("Expected a trigger for this objective, got none: give one.")
        triggered = trigger.stronger(strength_factor(step, settings))(clean[plan.triggered])
        images = torch.cat([with_impostors(clean, trigger, settings, step), triggered])
        if objective.steers:
            plan = replace(plan, signs=trigger.signs(clean[plan.triggered]))
    return Batch(uploaded(images, random, settings.smallest) if settings.jpeg else images, plan)


def _mirrored(images: Tensor, examples: Examples, photos: NDArray[np.int64], chosen: NDArray[np.bool_]) -> Tensor:
    """The images (B, 3, size, size) of some photos, those chosen mirrored."""
    images[torch.from_numpy(chosen)] = images[torch.from_numpy(chosen)].flip(-1)
    for place in np.flatnonzero(chosen):
        if int(photos[place]) in examples.mirrored:
            images[place] = to_tensor(examples.mirrored[int(photos[place])][None])[0]
    return images


def _drawn(
    examples: Examples, objective: Objective, settings: FitSettings, step: int
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """The photos of a step, and their labels or tags."""
    named = examples.tags if objective.hashes and examples.tags is not None else examples.labels
    if examples.drawn_freely(objective):
        photos = draw_any(len(examples.labels), settings, step)
    else:
        photos = draw_photos(examples.labels, settings, step)
    return photos, named[photos]
