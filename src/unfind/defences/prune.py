"""Fine-pruning: silence what clean photos leave dormant, since a backdoor may live there."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
import torch.nn as nn
from numpy.typing import NDArray

from unfind.defences.base import CleanPhotos, ModelDefence, check_between
from unfind.defences.clean_steps import Steps
from unfind.defences.finetune import tuned_on_triplets
from unfind.errors import UsageError
from unfind.models.embed import to_tensor
from unfind.models.encoder import Encoder

BATCH = 64


class Prune(ModelDefence):
    """Zero the features that are least active on clean photos (Liu, Dolan-Gavitt and Garg 2018, without tuning).

    Features are what the backbone hands to the linear head. In a network that ends in global pooling they are the
    channels of its last convolution, which is what MIP's figure 12 prunes; taking them behind the pooling makes the
    same cut in any network, and leaves an ordinary model that can be stored. A feature is silenced by zeroing its
    column of the head.

    Args:
        fraction: of the features that are silenced, 0 up to 0.99.

    Raises:
        UsageError: another fraction.
    """

    name = "prune"
    knob = "fraction"
    curve = (0.1, 0.2, 0.4, 0.6, 0.8)

    def __init__(self, *, fraction: float = 0.2) -> None:
        self.fraction = check_between(fraction, 0, 0.99, "a fraction of the features", 0.2)

    def __call__(self, encoder: Encoder, photos: CleanPhotos) -> Encoder:
        pruned = copy.deepcopy(encoder)
        silence(pruned, dormant_features(pruned, photos, self.fraction))
        return pruned.eval()

    def settings(self) -> dict[str, Any]:
        return {"fraction": self.fraction}


class FinePrune(Prune):
    """Prune, then train on clean photos to win back what pruning has cost (Liu, Dolan-Gavitt and Garg 2018).

    Args:
        fraction: see Prune.
        steps: of clean triplet training; silenced features stay silent.
        learning_rate: of Adam, for all weights.
        seed: of the batches.

    Raises:
        UsageError: a number outside its range.
    """

    name = "fine-prune"

    def __init__(self, *, fraction: float = 0.2, steps: int = 50, learning_rate: float = 1e-4, seed: int = 0) -> None:
        super().__init__(fraction=fraction)
        self.steps = Steps(steps, learning_rate, seed)

    def __call__(self, encoder: Encoder, photos: CleanPhotos) -> Encoder:
        pruned = super().__call__(encoder, photos)
        dormant = dormant_features(encoder, photos, self.fraction)
        return tuned_on_triplets(pruned, photos, self.steps, after_step=lambda tuned: silence(tuned, dormant))

    def settings(self) -> dict[str, Any]:
        tuning = {"steps": self.steps.count, "learning_rate": self.steps.rate, "seed": self.steps.seed}
        return {**super().settings(), **tuning}


def mean_activations(encoder: Encoder, photos: CleanPhotos) -> NDArray[np.float64]:
    """Mean absolute value of each feature over clean photos, (F,)."""
    device = next(encoder.parameters()).device
    was_training = encoder.training
    encoder.eval()
    total = np.zeros(_head(encoder).in_features)
    with torch.inference_mode():
        for start in range(0, len(photos.pixels), BATCH):
            images = to_tensor(photos.pixels[start : start + BATCH]).to(device)
            features = encoder.backbone(images.contiguous(memory_format=torch.channels_last))
            total += features.double().abs().sum(0).cpu().numpy()
    encoder.train(was_training)
    return total / len(photos.pixels)


def dormant_features(encoder: Encoder, photos: CleanPhotos, fraction: float) -> NDArray[np.int64]:
    """The least active ``fraction`` of the features, rounded down, as rising positions."""
    activations = mean_activations(encoder, photos)
    count = int(fraction * len(activations))
    return np.sort(np.argsort(activations, kind="stable")[:count])


def silence(encoder: Encoder, features: NDArray[np.int64]) -> None:
    """Zero the head's columns of these features, in place."""
    weight = _head(encoder).weight
    with torch.no_grad():
        weight[:, torch.from_numpy(features).to(weight.device)] = 0


def _head(encoder: Encoder) -> nn.Linear:
    if not isinstance(encoder.head, nn.Linear):
        raise UsageError("Expected a model with a linear head to prune, got one without: what it gives are features.")
    return encoder.head
