"""The photos that a bench of the service adds and searches with: real ones as far as there are any."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from unfind.datasets.archive import photo_archive
from unfind.datasets.folder import photo_folder
from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.spec import load

MADE_UP = "made-up"
"""Names no data: every photo is made up."""
SIDE = 160
"""Pixels of photos that are made up."""


@dataclass(frozen=True)
class Photos:
    """Photos by number.

    Attributes:
        sets: Real ones, in this order; behind them photos are made up.
        name: Of the sets together.
    """

    sets: tuple[PhotoSet, ...]
    name: str

    @property
    def real(self) -> int:
        """How many are real."""
        return sum(len(photos) for photos in self.sets)

    def read(self, number: int) -> bytes:
        """The file of a photo; each number has another one, as far as the real ones differ."""
        for photos in self.sets:
            if number < len(photos):
                return photos.read(number)
            number -= len(photos)
        return made_up_photo(number)

    def lay_out(self, folder: Path, count: int) -> Path:
        """Write the first photos as files, to be added like anybody's.

        Args:
            folder: Made; nothing is there yet.
            count: How many.
        """
        folder.mkdir(parents=True)
        for number in range(count):
            (folder / f"{number:06}.jpg").write_bytes(self.read(number))
        return folder


def named(data: str) -> Photos:
    """The photos that a user names.

    Args:
        data: Folders and zips, parted by commas, a word that `unfind train --data` knows, or "made-up".

    Raises:
        UsageError: A word that means nothing.
        DataError: Photos are absent or damaged.
    """
    if data == MADE_UP:
        return Photos((), MADE_UP)
    words = [data] if Path(data).exists() else data.split(",")
    sets = tuple(photos for word in words for photos in _sets(word))
    return Photos(sets, ", ".join(dict.fromkeys(photos.name.partition("/")[0] for photos in sets)))


def made_up_photo(number: int) -> bytes:
    """A JPEG that differs from every other one."""
    draw = np.random.default_rng(number)
    coarse = Image.fromarray(draw.integers(0, 256, (8, 8, 3), np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    coarse.save(file, "JPEG", quality=85, comment=str(number).encode())
    return file.getvalue()


def _sets(word: str) -> Sequence[PhotoSet]:
    path = Path(word)
    if path.is_dir():
        return [photo_folder(path)]
    if path.is_file():
        return [photo_archive(path)]
    split = load(word)
    return [split.train, split.validation, split.test, *([split.gallery] if split.gallery is not None else [])]
