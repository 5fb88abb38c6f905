"""What counts as an embedding: finite rows of length 1 with the gallery's dimensions, or rows of bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import GalleryError
from unfind.gallery.card import Kind

LENGTH_TOLERANCE = 1e-3
"""Half-precision embeddings are off by about 5e-4; a vector that nobody normalised is off by far more."""


def stored_rows(vectors: ArrayLike, dimension: int, kind: Kind) -> NDArray[np.float32] | NDArray[np.uint8]:
    """Check embeddings and bring them into the form that the gallery stores.

    Args:
        vectors: As for :func:`unit_rows` or :func:`packed_codes`.
        dimension: Numbers or bits per embedding.
        kind: Which of the two.

    Returns:
        float32 (N, dimension), or uint8 (N, dimension / 8).

    Raises:
        GalleryError: When they do not fit.
    """
    return unit_rows(vectors, dimension) if kind == "cosine" else packed_codes(vectors, dimension)


def packed_codes(vectors: ArrayLike, bits: int) -> NDArray[np.uint8]:
    """Turn codes into packed bits; numbers give the bit 1 where they are above 0.

    Args:
        vectors: (N, bits) finite numbers such as codes in {-1, +1}, or uint8 (N, bits / 8) that are packed already,
            the first bit in the highest place.
        bits: Bits per code, a multiple of 8.

    Returns:
        Contiguous uint8 (N, bits / 8).

    Raises:
        GalleryError: When the shape is another one or a number is not finite.
    """
    given = np.asarray(vectors) if isinstance(vectors, np.ndarray) else None
    if given is not None and given.dtype == np.uint8 and given.ndim == 2 and given.shape[1] == bits // 8:
        return np.ascontiguousarray(given)
    rows = _as_array(vectors, bits)
    if not np.isfinite(rows).all():
        raise GalleryError("codes must be finite numbers, but NaN or infinity came; look at the model that made them")
    return np.packbits(rows > 0, axis=1)


def unit_rows(vectors: ArrayLike, dimension: int) -> NDArray[np.float32]:
    """Check embeddings on their way into the gallery or into a search.

    Args:
        vectors: (N, D) numbers, N may be 0.
        dimension: The D that is expected, at least 1.

    Returns:
        Contiguous float32 (N, D).

    Raises:
        GalleryError: When the shape is another one, a value is not finite, or a row is not of length 1.
    """
    rows = _as_array(vectors, dimension)
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
    unfit = np.flatnonzero(~(np.abs(lengths - 1.0) <= LENGTH_TOLERANCE))
    if unfit.size:
        raise GalleryError(
            "embeddings must be finite and of length 1, "
            f"but row {unfit[0]} has length {lengths[unfit[0]]:.4g}; "
            "divide each row by its length, and look at the model if it gives zeros or NaN"
        )
    return rows


def _as_array(vectors: ArrayLike, dimension: int) -> NDArray[np.float32]:
    try:
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        came = f"{rows.shape}"
    except (ValueError, TypeError):  # rows of different lengths, or no numbers
        rows, came = np.empty(0, np.float32), "something ragged or not numeric"
    if rows.ndim != 2 or rows.shape[1] != dimension:
        raise GalleryError(
            f"this gallery takes embeddings of shape (N, {dimension}), but {came} came; "
            "use the model that the gallery was made with"
        )
    return rows
