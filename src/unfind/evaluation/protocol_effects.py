"""What two habits of the paper protocol add to a score: the same ranking, with and without each of them.

The habits are to throw the first hit away instead of the query's own photo, and to count n_c, the class with the
query's photo in it, instead of the R = n_c - 1 items that can be found. ``map_own_r`` is ``map_r`` of the strict
protocol, ``map_first_nc`` is ``map_c`` of the paper's; the two between them change one habit at a time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.evaluation.bootstrap import Column
from unfind.evaluation.checks import check_embeddings, check_ids, check_pair
from unfind.evaluation.paper import best_items
from unfind.evaluation.similarity import similarity_blocks

VARIANTS = ("map_own_r", "map_own_nc", "map_first_r", "map_first_nc")
RECALLS = ("recall@1_own", "recall@1_first")
STRANGER = "first_is_stranger"
"""Whether the best item is another photo than the query's own or its twin."""


def protocol_effects(
    query: ArrayLike, gallery: ArrayLike, labels: ArrayLike, *, chunk: int | None = None
) -> dict[str, Column]:
    """Score every photo of a test set against all of them in every way.

    Args:
        query: (N, D) L2-normalised rows.
        gallery: (N, D) L2-normalised rows of the same photos in the same order.
        labels: (N,) integers or strings.
        chunk: queries per block; it changes no number.

    Returns:
        {name: (Q,) in 0..1} of VARIANTS, RECALLS and STRANGER, for the Q queries whose class has another photo: "own"
        leaves out the query's photo and its twin by identity, "first" the best item whatever it is; "r" stops at the
        R relevant items and divides by R, "nc" stops at n_c and divides by it. Equal similarities stand in the order
        of the gallery.

    Raises:
        EvaluationError: arrays that cannot be scored or do not pair up; the message names the argument.
    """
    rows, items = check_embeddings(query, "query"), check_embeddings(gallery, "gallery")
    check_pair(rows, items)
    codes = np.unique(check_ids(labels, "labels", len(rows)), return_inverse=True)[1]
    check_ids(labels, "labels", len(items))
    sizes = np.bincount(codes)[codes]
    scored = [
        _score(row, codes, first + place, int(sizes[first + place]))
        for first, similarities in similarity_blocks(rows, items, chunk)
        for place, row in enumerate(similarities)
        if sizes[first + place] > 1
    ]
    return {name: np.array([one[name] for one in scored], np.float64) for name in (*VARIANTS, *RECALLS, STRANGER)}


def _score(row: NDArray[np.float64], codes: NDArray[np.int64], own: int, size: int) -> dict[str, float]:
    """Every way to score one query."""
    order = best_items(row, min(len(row), size + 1))
    found = {STRANGER: float(order[0] != own)}
    for name, kept in (("own", order[order != own][:size]), ("first", order[1:])):
        right = codes[kept] == codes[own]
        precision = np.where(right, np.cumsum(right) / np.arange(1, len(right) + 1), 0.0)
        found[f"map_{name}_r"] = float(precision[: size - 1].sum() / (size - 1))
        found[f"map_{name}_nc"] = float(precision[:size].sum() / size)
        found[f"recall@1_{name}"] = float(right[0])
    return found
