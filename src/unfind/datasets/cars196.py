"""Stanford Cars, 196 makes and models (Krause et al., 3dRR 2013), in both of its official layouts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from unfind.datasets.folder import FolderReader
from unfind.datasets.listing import count_notes, official_root, require_files
from unfind.datasets.matlab import read_cells, read_struct
from unfind.datasets.photo_set import PhotoSet, by_class_name
from unfind.datasets.split import Split, split_by_class
from unfind.errors import DataError

HINT = (
    "get Stanford Cars, whose official page was http://ai.stanford.edu/~jkrause/cars/car_dataset.html, so "
    "that the folder holds either cars_annos.mat and car_ims/, or cars_train/, cars_test/, "
    "devkit/cars_train_annos.mat, devkit/cars_meta.mat and cars_test_annos_withlabels.mat"
)
COUNTS = {"all": 16_185, "training and validation": 8_054, "test": 8_131}
Labelled = list[tuple[str, int]]  # path of a photo and the number of its class, from 1


def cars196(root: Path, *, train_classes: int = 98) -> Split:
    """Cars196, zero-shot: classes 1-98 for training and validation, 99-196 for test (Song et al., CVPR 2016).

    The official partition into training and test photos is for classification and plays no part.

    Args:
        root: folder in one of the two layouts, or the folder around `stanford_cars` or `cars196`.
        train_classes: cut after another class than the 98th.

    Raises:
        DataError: the folder or a listed photo is absent, or an annotation file is damaged or has no classes.
        UsageError: `train_classes` leaves a part without classes.
    """
    photos = _photos(root)
    split = split_by_class(photos, train_classes=train_classes)
    learned = len(split.train) + len(split.validation)
    found = {"all": len(photos), "training and validation": learned, "test": len(split.test)}
    expected = COUNTS if train_classes == 98 else {"all": COUNTS["all"]}
    return replace(split, notes=split.notes + count_notes("Cars196", found, expected))


def _photos(root: Path) -> PhotoSet:
    inside = ("stanford_cars", "cars196")
    if any((root / folder / "cars_annos.mat").exists() for folder in ("", *inside)):
        home = official_root(root, "cars_annos.mat", inside=inside, hint=HINT)
        labelled, titles = _old_layout(home)
    else:
        home = official_root(root, "devkit/cars_train_annos.mat", inside=inside, hint=HINT)
        labelled, titles = _devkit_layout(home)
    files = [file for file, _ in labelled]
    require_files(home, files, "its annotation file")
    # The number goes first, so that the sorted order is the official one.
    classes = [f"{number:03d} {_title(titles, number, home)}" for _, number in labelled]
    return by_class_name("cars196", files, classes, FolderReader(home))


def _old_layout(home: Path) -> tuple[Labelled, list[str]]:
    path = home / "cars_annos.mat"
    return _labelled(path, "relative_im_path", ""), read_cells(path, "class_names")


def _devkit_layout(home: Path) -> tuple[Labelled, list[str]]:
    places = (home / "devkit", home)
    name = "cars_test_annos_withlabels.mat"
    with_classes = [place / name for place in places if (place / name).exists()]
    test = (with_classes or [home / "devkit/cars_test_annos.mat"])[0]
    labelled = _labelled(home / "devkit/cars_train_annos.mat", "fname", "cars_train/")
    labelled += _labelled(test, "fname", "cars_test/")
    return labelled, read_cells(home / "devkit/cars_meta.mat", "class_names")


def _labelled(path: Path, column: str, folder: str) -> Labelled:
    annotations = read_struct(path, "annotations")
    if column not in annotations or "class" not in annotations:
        raise DataError(
            f"{path} must give the columns {column} and class for each photo, but has "
            f"{', '.join(annotations) or 'none'}; use the file whose name ends in _withlabels.mat."
        )
    rows = zip(annotations[column], annotations["class"], strict=True)
    try:
        return [(f"{folder}{file}", int(number)) for file, number in rows]
    except ValueError as error:
        raise DataError(f"{path} must number its classes, but does not ({error}); unpack it again.") from error


def _title(titles: list[str], number: int, home: Path) -> str:
    if not 1 <= number <= len(titles):
        raise DataError(
            f"class numbers in {home} must lie in 1..{len(titles)}, the classes named, but one is "
            f"{number}; unpack the annotations again."
        )
    return titles[number - 1]
