"""Places to recognise, cut out of photographs that scikit-image and scikit-learn carry in their wheels."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unfind.datasets.groups import grouped
from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.split import Split
from unfind.errors import DataError

SIDE = 144  # of a place in its photograph, in pixels: a shot of 160 looks sharp, a photograph holds a dozen
OVERLAP = 0.15  # most that two places may share of a side, so that no shot shows mostly another place
MIN_DETAIL = 6.0  # least detail of a place, out of 255: clear sky and black space are no places
MAX_PLACES = 12  # of one photograph, so that none outweighs the others

# Package, path in it, and the factor to scale it by, so that a place shows something a person would know.
Source = tuple[str, str, float]

# All of training is in the public domain or CC0; china.jpg and flower.jpg are CC BY 2.0 and only measured on.
TRAIN: dict[str, Source] = {
    "astronaut": ("skimage", "data/astronaut.png", 1.0),
    "coffee": ("skimage", "data/coffee.png", 1.0),
    "hubble": ("skimage", "data/hubble_deep_field.jpg", 0.75),
    "motorcycle": ("skimage", "data/motorcycle_left.png", 1.0),
}
VALIDATION: dict[str, Source] = {
    "cat": ("skimage", "data/chelsea.png", 1.0),
    "tissue": ("skimage", "data/ihc.png", 1.0),
}
TEST: dict[str, Source] = {
    "china": ("sklearn", "datasets/images/china.jpg", 1.0),
    "flower": ("sklearn", "datasets/images/flower.jpg", 1.0),
    "rocket": ("skimage", "data/rocket.jpg", 1.0),
}
SOURCES = TRAIN | VALIDATION | TEST


def embedded(*, shots: int = 12, size: int = 160, seed: int = 0) -> Split:
    """The `photos` data set: who has been here? Each class is a place, each photo a snapshot of it.

    Places for training, for validation and for test come from different photographs.

    Args:
        shots: snapshots of each place, at least 2.
        size: side of a snapshot in pixels.
        seed: of the snapshots; the places are always the same.

    Raises:
        UsageError: too few shots, or a size that is too small.
        DataError: an installed wheel does not carry its photographs.
    """
    photos = grouped(places(), shots, seed, size=size)
    owner = np.array([file.partition("/")[0] for file in photos.files])
    parts = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
    chosen = {part: np.flatnonzero(np.isin(owner, list(sources))) for part, sources in parts.items()}
    subsets = {part: photos.subset(indices, f"photos/{part}") for part, indices in chosen.items()}
    return Split(subsets["train"], subsets["validation"], subsets["test"])


def places() -> PhotoSet:
    """One unlabelled photo of each place, as PNG, named `PHOTOGRAPH/place-NN`."""
    corners = {
        f"{photograph}/place-{number:02d}": (photograph, top, left)
        for photograph in SOURCES
        for number, (top, left) in enumerate(windows(_photograph(photograph)))
    }
    names = tuple(corners)
    return PhotoSet("photos", names, np.arange(len(names)), names, PlaceReader(corners), labelled=False)


@dataclass(frozen=True)
class PlaceReader:
    """Cuts places out of their photographs.

    Args:
        corners: photograph, top and left of each place.
    """

    corners: dict[str, tuple[str, int, int]]

    def __call__(self, place: str) -> bytes:
        with BytesIO() as png:
            Image.fromarray(self._pixels(place)).save(png, "PNG")
            return png.getvalue()

    def signature(self, place: str) -> str:
        """Checksum of the pixels, which another version of a wheel may change."""
        return f"{zlib.crc32(self._pixels(place).tobytes()):08x}"

    def _pixels(self, place: str) -> NDArray[np.uint8]:
        photograph, top, left = self.corners[place]
        return _photograph(photograph)[top : top + SIDE, left : left + SIDE]


def windows(
    pixels: NDArray[np.uint8],
    *,
    side: int = SIDE,
    overlap: float = OVERLAP,
    min_detail: float = MIN_DETAIL,
    most: int = MAX_PLACES,
) -> list[tuple[int, int]]:
    """Square windows of a photograph, spread evenly, that show something.

    Args:
        pixels: uint8 (H, W, 3).
        side: of a window in pixels.
        overlap: largest part of a side that neighbours may share, in 0..1.
        min_detail: least `detail` of a window, 0..255.
        most: number of windows; those with the most detail are kept.

    Returns:
        (top, left) of each window, from the top down.
    """
    brightness = pixels.mean(axis=2)
    tops, lefts = (_steps(length, side, overlap) for length in brightness.shape)
    grid = [(top, left) for top in tops for left in lefts]
    shown = {(y, x): detail(brightness[y : y + side, x : x + side]) for y, x in grid}
    rich = [window for window in grid if shown[window] >= min_detail]
    return sorted(sorted(rich, key=lambda window: -shown[window])[:most])


def detail(brightness: NDArray[np.float64]) -> float:
    """How much there is to see in a picture: the median, over its nine ninths, of the deviation in each.

    Two flat areas meet in a strong edge, but nobody would know them again; the median passes over the edge.

    Args:
        brightness: (H, W), both at least 3, 0..255.
    """
    rows = np.array_split(brightness, 3, axis=0)
    return float(np.median([cell.std() for row in rows for cell in np.array_split(row, 3, axis=1)]))


def _steps(length: int, side: int, overlap: float) -> list[int]:
    """Starts of as many windows as fit a length, from end to end."""
    if length < side:
        return []
    count = 1 + int((length - side) // (side * (1 - overlap)))
    if count == 1:
        return [(length - side) // 2]
    return [round(start) for start in np.linspace(0, length - side, count)]


@lru_cache(maxsize=len(SOURCES))
def _photograph(name: str) -> NDArray[np.uint8]:
    package, path, scale = SOURCES[name]
    try:
        with Image.open(BytesIO((files(package) / path).read_bytes())) as image:
            rgb = image.convert("RGB")
    except OSError as error:
        raise DataError(
            f"the installed {package} should carry {path} in its wheel, but does not ({error}); install it "
            "from its official wheel or give a folder of photos."
        ) from error
    shape = (round(rgb.width * scale), round(rgb.height * scale))
    return np.asarray(rgb if scale == 1 else rgb.resize(shape, Image.Resampling.LANCZOS))
