"""Binary codes: signs of logits, packed into bytes, and exact search by Hamming distance."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.errors import ModelError, UsageError

BITS_IN_A_BYTE = 8
MOST_BITS = 1024
"""Longer codes gain nothing over embeddings."""
Codes = NDArray[np.floating[Any]] | NDArray[np.signedinteger[Any]]


def check_bits(bits: int) -> int:
    """Return a length of code that fills whole bytes.

    Raises:
        UsageError: it is no multiple of 8 in 8..MOST_BITS.
    """
    if not BITS_IN_A_BYTE <= bits <= MOST_BITS or bits % BITS_IN_A_BYTE:
        raise UsageError(
            f"Expected a multiple of 8 bits from 8 to {MOST_BITS}, got {bits}: 16, 32, 48 and 64 are usual."
        )
    return bits


def signs(logits: Tensor) -> Tensor:
    """The code of logits of any shape: +1 where a logit is 0 or more, else -1; NaN stays NaN, so that it is noticed."""
    one = torch.ones_like(logits)
    return torch.where(logits.isnan(), logits, torch.where(logits >= 0, one, -one))


def pack(codes: Codes) -> NDArray[np.uint8]:
    """Codes as bytes, eight bits to each, the first bit highest.

    Args:
        codes: (N, K) whose signs are the bits, such as -1 and +1 or these over the root of K; 0 counts as +1.

    Returns:
        uint8 (N, K / 8).

    Raises:
        UsageError: K is no multiple of 8 in 8..1024.
        ModelError: not a matrix, or NaN in it.
    """
    rows = np.asarray(codes)
    if rows.ndim != 2:
        raise ModelError(f"Expected codes (N, bits), got the shape {rows.shape}: pass one row for each image.")
    check_bits(rows.shape[1])
    if np.isnan(rows).any():
        raise ModelError("Expected codes of -1 and +1, got NaN: check the weights of the model.")
    return np.packbits(rows >= 0, axis=1)


def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bytes (N, K / 8) as codes (N, K) of -1 and +1; undoes ``pack``.

    Raises:
        ModelError: not a matrix of bytes.
    """
    return 2 * np.unpackbits(_bytes(packed), axis=1).astype(np.float32) - 1


def unit_codes(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bytes (N, K / 8) as unit vectors (N, K): what a hash encoder gives and every metric takes."""
    codes = unpack(packed)
    return codes / np.float32(np.sqrt(codes.shape[1]))


def hamming_distances(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.int64]:
    """In how many bits packed codes (M, B) differ from packed codes (N, B), (M, N).

    Raises:
        ModelError: not bytes, or codes of different lengths.
    """
    first, second = _pair(left, right)
    distances = np.empty((len(first), len(second)), np.int64)
    for place, row in enumerate(first):  # row by row: all at once would take a byte of memory per byte compared
        np.bitwise_count(row ^ second).sum(1, dtype=np.int64, out=distances[place])
    return distances


def hamming_search(
    queries: NDArray[np.uint8], gallery: NDArray[np.uint8], k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The k gallery codes nearest to each query, by looking at all of them (faiss).

    Args:
        queries: packed codes (Q, B).
        gallery: packed codes (G, B).
        k: how many are wanted, at least 1; at most G are found.

    Returns:
        Their positions and their distances in bits, each (Q, min(k, G)). The distances are exact and rise. Of codes at
        the same distance any may stand first, and any may be cut off behind the k-th place: metrics that need a rule
        for ties take unit vectors instead.

    Raises:
        UsageError: k below 1.
        ModelError: not bytes, or codes of different lengths.
    """
    import faiss  # here alone: whoever only encodes need not wait for it

    if k < 1:
        raise UsageError(f"Expected to search for at least 1 code, got {k}: 10 is usual.")
    first, second = _pair(queries, gallery)
    index = faiss.IndexBinaryFlat(BITS_IN_A_BYTE * second.shape[1])
    index.add(second)
    distances, positions = index.search(first, min(k, len(second)))
    return positions.astype(np.int64), distances.astype(np.int64)


def _pair(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    first, second = _bytes(left), _bytes(right)
    if first.shape[1] != second.shape[1]:
        raise ModelError(
            f"Expected codes of one length, got {BITS_IN_A_BYTE * first.shape[1]} and "
            f"{BITS_IN_A_BYTE * second.shape[1]} bits: compare codes of one model."
        )
    return first, second


def _bytes(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows = np.ascontiguousarray(packed)
    if rows.ndim != 2 or rows.dtype != np.uint8 or not rows.shape[1]:
        raise ModelError(f"Expected packed codes, uint8 (N, bytes), got {rows.dtype} {rows.shape}: use pack().")
    return rows
