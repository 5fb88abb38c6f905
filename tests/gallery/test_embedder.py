from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unfind.gallery.embedder import Embedder


class Constant:
    """The smallest embedder there can be."""

    fingerprint = "constant"
    dimension = 2

    def __call__(self, images: Sequence[np.ndarray], /) -> np.ndarray:
        return np.tile(np.array([1.0, 0.0], np.float32), (len(images), 1))


def embed_two(embedder: Embedder) -> np.ndarray:
    return embedder([np.zeros((4, 6, 3), np.uint8), np.zeros((9, 2, 3), np.uint8)])


def test_a_class_needs_no_base_class_to_be_an_embedder() -> None:
    assert embed_two(Constant()).shape == (2, 2)
