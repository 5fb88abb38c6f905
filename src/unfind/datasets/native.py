"""Photos at the size they have, one by one: for whatever must not depend on a model's input."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from unfind.datasets.archive import photo_archive
from unfind.datasets.folder import photo_folder
from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.spec import load
from unfind.errors import DataError, ImageError
from unfind.images.decode import decode
from unfind.images.photo import Photo

HELD_OUT = 5
"""Every so many photos, in their order, one is not learned from when a mark is trained: the last of them."""


def photos_of(spec: str) -> PhotoSet:
    """All photos of a folder or a zip; of another data set its test part.

    Raises:
        UsageError: a word that means nothing.
        DataError: the data are absent or damaged.
    """
    path = Path(spec)
    if path.suffix.lower() == ".zip":
        return photo_archive(path)
    return photo_folder(path) if path.is_dir() else load(spec).test


def held_out(photos: PhotoSet) -> PhotoSet:
    """The photos that the training of a mark leaves out, whoever trained it; all of them where they are few."""
    left = np.arange(HELD_OUT - 1, len(photos), HELD_OUT)
    return photos.subset(left.tolist()) if len(left) else photos


def native_photos(photos: PhotoSet, count: int) -> Iterator[Photo]:
    """Decode photos, evenly chosen, and pass over those that cannot be read.

    Args:
        photos: where from.
        count: how many at most.

    Raises:
        DataError: not one of them can be read.
    """
    chosen = np.unique(np.linspace(0, len(photos) - 1, min(count, len(photos))).astype(int))
    found = 0
    for index in chosen:
        try:
            photo = decode(photos.read(int(index)))
        except ImageError:
            continue
        found += 1
        yield photo
    if not found:
        raise DataError(f"Expected photos in {photos.name}, got none that can be read: choose other data.")
