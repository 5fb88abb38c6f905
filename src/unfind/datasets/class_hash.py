"""Any photos in classes, split as hashing papers do: the same classes are searched for that were trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.hash_split import hash_split
from unfind.datasets.photo_set import PhotoSet, by_class_name
from unfind.datasets.split import Split, class_counts
from unfind.errors import DataError

QUERY_SHARE, VALIDATION_SHARE = 0.2, 0.1
"""Of each class; the rest of it is trained on, and all but the queries are the database."""
LEAST = 6
"""Photos of a class: one to search with, two to validate on, three to train on and to find."""
SEED = 0
"""Of the lot; the split belongs to the photos and not to an experiment, whose seeds share it."""


def class_hash(split: Split) -> Split:
    """Deal the photos of a split anew, each class to every part.

    Args:
        split: of any kind; its parts are joined first.

    Raises:
        DataError: fewer than two classes with `LEAST` photos, or photos with tags, whose data sets have a split of
            their own.
    """
    photos = _joined(split)
    counts = class_counts(photos)
    usable = np.flatnonzero(counts >= LEAST)
    if len(usable) < 2:
        raise DataError(
            f"{photos.name} needs at least 2 classes of {LEAST} photos for hashing, but has {len(usable)}; add photos."
        )
    random = np.random.default_rng(SEED)
    parts: dict[str, list[NDArray[np.int64]]] = {"query": [], "validation": [], "train": []}
    for label in usable:
        order = random.permutation(np.flatnonzero(photos.labels == label))
        query = max(1, int(QUERY_SHARE * len(order)))
        validation = query + max(2, int(VALIDATION_SHARE * len(order)))
        for name, dealt in zip(parts, np.split(order, [query, validation]), strict=True):
            parts[name].append(dealt)
    left_out = int((counts > 0).sum()) - len(usable)
    note = f"{left_out} classes have fewer than {LEAST} photos: these are only searched in."
    return hash_split(
        photos, {name: np.sort(np.concatenate(dealt)) for name, dealt in parts.items()}, (note,) if left_out else ()
    )


def _joined(split: Split) -> PhotoSet:
    """All photos of all parts, each once."""
    given = [split.train, split.validation, split.test, *([split.gallery] if split.gallery is not None else [])]
    name = split.train.name.partition("/")[0]
    if split.train.tags is not None:
        raise DataError(f"{name} has a hashing split of its own, as its photos have tags; take it without hash:.")
    class_of = {
        file: part.classes[label] for part in given for file, label in zip(part.files, part.labels, strict=True)
    }
    files = sorted(class_of)
    return by_class_name(name, files, [class_of[file] for file in files], split.train.reader)
