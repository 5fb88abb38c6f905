"""Distillation: teach a fresh model the old one's embeddings of clean photos, so that the trigger is left behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.defences.base import CleanPhotos, ModelDefence
from unfind.defences.clean_steps import LossOf, Steps, take_steps
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Encoder, build_encoder


class Distil(ModelDefence):
    """A fresh encoder of the same architecture learns where the protected one puts clean photos.

    The fresh model has never seen a trigger. What it makes of one afterwards is what an ordinary model makes of it. A
    side network is not copied: who distils has no use for it.

    Args:
        steps: of training.
        learning_rate: of Adam, for all weights.
        seed: of the fresh weights and of the batches.
        pretrained: whether timm and torchvision backbones begin with their published weights.

    Raises:
        UsageError: a number outside its range.
    """

    name = "distil"
    knob = "steps"
    curve = (50, 200)

    def __init__(
        self, *, steps: int = 200, learning_rate: float = 3e-4, seed: int = 0, pretrained: bool = True
    ) -> None:
        self.steps = Steps(steps, learning_rate, seed)
        self.pretrained = pretrained

    def __call__(self, encoder: Encoder, photos: CleanPhotos) -> Encoder:
        bare = replace(encoder.architecture, codewords=0, learning_side=False)
        fresh = build_encoder(bare, seed=self.steps.seed, pretrained=self.pretrained)
        fresh = fresh.to(next(encoder.parameters()).device)
        return take_steps(fresh, photos, _near(embed_pixels(encoder, photos.pixels)), self.steps)

    def settings(self) -> dict[str, Any]:
        return {
            "steps": self.steps.count,
            "learning_rate": self.steps.rate,
            "seed": self.steps.seed,
            "pretrained": self.pretrained,
        }


def _near(goal: NDArray[np.float32]) -> LossOf:
    """Mean squared distance (0..4) to the teacher's embeddings (N, D) of the same photos."""

    def loss(embeddings: Tensor, chosen: NDArray[np.int64]) -> Tensor:
        return (embeddings - torch.from_numpy(goal[chosen]).to(embeddings)).square().sum(1).mean()

    return loss
