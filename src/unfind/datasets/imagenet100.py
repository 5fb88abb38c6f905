"""ImageNet-100: a hundred classes of ILSVRC 2012 (Russakovsky et al., IJCV 2015), for hashing as in HashNet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.folder import FolderReader, photos_below
from unfind.datasets.hash_lists import has_lists, listed_split
from unfind.datasets.hash_split import VALIDATION, hash_split
from unfind.datasets.listing import count_notes, official_root
from unfind.datasets.photo_set import PhotoSet, by_class_name
from unfind.datasets.split import Split
from unfind.errors import DataError

HINT = (
    "get ILSVRC 2012 from https://image-net.org/download-images.php and keep a hundred of its classes, so that the "
    "folder holds train/SYNSET/*.JPEG and val/SYNSET/*.JPEG; or add HashNet's train.txt, test.txt and database.txt, "
    "which say which classes the papers took"
)
CLASSES = 100
COUNTS = {"query": 5000, "database": 128_503}
TRAIN_OF_A_CLASS = 100


def imagenet100(root: Path, *, classes: int = CLASSES, train_of_a_class: int = TRAIN_OF_A_CLASS) -> Split:
    """ImageNet-100: the official validation photos query the official training photos.

    With train.txt, test.txt and database.txt in the folder the split is theirs. Else 100 photos of each class, drawn
    by lot and always the same, are for training; which classes there are is up to whoever made the folder.

    Args:
        root: folder with train/ and val/, or with the lists and the photos they name.
        classes: how many there must be.
        train_of_a_class: training photos of each.

    Raises:
        DataError: a part or a class is absent, or too few photos.
    """
    if has_lists(root):
        return _noted(listed_split("imagenet100", root))
    official_root(root, "train", hint=HINT)
    official_root(root, "val", hint=HINT)
    files = [
        f"{part}/{file}" for part in ("train", "val") for file in photos_below(root / part) if file.count("/") == 1
    ]
    photos = by_class_name("imagenet100", files, [file.split("/")[1] for file in files], FolderReader(root))
    query = np.array([file.startswith("val/") for file in files])
    _require_classes(photos, query, classes, train_of_a_class)
    order = np.random.default_rng(0).permutation(np.flatnonzero(~query))
    ranked = [order[photos.labels[order] == label] for label in range(classes)]
    train = np.concatenate([chosen[:train_of_a_class] for chosen in ranked])
    left = np.setdiff1d(order, train, assume_unique=True)
    validation = np.random.default_rng(1).permutation(left)[:VALIDATION]
    parts = {"query": np.flatnonzero(query), "train": np.sort(train), "validation": np.sort(validation)}
    choice = (
        "Which hundred classes of ImageNet these are decides the figures; only HashNet's lists make them comparable."
    )
    return _noted(hash_split(photos, parts, (choice,)))


def _noted(split: Split) -> Split:
    assert split.gallery is not None
    found = {"query": len(split.test), "database": len(split.gallery)}
    return replace(split, notes=split.notes + count_notes("ImageNet-100", found, COUNTS))


def _require_classes(photos: PhotoSet, query: NDArray[np.bool_], classes: int, least: int) -> None:
    if len(photos.classes) != classes:
        raise DataError(f"ImageNet-100 must have {classes} classes, but has {len(photos.classes)} here; {HINT}.")
    for part, mask, needed in (("train", ~query, least + 1), ("val", query, 1)):
        counts = np.bincount(photos.labels[mask], minlength=classes)
        if counts.min() < needed:
            raise DataError(
                f"each class needs at least {needed} photos in {part}/, but {photos.classes[counts.argmin()]} has "
                f"{counts.min()}; unpack it completely."
            )
