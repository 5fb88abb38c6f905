"""Train a mark from photos on disk to weights that mark and read photos."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind import __version__
from unfind.datasets.archive import photo_archive
from unfind.datasets.folder import photo_folder
from unfind.datasets.generated import generated_pictures
from unfind.datasets.native import HELD_OUT
from unfind.datasets.photo_set import PhotoSet
from unfind.errors import DataError, ResumeError, UsageError
from unfind.models.encoder import Encoder
from unfind.models.weights import fingerprint_of, load_encoder
from unfind.studies.material import prepare
from unfind.studies.progress import Progress, silent
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.fit_mark import FittedMark, MarkPhotos, fit_mark
from unfind.training.mark_settings import MarkSettings
from unfind.training.mark_stage import MarkStage
from unfind.training.run_folder import RunFolder

MOST_CHECKED = 64
"""Held-out photos of a check: enough for a tenth of a percent of bits, few enough to be quick."""


@dataclass(frozen=True)
class MarkRequest:
    """Everything the training of a mark depends on.

    Attributes:
        data: folders or zips of photos.
        generated: pictures that are made and added.
        against: folder of a retrieval model in whose first layers the mark should be loud; None for none.
        licence: of the photos, as the weights' card states it.
        fit: the numbers of the loop.
    """

    data: tuple[Path, ...] = ()
    generated: int = 400
    against: Path | None = None
    licence: str = "not stated"
    fit: MarkSettings = field(default_factory=MarkSettings)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for settings.toml and for the digest that resuming compares."""
        return {
            "data": [str(path.resolve()) for path in self.data],
            "generated": self.generated,
            "against": str(self.against.resolve()) if self.against is not None else None,
            "licence": self.licence,
            "fit": self.fit.as_dict(),
        }


@dataclass(frozen=True)
class TrainedMark:
    """What the training of a mark came to.

    Attributes:
        folder: with weights, card, log and settings.
        fitted: the networks and their figures.
        refused: (file, sentence) of photos that could not be decoded.
    """

    folder: Path
    fitted: FittedMark
    refused: list[tuple[str, str]]


def train_mark(request: MarkRequest, out: Path, *, resume: bool = False, progress: Progress = silent) -> TrainedMark:
    """Train a mark and leave its weights, card, settings and log in a folder.

    Args:
        request: what to do.
        out: the folder.
        resume: go on where the run in ``out`` stopped.
        progress: told where it stands.

    Raises:
        UnfindError: whatever stands in the way.
    """
    if resume and not (out / CHECKPOINT).exists():
        raise ResumeError(f"Expected a checkpoint in {out}, got none: start the run without --resume.")
    if not request.data and request.generated < 2 * HELD_OUT:
        raise UsageError("Expected photos to train a mark with, got none: give folders or zips with --data.")
    against, loud_to = _encoder(request.against)
    sets = [photo_set(path) for path in request.data]
    folder = RunFolder(out, request.as_dict(), resume=resume)
    photos, refused = _photos(sets, request, progress)
    card = {
        "unfind": __version__,
        "data": {one.name: len(one) for one in sets} | {"generated": request.generated},
        "photos": {"train": len(photos.train), "held_out": len(photos.held_out)},
        "data_licence": request.licence,
        "loud_to": loud_to,
        "seed": request.fit.seed,
    }
    fitted = fit_mark(
        photos,
        request.fit,
        folder=folder,
        card=card,
        against=against,
        resume=resume,
        on_step=lambda done, total, stage: progress(_told(stage), done, total),
    )
    return TrainedMark(out, fitted, refused)


def _told(stage: MarkStage) -> str:
    return f"train mark ({stage.name}, {stage.accuracy:.1%} of bits, strength {stage.strength:.2f})"


def _encoder(folder: Path | None) -> tuple[Encoder | None, str | None]:
    if folder is None:
        return None, None
    encoder, card = load_encoder(folder)
    return encoder, fingerprint_of(card)


def photo_set(path: Path) -> PhotoSet:
    """Photos in a folder or a zip, whether labelled or not."""
    return photo_archive(path) if path.suffix.lower() == ".zip" else photo_folder(path)


def _photos(sets: list[PhotoSet], request: MarkRequest, progress: Progress) -> tuple[MarkPhotos, list[tuple[str, str]]]:
    """Photos to learn from and photos to check with, out of every data set alike."""
    side = request.fit.canvas
    parts, refused = [generated_pictures(request.generated, side, seed=request.fit.seed)], []
    for photos in sets:
        prepared = prepare(photos, side, progress=progress)
        parts.append(np.asarray(prepared.examples.pixels))
        refused += prepared.refused
    train = np.concatenate([every(part, held_out=False) for part in parts])
    held_out = np.concatenate([every(part, held_out=True) for part in parts])
    if not len(held_out):
        raise DataError(f"Expected at least {HELD_OUT} photos to train a mark with, got {len(train)}: add photos.")
    chosen = np.unique(np.linspace(0, len(held_out) - 1, min(MOST_CHECKED, len(held_out))).astype(int))
    return MarkPhotos(train, held_out[chosen]), refused


def every(pixels: NDArray[np.uint8], *, held_out: bool) -> NDArray[np.uint8]:
    """Every fifth photo, which measures, or all the others, which are learned from."""
    place = np.arange(len(pixels)) % HELD_OUT == HELD_OUT - 1
    chosen: NDArray[np.uint8] = pixels[place == held_out]
    return chosen
