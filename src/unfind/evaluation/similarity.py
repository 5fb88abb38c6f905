r"""Cosine similarities that come out the same, bit for bit, however the work is cut.

A floating-point sum depends on the order of its terms, and a BLAS chooses that order by block size, thread
count and processor. Two runs may then break a tie differently. Here no rounding takes place at all, so that
no order can matter:

1. Coordinates are rounded once to multiples of 2**-26. That moves one by at most 2**-27, which is what
   float32 itself does to a coordinate near 1/4 or above, and a similarity by about 1e-8.
2. A product of two such numbers is a whole multiple of 2**-52.
3. Every partial sum, over any subset S of the coordinates and in any order, is at most ||q_S|| ||g_S|| <=
   ||q|| ||g|| (Cauchy-Schwarz). A row of norm at most 1 + t has norm at most 1 + t + sqrt(D) 2**-27 after
   rounding. With t <= 0.4 that is below sqrt(2) for every D up to 2**41, so partial sums stay within [-2, 2].
4. Float64 holds every multiple of 2**-52 in [-2, 2] exactly: they are the integers up to 2**53, scaled.

Hence each product, each fused multiply-add and each addition is exact, and the result is the one rational
number. 26 is the largest number of bits for which step 4 holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Multiples of 2**-26: the finest grid on which sums of products of unit vectors are exact in float64.
GRID = 2.0**26

# One block of queries and their similarities. A few dozen rows against 60,000 items already keep the matrix
# product efficient; larger blocks only leave the processor's caches.
BLOCK_BYTES = 64 * 2**20


def on_grid(embeddings: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Round coordinates to multiples of 2**-26, in float64, ready for exact products.

    Args:
        embeddings: (N, D) rows of norm at most 1.4.

    Returns:
        (N, D) float64, each coordinate within 2**-27 of the given one.
    """
    rounded = embeddings.astype(np.float64)
    rounded *= GRID
    np.rint(rounded, out=rounded)
    rounded /= GRID
    return rounded


def default_chunk(n_gallery: int, dimensions: int, *, block_bytes: int = BLOCK_BYTES) -> int:
    """How many queries to take at a time.

    Args:
        n_gallery: items each query is compared with.
        dimensions: length of an embedding.
        block_bytes: memory that the float64 queries and their similarities may take together.
    """
    return max(1, block_bytes // (8 * (n_gallery + dimensions)))


def similarity_blocks(
    query: NDArray[np.floating[Any]], gallery: NDArray[np.floating[Any]], chunk: int | None = None
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Compare every query with every gallery item, some queries at a time.

    Args:
        query: (Q, D) unit rows.
        gallery: (G, D) unit rows.
        chunk: queries per block; None takes as many as `BLOCK_BYTES` allows. It cannot change a bit of the
            result.

    Yields:
        The first query of the block, and its (at most chunk, G) exact similarities, the caller's to
        overwrite.
    """
    columns = on_grid(gallery).T
    step = default_chunk(*gallery.shape) if chunk is None else chunk
    for first in range(0, len(query), step):
        yield first, on_grid(query[first : first + step]) @ columns
