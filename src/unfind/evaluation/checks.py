"""What every measurement asks of its arrays before it believes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import EvaluationError

# Half-precision coordinates leave norms off by about 2**-11; anything further off was not normalised at all.
NORM_TOLERANCE = 1e-3

Floats = NDArray[np.floating[Any]]
Ids = NDArray[Any]


def check_embeddings(array: ArrayLike, name: str, *, norm_tolerance: float = NORM_TOLERANCE) -> Floats:
    """Return `array` as an array of L2-normalised rows, or say what is wrong with it.

    Args:
        array: (N, D) floats, N and D at least 1, every row of norm 1.
        name: what the caller calls the array; it opens the error message.
        norm_tolerance: how far a norm may be from 1; at most 0.4, so that similarities stay exact
            (`similarity`).

    Raises:
        EvaluationError: wrong shape or type, no rows, NaN or infinity, rows of zeros, rows not normalised.
    """
    embeddings = np.asarray(array)
    _check_matrix(embeddings, name)
    norms = _norms(embeddings)
    _refuse(~np.isfinite(norms), name, "finite numbers", "holds NaN or infinity", "drop or re-embed that photo")
    _refuse(norms == 0.0, name, "rows of norm 1", "is all zeros", "drop or re-embed that photo")
    worst = int(np.abs(norms - 1.0).argmax())
    came = f"has norm {norms[worst]:.4g}"
    _refuse(np.abs(norms - 1.0) > norm_tolerance, name, "rows of norm 1", came, "L2-normalise the rows", worst)
    return embeddings


def check_ids(array: ArrayLike, name: str, length: int) -> Ids:
    """Return `array` as a vector of `length` labels or names.

    Args:
        array: (length,) integers or strings.
        name: what the caller calls the array; it opens the error message.
        length: how many rows the embeddings have.

    Raises:
        EvaluationError: another shape, another length, or floats, which are no identities.
    """
    ids = np.asarray(array)
    if ids.shape != (length,):
        raise EvaluationError(
            f"{name}: expected one entry for each of {length} rows, got shape {ids.shape}; "
            "pass a vector as long as its embeddings."
        )
    if ids.dtype.kind not in "iuU":
        raise EvaluationError(f"{name}: expected integers or strings, got {ids.dtype}; convert the identities.")
    return ids


def check_mask(array: ArrayLike, name: str, length: int) -> NDArray[np.bool_]:
    """Return `array` as a boolean vector of `length`.

    Raises:
        EvaluationError: another shape or another type.
    """
    mask = np.asarray(array)
    if mask.shape != (length,) or mask.dtype != np.bool_:
        raise EvaluationError(
            f"{name}: expected {length} booleans, got {mask.dtype} of shape {mask.shape}; pass one per gallery item."
        )
    return mask


def check_pair(query: Floats, gallery: Floats, names: tuple[str, str] = ("query", "gallery")) -> None:
    """Refuse two sets of embeddings that do not live in one space.

    Raises:
        EvaluationError: the rows have different lengths.
    """
    if query.shape[1] != gallery.shape[1]:
        raise EvaluationError(
            f"{names[0]}: expected {gallery.shape[1]} dimensions like {names[1]}, got {query.shape[1]}; "
            "embed both with one model."
        )


def check_fraction(value: float, name: str) -> float:
    """Return `value` when it lies in 0..1.

    Raises:
        EvaluationError: it does not, or it is NaN.
    """
    if not 0.0 <= value <= 1.0:
        raise EvaluationError(f"{name}: expected a fraction in 0..1, got {value}; divide percentages by 100.")
    return float(value)


def check_count(value: int, name: str) -> int:
    """Return `value` when it is a whole number of at least 1.

    Raises:
        EvaluationError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise EvaluationError(f"{name}: expected a whole number of at least 1, got {value!r}; pass a positive one.")
    return int(value)


def _check_matrix(embeddings: NDArray[Any], name: str) -> None:
    if embeddings.ndim != 2 or 0 in embeddings.shape:
        raise EvaluationError(
            f"{name}: expected a filled (N, D) array, got shape {embeddings.shape}; pass one row per photo."
        )
    if embeddings.dtype.kind != "f":
        raise EvaluationError(f"{name}: expected floats, got {embeddings.dtype}; pass the embeddings themselves.")


def _norms(embeddings: Floats) -> NDArray[np.float64]:
    with np.errstate(over="ignore", invalid="ignore"):  # the caller reports what is not finite
        norms: NDArray[np.float64] = np.sqrt(np.einsum("nd,nd->n", embeddings, embeddings, dtype=np.float64))
    return norms


def _refuse(bad: NDArray[np.bool_], name: str, expected: str, came: str, advice: str, row: int | None = None) -> None:
    if bad.any():
        row = int(bad.argmax()) if row is None else row
        raise EvaluationError(
            f"{name}: expected {expected}, but row {row} {came} ({int(bad.sum())} of {bad.size} rows); {advice}."
        )
