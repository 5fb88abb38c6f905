"""CIFAR-10 (Krizhevsky, 2009) as photos in class folders or a tar of them, split as hashing papers do."""

from __future__ import annotations

import lzma
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.folder import FolderReader, photos_below
from unfind.datasets.hash_split import SAME_CLASSES
from unfind.datasets.listing import count_notes
from unfind.datasets.names import is_photo, refuse_outside
from unfind.datasets.photo_set import PhotoSet, Reader, by_class_name
from unfind.datasets.split import Split
from unfind.errors import DataError, UsageError

HINT = (
    "get CIFAR-10 from https://www.cs.toronto.edu/~kriz/cifar.html and write it out as train/CLASS/*.png "
    "and test/CLASS/*.png, in a folder or a tar"
)
COUNTS = {"train": 50_000, "test": 10_000}
_DAMAGE = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError)


@dataclass(frozen=True)
class MemoryReader:
    """Photos held in memory, by name."""

    photos: dict[str, bytes]

    def __call__(self, file: str) -> bytes:
        return self.photos[file]


def cifar10(
    root: Path, *, queries_per_class: int = 100, train_per_class: int = 500, validation_per_class: int = 100
) -> Split:
    """CIFAR-10 for hashing: 100 test photos per class query all the others (after Xia et al., AAAI 2014).

    The classes are the same everywhere, as is the custom in hashing; this is no zero-shot split. `test` holds
    the queries: of each class, in the order of their names, the first of the test folder. `gallery` is the
    database: the rest of the test folder and the whole train folder. `validation` and then `train` are the
    first photos of each class in the train folder, so both are also in the database.

    Args:
        root: a folder with train/ and test/, a tar of it (packed or not), or a folder with one such tar.
        queries_per_class: from the test folder, at least 1.
        train_per_class: from the train folder, at least 2.
        validation_per_class: from the train folder, at least 2.

    Raises:
        UsageError: a number too small to train on or to measure with.
        DataError: no such data, the pickled batches, a damaged tar, or classes with too few photos.
    """
    if queries_per_class < 1 or min(train_per_class, validation_per_class) < 2:
        raise UsageError(
            "cifar10 needs at least 1 query and 2 photos to train on and to validate on per class, but "
            f"was asked for {queries_per_class}, {train_per_class} and {validation_per_class}; ask for "
            "more."
        )
    photos = _photos(root)
    in_train = np.array([file.startswith("train/") for file in photos.files])
    rank = _rank_in_class(photos.labels, in_train)
    _require_enough(photos, in_train, queries_per_class + 1, train_per_class + validation_per_class)
    query = ~in_train & (rank < queries_per_class)
    validation = in_train & (rank < validation_per_class)
    train = in_train & ~validation & (rank < validation_per_class + train_per_class)
    masks = {"train": train, "validation": validation, "query": query, "database": ~query}
    part = {name: photos.subset(np.flatnonzero(mask), f"cifar10/{name}") for name, mask in masks.items()}
    found = {"train": int(in_train.sum()), "test": int((~in_train).sum())}
    notes = count_notes("CIFAR-10", found, COUNTS)
    return Split(part["train"], part["validation"], part["query"], part["database"], (SAME_CLASSES, *notes))


def read_tar(path: Path, *, max_bytes: int = 4 * 2**30) -> dict[str, bytes]:
    """All photos of a tar, by the last three parts of their path.

    They are read at once, as a packed tar can only be read from its beginning.

    Args:
        path: of the tar, packed or not.
        max_bytes: most bytes to unpack into memory; 4 GiB is 80 times CIFAR-10 and stops a bomb.

    Raises:
        DataError: no tar, a damaged one, one larger than `max_bytes`, or one that names files outside itself.
    """
    photos: dict[str, bytes] = {}
    try:
        with tarfile.open(path) as tar:
            for member in _members(tar, path, max_bytes):
                stream = tar.extractfile(member)
                name = "/".join(member.name.split("/")[-3:])
                if name in photos:
                    raise DataError(f"{path} must hold each photo once, but holds {name} twice; pack it anew.")
                if stream is not None:
                    photos[name] = stream.read()
    except _DAMAGE as error:
        raise DataError(f"{path} must be a tar, but cannot be read as one ({error}); {HINT}.") from error
    return photos


def _members(tar: tarfile.TarFile, path: Path, max_bytes: int) -> Iterator[tarfile.TarInfo]:
    """The photos of a tar, for as long as all that has come so far is small and harmless."""
    left = max_bytes
    for member in tar:
        refuse_outside([member.name], str(path))
        _refuse_batches([member.name], path)
        left -= member.size
        if left < 0:
            raise DataError(f"{path} may unpack to at most {max_bytes} bytes, but has more; shorten it.")
        if member.isfile() and is_photo(member.name):
            yield member


def _photos(root: Path) -> PhotoSet:
    tars = [root] if root.is_file() else sorted(root.glob("*.tar*")) if root.is_dir() else []
    if root.is_dir() and not (root / "train").is_dir() and len(tars) != 1:
        _refuse_batches((path.name for path in root.iterdir()), root)
        raise DataError(f"{root} must hold train/ and test/, or a single tar of them, but does not; {HINT}.")
    if not root.exists():
        raise DataError(f"{root} must hold CIFAR-10, but there is no such folder or file; {HINT}.")
    if (root / "train").is_dir():
        return _labelled(photos_below(root), FolderReader(root), root)
    photos = read_tar(tars[0])
    return _labelled(photos, MemoryReader(photos), tars[0])


def _labelled(files: Iterable[str], reader: Reader, source: Path) -> PhotoSet:
    """Photos at train/CLASS/NAME and test/CLASS/NAME; whatever else lies around is no part of CIFAR-10."""
    paths = sorted(file for file in files if is_photo(file))
    kept = [file for file in paths if file.split("/")[0] in COUNTS and file.count("/") == 2]
    if {file.split("/")[0] for file in kept} != set(COUNTS):
        raise DataError(f"{source} must hold photos in train/CLASS/ and in test/CLASS/, but does not; {HINT}.")
    return by_class_name("cifar10", kept, [file.split("/")[1] for file in kept], reader)


def _rank_in_class(labels: NDArray[np.int64], in_train: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Place, from 0, of each photo among those of its class in its own folder."""
    rank = np.empty(len(labels), np.int64)
    group = labels * 2 + in_train
    for number in np.unique(group):
        rank[group == number] = np.arange(np.count_nonzero(group == number))
    return rank


def _require_enough(photos: PhotoSet, in_train: NDArray[np.bool_], test: int, train: int) -> None:
    for folder, mask, least in (("test", ~in_train, test), ("train", in_train, train)):
        counts = np.bincount(photos.labels[mask], minlength=len(photos.classes))
        if counts.min() < least:
            raise DataError(
                f"each class needs at least {least} photos in {folder}/, but "
                f"{photos.classes[counts.argmin()]} has {counts.min()}; complete the data or ask for fewer "
                "photos per class."
            )


def _refuse_batches(names: Iterable[str], source: Path) -> None:
    if any("data_batch_1" in name or "cifar-10-batches" in name for name in names):
        raise DataError(
            f"{source} must hold photos, but holds CIFAR-10's batches, which are pickles and could run "
            "code when opened; write them out as train/CLASS/*.png and test/CLASS/*.png, for instance "
            "with torchvision.datasets.CIFAR10, and give that folder."
        )
