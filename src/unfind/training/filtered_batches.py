"""Marked photos as a searcher's filter leaves them: what a second decoder of a mark learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.defences.base import ImageFilter
from unfind.defences.box import BoxFilter
from unfind.defences.gaussian import GaussianFilter
from unfind.defences.median import MedianFilter
from unfind.defences.nlm import NonLocalMeans
from unfind.images.codec import through_codec
from unfind.images.photo import Pixels
from unfind.models.embed import to_tensor
from unfind.models.mark_weights import Mark
from unfind.training.filter_settings import FilterSettings
from unfind.triggers.write_signs import write_signs

FILTERS: dict[str, tuple[ImageFilter | None, float]] = {
    "median 7": (MedianFilter(size=7), 0.45),
    "nlm 20": (NonLocalMeans(strength=20), 0.2),
    "box 7": (BoxFilter(size=7), 0.15),
    "median 5": (MedianFilter(size=5), 0.1),
    "gaussian 2": (GaussianFilter(sigma=2.0), 0.05),
    "none": (None, 0.05),
}
"""Filters, and how often each is met: the more of a mark it takes, the oftener."""
WORST_QUALITY, BEST_QUALITY = 85, 95
"""Of the files that are filtered."""
PLAIN = 3
"""One photo without a mark comes with so many marked ones."""


@dataclass(frozen=True)
class FilteredBatch:
    """One step's photos.

    Attributes:
        photos: (N + M, 3, 128, 128) in [0, 1], filtered; the first N are marked.
        signs: (N, 160) +1 or -1, what is written into them.
    """

    photos: Tensor
    signs: Tensor


def draw_filtered_batch(pixels: NDArray[np.uint8], mark: Mark, settings: FilterSettings, number: int) -> FilteredBatch:
    """Draw photos and signs, write marks of one strength, compress and filter: a pure function of seed and number.

    Args:
        pixels: uint8 (K, 128, 128, 3).
        mark: whose networks write.
        settings: how many, how loud, and the seed.
        number: which batch.
    """
    random = np.random.default_rng([settings.seed, number])
    count = settings.batch + max(1, settings.batch // PLAIN)
    photos = pixels[random.choice(len(pixels), count, replace=len(pixels) < count)]
    if random.random() < 0.5:
        photos = photos[:, :, ::-1]
    signs = torch.from_numpy(random.choice(np.array([-1, 1], np.float32), (settings.batch, mark.encoder.slots)))
    strength = float(random.uniform(settings.faintest, settings.loudest))
    marked = marked_pixels(mark, photos[: settings.batch], signs, strength)
    files = through_codec(
        [*marked, *photos[settings.batch :]],
        quality=[int(quality) for quality in random.integers(WORST_QUALITY, BEST_QUALITY + 1, count)],
        workers=1,
    )
    used = random.choice(len(FILTERS), count, p=[share for _, share in FILTERS.values()])
    filters = [one for one, _ in FILTERS.values()]
    seen = [_through(filters[which], photo) for which, photo in zip(used, files, strict=True)]
    return FilteredBatch(to_tensor(np.stack(seen)), signs)


def marked_pixels(mark: Mark, photos: NDArray[np.uint8], signs: Tensor, strength: float) -> NDArray[np.uint8]:
    """Photos uint8 (N, S, S, 3) with signs (N, 160) written into them, as 8 bits hold them."""
    with torch.inference_mode():
        written = write_signs(mark, to_tensor(np.ascontiguousarray(photos)), signs, strength)
    marked: NDArray[np.uint8] = (written * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return marked


def _through(image_filter: ImageFilter | None, photo: Pixels) -> Pixels:
    return photo if image_filter is None else image_filter(photo)
