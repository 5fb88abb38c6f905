"""Photos of a data set as a model sees them: decoded, resized, cached, counted."""

from __future__ import annotations

from dataclasses import dataclass

from unfind.datasets.cache import cache_folder, cached_pixels
from unfind.datasets.photo_set import PhotoSet
from unfind.studies.progress import Progress, silent
from unfind.training.batches import Examples


@dataclass(frozen=True)
class Prepared:
    """Examples, and what stood in their way.

    Attributes:
        examples: decoded photos and their labels.
        refused: (file, sentence) of each photo that could not be decoded.
        warning: why the cache could not be used, or None.
    """

    examples: Examples
    refused: list[tuple[str, str]]
    warning: str | None


def prepare(photos: PhotoSet, size: int, *, progress: Progress = silent) -> Prepared:
    """Decode a photo set to squares of ``size`` pixels, from the cache where it was decoded before.

    Raises:
        DataError: not one photo could be decoded.
    """
    stage = f"decode {photos.name}"
    cached = cached_pixels(
        photos, size, folder=cache_folder(), on_progress=lambda done, total: progress(stage, done, total)
    )
    tags = None if photos.tags is None else photos.tags[cached.kept]
    return Prepared(Examples(cached.pixels, photos.labels[cached.kept], tags), cached.refused, cached.warning)
