"""Harden a mark: train a second decoder for it, which reads what filters have left, from photos on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from unfind import __version__
from unfind.errors import DataError, ResumeError, UsageError
from unfind.models.mark_parts import WORKING_SIZE
from unfind.models.mark_weights import save_second_decoder
from unfind.studies.material import prepare
from unfind.studies.progress import Progress, silent
from unfind.studies.train_mark import every, photo_set
from unfind.training.check_behind_filters import check_behind_filters
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.filter_settings import FilterSettings
from unfind.training.fit_behind_filters import fit_behind_filters
from unfind.training.run_folder import RunFolder
from unfind.triggers.learned import load
from unfind.triggers.shipped import UNTRAINED, mark_folder

MOST_CHECKED = 64
"""Held-out photos of a check."""


@dataclass(frozen=True)
class HardenRequest:
    """Everything the training of a second decoder depends on.

    Attributes:
        mark: folder of the mark, or "shipped".
        data: folders or zips of photos.
        licence: of the photos, as the card states it.
        fit: the numbers of the loop.
    """

    mark: str
    data: tuple[Path, ...]
    licence: str = "not stated"
    fit: FilterSettings = field(default_factory=FilterSettings)

    def as_dict(self, fingerprint: str) -> dict[str, Any]:
        """Plain values, for settings.toml and for the digest that resuming compares."""
        return {
            "mark": fingerprint,
            "data": [str(path.resolve()) for path in self.data],
            "licence": self.licence,
            "fit": self.fit.as_dict(),
        }


@dataclass(frozen=True)
class HardenedMark:
    """What the training of a second decoder came to.

    Attributes:
        folder: with the mark, its second decoder, log and settings.
        before, after: the share of bits read behind each filter by the mark's decoder and by the second one.
        refused: (file, sentence) of photos that could not be decoded.
    """

    folder: Path
    before: dict[str, float]
    after: dict[str, float]
    refused: list[tuple[str, str]]


def harden_mark(
    request: HardenRequest, out: Path, *, resume: bool = False, progress: Progress = silent
) -> HardenedMark:
    """Train a second decoder, and leave the mark with both in a folder. Every fifth photo only measures.

    Args:
        request: what to do.
        out: the folder; the mark's own is not changed.
        resume: go on where the run in ``out`` stopped.
        progress: told where it stands.

    Raises:
        UnfindError: whatever stands in the way.
    """
    if resume and not (out / CHECKPOINT).exists():
        raise ResumeError(f"Expected a checkpoint in {out}, got none: start the run without --resume.")
    if not request.data:
        raise UsageError("Expected photos to harden a mark with, got none: give folders or zips with --data.")
    if request.mark == UNTRAINED:
        raise UsageError("Expected a mark that was trained, got 'untrained': give a folder, or shipped.")
    mark, source = load(request.mark), mark_folder(request.mark)
    if source.resolve() == out.resolve():
        raise UsageError(f"Expected another folder than the mark's own, got {out}: what is in use stays as it is.")
    sets = [photo_set(path) for path in request.data]
    folder = RunFolder(out, request.as_dict(mark.fingerprint), resume=resume)
    prepared = [prepare(photos, WORKING_SIZE, progress=progress) for photos in sets]
    train, held_out = (
        np.concatenate([every(np.asarray(part.examples.pixels), held_out=held) for part in prepared])
        for held in (False, True)
    )
    if not len(held_out):
        raise DataError(f"Expected at least 5 photos to harden a mark with, got {len(train)}: add photos.")
    decoder = fit_behind_filters(
        mark,
        train,
        request.fit,
        folder=folder,
        resume=resume,
        on_step=lambda done, total, read: progress(f"read behind filters ({read:.1%} of bits)", done, total),
    )
    checked = held_out[np.unique(np.linspace(0, len(held_out) - 1, min(MOST_CHECKED, len(held_out))).astype(int))]
    before, after = (check_behind_filters(mark, one, checked) for one in (mark.decoder, decoder))
    facts = {
        "unfind": __version__,
        "data": {one.name: len(one) for one in sets},
        "data_licence": request.licence,
        "fit": request.fit.as_dict(),
        "held_out": {"photos": len(checked), "decoder": before, "second_decoder": after},
    }
    save_second_decoder(source, out, decoder, facts)
    return HardenedMark(out, before, after, [refusal for part in prepared for refusal in part.refused])
