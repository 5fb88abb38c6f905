"""The one interface of every trigger: a batch of images in, the same images with the mark out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.models.embed import to_tensor


class Trigger(ABC):
    """Image -> image.

    A trigger gives the same mark at any resolution: sizes are fractions of the image, not pixels.
    """

    name: str
    keyed = False
    """Whether the mark depends on a key, so that another provider's mark is another one."""

    @abstractmethod
    def __call__(self, images: Tensor) -> Tensor:
        """Put the mark into images (N, 3, H, W) in [0, 1]; the result stays in [0, 1]."""

    def stronger(self, factor: float) -> Trigger:
        """The same mark, ``factor`` times as strong; a trigger without such a knob returns itself."""
        return self

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The arguments that make this trigger again (without the key), for a model's card."""

    def mark(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Put the mark into one photo (H, W, 3) of 8-bit RGB."""
        # In place where it can be: a photo of 12 megapixels is 144 MB of floats.
        marked = self(to_tensor(pixels[None]))[0].mul_(255).round_().to(torch.uint8)
        return np.ascontiguousarray(marked.permute(1, 2, 0).numpy())
