"""Caltech-UCSD Birds-200-2011 (Wah et al., 2011) in its official layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from unfind.datasets.folder import FolderReader
from unfind.datasets.listing import count_notes, official_root, read_rows, require_files
from unfind.datasets.photo_set import PhotoSet, by_class_name
from unfind.datasets.split import Split, split_by_class
from unfind.errors import DataError

HINT = (
    "get CUB-200-2011 from https://www.vision.caltech.edu/datasets/cub_200_2011/ and unpack it, so that "
    "the folder holds images.txt, image_class_labels.txt, classes.txt and "
    "images/001.Black_footed_Albatross/..."
)
COUNTS = {"all": 11_788, "training and validation": 5_864, "test": 5_924}


def cub200(root: Path, *, train_classes: int = 100) -> Split:
    """CUB-200-2011, zero-shot, cut as by Song et al. (CVPR 2016).

    Classes 1-100 are for training and validation, 101-200 for test.

    Args:
        root: the folder CUB_200_2011, or the one around it.
        train_classes: cut after another class than the hundredth.

    Raises:
        DataError: the folder or a listed photo is absent, or the lists do not fit together.
        UsageError: `train_classes` leaves a part without classes.
    """
    home = official_root(root, "images.txt", inside=("CUB_200_2011",), hint=HINT)
    photos = _photos(home)
    split = split_by_class(photos, train_classes=train_classes)
    learned = len(split.train) + len(split.validation)
    found = {"all": len(photos), "training and validation": learned, "test": len(split.test)}
    expected = COUNTS if train_classes == 100 else {"all": COUNTS["all"]}
    return replace(split, notes=split.notes + count_notes("CUB-200-2011", found, expected))


def _photos(home: Path) -> PhotoSet:
    paths = dict(read_rows(home / "images.txt", 2))
    numbers = dict(read_rows(home / "image_class_labels.txt", 2))
    titles = dict(read_rows(home / "classes.txt", 2))
    if paths.keys() != numbers.keys() or not set(numbers.values()) <= titles.keys():
        raise DataError(
            f"images.txt, image_class_labels.txt and classes.txt in {home} must speak of the same photos "
            "and classes, but do not; unpack all three again."
        )
    files = [f"images/{path}" for path in paths.values()]
    require_files(home, files, "images.txt")
    classes = [titles[numbers[photo]] for photo in paths]
    return by_class_name("cub200", files, classes, FolderReader(home))
