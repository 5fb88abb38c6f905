"""What is left of ordinary search and of privacy after each defence, from mild to strong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.defences.base import CleanPhotos, Defence, ImageFilter
from unfind.defences.choose import FILTERS, MODEL_DEFENCES, make_defence, make_filter
from unfind.errors import UsageError
from unfind.evaluation.privacy import psr
from unfind.evaluation.task_result import TaskResult
from unfind.evaluation.tasks import Options, four_tasks, one_task
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Encoder
from unfind.studies.evaluate import Models
from unfind.studies.progress import Progress, silent
from unfind.studies.views import PLAIN, TRIGGERED, Views

METRICS = ("recall@1", "map_r", "f1")
"""What a curve shows; MIP's figures 11 and 12 show F1."""
PRIVATE = ("c2p", "p2c", "p2p")
NONE = "none"


@dataclass(frozen=True)
class Trial:
    """One point of a curve.

    Attributes:
        name: of a filter or a defence of the model.
        value: of its knob.
        settings: its other arguments.
    """

    name: str
    value: float
    settings: Mapping[str, Any] = field(default_factory=dict)

    def make(self) -> Defence:
        """The defence.

        Raises:
            UsageError: an unknown name, or a value out of range.
        """
        known: Mapping[str, type[Defence]] = {**FILTERS, **MODEL_DEFENCES}
        if self.name not in known:
            raise UsageError(f"Expected a defence out of {', '.join(known)}, got '{self.name}': choose one of these.")
        settings = {**self.settings, known[self.name].knob: self.value}
        return make_filter(self.name, settings) if self.name in FILTERS else make_defence(self.name, settings)


def trials(names: Sequence[str]) -> list[Trial]:
    """Every point of the curves of these defences, in order.

    Raises:
        UsageError: an unknown name.
    """
    known: Mapping[str, type[Defence]] = {**FILTERS, **MODEL_DEFENCES}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"Expected defences out of {', '.join(known)}, got '{unknown[0]}': choose from these.")
    return [Trial(name, value) for name in names for value in known[name].curve]


def defence_curves(
    models: Models,
    views: Views,
    clean_photos: CleanPhotos,
    wanted: Sequence[Trial],
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Measure the four tasks under each defence, by the strict protocol.

    A filter is applied to every test photo, query and gallery, clean and triggered, as in MIP, section 5.3.1. Privacy
    is compared with the clean model's ordinary search without any defence (eq. 10), so that what a defence costs
    search never counts as privacy lost.

    Args:
        models: clean and protected.
        views: of the test photos, with the versions "plain" and "triggered".
        clean_photos: what whoever changes the model learns from; of other classes than the test photos.
        wanted: the points.
        seed: of the clusters and intervals.
        progress: told where it stands.

    Returns:
        One row without a defence and one for each point: "defence", "knob", "value"; "c2c" (the benign
        accuracy), "c2p", "p2c" and "p2p" of METRICS; "psr" of the private tasks; "own_cost" of METRICS: what the
        same filter costs the *clean* model's search, None for defences of the model.

    Raises:
        UnfindError: whatever stands in the way.
    """
    measure = _Measure(models.clean, views, seed)
    rows = [measure.row(NONE, None, None, models.protected, views.pixels, None)]
    for done, trial in enumerate(wanted):
        progress(f"defence {trial.name} {trial.value:g}", done, len(wanted))
        rows.append(_one(trial, models, views, clean_photos, measure))
    progress("defences", len(wanted), len(wanted))
    return rows


def _one(trial: Trial, models: Models, views: Views, clean_photos: CleanPhotos, measure: _Measure) -> dict[str, Any]:
    defence = trial.make()
    if isinstance(defence, ImageFilter):
        pixels = {name: filtered(defence, views.pixels[name]) for name in (PLAIN, TRIGGERED)}
        return measure.row(trial.name, defence.knob, trial.value, models.protected, pixels, pixels[PLAIN])
    changed = make_defence(trial.name, defence.settings())(models.protected, clean_photos)
    return measure.row(trial.name, defence.knob, trial.value, changed, views.pixels, None)


def filtered(filter: ImageFilter, photos: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A filter over many photos (N, H, W, 3), in parallel."""
    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(filter, photos)))


class _Measure:
    """Scores embeddings against the clean model's ordinary search, which is measured once."""

    def __init__(self, clean: Encoder, views: Views, seed: int) -> None:
        self.clean = clean
        self.labels = views.labels
        self.sources = np.arange(len(views.labels))
        self.options = Options(seed=seed, resamples=200)
        self.before = self._ordinary(views.pixels[PLAIN])

    def row(
        self,
        name: str,
        knob: str | None,
        value: float | None,
        protected: Encoder,
        pixels: Mapping[str, NDArray[np.uint8]],
        filtered_plain: NDArray[np.uint8] | None,
    ) -> dict[str, Any]:
        sides = [embed_pixels(protected, pixels[version]) for version in (PLAIN, TRIGGERED)]
        tasks = four_tasks(sides[0], sides[1], self.labels, self.sources, options=self.options)
        cost = None
        if filtered_plain is not None:
            cost = _values(self.before, minus=self._ordinary(filtered_plain))
        return {
            "defence": name,
            "knob": knob,
            "value": value,
            **{task: _values(result) for task, result in tasks.items()},
            "psr": {task: self._success(tasks[task]) for task in PRIVATE},
            "own_cost": cost,
        }

    def _ordinary(self, pixels: NDArray[np.uint8]) -> TaskResult:
        return one_task("c2c", embed_pixels(self.clean, pixels), self.labels, self.sources, options=self.options)

    def _success(self, task: TaskResult) -> dict[str, float | None]:
        found = psr(self.before, task)
        return {name: (one["value"] if (one := found[name]) is not None else None) for name in METRICS}


def _values(result: TaskResult, *, minus: TaskResult | None = None) -> dict[str, float]:
    return {name: result.value(name) - (minus.value(name) if minus is not None else 0.0) for name in METRICS}
