"""Fine-tuning: go on training the model on clean photos, in the hope that it forgets the trigger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.defences.base import CleanPhotos, ModelDefence
from unfind.defences.clean_steps import LossOf, Steps, take_steps
from unfind.models.encoder import Encoder
from unfind.objectives.triplet import triplet_loss

MARGIN = 0.2


class FineTune(ModelDefence):
    """Clean triplet training from the protected weights.

    Args:
        steps: of training.
        learning_rate: of Adam, for all weights.
        seed: of the batches.

    Raises:
        UsageError: a number outside its range.
    """

    name = "finetune"
    knob = "steps"
    curve = (20, 50, 100)

    def __init__(self, *, steps: int = 100, learning_rate: float = 1e-4, seed: int = 0) -> None:
        self.steps = Steps(steps, learning_rate, seed)

    def __call__(self, encoder: Encoder, photos: CleanPhotos) -> Encoder:
        return tuned_on_triplets(encoder, photos, self.steps)

    def settings(self) -> dict[str, Any]:
        return {"steps": self.steps.count, "learning_rate": self.steps.rate, "seed": self.steps.seed}


def tuned_on_triplets(
    encoder: Encoder, photos: CleanPhotos, steps: Steps, *, after_step: Callable[[Encoder], None] | None = None
) -> Encoder:
    """A copy of the encoder after clean triplet training; see ``clean_steps.take_steps``."""
    return take_steps(encoder, photos, _triplets_of(photos), steps, after_step=after_step)


def _triplets_of(photos: CleanPhotos) -> LossOf:
    def loss(embeddings: Tensor, chosen: NDArray[np.int64]) -> Tensor:
        labels = torch.from_numpy(photos.labels[chosen]).to(embeddings.device)
        return triplet_loss(embeddings, labels, MARGIN)

    return loss
