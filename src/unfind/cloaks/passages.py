"""What a photo goes through before a model sees it: edits a cloak can be made to survive, with a gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.images.differentiable_jpeg import jpeg

Edit = Callable[[Tensor, torch.Generator], Tensor]


@dataclass(frozen=True)
class Passage:
    """One way from the cloaked photo to the model.

    Attributes:
        name: as reports and states name it.
        edit: images (N, 3, H, W) in [0, 1], and the iteration's randomness, to images of the same shape.
        judged: whether a cloak must have reached its target after this passage; random ones only help it on the way.
    """

    name: str
    edit: Edit = field(compare=False)
    judged: bool = True

    def __call__(self, images: Tensor, *, seed: int, iteration: int) -> Tensor:
        """Send images through; the same seed and iteration give the same edit, whatever else is in the batch."""
        generator = torch.Generator().manual_seed(seed * 1_000_003 + iteration)
        return self.edit(images, generator)


def _as_is(images: Tensor, generator: torch.Generator) -> Tensor:
    return images


def _compress(images: Tensor, generator: torch.Generator, quality: int) -> Tensor:
    return jpeg(images, quality)


def _shrink(images: Tensor, generator: torch.Generator, factor: float) -> Tensor:
    """To a smaller size and back, antialiased, as a photo that was made smaller by a site."""
    size = (images.shape[-2], images.shape[-1])
    small = (max(1, round(size[0] * factor)), max(1, round(size[1] * factor)))
    less = F.interpolate(images, small, mode="bilinear", antialias=True, align_corners=False)
    return F.interpolate(less, size, mode="bilinear", align_corners=False)


def _vary(images: Tensor, generator: torch.Generator, least: float) -> Tensor:
    """Shrink by a random factor and put the picture somewhere on grey, at its old size (Xie et al., 2019)."""
    height, width = images.shape[-2:]
    factor = least + (1 - least) * float(torch.rand((), generator=generator))
    small = (max(1, round(height * factor)), max(1, round(width * factor)))
    top = int(torch.randint(height - small[0] + 1, (), generator=generator))
    left = int(torch.randint(width - small[1] + 1, (), generator=generator))
    less = F.interpolate(images, small, mode="bilinear", antialias=True, align_corners=False)
    borders = (left, width - small[1] - left, top, height - small[0] - top)
    return F.pad(less - 0.5, borders) + 0.5


def compressed(quality: int) -> Passage:
    """Through JPEG of a quality 1..100."""
    return Passage(f"jpeg{quality}", partial(_compress, quality=quality))


def shrunk(factor: float) -> Passage:
    """Through a smaller size and back; the factor is above 0 and at most 1."""
    if not 0 < factor <= 1:
        raise UsageError(f"Expected a factor above 0 and at most 1, got {factor}: 0.5 is usual.")
    return Passage(f"resize{factor:g}", partial(_shrink, factor=factor))


def varied(least: float = 0.8) -> Passage:
    """Input diversity: another size and place at every iteration, so that a cloak fits other models too."""
    if not 0 < least <= 1:
        raise UsageError(f"Expected a factor above 0 and at most 1, got {least}: 0.8 is usual.")
    return Passage(f"varied{least:g}", partial(_vary, least=least), judged=False)


AS_IS = Passage("as-is", _as_is)
ONCE_COMPRESSED = (AS_IS, compressed(90))
"""What nearly every site does to a photo that is uploaded."""
ROBUST = (AS_IS, compressed(90), compressed(75), shrunk(0.75))
"""What a photo on a site usually meets. Each costs as much as the model itself."""
