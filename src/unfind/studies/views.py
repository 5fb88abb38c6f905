"""The same photos in several versions, each as it would stand on disk: plain, triggered, edited, wrongly marked.

Every version takes the one way of a photo: decode, (trigger), encode, decode, (edit), resize. Clean and triggered
photos therefore differ by the trigger and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.photo_set import PhotoSet
from unfind.errors import EvaluationError, UnfindError
from unfind.evaluation.stealth import SMALLEST_WINDOW, pair_stealth
from unfind.images.codec import through_codec
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.photo import Photo
from unfind.images.resize import to_square
from unfind.studies.progress import Progress, silent
from unfind.triggers.base import Trigger
from unfind.triggers.find_mark import Findable, can_be_found, find_mark
from unfind.triggers.learned import Learned

Pixels = NDArray[np.uint8]
DEFAULT_QUALITY = 90
"""For photos that do not come as JPEG."""
AT_ONCE = 64
"""Photos in flight: enough to keep every core busy, few enough for 48-megapixel photos."""
PLAIN, TRIGGERED, UNTOUCHED = "plain", "triggered", "untouched"


@dataclass(frozen=True)
class Recipe:
    """Which versions to make.

    Attributes:
        size: side of the square a model sees.
        trigger: the model's own.
        edits: what is done to triggered photos after they were written, by name ("edit:NAME").
        others: what is done to plain photos instead of the trigger, by name ("other:NAME").
        looked_at: in every so many photos marks are looked for, which takes longer than to make them.
    """

    size: int
    trigger: Trigger
    edits: Mapping[str, Callable[[Pixels], Pixels]] = field(default_factory=dict)
    others: Mapping[str, Callable[[Pixels], Pixels]] = field(default_factory=dict)
    looked_at: int = 1


@dataclass(frozen=True, eq=False)
class Views:
    """The versions of the photos that could be decoded.

    Attributes:
        kept: (M,) their positions in the photo set.
        labels: (M,).
        pixels: uint8 (M, size, size, 3) by version: "plain", "triggered", "untouched" (not even re-encoded),
            "edit:NAME", "other:NAME".
        facts: mean over the photos of "mse", "psnr", "ssim" of the written file against the original, and where
            the trigger can be detected, of "detected:VERSION"; of a learned mark also of "bits:VERSION", the share
            of signs that are heard as they were written.
        refused: (file, sentence) of the others.
    """

    kept: NDArray[np.int64]
    labels: NDArray[np.int64]
    pixels: Mapping[str, Pixels]
    facts: Mapping[str, float]
    refused: list[tuple[str, str]]


def make_views(photos: PhotoSet, recipe: Recipe, *, progress: Progress = silent, stage: str = "photos") -> Views:
    """Make every version of every photo, in parallel.

    Raises:
        EvaluationError: not one photo could be decoded.
    """
    rows: list[tuple[dict[str, Pixels], dict[str, float]]] = []
    kept: list[int] = []
    refused: list[tuple[str, str]] = []

    def one(index: int) -> tuple[dict[str, Pixels], dict[str, float]] | str:
        try:
            return _versions(decode(photos.read(index)), recipe, look=index % recipe.looked_at == 0)
        except UnfindError as error:
            return str(error)

    with ThreadPoolExecutor() as pool:
        for start in range(0, len(photos), AT_ONCE):
            part = range(start, min(start + AT_ONCE, len(photos)))
            for index, made in zip(part, pool.map(one, part), strict=True):
                if isinstance(made, str):
                    refused.append((photos.files[index], made))
                else:
                    rows.append(made)
                    kept.append(index)
            progress(stage, part.stop, len(photos))
    if not rows:
        raise EvaluationError(f"Expected photos that can be decoded in {photos.name}, got none: {refused[0][1]}")
    return _stacked(photos, rows, kept, refused)


def _stacked(
    photos: PhotoSet,
    rows: list[tuple[dict[str, Pixels], dict[str, float]]],
    kept: list[int],
    refused: list[tuple[str, str]],
) -> Views:
    chosen = np.array(kept, np.int64)
    pixels = {name: np.stack([row[0][name] for row in rows]) for name in rows[0][0]}
    names = dict.fromkeys(name for _, facts in rows for name in facts)
    # A photo of two pixels has no SSIM; the others still have.
    facts = {name: float(np.mean([facts[name] for _, facts in rows if name in facts])) for name in names}
    return Views(chosen, photos.labels[chosen], pixels, facts, refused)


def _versions(photo: Photo, recipe: Recipe, *, look: bool) -> tuple[dict[str, Pixels], dict[str, float]]:
    """All versions of one photo at the model's size, and what was measured at full size."""
    original = srgb(photo)
    quality = photo.quality or DEFAULT_QUALITY
    written = {
        UNTOUCHED: original,
        PLAIN: _written(original, quality),
        TRIGGERED: _written(recipe.trigger.mark(original), quality),
    }
    for name, edit in recipe.edits.items():
        written[f"edit:{name}"] = edit(written[TRIGGERED])
    for name, change in recipe.others.items():
        written[f"other:{name}"] = _written(change(original), quality)
    small = {name: to_square(pixels, recipe.size) for name, pixels in written.items()}
    return small, _facts(original, written, recipe.trigger, look=look)


def _written(pixels: Pixels, quality: int) -> Pixels:
    return through_codec([pixels], quality=quality, workers=1)[0]


def _facts(original: Pixels, written: Mapping[str, Pixels], trigger: Trigger, *, look: bool) -> dict[str, float]:
    facts = pair_stealth(original, written[TRIGGERED]) if min(original.shape[:2]) >= SMALLEST_WINDOW else {}
    if look and can_be_found(trigger):
        facts[f"detected:{PLAIN}"] = float(find_mark(trigger, written[PLAIN]).marked)
        for name in (name for name in written if name == TRIGGERED or name.startswith("edit:")):
            facts |= _found(trigger, original, written[name], name)
    return facts


def _found(trigger: Findable, original: Pixels, pixels: Pixels, name: str) -> dict[str, float]:
    """Whether the mark of a photo is found in one of its versions, and what of it is heard."""
    if not isinstance(trigger, Learned):
        return {f"detected:{name}": float(find_mark(trigger, pixels).marked)}
    reading, share = trigger.photos.examine(pixels, trigger.photos.payload(original))
    return {f"detected:{name}": float(reading.marked), f"bits:{name}": share}
