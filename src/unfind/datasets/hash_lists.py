"""Splits that hashing papers publish as lists: train.txt, test.txt and database.txt.

Each row names a photo and then says 0 or 1 for every class or tag. HashNet published such lists, and DeepHash and
others carry them on. With the lists a split is exactly theirs; without, it is drawn by lot.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.folder import FolderReader
from unfind.datasets.hash_split import VALIDATION, hash_split
from unfind.datasets.listing import require_files
from unfind.datasets.photo_set import PhotoSet, by_tags
from unfind.datasets.split import Split
from unfind.errors import DataError

LISTS = {"train": "train.txt", "query": "test.txt", "database": "database.txt"}


def has_lists(root: Path) -> bool:
    """Whether the folder holds all three lists."""
    return all((root / name).is_file() for name in LISTS.values())


def listed_split(name: str, root: Path, *, validation: int = VALIDATION) -> Split:
    """The split that the lists in a folder say.

    Validation photos are drawn from those of the database that are not trained on, as the lists know none.

    Args:
        name: of the data set.
        root: folder of the lists; the photos they name are below it.
        validation: photos to choose the model on, at least 1.

    Raises:
        DataError: a list that is damaged or disagrees with another, a photo that is absent, or a database without
            photos left for validation.
    """
    rows = {part: _read(root / file) for part, file in LISTS.items()}
    table = _merged(root, rows)
    files = list(table)
    require_files(root, files, f"{root}'s lists")
    photos = _photos(name, files, np.array(list(table.values())), root)
    place = {file: i for i, file in enumerate(files)}
    chosen = {part: np.array([place[file] for file in rows[part]], np.int64) for part in ("train", "query")}
    chosen["validation"] = _validation(photos, chosen, validation)
    return hash_split(photos, chosen)


def _validation(photos: PhotoSet, chosen: dict[str, NDArray[np.int64]], count: int) -> NDArray[np.int64]:
    left = np.setdiff1d(np.arange(len(photos)), np.concatenate(list(chosen.values())))
    if not len(left):
        raise DataError(
            f"the database of {photos.name} must hold photos that are not trained on, to choose the model on, but "
            "holds none; complete database.txt."
        )
    return np.sort(np.random.default_rng(0).permutation(left)[:count])


def _photos(name: str, files: list[str], flags: NDArray[np.bool_], root: Path) -> PhotoSet:
    """Photos of one class each where every row has a single 1, else photos with tags."""
    names = tuple(f"{number:03d}" for number in range(flags.shape[1]))
    if (flags.sum(1) == 1).all():
        return PhotoSet(name, tuple(files), flags.argmax(1), names, FolderReader(root))
    return by_tags(name, files, flags, names, FolderReader(root))


def _merged(root: Path, rows: dict[str, dict[str, tuple[bool, ...]]]) -> dict[str, tuple[bool, ...]]:
    """Every photo once: those of the database, then queries and training photos that are not in it."""
    table: dict[str, tuple[bool, ...]] = {}
    for part in ("database", "query", "train"):
        for file, flags in rows[part].items():
            if table.setdefault(file, flags) != flags:
                raise DataError(f"the lists in {root} must agree, but differ about {file}; download them again.")
    if len({len(flags) for flags in table.values()}) != 1:
        raise DataError(f"the lists in {root} must say as much of every photo, but do not; download them again.")
    return table


def _read(path: Path) -> dict[str, tuple[bool, ...]]:
    try:
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} must be a readable list in UTF-8, but is not ({error}); download it again.") from error
    rows: dict[str, tuple[bool, ...]] = {}
    for number, (file, *flags) in enumerate(lines, start=1):
        if not flags or not set(flags) <= {"0", "1"}:
            raise DataError(
                f"row {number} of {path} must name a photo and then say 0 or 1 for each class, but reads "
                f"{' '.join([file, *flags])[:60]!r}; download it again."
            )
        if file in rows:
            raise DataError(f"{path} must name each photo once, but names {file} twice; download it again.")
        rows[file] = tuple(flag == "1" for flag in flags)
    return rows
