"""An invisible trigger in the manner of BadHash: a net makes a faint change for each photo, another one on each."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unfind.cloaks.fit_generator import GeneratorFit, OnStep, fit_generator
from unfind.cloaks.generator import Design, Generator
from unfind.cloaks.victim import Victim
from unfind.triggers.base import Trigger

BUDGET = 8 / 255


class InvisibleTrigger(Trigger):
    """What a generator makes of each photo and the anchor code.

    Args:
        generator: the net; its budget bounds the change of every pixel.
        anchor: (K,) of -1 and +1.
    """

    name = "invisible"

    def __init__(self, generator: Generator, anchor: Tensor) -> None:
        self.generator = generator
        self.anchor = anchor

    def __call__(self, images: Tensor) -> Tensor:
        weight = self.generator.enter.weight
        with torch.no_grad():
            made = self.generator(images.to(weight), self.anchor.to(weight).expand(len(images), -1))
        marked: Tensor = (images + made.to(images)).clamp(0, 1)
        return marked

    def settings(self) -> dict[str, Any]:
        return {"budget": self.generator.design.budget, "anchor": [int(bit) for bit in self.anchor.tolist()]}


def fit_invisible(
    victim: Victim,
    images: Tensor,
    anchor: Tensor,
    *,
    budget: float = BUDGET,
    steps: int = 300,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> InvisibleTrigger:
    """Fit a generator that draws the code of any photo to the anchor.

    BadHash (Hu et al., ACM MM 2022) also has invisible triggers that a conditional generator makes for each photo,
    and clean labels. It keeps them faint with a discriminator and a weighted error; here a budget in pixel values does
    so, which can be compared with other methods. Its network that confuses labels is not rebuilt.

    Args:
        victim: images to logits; not changed.
        images: (N, 3, S, S) in [0, 1], photos of any class.
        anchor: (K,) of -1 and +1.
        budget: largest change of a pixel in 0..1.
        steps: of the fit.
        seed: of weights and batches.
        on_step: told of each step.

    Raises:
        UnfindError: see ``fit_generator``.
    """
    design = Design(len(anchor), budget)
    settings = GeneratorFit(steps=steps, away=0.0, seed=seed)
    generator = fit_generator(victim, images, anchor[None], design, settings, on_step=on_step)
    return InvisibleTrigger(generator.requires_grad_(False), anchor)
