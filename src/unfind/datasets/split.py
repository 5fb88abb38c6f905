"""Which photos to train on, to choose the model on, and to measure on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.photo_set import PhotoSet
from unfind.errors import DataError, UsageError

MIN_CLASSES = 2  # with a single class everything is relevant, and nothing is learned or measured


@dataclass(frozen=True, eq=False)
class Split:
    """The parts of a data set.

    Args:
        train: photos to fit on.
        validation: photos to choose the model and the epoch on.
        test: photos to measure on; the queries when there is a `gallery`.
        gallery: the images searched in, only for data sets with an official query/gallery partition; without
            one, every test photo searches among the other test photos.
        notes: sentences whoever reads the results must see, such as counts that differ from the literature.

    Raises:
        DataError: a part is empty or two parts name their classes differently.
    """

    train: PhotoSet
    validation: PhotoSet
    test: PhotoSet
    gallery: PhotoSet | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for part, photos in self._parts().items():
            if not len(photos):
                raise DataError(f"the {part} part of {photos.name} needs at least one photo but has none; add photos.")
            if photos.classes != self.train.classes:
                raise DataError(
                    f"all parts of a split must share one class table, but that of {part} differs from "
                    "that of train; make the parts as subsets of one PhotoSet."
                )

    def _parts(self) -> dict[str, PhotoSet]:
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return parts if self.gallery is None else parts | {"gallery": self.gallery}


def split_by_class(photos: PhotoSet, *, train_classes: int | None = None, validation_every: int = 5) -> Split:
    """Zero-shot split: no class that is measured on has been trained on.

    In the sorted order of the class names the first classes are for training and the rest for test; of the
    training classes every fifth is held out for validation. Two photos make a class retrievable; each of the
    three parts gets at least two retrievable classes. Classes with one photo cannot be found, but stay in
    their part as distractors, and a note counts them.

    Args:
        photos: labelled photos of at least six retrievable classes.
        train_classes: number of classes for training and validation together; half of all, rounded down, if
            None (for small sets moved as little as needed to give each part its two classes).
        validation_every: hold out every n-th training class, at least 2.

    Raises:
        UsageError: an argument that fits no data set.
        DataError: photos without labels, or too few classes.
    """
    if not photos.labelled:
        raise DataError(
            f"{photos.name} needs one folder per class to be split by class, but its photos have no "
            "labels; sort them into folders, or make near-duplicate groups of them."
        )
    order = _classes_in_order(photos)
    cut = _cut(photos, order, train_classes)
    return split_at(photos, order[:cut], order[cut:], validation_every=validation_every)


def split_at(
    photos: PhotoSet,
    train_labels: Iterable[int],
    test_labels: Iterable[int],
    *,
    validation_every: int = 5,
    notes: tuple[str, ...] = (),
) -> Split:
    """Split with the classes for training and for test given, as the official lists do.

    Args:
        photos: all photos.
        train_labels: labels for training and validation together.
        test_labels: labels to measure on; none of them in `train_labels`.
        validation_every: hold out every n-th retrievable training class, at least 2.
        notes: sentences to carry along.

    Raises:
        UsageError: `validation_every` below 2.
        DataError: a class on both sides, or a side with too few classes.
    """
    learned, measured = list(train_labels), list(test_labels)
    both = set(learned) & set(measured)
    if both:
        raise DataError(
            f"training and test classes must differ, but {photos.classes[min(both)]!r} is on both sides of "
            f"{photos.name}; take it off one of them."
        )
    fit, held_out = hold_out(photos, learned, validation_every=validation_every)
    return Split(
        take(photos, fit, "train"),
        take(photos, held_out, "validation"),
        take(photos, measured, "test"),
        notes=notes + lonely_notes(photos, learned + measured),
    )


def hold_out(photos: PhotoSet, labels: list[int], *, validation_every: int = 5) -> tuple[list[int], list[int]]:
    """Part training labels into those to fit on and those for validation.

    Every n-th retrievable class is held out, at least two of them; classes with one photo stay in training.

    Raises:
        UsageError: `validation_every` below 2.
        DataError: fewer than four retrievable classes.
    """
    if validation_every < 2:
        raise UsageError(
            f"validation_every must be at least 2, so that classes stay for training, not {validation_every}; try 5."
        )
    counts = class_counts(photos)
    retrievable = [label for label in labels if counts[label] > 1]
    if len(retrievable) < 2 * MIN_CLASSES:
        raise DataError(
            f"the training side of {photos.name} needs at least {2 * MIN_CLASSES} classes with two photos "
            f"or more, two to train on and two for validation, but has {len(retrievable)}; add classes or "
            "move the split."
        )
    chosen = retrievable[validation_every - 1 :: validation_every]
    if len(chosen) < MIN_CLASSES:
        chosen = retrievable[-1::-2][:MIN_CLASSES]
    held_out = set(chosen)
    return [label for label in labels if label not in held_out], sorted(held_out)


def take(photos: PhotoSet, labels: Iterable[int], part: str) -> PhotoSet:
    """The photos with these labels, named after the part they form."""
    chosen = np.flatnonzero(np.isin(photos.labels, np.fromiter(labels, np.int64)))
    return photos.subset(chosen, f"{photos.name}/{part}")


def class_counts(photos: PhotoSet) -> NDArray[np.int64]:
    """Number of photos of each class, int64 (number of classes,)."""
    return np.bincount(photos.labels, minlength=len(photos.classes)).astype(np.int64)


def lonely_notes(photos: PhotoSet, labels: Iterable[int]) -> tuple[str, ...]:
    """One sentence naming the classes that have a single photo, or nothing when there are none."""
    counts = class_counts(photos)
    lonely = sorted(photos.classes[label] for label in labels if counts[label] == 1)
    if not lonely:
        return ()
    named = ", ".join(lonely[:3]) + (", ..." if len(lonely) > 3 else "")
    return (
        f"{len(lonely)} of the classes of {photos.name} have one photo only ({named}): nothing can find "
        "them, so they stay as distractors.",
    )


def _classes_in_order(photos: PhotoSet) -> list[int]:
    """Labels that have photos, in the sorted order of their class names."""
    present = np.unique(photos.labels).tolist()
    return sorted(present, key=lambda label: photos.classes[label])


def _cut(photos: PhotoSet, order: list[int], train_classes: int | None) -> int:
    """Where the sorted classes are cut, so that each part keeps two retrievable classes."""
    counts = class_counts(photos)
    places = [place for place, label in enumerate(order) if counts[label] > 1]
    if len(places) < 3 * MIN_CLASSES:
        raise DataError(
            f"{photos.name} needs at least {3 * MIN_CLASSES} classes with two photos or more, two each to "
            f"train on, for validation and for test, but has {len(places)} among {len(photos)} photos; add "
            "classes or photos."
        )
    lowest, highest = places[2 * MIN_CLASSES - 1] + 1, places[-MIN_CLASSES]
    if train_classes is None:
        return min(max(len(order) // 2, lowest), highest)
    if not lowest <= train_classes <= highest:
        raise UsageError(
            f"train_classes must lie in {lowest}..{highest} for the {len(order)} classes of {photos.name}, "
            f"not {train_classes}; choose one of those."
        )
    return train_classes
