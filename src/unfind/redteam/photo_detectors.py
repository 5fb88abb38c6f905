"""Every detector of odd photos by name: a model and trusted photos in, one score for each suspect out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.errors import UsageError
from unfind.evaluation.bootstrap import Interval
from unfind.evaluation.separation import alarm_threshold, auc_interval, share_above
from unfind.redteam.denoise_consistency import moved_by_smoothing
from unfind.redteam.embedding_outliers import crowding, far_from_trusted
from unfind.redteam.hamming_criteria import code_distance, decision, indecision, oddest
from unfind.redteam.model_view import ModelView, Pixels, Rows, check_photos
from unfind.redteam.strip_ranks import blend_lists, overlap
from unfind.redteam.transplant import common_pull

Scores = NDArray[np.float64]
ALARM_RATE = 0.03
"""Share of clean photos that may raise an alarm. Five in a hundred are commonly allowed; what is between is for the
difference between the photos a threshold was set on and those it meets."""
LEAST_TRUSTED = 4
"""Half of them are compared with, and half set the threshold."""
RESAMPLES = 300


class Trusted:
    """A model, and photos that surely carry no trigger.

    Args:
        view: the model.
        pixels: uint8 (T, size, size, 3), at least ``LEAST_TRUSTED``. Every second one is compared with, the others set
            thresholds.

    Raises:
        UsageError: too few photos, or not photos.
    """

    def __init__(self, view: ModelView, pixels: Pixels) -> None:
        check_photos(pixels, LEAST_TRUSTED, "trusted photos")
        self.view = view
        self.reference = pixels[::2]
        self.calibration = pixels[1::2]

    @cached_property
    def rows(self) -> Rows:
        """Embeddings of the photos that are compared with, (R, D)."""
        return self.view.embed(self.reference)

    @cached_property
    def own_criteria(self) -> list[Scores]:
        """The Hamming criteria of the photos that are compared with; each is compared with the others."""
        similarities = self.rows @ self.rows.T
        np.fill_diagonal(similarities, -np.inf)
        apart = (1 - similarities.max(1).astype(np.float64)) / 2
        return [apart, *_of_one(self.view, self.reference)]


Detector = Callable[[Trusted, Pixels], Scores]
"""Trusted photos and a batch of suspects (N, size, size, 3) to (N,) scores; the higher, the odder."""


def far(trusted: Trusted, pixels: Pixels) -> Scores:
    """See ``embedding_outliers.far_from_trusted``."""
    return far_from_trusted(trusted.view.embed(pixels), trusted.rows)


def crowd(trusted: Trusted, pixels: Pixels) -> Scores:
    """See ``embedding_outliers.crowding``."""
    return crowding(trusted.view.embed(pixels), trusted.rows)


def smoothing(trusted: Trusted, pixels: Pixels) -> Scores:
    """See ``denoise_consistency.moved_by_smoothing``."""
    return moved_by_smoothing(trusted.view.embed, pixels)


def strip(trusted: Trusted, pixels: Pixels) -> Scores:
    """See ``strip_ranks``: what lists of blends have in common."""
    return overlap(blend_lists(trusted.view.embed, pixels, trusted.reference, trusted.rows))


def transplant(trusted: Trusted, pixels: Pixels) -> Scores:
    """See ``transplant``: what one part of the photo does to others."""
    return common_pull(trusted.view.logits, pixels, trusted.reference)


def hamming(trusted: Trusted, pixels: Pixels) -> Scores:
    """See ``hamming_criteria``: the oddest of distance, undecided and over-decided bits, and change by smoothing.

    Raises:
        UsageError: the model gives no codes.
    """
    if not trusted.view.hashes:
        raise UsageError("Expected a hash model for the Hamming criteria, got one of embeddings: take 'far'.")
    rows = trusted.view.embed(pixels)
    values = [code_distance(rows, trusted.rows), *_of_one(trusted.view, pixels)]
    return oddest(list(zip(values, trusted.own_criteria, strict=True)))


def _of_one(view: ModelView, pixels: Pixels) -> list[Scores]:
    """The criteria that look at one photo alone."""
    logits = view.logits(pixels)
    return [indecision(logits), decision(logits), moved_by_smoothing(view.embed, pixels)]


DETECTORS: dict[str, Detector] = {
    "far": far,
    "crowd": crowd,
    "smoothing": smoothing,
    "strip": strip,
    "transplant": transplant,
    "hamming": hamming,
}
MEANINGS = {
    "far": "its embedding is far from all clean ones",
    "crowd": "its embedding is near to others of the batch only",
    "smoothing": "its embedding moves when fine detail is smoothed away",
    "strip": "blended with other photos it still finds the same",
    "transplant": "a part of it, put into other photos, pulls all of them the same way",
    "hamming": "its code is far, undecided, over-decided or moves when smoothed",
}
CODES_ONLY = ("hamming",)


def usable(view: ModelView) -> list[str]:
    """The names of the detectors that a model can be looked at with."""
    return [name for name in DETECTORS if view.hashes or name not in CODES_ONLY]


@dataclass(frozen=True)
class Verdict:
    """How one detector told suspects from clean photos.

    Attributes:
        detector: its name.
        auc: chance that a suspect scores higher than a clean photo, with its 95 % interval.
        caught: share of the suspects above the threshold.
        false_alarms: share of the clean photos above it.
        threshold: set on trusted photos alone.
    """

    detector: str
    auc: Interval
    caught: float
    false_alarms: float
    threshold: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def judge(
    trusted: Trusted, suspects: Pixels, clean: Pixels, *, names: list[str] | None = None, seed: int = 0
) -> list[Verdict]:
    """Try detectors on photos of which it is known which are clean.

    Suspects and clean photos are looked at in one batch, as they would come.

    Args:
        trusted: the model, and photos that set the thresholds.
        suspects: uint8 (S, size, size, 3).
        clean: uint8 (C, size, size, 3), none of them trusted.
        names: of detectors; None for all that the model can be looked at with.
        seed: of the intervals.

    Raises:
        UsageError: an unknown detector, one that needs codes, or too few photos.
    """
    chosen = usable(trusted.view) if names is None else names
    check_photos(suspects, 1, "suspect photos"), check_photos(clean, 1, "clean photos")
    return [_judged(trusted, suspects, clean, name, seed) for name in chosen]


def _judged(trusted: Trusted, suspects: Pixels, clean: Pixels, name: str, seed: int) -> Verdict:
    detector = _named(DETECTORS, name)
    scores = detector(trusted, np.concatenate([suspects, clean]))
    odd, plain = scores[: len(suspects)], scores[len(suspects) :]
    threshold = alarm_threshold(detector(trusted, trusted.calibration), ALARM_RATE)
    return Verdict(
        name,
        auc_interval(odd, plain, resamples=RESAMPLES, seed=seed),
        share_above(odd, threshold),
        share_above(plain, threshold),
        threshold,
    )


def _named(known: Mapping[str, Detector], name: str) -> Detector:
    if name not in known:
        raise UsageError(f"Expected a detector out of {', '.join(known)}, got '{name}': choose one of these.")
    return known[name]
