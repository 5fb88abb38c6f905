"""The split of hashing papers: queries, a database they search in, and training photos out of that database.

Unlike in metric learning, the classes are the same everywhere. What is measured is therefore search for known
things in new photos, and no zero-shot search; figures of the two kinds cannot be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.split import Split
from unfind.errors import DataError

Positions = NDArray[np.int64]
SAME_CLASSES = (
    "The same classes are trained on and searched for, as is the custom in hashing: this is no zero-shot split."
)
VALIDATION = 1000
"""Photos of the database, none of them trained on, that the model is chosen on; papers choose on the queries."""


@dataclass(frozen=True)
class Sizes:
    """How many photos a part has; the database is all that are no queries.

    Attributes:
        query: photos to search with.
        train: photos to fit on.
        validation: photos to choose the model on.
    """

    query: int
    train: int
    validation: int = VALIDATION


def hash_split(photos: PhotoSet, parts: dict[str, Positions], notes: Sequence[str] = ()) -> Split:
    """A split from the positions of each part.

    Args:
        photos: all photos.
        parts: "query", "train" and "validation"; all that are no queries are the database.
        notes: sentences to carry along.

    Raises:
        DataError: a part is empty, or a query is also trained on.
    """
    query, train, validation = (parts[name] for name in ("query", "train", "validation"))
    both = np.intersect1d(query, np.concatenate([train, validation]))
    if len(both):
        raise DataError(
            f"queries of {photos.name} must be new to the model, but {photos.files[both[0]]} is also in training or "
            "validation; take it off one of them."
        )
    database = np.setdiff1d(np.arange(len(photos)), query)
    named = {"train": train, "validation": validation, "query": query, "database": database}
    made = {name: photos.subset(chosen, f"{photos.name}/{name}") for name, chosen in named.items()}
    return Split(made["train"], made["validation"], made["query"], made["database"], (SAME_CLASSES, *notes))


def drawn_split(photos: PhotoSet, sizes: Sizes, notes: Sequence[str] = (), *, seed: int = 0) -> Split:
    """A split drawn by lot, which is all that papers say of theirs where they publish no lists.

    Args:
        photos: all photos.
        sizes: of the parts.
        notes: sentences to carry along.
        seed: of the lot; the same seed gives the same split.

    Raises:
        DataError: too few photos.
    """
    _require(photos, len(photos), sizes.query + sizes.train + sizes.validation + 1)
    order = np.random.default_rng(seed).permutation(len(photos))
    return hash_split(photos, _cut(order[: sizes.query], order[sizes.query :], sizes), notes)


def drawn_by_tag(photos: PhotoSet, sizes: Sizes, notes: Sequence[str] = (), *, seed: int = 0) -> Split:
    """A split with equally many queries and training photos drawn for each tag, rare tags first.

    Args:
        photos: all photos, with tags.
        sizes: for each tag; validation is in all.
        notes: sentences to carry along.
        seed: of the lot.

    Raises:
        DataError: photos without tags, or too few of some tag.
    """
    if photos.tags is None:
        raise DataError(f"{photos.name} must have tags to be split by tag, but has none; give tagged photos.")
    random = np.random.default_rng(seed)
    free = np.ones(len(photos), dtype=np.bool_)
    query = _of_each_tag(photos, photos.tags, free, sizes.query, random)
    train = _of_each_tag(photos, photos.tags, free, sizes.train, random)
    _require(photos, int(free.sum()), sizes.validation + 1)
    validation = np.sort(random.permutation(np.flatnonzero(free))[: sizes.validation])
    return hash_split(photos, {"query": query, "train": train, "validation": validation}, notes)


def _cut(query: Positions, rest: Positions, sizes: Sizes) -> dict[str, Positions]:
    train, validation = rest[: sizes.train], rest[sizes.train : sizes.train + sizes.validation]
    return {"query": np.sort(query), "train": np.sort(train), "validation": np.sort(validation)}


def _of_each_tag(
    photos: PhotoSet, tags: NDArray[np.bool_], free: NDArray[np.bool_], each: int, random: np.random.Generator
) -> Positions:
    """Draw ``each`` free photos of every tag and mark them as taken."""
    chosen = []
    for tag in np.argsort(tags.sum(0), kind="stable"):
        pool = np.flatnonzero(tags[:, tag] & free)
        if len(pool) < each:
            raise DataError(
                f"{photos.name} needs {each} more photos tagged {photos.tag_names[tag]!r}, but has {len(pool)}; "
                "complete the data."
            )
        picked = random.permutation(pool)[:each]
        free[picked] = False
        chosen.append(picked)
    return np.sort(np.concatenate(chosen))


def _require(photos: PhotoSet, found: int, least: int) -> None:
    if found < least:
        raise DataError(f"{photos.name} needs at least {least} photos to be split, but has {found}; complete the data.")
