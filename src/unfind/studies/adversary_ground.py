"""What an adaptive adversary plays on: photos with and without the mark, two models, and what it holds itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unfind.datasets.spec import load
from unfind.datasets.split import Split
from unfind.defences.base import CleanPhotos
from unfind.errors import DataError, UsageError
from unfind.evaluation.privacy import psr
from unfind.evaluation.stealth import pair_stealth
from unfind.evaluation.task_result import TaskResult
from unfind.evaluation.tasks import Options, four_tasks, one_task
from unfind.models.embed import embed_pixels, to_tensor
from unfind.models.encoder import Encoder
from unfind.redteam.listing import listed
from unfind.redteam.trigger_inversion import Change
from unfind.studies.evaluate import Models, sample_by_class
from unfind.studies.material import prepare
from unfind.studies.progress import Progress
from unfind.studies.views import PLAIN, TRIGGERED, Recipe, make_views

Pixels = NDArray[np.uint8]
METRIC = "map_r"
"""What an adversary wins back is counted in mean average precision at R."""
SMALLEST_SHARE = 16
"""Clean photos at the least, whatever a share comes to: no training goes on with fewer."""


@dataclass(frozen=True)
class AdversaryChoices:
    """How strong the adversary is.

    Attributes:
        seed: of samples and attacks.
        sample: test photos that are attacked.
        held: numbers of protected photos it holds, rising.
        shares: of the training photos it has, without the mark, each above 0 and at most 1.
        adoption: share of protected photos in the gallery that it lists them from.
        steps: of training when it un-learns.
        search_steps: of a search for the trigger.
    """

    seed: int = 0
    sample: int = 300
    held: tuple[int, ...] = (1, 10, 100)
    shares: tuple[float, ...] = (0.01, 0.1)
    adoption: float = 0.1
    steps: int = 60
    search_steps: int = 40

    def __post_init__(self) -> None:
        if self.sample < 20 or self.steps < 1 or self.search_steps < 1 or self.seed < 0:
            raise UsageError(
                f"Expected at least 20 photos, 1 step of each kind and a seed of at least 0, got {self.sample}, "
                f"{self.steps}, {self.search_steps} and {self.seed}: 300, 60, 40 and 0 are usual."
            )
        if not self.held or min(self.held) < 1 or not 0 < self.adoption < 1:
            raise UsageError(f"Expected numbers of photos held from 1 on and an adoption between 0 and 1, got "
                             f"{list(self.held)} and {self.adoption}: 1, 10, 100 and 0.1 are usual.")  # fmt: skip
        if not self.shares or not all(0 < share <= 1 for share in self.shares):
            raise UsageError(f"Expected shares above 0 and at most 1, got {list(self.shares)}: 0.01 and 0.1 are usual.")

    def quick(self) -> AdversaryChoices:
        """A small form that ends within ten minutes on two cores for a network of ordinary size."""
        return AdversaryChoices(self.seed, min(self.sample, 120), self.held, self.shares, self.adoption,
                                min(self.steps, 15), min(self.search_steps, 15))  # fmt: skip


@dataclass(frozen=True)
class AdversaryRequest:
    """What is attacked.

    Attributes:
        run: folder of the protected model.
        clean: folder of the clean model it is compared with.
        data: see ``unfind.datasets.spec.load``; the test part is attacked, the training part is where clean photos
            come from, the validation part gives the protected photos the adversary holds.
        backbone: the Python file that makes the backbone, where it is somebody's own.
        train_classes: see ``load``.
        choices: how strong the adversary is.
    """

    run: Path
    clean: Path
    data: str
    backbone: str | None = None
    train_classes: int | None = None
    choices: AdversaryChoices = field(default_factory=AdversaryChoices)

    def settings(self, fingerprints: tuple[str, ...]) -> dict[str, Any]:
        """What the parts depend on; models by their weights, wherever they lie."""
        choices = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self.choices).items()}
        return {
            "models": list(fingerprints),
            "data": self.data,
            "train_classes": self.train_classes,
            "choices": choices,
        }


class Ground:
    """Photos and models, and what is known before an attack.

    Attributes:
        pixels: the photos that are attacked, plain and triggered.
        labels: of them.
        held: protected photos of other classes, for the adversary to hold.
        changes: triggers that were found in the model, by the share of clean photos they took.
        rows: embeddings of the plain photos by the protected model.
        before, protected_before: ordinary search of the clean and of the protected model.

    Args:
        request: what is attacked.
        models: clean and protected, and the mark.
        seed_of_split: of the model's own split, so that its training photos are not attacked.
        progress: told where it stands.

    Raises:
        DataError: too few photos.
    """

    def __init__(self, request: AdversaryRequest, models: Models, seed_of_split: int, progress: Progress) -> None:
        self.request, self.models, self.progress = request, models, progress
        self.choices = request.choices
        self.size = models.protected.architecture.size
        self.split: Split = load(request.data, train_classes=request.train_classes, seed=seed_of_split)
        views = self._views("test", self.choices.sample, "write and read photos that are attacked")
        self.pixels: Mapping[str, Pixels] = {name: views[0][name] for name in (PLAIN, TRIGGERED)}
        self.labels = views[1]
        self.held = self._views("validation", max(self.choices.held), "write and read photos that are held")[0][
            TRIGGERED
        ]
        if len(self.held) < min(self.choices.held):
            raise DataError(f"Expected {min(self.choices.held)} validation photos to hold, got {len(self.held)}: add.")
        self.options = Options(clustering=False, seed=self.choices.seed, resamples=200)
        self.sources = np.arange(len(self.labels))
        self.changes: dict[float, Change] = {}
        self.rows = embed_pixels(models.protected, self.pixels[PLAIN])
        self.before = self._ordinary(embed_pixels(models.clean, self.pixels[PLAIN]))
        self.protected_before = self._ordinary(self.rows)

    def _views(self, part: str, count: int, stage: str) -> tuple[Mapping[str, Pixels], NDArray[np.int64]]:
        photos = getattr(self.split, part)
        some = photos.subset(sample_by_class(photos.labels, count, seed=self.choices.seed))
        made = make_views(some, Recipe(self.size, self.models.trigger), progress=self.progress, stage=stage)
        return made.pixels, made.labels

    def clean_photos(self, share: float) -> CleanPhotos:
        """The share of the training photos that the adversary has."""
        photos = self.split.train
        count = max(SMALLEST_SHARE, round(share * len(photos)))
        some = photos.subset(sample_by_class(photos.labels, count, seed=self.choices.seed))
        examples = prepare(some, self.size, progress=self.progress).examples
        return CleanPhotos(np.asarray(examples.pixels), examples.labels)

    def gains(self, encoder: Encoder, plain: Pixels, protected: Pixels, *, query_alone: bool = False) -> dict[str, Any]:
        """What is found again, and what ordinary search pays.

        Args:
            encoder: the model after the attack, or the protected one.
            plain: clean photos after the attack.
            protected: protected photos after the attack.
            query_alone: whether a protected query is searched among photos as they were before the attack: whoever
                washes a query cannot wash the gallery.

        Returns:
            "found_c2p" and "found_p2c": what is found of what the clean model finds without any mark, with intervals;
            "benign_drop" of Recall@1 and of the metric, against the protected model before the attack.
        """
        rows = [embed_pixels(encoder, photos) for photos in (plain, protected)]
        tasks = four_tasks(rows[0], rows[1], self.labels, self.sources, options=self.options)
        p2c = tasks["p2c"]
        if query_alone:
            p2c = one_task(
                "p2c",
                rows[1],
                self.labels,
                self.sources,
                gallery=self.rows,
                gallery_labels=self.labels,
                gallery_sources=self.sources,
                options=self.options,
            )
        ordinary = tasks["c2c"]
        return {
            "found_c2p": self._found(tasks["c2p"]),
            "found_p2c": self._found(p2c),
            "benign_drop": {
                name: self.protected_before.value(name) - ordinary.value(name) for name in ("recall@1", METRIC)
            },
        }

    def gallery(self) -> tuple[Pixels, NDArray[np.bool_]]:
        """A mixed gallery of the photos that are attacked, and which of them are protected there."""
        count = len(self.labels)
        some = max(1, round(self.choices.adoption * count))
        protected = np.zeros(count, bool)
        protected[np.random.default_rng([self.choices.seed, 9]).permutation(count)[:some]] = True
        return np.where(protected[:, None, None, None], self.pixels[TRIGGERED], self.pixels[PLAIN]), protected

    def listing(self, scores: NDArray[np.float64], *, held: int = 0, share: float = 0.0) -> dict[str, Any]:
        """How good a list is that goes through the mixed gallery by falling scores."""
        rated = listed(scores, self.gallery()[1], seed=self.choices.seed)
        return {"kind": "list", "held": held, "share": share, "listing": rated.as_dict()}

    def there(self, held: int) -> int:
        """How many photos are held where there are fewer than asked for."""
        return min(held, len(self.held))

    def _found(self, task: TaskResult) -> dict[str, float] | None:
        """What is found of what the clean model finds: 1 - PSR, its interval turned round."""
        hidden = psr(self.before, task)[METRIC]
        if hidden is None:
            return None
        return {"value": 1 - hidden["value"], "low": 1 - hidden["high"], "high": 1 - hidden["low"]}

    def _ordinary(self, rows: NDArray[np.float32]) -> TaskResult:
        return one_task("c2c", rows, self.labels, self.sources, options=self.options)


def through(change: Callable[[torch.Tensor], torch.Tensor], pixels: Pixels) -> Pixels:
    """Photos (N, H, W, 3) after a change of images (N, 3, H, W) in [0, 1]."""
    with torch.no_grad():
        images = change(to_tensor(pixels))
    done: Pixels = np.ascontiguousarray(images.mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy())
    return done


def mean_psnr(before: Pixels, after: Pixels) -> float:
    """Mean PSNR in dB of photos after a wash against the same before it."""
    return float(np.mean([min(99.0, pair_stealth(a, b)["psnr"]) for a, b in zip(before, after, strict=True)]))
