"""NUS-WIDE (Chua et al., CIVR 2009) in its official layout, with its 21 most frequent concepts or all 81."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.folder import FolderReader
from unfind.datasets.hash_lists import has_lists, listed_split
from unfind.datasets.hash_split import Sizes, drawn_by_tag, drawn_split
from unfind.datasets.listing import count_notes, official_root, require_files
from unfind.datasets.photo_set import PhotoSet, by_tags
from unfind.datasets.split import Split
from unfind.errors import DataError

HINT = (
    "get ImageList and Groundtruth from "
    "https://lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide/NUS-WIDE.html and ask its authors for the "
    "photos, so that the folder holds ImageList/Imagelist.txt, Groundtruth/AllLabels/Labels_*.txt and "
    "Flickr/CONCEPT/NAME.jpg"
)
LIST = "ImageList/Imagelist.txt"
LABELS = "Groundtruth/AllLabels"
PHOTOS = "Flickr"
ALL = 81
COUNTS = {21: 195_834, 81: 269_648}
"""Photos with one of the 21 concepts, and photos in all."""
BY_CONCEPT = Sizes(query=100, train=500)
"""For each of the 21 concepts: 2,100 queries and 10,500 training photos, as most papers have it."""
BY_LOT = Sizes(query=5000, train=10_000)
"""For all 81 concepts, as HashNet has it."""


def nuswide(root: Path, *, concepts: int = 21, sizes: Sizes | None = None) -> Split:
    """NUS-WIDE for hashing: `test` holds the queries, `gallery` the database, training is part of the database.

    Photos without any of the concepts are left out. With train.txt, test.txt and database.txt in the folder the
    split is theirs; else it is drawn by lot, always the same: by concept for 21, over all photos for 81.

    Args:
        root: folder with ImageList/, Groundtruth/ and Flickr/.
        concepts: how many of the most frequent concepts; 21 or 81 in papers.
        sizes: of the drawn split; None takes those of the papers.

    Raises:
        DataError: photos, lists or concepts are absent or damaged, or too few photos.
    """
    if has_lists(root):
        return listed_split(f"nuswide{concepts}", root)
    home = official_root(root, LIST, inside=("NUS-WIDE", "nus_wide"), hint=HINT)
    files = _files(home / LIST)
    names, tags = _most_frequent(*_concepts(home / LABELS, len(files)), concepts)
    kept = np.flatnonzero(tags.any(axis=1))
    listed = [files[i] for i in kept]
    require_files(home / PHOTOS, listed, LIST)
    photos = by_tags(f"nuswide{concepts}", listed, tags[kept], names, FolderReader(home / PHOTOS))
    return _split(photos, concepts, sizes, {"whole": len(files) if concepts == ALL else len(kept)})


def nuswide81(root: Path) -> Split:
    """NUS-WIDE with all its 81 concepts; see `nuswide`."""
    return nuswide(root, concepts=ALL)


def _split(photos: PhotoSet, concepts: int, sizes: Sizes | None, found: dict[str, int]) -> Split:
    notes = count_notes("NUS-WIDE", found, {"whole": COUNTS[concepts]}) if concepts in COUNTS else ()
    if concepts == ALL:
        return drawn_split(photos, sizes or BY_LOT, notes)
    return drawn_by_tag(photos, sizes or BY_CONCEPT, notes)


def _files(path: Path) -> list[str]:
    """Photos in the order of the official list, which parts folders the Windows way."""
    try:
        return [row.strip().replace("\\", "/") for row in path.read_text(encoding="utf-8").splitlines() if row.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} must be a readable list in UTF-8, but is not ({error}); unpack it again.") from error


def _concepts(folder: Path, count: int) -> tuple[tuple[str, ...], NDArray[np.bool_]]:
    """Names of the concepts, and which photos show them, bool (count, 81)."""
    paths = sorted(folder.glob("Labels_*.txt"))
    if len(paths) != ALL:
        raise DataError(f"{folder} must hold {ALL} files Labels_CONCEPT.txt, but holds {len(paths)}; {HINT}.")
    names = tuple(path.stem.removeprefix("Labels_") for path in paths)
    return names, np.stack([_column(path, count) for path in paths], axis=1)


def _column(path: Path, count: int) -> NDArray[np.bool_]:
    try:
        rows = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} must be readable, but is not ({error}); unpack it again.") from error
    if len(rows) != count or not set(rows) <= {"0", "1"}:
        raise DataError(
            f"{path} must say 0 or 1 for each of the {count} photos of {LIST}, but has {len(rows)} rows or other "
            "words; unpack it again."
        )
    return np.array([row == "1" for row in rows])


def _most_frequent(
    names: tuple[str, ...], tags: NDArray[np.bool_], concepts: int
) -> tuple[tuple[str, ...], NDArray[np.bool_]]:
    """The concepts that most photos show, in the order of their names."""
    chosen = np.sort(np.argsort(-tags.sum(0), kind="stable")[:concepts])
    return tuple(names[i] for i in chosen), tags[:, chosen]
