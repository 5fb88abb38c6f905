"""Two towers: text and image embeddings in one space, of which a protected photo must be found by neither.

The interface to models such as CLIP: a retrofit of the image tower alone moves protected photos away from the texts
that describe them, as the texts lie where clean photos of the same things do. The text tower stays as it is.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class TextTower(Protocol):
    """Texts to unit embeddings in the space of an image tower."""

    def __call__(self, texts: list[str]) -> Tensor:
        """Embed N texts, (N, D)."""


def text_recall(texts: Tensor, images: Tensor, *, at: int = 1) -> Tensor:
    """Share of texts whose own image is among the nearest, a scalar in 0..1.

    Args:
        texts: (N, D) unit embeddings; text i describes image i.
        images: (N, D) unit embeddings of the gallery.
        at: how many of the nearest images count; ties are the searcher's luck.
    """
    cosines = texts @ images.T
    better = (cosines > cosines.diagonal()[:, None]).sum(1)
    return (better < at).double().mean()
