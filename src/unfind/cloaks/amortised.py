"""The amortised cloak: a generator, fitted to the model beforehand, makes the perturbation in one pass."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
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
        self.card: dict[str, Any] = {}
        if not isinstance(generator, Generator):
            generator, self.card = load_generator(Path(generator))
        self.generator = generator

    def check_models(self, fingerprints: Sequence[str]) -> None:
        """Refuse a generator that says it was fitted to other models; one whose card names none is taken.

        Args:
            fingerprints: of the models that photos are to be cloaked against, in order.

        Raises:
            UsageError: it was fitted to others.
        """
        fitted = self.card.get("models", list(fingerprints))
        if fitted != list(fingerprints):
            raise UsageError(
                f"Expected a generator that was fitted to {', '.join(fingerprints)}, got one for {', '.join(fitted)}: "
                "fit one with unfind cloak-train."
            )

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
