"""A set of photos: names, labels, and a way to read the bytes of each photo when they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from unfind.errors import DataError, UsageError

Reader = Callable[[str], bytes]


@runtime_checkable
class SignedReader(Protocol):
    """A reader that can tell cheaply, without reading the photo, whether it is still the same photo."""

    def __call__(self, file: str) -> bytes:
        """Bytes of the named photo."""

    def signature(self, file: str) -> str:
        """Text that changes when the bytes of the named photo change."""


@dataclass(frozen=True, eq=False)
class PhotoSet:
    """Photos with labels; the photos themselves stay where they are until `read`.

    Args:
        name: what reports call the set.
        files: stable names, one per photo, no two alike.
        labels: int64 (N,), each an index into `classes`.
        classes: names of the classes, no two alike. Every part of one split shares this table, so a label
            means the same class in all of them, and a class may have no photo in a part.
        reader: takes a name from `files` and returns the encoded photo; must be safe to call from many
            threads.
        labelled: False when nobody has said what the photos show; then every photo is a class of its own.
        tags: bool (N, L) for photos that show several things; `labels` then number the different sets of tags, so
            that equal labels mean identical sets. None where each photo has one class.
        tag_names: names of the L tags.

    Raises:
        DataError: the parts do not fit together.
    """

    name: str
    files: tuple[str, ...]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    reader: Reader
    labelled: bool = True
    tags: NDArray[np.bool_] | None = None
    tag_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_tags()
        labels = np.array(self.labels)  # a copy, so that the caller's array cannot change ours
        if labels.dtype.kind not in "iu" and labels.size:
            raise DataError(f"labels of {self.name} must be whole numbers, not {labels.dtype}; give int64.")
        labels = labels.astype(np.int64)
        if labels.shape != (len(self.files),):
            raise DataError(
                f"labels of {self.name} must have the shape ({len(self.files)},), one per file, not "
                f"{labels.shape}; give one label for each file."
            )
        if labels.size and (labels.min() < 0 or labels.max() >= len(self.classes)):
            raise DataError(
                f"labels of {self.name} must lie in 0..{len(self.classes) - 1}, the {len(self.classes)} "
                f"classes, but reach from {labels.min()} to {labels.max()}; name every class."
            )
        _refuse_twice(self.files, f"file names of {self.name}")
        _refuse_twice(self.classes, f"class names of {self.name}")
        labels.flags.writeable = False
        object.__setattr__(self, "labels", labels)

    def __len__(self) -> int:
        return len(self.files)

    def read(self, i: int) -> bytes:
        """Bytes of photo `i` as stored.

        Raises:
            UsageError: there is no photo `i`.
            DataError: the photo has gone or cannot be read.
        """
        self._check(i)
        try:
            return self.reader(self.files[i])
        except OSError as error:
            raise DataError(
                f"{self.files[i]} of {self.name} could be listed but not read ({error.strerror or error}); "
                "check that it is still there and that you may read it."
            ) from error

    def signature(self, i: int) -> str:
        """Text that changes when photo `i` does; it is only read if its reader knows no cheaper way."""
        self._check(i)
        if isinstance(self.reader, SignedReader):
            return self.reader.signature(self.files[i])
        return hashlib.sha256(self.read(i)).hexdigest()

    def subset(self, indices: Sequence[int] | NDArray[np.int64], name: str | None = None) -> PhotoSet:
        """The photos at `indices`, in that order, with the same class table.

        Args:
            indices: whole numbers in 0..N-1, none twice.
            name: of the subset; the set's own name if None.

        Raises:
            UsageError: an index is out of range.
            DataError: an index is given twice.
        """
        chosen = [int(i) for i in indices]
        for i in chosen:
            self._check(i)
        files = tuple(self.files[i] for i in chosen)
        return replace(
            self,
            name=name or self.name,
            files=files,
            labels=self.labels[chosen],
            tags=None if self.tags is None else self.tags[chosen],
        )

    def _check_tags(self) -> None:
        if self.tags is None:
            return
        tags = np.array(self.tags)  # a copy, as of the labels
        if tags.dtype != np.bool_ or tags.shape != (len(self.files), len(self.tag_names)):
            raise DataError(
                f"tags of {self.name} must be booleans ({len(self.files)}, {len(self.tag_names)}), one row per file "
                f"and one column per name, not {tags.dtype} {tags.shape}; give both."
            )
        tags.flags.writeable = False
        object.__setattr__(self, "tags", tags)

    def _check(self, i: int) -> None:
        if not 0 <= i < len(self):
            raise UsageError(f"{self.name} has the photos 0..{len(self) - 1}, not {i}; ask for one of those.")


def by_class_name(name: str, files: Sequence[str], classes: Sequence[str], reader: Reader) -> PhotoSet:
    """A labelled set from the class name of each photo; the class table is sorted.

    Args:
        files: N stable names.
        classes: N class names, one per file.
        name, reader: as in `PhotoSet`.
    """
    table = tuple(sorted(set(classes)))
    number = {title: label for label, title in enumerate(table)}
    labels = np.array([number[title] for title in classes], dtype=np.int64)
    return PhotoSet(name, tuple(files), labels, table, reader)


def by_tags(
    name: str, files: Sequence[str], tags: NDArray[np.bool_], tag_names: Sequence[str], reader: Reader
) -> PhotoSet:
    """A set of photos that show several things each; every different set of tags becomes a class.

    Args:
        files: N stable names.
        tags: bool (N, L).
        tag_names: L names.
        name, reader: as in `PhotoSet`.
    """
    sets, labels = np.unique(tags, axis=0, return_inverse=True)
    classes = tuple("+".join(tag_names[int(tag)] for tag in np.flatnonzero(row)) or "untagged" for row in sets)
    return PhotoSet(name, tuple(files), labels.ravel(), classes, reader, tags=tags, tag_names=tuple(tag_names))


def _refuse_twice(names: Sequence[str], what: str) -> None:
    if len(set(names)) == len(names):
        return
    seen: set[str] = set()
    first = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    raise DataError(f"{what} must all differ, but {first!r} comes twice; rename or remove one of the two.")
