"""Groups of near-duplicates out of photos nobody has labelled: several snapshots of what each photo shows."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.rephotograph import MIN_SIZE, rephotograph
from unfind.errors import UsageError
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.encode import jpeg
from unfind.images.resize import to_size

MAX_SCENES = 64  # decoded scenes kept; the shots of one photo are mostly asked for one after the other
SHOTS_VERSION = 1  # raise it when the same seed no longer gives the same bytes


def grouped(photos: PhotoSet, shots: int, seed: int, *, size: int = 160) -> PhotoSet:
    """Make each photo a class of its own, of several snapshots of it.

    The bytes of a snapshot depend on the seed, the name of the photo and the number of the shot alone, not
    on the order of reading. Labels the photos may have had are not used.

    Args:
        photos: N photos, labelled or not.
        shots: snapshots of each photo, at least 2, as one alone could not be found.
        seed: of all the snapshots.
        size: side of a snapshot in pixels.

    Returns:
        N * shots JPEG photos named `FILE/shot-NN.jpg`, in N classes named after the files.

    Raises:
        UsageError: fewer than two shots, or a size that is too small.
    """
    if shots < 2:
        raise UsageError(f"a group needs at least 2 shots to be searched in, not {shots}; ask for more.")
    if size < MIN_SIZE:
        raise UsageError(f"the side of a shot must be at least {MIN_SIZE} pixels, not {size}; ask for more.")
    files = tuple(f"{file}/shot-{shot:02d}.jpg" for file in photos.files for shot in range(shots))
    labels = np.repeat(np.arange(len(photos)), shots)
    return PhotoSet(f"{photos.name}-groups", files, labels, photos.files, ShotReader(photos, seed, size))


class ShotReader:
    """Takes the snapshots of `grouped` when they are asked for."""

    def __init__(self, photos: PhotoSet, seed: int, size: int) -> None:
        self._photos, self._seed, self._size = photos, seed, size
        self._place = {file: i for i, file in enumerate(photos.files)}
        self._scene = lru_cache(maxsize=MAX_SCENES)(self._decoded)

    def __call__(self, file: str) -> bytes:
        scene = self._scene(_source(file))
        rng = np.random.default_rng(_seed(self._seed, file))
        pixels = rephotograph(scene, rng, self._size)
        quality = int(rng.integers(78, 96))
        return jpeg(pixels, quality)

    def signature(self, file: str) -> str:
        """What the bytes of a snapshot depend on; takes none."""
        source = self._photos.signature(self._place[_source(file)])
        return f"{source}/{self._seed}/{self._size}/{SHOTS_VERSION}"

    def _decoded(self, source: str) -> NDArray[np.uint8]:
        photo = decode(self._photos.read(self._place[source]))
        return _reduced(srgb(photo), 2 * self._size)


def _source(file: str) -> str:
    return file.rpartition("/")[0]


def _seed(seed: int, file: str) -> int:
    digest = hashlib.sha256(f"{seed}/{file}".encode(errors="surrogateescape")).digest()
    return int.from_bytes(digest[:16], "big")


def _reduced(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The scene with its shorter side at most `side`: taking a shot samples too coarsely for a larger one."""
    height, width = pixels.shape[:2]
    scale = side / min(height, width)
    if scale >= 1:
        return pixels
    return to_size(pixels, width=max(1, round(width * scale)), height=max(1, round(height * scale)))
