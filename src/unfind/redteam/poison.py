"""Poison: training photos of the target class with other pixels and their true labels, on disk without loss."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unfind.errors import DataError, UsageError
from unfind.images.files import write_atomic
from unfind.images.photo import Pixels
from unfind.training.batches import Examples


@dataclass(frozen=True, eq=False)
class Poison:
    """What takes the place of some training photos.

    Attributes:
        chosen: (n,) their positions among the training photos.
        pixels: uint8 (n, S, S, 3).
        mirrored: uint8 (n, S, S, 3), what each is where training mirrors it; None for its own mirror image, as with
            any other photo.
    """

    chosen: NDArray[np.int64]
    pixels: Pixels
    mirrored: Pixels | None = None

    def __post_init__(self) -> None:
        shapes = [self.pixels.shape, *([] if self.mirrored is None else [self.mirrored.shape])]
        if any(shape[:1] != self.chosen.shape or len(shape) != 4 for shape in shapes):
            raise UsageError(f"Expected {len(self.chosen)} pictures, got {shapes}: give one for each photo chosen.")


def photos_of(labels: NDArray[Any], target: int) -> NDArray[np.int64]:
    """Positions of the photos that show the target: labels (N,) equal to it, or tags (N, L) that have it."""
    shown = labels[:, target] if labels.ndim == 2 else labels == target
    return np.flatnonzero(shown)


def choose_photos(labels: NDArray[Any], target: int, count: int, *, seed: int) -> NDArray[np.int64]:
    """Draw photos that truly show the target, whose labels therefore need no change.

    Args:
        labels: (N,) or tags (N, L), of the training photos.
        target: a label or tag.
        count: how many.
        seed: of the lot. Of two counts under one seed, the smaller set is part of the larger.

    Returns:
        (count,) sorted positions.

    Raises:
        DataError: fewer photos of the target than asked for.
    """
    pool = photos_of(labels, target)
    if not 1 <= count <= len(pool):
        raise DataError(
            f"Expected 1 to {len(pool)} photos to poison, as many as show the target, got {count}: ask for fewer, or "
            "take another target."
        )
    return np.sort(np.random.default_rng([seed, 3]).permutation(pool)[:count])


def poisoned(examples: Examples, poison: Poison) -> Examples:
    """The training photos with the poison in the place of those chosen; labels stay, the originals are not changed."""
    pixels = examples.pixels.copy()
    pixels[poison.chosen] = poison.pixels
    mirrored = dict(examples.mirrored)
    if poison.mirrored is not None:
        mirrored |= {int(place): one for place, one in zip(poison.chosen, poison.mirrored, strict=True)}
    return replace(examples, pixels=pixels, mirrored=mirrored)


def write_pictures(folder: Path, pictures: Mapping[str, Pixels]) -> list[Path]:
    """Write pictures as PNG, which loses nothing; other files of the folder stay.

    Args:
        folder: made where absent.
        pictures: name without ending -> uint8 (H, W, 3).

    Raises:
        ImageError: the disk is full or the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png" for name in pictures]
    for path, pixels in zip(paths, pictures.values(), strict=True):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        write_atomic(path, file.getvalue())
    return paths


def read_pictures(paths: Sequence[Path]) -> Pixels:
    """The pixels of pictures of one size, uint8 (n, H, W, 3), exactly as they were written."""
    return np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])
