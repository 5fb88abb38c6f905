"""A small net that makes a perturbation in one pass, for any target code, and its file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from unfind.errors import ModelError, UsageError
from unfind.images.files import write_atomic

FORMAT = 1
CELL = 4
"""Pixels a side that are worked on as one: sixteen times fewer places to compute, and 1/50 of the time."""
PATTERN = 8
"""Side of the grid on which a code draws its own pattern."""


@dataclass(frozen=True)
class Design:
    """What is needed to build a generator again.

    Attributes:
        bits: length of a target code.
        budget: largest change of a pixel, in pixel values of 0..1.
        width: channels.
        blocks: residual blocks.
    """

    bits: int
    budget: float
    width: int = 64
    blocks: int = 3

    def __post_init__(self) -> None:
        if self.bits < 1 or self.width < 1 or self.blocks < 1:
            raise UsageError(f"Expected bits, width and blocks of at least 1, got {asdict(self)}: change them.")
        if not 0 < self.budget <= 1:
            raise UsageError(f"Expected a budget above 0 and at most 1, got {self.budget}: 0.032 is usual.")


class Block(nn.Module):
    """Two convolutions beside a shortcut, scaled and shifted by the code."""

    def __init__(self, width: int, bits: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, padding_mode="replicate")
        self.second = nn.Conv2d(width, width, 3, padding=1, padding_mode="replicate")
        self.by_code = nn.Linear(bits, 2 * width)

    def forward(self, features: Tensor, codes: Tensor) -> Tensor:
        scale, shift = self.by_code(codes)[..., None, None].chunk(2, dim=1)
        mixed: Tensor = self.second(F.relu(self.first(features) * (1 + scale) + shift))
        return features + mixed


class Generator(nn.Module):
    """Images (N, 3, H, W) in [0, 1] and codes (N, K) to perturbations (N, 3, H, W) within the budget.

    The code speaks twice, as scale and shift of every block and as a pattern of its own over the whole image, which
    the blocks then fit to the photo.
    """

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.design = design
        width, cells = design.width, 3 * CELL**2
        self.enter = nn.Conv2d(cells, width, 3, padding=1, padding_mode="replicate")
        self.pattern = nn.Linear(design.bits, width * PATTERN**2)
        self.blocks = nn.ModuleList([Block(width, design.bits) for _ in range(design.blocks)])
        self.leave = nn.Conv2d(width, cells, 3, padding=1, padding_mode="replicate")

    def forward(self, images: Tensor, codes: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        whole = F.pad(images - 0.5, (0, -width % CELL, 0, -height % CELL), mode="replicate")
        features = self.enter(F.pixel_unshuffle(whole, CELL))
        pattern = self.pattern(codes).view(-1, self.design.width, PATTERN, PATTERN)
        features = features + F.interpolate(pattern, features.shape[-2:], mode="bilinear", align_corners=False)
        for block in self.blocks:
            features = block(features, codes)
        change = F.pixel_shuffle(self.leave(F.relu(features)), CELL)[..., :height, :width]
        # At rms 1 tanh still has a slope: were all of it at the budget, nothing could be learned any more.
        loud = change.square().mean(dim=(1, 2, 3), keepdim=True).sqrt().clamp_min(1)
        return self.design.budget * torch.tanh(change / loud)


def save_generator(path: Path, generator: Generator, card: dict[str, Any]) -> None:
    """Write a generator into one file, its card in the header: all of it, or what was there before.

    Args:
        path: a .safetensors file.
        generator: what to save.
        card: what else is known (model, data, seed, figures), as JSON values.

    Raises:
        ImageError: the disk is full or the folder cannot be written.
    """
    whole = {**card, "format": FORMAT, "design": asdict(generator.design)}
    tensors = {name: value.detach().cpu().clone().contiguous() for name, value in generator.state_dict().items()}
    write_atomic(path, save(tensors, metadata={"unfind": json.dumps(whole, sort_keys=True)}))


def load_generator(path: Path) -> tuple[Generator, dict[str, Any]]:
    """Read a generator, in evaluation mode, and its card.

    Raises:
        ModelError: no generator there, a damaged file, or one of another format.
    """
    try:
        with safe_open(path, framework="pt") as file:
            card: dict[str, Any] = json.loads(file.metadata()["unfind"])
            if card["format"] != FORMAT:
                raise ModelError(f"Expected a generator of format {FORMAT}, got {card['format']}: update unfind.")
            generator = Generator(Design(**card["design"]))
            generator.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    except FileNotFoundError as error:
        raise ModelError(f"Expected a generator at {path}, got none: fit one first.") from error
    except (OSError, SafetensorError, ValueError, LookupError, TypeError, RuntimeError, UsageError) as error:
        raise ModelError(f"Expected a generator in {path}, got '{_line(error)}': fit it again.") from error
    return generator.eval(), card


def _line(error: Exception) -> str:
    return str(error).splitlines()[0]
