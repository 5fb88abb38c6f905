"""The rival of a backdoor: decode and filter. The provider looks for the mark itself, and drops the photo.

Both are measured on the same files and the same searches: as they are deployed, and where a copy of the index or of
the model gets into other hands.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.photo_set import PhotoSet
from unfind.images.codec import through_codec
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.edits import EDITS
from unfind.images.resize import to_square
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Encoder
from unfind.studies.evaluate import Models
from unfind.studies.views import DEFAULT_QUALITY
from unfind.triggers.find_mark import Findable, can_be_found, find_mark

AS_WRITTEN = "as written"
EDITED = ("jpeg75", "jpeg75+resize0.75", "jpeg50", "resize0.5", "crop10", "blur", "screenshot")
TIMED = 8
"""Photos that are timed: enough for a median."""

Pixels = NDArray[np.uint8]
Vectors = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Versions:
    """Photos as a provider receives them.

    Attributes:
        labels: (N,).
        small: uint8 (N, size, size, 3) by version: "plain", "as written" with the trigger, and its edits.
        found: bool (N,) by version: whether the mark was found in the file.
        sample: a few plain photos at their own size.
    """

    labels: NDArray[np.int64]
    small: Mapping[str, Pixels]
    found: Mapping[str, Flags]
    sample: list[Pixels]


def compare_with_filter(models: Models, photos: PhotoSet, *, precision: str = "fp32") -> dict[str, Any] | None:
    """Measure backdoor, filter, and both.

    Args:
        models: the clean model, the protected one, and the trigger.
        photos: test photos, all of which can be decoded.
        precision: of the embeddings.

    Returns:
        "edits": for each the PSR on map_r, clean queries on protected photos, of "backdoor", "filter" and "both", and
        the share of marks found; "situations": the same where things are not as deployed; "false_positives": share of
        plain photos that the filter drops; "milliseconds" for each photo. None where a mark cannot be found.
    """
    trigger = models.trigger
    if not can_be_found(trigger):
        return None
    versions = make_versions(trigger, photos, models.protected.architecture.size)
    old, new = (
        {name: embed_pixels(encoder, pixels, precision=precision) for name, pixels in versions.small.items()}
        for encoder in (models.clean, models.protected)
    )
    labels, nobody = versions.labels, np.zeros(len(versions.labels), np.bool_)
    before = map_r(old["plain"], old["plain"], labels, nobody)

    def kept_from(query: Vectors, gallery: Vectors, dropped: Flags) -> float | None:
        return 1 - map_r(query, gallery, labels, dropped) / before if before else None

    def arms(query: Vectors, protected: Vectors, clean: Vectors, dropped: Flags) -> dict[str, float | None]:
        return {
            "backdoor": kept_from(query, protected, nobody),
            "filter": kept_from(old["plain"], clean, dropped),
            "both": kept_from(query, protected, dropped),
        }

    edits = [
        {"edit": name, "found": float(found.mean()), **arms(new["plain"], new[name], old[name], found)}
        for name, found in versions.found.items()
        if name != "plain"
    ]
    dropped, hidden = versions.found[AS_WRITTEN], new[AS_WRITTEN]
    situations = [
        {"situation": "as deployed", **arms(new["plain"], hidden, old[AS_WRITTEN], dropped)},
        {
            "situation": "a copy of the index, searched with the old model",
            **arms(old["plain"], hidden, old[AS_WRITTEN], dropped),
        },
        {
            "situation": "the model used elsewhere, without the filter",
            **arms(new["plain"], hidden, old[AS_WRITTEN], nobody),
        },
        {
            "situation": "the filter with the old model",
            **arms(old["plain"], old[AS_WRITTEN], old[AS_WRITTEN], dropped),
        },
    ]
    return {
        "edits": edits,
        "situations": situations,
        "false_positives": float(versions.found["plain"].mean()),
        "milliseconds": _milliseconds(models, trigger, versions.sample),
    }


def make_versions(trigger: Findable, photos: PhotoSet, size: int) -> Versions:
    """Write every photo plain, with the trigger, and edited, and look for the mark in each file."""
    small: dict[str, list[Pixels]] = {}
    found: dict[str, list[bool]] = {}
    sample: list[Pixels] = []
    for index in range(len(photos)):
        photo = decode(photos.read(index))
        original, quality = srgb(photo), photo.quality or DEFAULT_QUALITY
        written = through_codec([original, trigger.mark(original)], quality=quality, workers=1)
        files = {"plain": written[0], AS_WRITTEN: written[1], **{name: EDITS[name](written[1]) for name in EDITED}}
        for name, pixels in files.items():
            small.setdefault(name, []).append(to_square(pixels, size))
            found.setdefault(name, []).append(find_mark(trigger, pixels).marked)
        if len(sample) < TIMED:
            sample.append(written[0])
    return Versions(
        photos.labels,
        {name: np.stack(rows) for name, rows in small.items()},
        {name: np.array(flags) for name, flags in found.items()},
        sample,
    )


def map_r(query: Vectors, gallery: Vectors, labels: NDArray[np.int64], dropped: Flags) -> float:
    """Mean average precision at R of queries (N, D) in a gallery (N, D) of the same photos, some of which are dropped.

    A dropped photo cannot be found, and still counts as one that should have been. Ties are the searcher's luck.

    Args:
        query, gallery: unit vectors; the query's own photo is left out.
        labels: (N,).
        dropped: bool (N,), photos that the gallery does not hold.
    """
    relevant = labels[:, None] == labels[None]
    np.fill_diagonal(relevant, False)
    similarity = (query @ gallery.T).astype(np.float64)
    similarity[:, dropped] = -np.inf
    np.fill_diagonal(similarity, -np.inf)
    order = np.lexsort((~relevant, -similarity), axis=1)
    hits = np.take_along_axis(relevant & ~dropped, order, 1)
    precision = hits.cumsum(1) / np.arange(1, len(labels) + 1)
    counts = relevant.sum(1)
    within = np.arange(len(labels))[None] < counts[:, None]
    scored = counts > 0
    values = (precision * hits * within).sum(1)[scored] / counts[scored]
    return float(values.mean()) if len(values) else 0.0


def _milliseconds(models: Models, trigger: Findable, photos: list[Pixels]) -> dict[str, float]:
    """What each way adds to the indexing of a photo, beside what indexing takes anyhow."""

    def embed(encoder: Encoder, photo: Pixels) -> None:
        embed_pixels(encoder, [to_square(photo, encoder.architecture.size)])

    return {
        "look for the mark": _median_time(lambda photo: find_mark(trigger, photo), photos),
        "embed, old model": _median_time(lambda photo: embed(models.clean, photo), photos),
        "embed, protected model": _median_time(lambda photo: embed(models.protected, photo), photos),
    }


def _median_time(work: Any, photos: list[Pixels]) -> float:
    work(photos[0])  # the first call makes what the others find ready
    times = []
    for photo in photos:
        started = time.perf_counter()
        work(photo)
        times.append(1000 * (time.perf_counter() - started))
    return float(np.median(times))
