"""MIRFLICKR-25K (Huiskes and Lew, MIR 2008), which hashing papers call FLICKR-25K, in its official layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.folder import FolderReader
from unfind.datasets.hash_lists import has_lists, listed_split
from unfind.datasets.hash_split import Sizes, drawn_split
from unfind.datasets.listing import count_notes, official_root, require_files
from unfind.datasets.photo_set import by_tags
from unfind.datasets.split import Split
from unfind.errors import DataError

HINT = (
    "get mirflickr25k.zip and mirflickr25k_annotations_v080.zip from https://press.liacs.nl/mirflickr/ and unpack "
    "both, so that the folder holds mirflickr/im1.jpg and so on, and mirflickr25k_annotations_v080/animals.txt and so "
    "on"
)
COUNT = 25_000
SIZES = Sizes(query=1000, train=4000)
"""As HashNet's successors take them; others have 1,700 and 5,000 (ProS-GAN) or 500 queries (RNM)."""
ANNOTATIONS = ("mirflickr25k_annotations_v080", "annotations", ".")
POTENTIAL = (
    *("animals", "baby", "bird", "car", "clouds", "dog", "female", "flower", "food", "indoor", "lake", "male"),
    *("night", "people", "plant_life", "portrait", "river", "sea", "sky", "structures", "sunset", "transport"),
    *("tree", "water"),
)
"""The 24 concepts that may be seen somewhere in a photo."""
RELEVANT = tuple(
    f"{name}_r1"
    for name in (
        *("baby", "bird", "car", "clouds", "dog", "female", "flower", "male", "night", "people", "portrait"),
        *("river", "sea", "tree"),
    )
)
"""The 14 concepts for which it was also asked whether the photo is about them."""


def flickr25k(root: Path, *, concepts: int = 38, sizes: Sizes = SIZES) -> Split:
    """FLICKR-25K for hashing: `test` holds the queries, `gallery` the database, training is part of the database.

    Photos without any concept are left out. With train.txt, test.txt and database.txt in the folder the split is
    theirs; else it is drawn by lot, always the same.

    Args:
        root: folder with the photos in `mirflickr/` and the annotations in their folder.
        concepts: 38 as in most papers, or the 24 potential ones.
        sizes: of the drawn split.

    Raises:
        DataError: photos or annotations are absent or damaged, or too few photos.
    """
    if has_lists(root):
        return listed_split("flickr25k", root)
    names = (POTENTIAL + RELEVANT)[:concepts]
    home = official_root(root, "im1.jpg", inside=("mirflickr", "mirflickr25k"), hint=HINT)
    notes = official_root(root, "animals.txt", inside=ANNOTATIONS, hint=HINT)
    count = _photo_count(home)
    tags = np.stack([_concept(notes / f"{name}.txt", count) for name in names], axis=1)
    kept = np.flatnonzero(tags.any(axis=1))
    files = [f"im{number + 1}.jpg" for number in kept]
    require_files(home, files, str(notes))
    photos = by_tags("flickr25k", files, tags[kept], names, FolderReader(home))
    said = count_notes("FLICKR-25K", {"whole": count}, {"whole": COUNT})
    left = f"{count - len(kept):,} of {count:,} photos of FLICKR-25K show none of the concepts and are left out."
    return drawn_split(photos, sizes, (*said, left))


def _photo_count(home: Path) -> int:
    """How many photos there are; they are numbered from 1 on without gaps."""
    numbers = {path.name for path in home.glob("im*.jpg")}
    count = next(number for number in range(len(numbers) + 1) if f"im{number + 1}.jpg" not in numbers)
    if count != len(numbers):
        raise DataError(
            f"photos in {home} must be numbered without gaps, but im{count + 1}.jpg is absent; unpack the zip again."
        )
    return count


def _concept(path: Path, count: int) -> NDArray[np.bool_]:
    """Which photos show a concept; its file lists their numbers, one to a row."""
    try:
        numbers = np.array([int(row) for row in path.read_text(encoding="ascii").split()], np.int64)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} must list the numbers of photos, but does not ({error}); {HINT}.") from error
    if numbers.size and (numbers.min() < 1 or numbers.max() > count):
        raise DataError(
            f"{path} must list photos 1..{count}, but lists {numbers.min()} to {numbers.max()}; unpack both zips again."
        )
    shown = np.zeros(count, dtype=np.bool_)
    shown[numbers - 1] = True
    return shown
