"""What a step of training and an embedding cost on this machine."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.precision import best_device
from unfind.objectives.base import Objective
from unfind.training.batches import Examples
from unfind.training.fit import Material, fit
from unfind.training.settings import FitSettings
from unfind.triggers.base import Trigger

STEPS = 2
"""Enough for a forecast; a claim takes more, in alternation with what it is compared with."""
EMBEDDED = 64


class StepSeconds(NamedTuple):
    """What a step takes.

    Attributes:
        whole: seconds of a step, validation not included.
        batch: of these, for drawing photos, putting marks in, and making tensors.
    """

    whole: float
    batch: float

    @property
    def learning(self) -> float:
        """Seconds for what is done with a batch: embeddings, loss, gradient, weights."""
        return self.whole - self.batch


def step_seconds(
    examples: Examples,
    architecture: Architecture,
    objective: Objective,
    trigger: Trigger | None,
    *,
    settings: FitSettings | None = None,
    steps: int = STEPS,
    pretrained: bool = False,
) -> StepSeconds:
    """Mean seconds of a step from untrained weights.

    Args:
        examples: photos to take batches from.
        architecture: of the encoder.
        objective: what to minimise.
        trigger: for objectives that use one.
        settings: of the loop; its steps and rate are replaced.
        steps: how many are timed.
        pretrained: whether published weights are loaded, which changes no time.
    """
    encoder = build_encoder(architecture, seed=0, pretrained=pretrained).to(best_device())
    base = settings or FitSettings()
    timed = FitSettings(**{**base.as_dict(), "steps": steps, "learning_rate": 1e-7})
    result = fit(encoder, Material(examples, None, objective, trigger), timed)
    return StepSeconds(result.seconds_per_step, result.seconds_per_batch)


def seconds_per_embedding(architecture: Architecture) -> float:
    """Seconds to embed one photo, in a batch of its like."""
    encoder = build_encoder(architecture, seed=0, pretrained=False).to(best_device())
    pixels = np.zeros((EMBEDDED, architecture.size, architecture.size, 3), np.uint8)
    started = time.perf_counter()
    embed_pixels(encoder, pixels)
    return (time.perf_counter() - started) / EMBEDDED
