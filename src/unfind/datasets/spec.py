"""The words a user names data with, such as `cub200:ROOT`, `photos`, a folder or a zip."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from unfind.datasets.archive import photo_archive
from unfind.datasets.cars196 import cars196
from unfind.datasets.cifar10 import cifar10
from unfind.datasets.class_hash import class_hash
from unfind.datasets.cub200 import cub200
from unfind.datasets.embedded import embedded
from unfind.datasets.flickr25k import flickr25k
from unfind.datasets.folder import photo_folder
from unfind.datasets.groups import grouped
from unfind.datasets.imagenet100 import imagenet100
from unfind.datasets.inshop import inshop
from unfind.datasets.nuswide import nuswide, nuswide81
from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.sop import sop
from unfind.datasets.split import Split, split_by_class
from unfind.errors import DataError, UsageError

EMBEDDED = "photos"
HASHED = "hash:"
SHOTS = 8  # of each photo without a label: enough to learn from, and a group still fits a training batch

# Data sets whose classes are cut by number, and those whose parts are official and cannot be moved.
BY_CLASS: dict[str, Callable[..., Split]] = {"cub200": cub200, "cars196": cars196}
OFFICIAL: dict[str, Callable[[Path], Split]] = {
    "inshop": inshop,
    "sop": sop,
    "cifar10": cifar10,
    "flickr25k": flickr25k,
    "nuswide": nuswide,
    "nuswide81": nuswide81,
    "imagenet100": imagenet100,
}


def load(spec: str, *, train_classes: int | None = None, seed: int = 0) -> Split:
    """The data set a user names.

    `NAME:ROOT` is a data set in its official layout below ROOT and `photos` the embedded one. Anything else
    is a folder or a zip: with class folders it is split by class; without, each photo becomes a group of
    near-duplicate snapshots, and these are split. A folder that is called `photos` is written `./photos`.
    `hash:` before any of these deals its photos as hashing does: queries and a database of the same classes.

    Args:
        spec: as above.
        train_classes: number of classes for training and validation together; None for the usual one. Data
            sets with an official partition take none.
        seed: of the snapshots of unlabelled photos and of the embedded set.

    Raises:
        UsageError: a word that means nothing, or `train_classes` where it does not apply or does not fit.
        DataError: the data are absent, damaged or unfit.
    """
    name, colon, root = spec.partition(":")
    if spec.startswith(HASHED) and root:
        _refuse_cut(spec, train_classes)
        return class_hash(load(root, seed=seed))
    if spec == EMBEDDED:
        _refuse_cut(spec, train_classes)
        return embedded(seed=seed)
    if name in BY_CLASS or name in OFFICIAL:
        if not root:
            raise UsageError(f"{name} needs the folder it is in, but came without; write {name}:FOLDER.")
        return _official(name, _path(root), train_classes)
    path = _path(spec)
    if colon and len(name) > 1 and not os.path.exists(path):  # a single letter is a drive
        raise UsageError(_unknown(spec))
    return _labelled_or_grouped(_photos(spec, path), train_classes, seed)


def _path(words: str) -> Path:
    try:
        return Path(os.path.expanduser(words))
    except ValueError as error:
        raise UsageError(f"{words!r} must be a path, but cannot be one ({error}); check it.") from error


def _official(name: str, root: Path, train_classes: int | None) -> Split:
    if name in BY_CLASS:
        cut = {} if train_classes is None else {"train_classes": train_classes}
        return BY_CLASS[name](root, **cut)
    _refuse_cut(name, train_classes)
    return OFFICIAL[name](root)


def _photos(spec: str, path: Path) -> PhotoSet:
    if not spec or not os.path.exists(path):
        raise DataError(f"data must be named by a folder, a zip or a known word, but {spec!r} is none; {_known()}.")
    return photo_folder(path) if path.is_dir() else photo_archive(path)


def _labelled_or_grouped(photos: PhotoSet, train_classes: int | None, seed: int) -> Split:
    labelled = photos if photos.labelled else grouped(photos, SHOTS, seed)
    return split_by_class(labelled, train_classes=train_classes)


def _refuse_cut(name: str, train_classes: int | None) -> None:
    if train_classes is not None:
        raise UsageError(
            f"{name} has a fixed split, so it takes no number of training classes, but {train_classes} was "
            "given; leave it out."
        )


def _unknown(spec: str) -> str:
    return f"{spec!r} must name a known data set, a folder or a zip, but names none of them; {_known()}."


def _known() -> str:
    names = ", ".join(f"{name}:FOLDER" for name in (*BY_CLASS, *OFFICIAL))
    return f"use a folder, a zip, {EMBEDDED}, {names}, or hash: before any of them"
