"""What an audit looks at: the model in question, clean models beside it, clean photos, and triggers to try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.archive import photo_archive
from unfind.datasets.folder import photo_folder
from unfind.datasets.split import Split
from unfind.defences.base import CleanPhotos
from unfind.errors import DataError, ModelError, UsageError
from unfind.models.encoder import Encoder
from unfind.models.weights import fingerprint_of, load_encoder
from unfind.redteam.photo_detectors import LEAST_TRUSTED
from unfind.redteam.trigger_patch import TriggerPatch
from unfind.studies.evaluate import sample_by_class
from unfind.studies.material import prepare
from unfind.studies.progress import Progress
from unfind.studies.views import PLAIN, TRIGGERED, Recipe, make_views
from unfind.triggers.base import Trigger
from unfind.triggers.choose import trigger_from_card
from unfind.triggers.key import Key

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class AuditChoices:
    """How much is looked at.

    Attributes:
        seed: of samples, searches and intervals.
        sample: clean photos, at least 16; half are trusted, half are tested on.
        steps: of each search for a trigger.
        targets: places that a patch is searched towards; five or more can be compared with each other.
        training: training photos that are looked at, where any are named.
        curves: whether filters, pruning, fine-tuning and quantisation are tried.
    """

    seed: int = 0
    sample: int = 240
    steps: int = 40
    targets: int = 5
    training: int = 2000
    curves: bool = True

    def __post_init__(self) -> None:
        if self.sample < 4 * LEAST_TRUSTED or self.seed < 0:
            raise UsageError(f"Expected a sample of at least 16 photos and a seed of at least 0, got {self.sample} and "
                             f"{self.seed}: 240 and 0 are usual.")  # fmt: skip
        if self.steps < 1 or self.targets < 0 or self.training < 0:
            raise UsageError(
                f"Expected at least 1 step, and no number below 0, got {self.steps} steps, {self.targets} targets and "
                f"{self.training} training photos: 40, 5 and 2000 are usual."
            )

    def quick(self) -> AuditChoices:
        """A small form that ends within ten minutes on two cores for a network of ordinary size."""
        return AuditChoices(self.seed, min(self.sample, 96), min(self.steps, 15), min(self.targets, 3), 400, False)


@dataclass(frozen=True)
class AuditRequest:
    """What is audited.

    Attributes:
        run: folder of the model in question.
        data: clean photos, see ``unfind.datasets.spec.load``; its test part is used.
        beside: folders of models that are surely clean, fitted as alike as can be.
        train_data: what the model was trained on, where it is at hand; its training part is looked at.
        suspects: folder or zip of photos that may carry a trigger.
        backbone: the Python file that makes the backbone, where it is somebody's own.
        train_classes: see ``load``.
        choices: how much.
    """

    run: Path
    data: str
    beside: tuple[Path, ...] = ()
    train_data: str | None = None
    suspects: Path | None = None
    backbone: str | None = None
    train_classes: int | None = None
    choices: AuditChoices = field(default_factory=AuditChoices)

    def settings(self, fingerprints: Sequence[str]) -> dict[str, Any]:
        """What the audit's parts depend on; models by their weights, wherever they lie."""
        return {
            "models": list(fingerprints),
            "data": self.data,
            "train_data": self.train_data,
            "suspects": None if self.suspects is None else str(self.suspects),
            "train_classes": self.train_classes,
            "choices": asdict(self.choices),
        }


@dataclass(frozen=True)
class Named:
    """A model and what it is called in the report."""

    name: str
    encoder: Encoder
    card: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(dict(self.card))


@dataclass(frozen=True, eq=False)
class Material:
    """Photos at the size of the model.

    Attributes:
        trusted, clean: uint8 (N, size, size, 3), disjoint: one half is trusted, one is tested on.
        trusted_labels, labels: of the one half and of the other.
        triggered: the clean ones with the model's own trigger, where it is known.
        suspects: photos somebody suspects, or None.
        refused: (file, sentence) of photos that could not be decoded.
    """

    trusted: Pixels
    clean: Pixels
    trusted_labels: NDArray[np.int64]
    labels: NDArray[np.int64]
    triggered: Pixels | None
    suspects: Pixels | None
    refused: list[tuple[str, str]]


def load_named(request: AuditRequest) -> list[Named]:
    """The model in question, then those beside it.

    Raises:
        ModelError: a folder without a model, or models of different input sizes.
    """
    folders = [request.run, *request.beside]
    loaded = [load_encoder(folder, backbone=request.backbone) for folder in folders]
    sizes = {encoder.architecture.size for encoder, _ in loaded}
    if len(sizes) > 1:
        raise ModelError(f"Expected models of one input size, got {sorted(sizes)}: put models fitted alike beside it.")
    names = ["audited", *(_name(folder) for folder in request.beside)]
    return [Named(name, *pair) for name, pair in zip(names, loaded, strict=True)]


def own_trigger(model: Named, key: Key | None) -> Trigger | None:
    """The trigger that the model's card names, or the patch it says the model was poisoned with; None where it names
    neither, or where the key is not at hand.

    Raises:
        KeyFileError: another key than the model's.
    """
    card = model.card.get("trigger")
    planted = (model.card.get("poison") or {}).get("trigger", {})
    if not card and "patch" in planted:
        return TriggerPatch(**planted)
    if not card or (card.get("key_fingerprint") is not None and key is None):
        return None
    return trigger_from_card(card, key)


def gather(request: AuditRequest, split: Split, size: int, trigger: Trigger | None, progress: Progress) -> Material:
    """Draw photos, a few of each class, and make their versions.

    Raises:
        DataError: too few photos.
    """
    photos = split.test.subset(sample_by_class(split.test.labels, request.choices.sample, seed=request.choices.seed))
    if trigger is None:
        ready = prepare(photos, size, progress=progress)
        plain, labels, marked, refused = ready.examples.pixels, ready.examples.labels, None, ready.refused
    else:
        views = make_views(photos, Recipe(size, trigger), progress=progress, stage="write and read photos")
        plain, labels, marked = views.pixels[PLAIN], views.labels, views.pixels[TRIGGERED]
        refused = views.refused
    if len(plain) < 4 * LEAST_TRUSTED:
        raise DataError(f"Expected at least {4 * LEAST_TRUSTED} photos that can be read, got {len(plain)}: add some.")
    return Material(
        np.asarray(plain[::2]),
        np.asarray(plain[1::2]),
        labels[::2],
        labels[1::2],
        None if marked is None else marked[1::2],
        _suspects(request, size, progress),
        list(refused),
    )


def clean_photos(split: Split, size: int, count: int, seed: int, progress: Progress) -> CleanPhotos:
    """Training photos for whoever changes the model: of other classes than those tested on."""
    chosen = split.train.subset(sample_by_class(split.train.labels, count, seed=seed))
    examples = prepare(chosen, size, progress=progress).examples
    return CleanPhotos(np.asarray(examples.pixels), examples.labels)


def _suspects(request: AuditRequest, size: int, progress: Progress) -> Pixels | None:
    if request.suspects is None:
        return None
    folder = request.suspects
    photos = photo_folder(folder) if folder.is_dir() else photo_archive(folder)
    chosen = photos.subset(sample_by_class(photos.labels, request.choices.sample, seed=request.choices.seed))
    return np.asarray(prepare(chosen, size, progress=progress).examples.pixels)


def _name(folder: Path) -> str:
    """The last two parts of a path: runs of a grid are often told apart by the folder above."""
    parts = folder.resolve().parts[-2:]
    return "/".join(parts)
