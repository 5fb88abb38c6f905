"""What the gallery asks of a model: pictures in, unit vectors out, and a name for the vectors' space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Anything that can be called like this is an embedder; no base class is needed."""

    @property
    def fingerprint(self) -> str:
        """Which model this is: equal fingerprints mean comparable embeddings."""

    @property
    def dimension(self) -> int:
        """Numbers per embedding, at least 1."""

    def __call__(self, images: Sequence[NDArray[np.uint8]], /) -> NDArray[np.float32]:
        """Embed pictures.

        Args:
            images: N arrays uint8 (H, W, 3), sRGB, upright, each of its own size.

        Returns:
            float32 (N, dimension), each row of length 1.
        """
