"""The amortised cloak: a generator, fitted to the model beforehand, makes the perturbation in one pass."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from unfind.cloaks.base import Cloak, Look
from unfind.cloaks.generator import Generator, load_generator
from unfind.cloaks.pace import Pace
from unfind.errors import UsageError


class Amortised(Cloak):
    """One pass of a generator instead of a hundred of the model, for codes only (as ProS-GAN, Wang et al., 2021).

    Args:
        pace: its budget may be smaller than the generator's, which then is cut off; one iteration is all it needs.
        generator: the net, or its file.
    """

    name = "amortised"
    needs_gradient = False

    def __init__(self, pace: Pace | None = None, *, generator: Generator | Path | str) -> None:
        super().__init__(replace(pace or Pace(), iterations=1))
        self.generator = generator if isinstance(generator, Generator) else load_generator(Path(generator))[0]

    def move(self, look: Look) -> tuple[Tensor, Tensor]:
        """To what the generator makes of the photo and the target code."""
        bits, found = self.generator.design.bits, look.goal.target.shape[1]
        if bits != found:
            raise UsageError(
                f"Expected a target of {bits} bits, as the generator was fitted for, got {found}: fit one."
            )
        weight = self.generator.enter.weight
        with torch.no_grad():
            made: Tensor = self.generator(look.images.to(weight), look.goal.target.to(weight))
        return made.to(look.images), look.velocity

    def settings(self) -> dict[str, Any]:
        digest = hashlib.sha256()
        for value in self.generator.state_dict().values():
            digest.update(value.cpu().numpy().tobytes())
        return {**super().settings(), "generator": digest.hexdigest()}
