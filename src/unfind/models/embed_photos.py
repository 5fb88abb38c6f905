"""Photos to vectors in one call, for whoever keeps vectors in a store of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unfind.errors import ImageError, UsageError
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.files import read_photo
from unfind.images.limits import DEFAULT_LIMITS, Limits
from unfind.models.embed import Embedder
from unfind.models.precision import best_device
from unfind.models.weights import fingerprint_of, load_encoder

Photo = Path | str | bytes | NDArray[np.uint8]
"""A file, the bytes of one, or its pixels: uint8 (H, W, 3), sRGB, upright."""


def load_embedder(run: Path | str, *, backbone: str | None = None) -> Embedder:
    """Load a model once, for many calls of :func:`embed`.

    Args:
        run: The model's folder.
        backbone: FILE.py:FUNCTION, for a model whose backbone is code of one's own.

    Returns:
        The model, on the best device of this machine.

    Raises:
        ModelError: The folder holds no model, or a damaged one.
    """
    encoder, card = load_encoder(Path(run), backbone=backbone)
    return Embedder(encoder.to(best_device()), fingerprint_of(card))


def embed(
    photos: Iterable[Photo], model: Path | str | Embedder, *, batch: int = 64, limits: Limits = DEFAULT_LIMITS
) -> NDArray[np.float32]:
    """Turn photos into vectors, in the same way as a gallery does it.

    Args:
        photos: Any number of them, of any sizes.
        model: A model's folder, or what :func:`load_embedder` gave.
        batch: Photos decoded and embedded at once, at least 1; memory grows with it.
        limits: What a photo may cost.

    Returns:
        float32 (N, D), rows of length 1, in the order of the photos.

    Raises:
        UsageError: A single photo instead of several, or a batch below 1.
        ImageError: A photo cannot be read; the message tells which one, counted from 0 where it has no path.
        ModelError: The folder holds no model, or a damaged one.
    """
    if isinstance(photos, Path | str | bytes | np.ndarray):
        raise UsageError("Expected photos, got a single one: put it into a list.")
    if batch < 1:
        raise UsageError(f"Expected a batch of at least 1 photo, got {batch}: 64 is usual.")
    embedder = model if isinstance(model, Embedder) else load_embedder(model)
    rows = [np.zeros((0, embedder.dimension), np.float32)]
    pixels = (_pixels(photo, number, limits) for number, photo in enumerate(photos))
    rows.extend(embedder(part) for part in _parts(pixels, batch))
    return np.concatenate(rows)


def _parts(pixels: Iterator[NDArray[np.uint8]], batch: int) -> Iterator[list[NDArray[np.uint8]]]:
    while part := list(islice(pixels, batch)):
        yield part


def _pixels(photo: Photo, number: int, limits: Limits) -> NDArray[np.uint8]:
    if isinstance(photo, Path | str):
        return srgb(read_photo(Path(photo), limits=limits))
    if isinstance(photo, bytes):
        try:
            return srgb(decode(photo, limits=limits))
        except ImageError as error:
            raise type(error)(f"photo {number}: {error}") from error
    array = np.asarray(photo)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise ImageError(
            f"photo {number}: expected pixels uint8 (H, W, 3), got {array.dtype} {array.shape}; convert it to RGB"
        )
    return array
