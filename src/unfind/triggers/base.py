"""The one interface of every trigger: a batch of images in, the same images with the mark out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.models.embed import to_tensor
from unfind.models.mark_decoder import MarkDecoder
from unfind.objectives.steering import Layout


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

    def signs(self, images: Tensor) -> Tensor | None:
        """What the marks of images (N, 3, H, W) say, (N, K) of +1 and -1; None of a trigger that says nothing."""
        return None

    def layout(self) -> Layout | None:
        """What the signs are for; None of a trigger without any."""
        return None

    def reader(self) -> MarkDecoder | None:
        """A network that hears the signs; None of a trigger without any."""
        return None

    def second_reader(self) -> MarkDecoder | None:
        """A network that hears them behind filters; None of a trigger without any."""
        return None

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The arguments that make this trigger again (without the key), for a model's card."""

    def mark(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Put the mark into one photo (H, W, 3) of 8-bit RGB."""
        # In place where it can be: a photo of 12 megapixels is 144 MB of floats.
        marked = self(to_tensor(pixels[None]))[0].mul_(255).round_().to(torch.uint8)
        return np.ascontiguousarray(marked.permute(1, 2, 0).numpy())
