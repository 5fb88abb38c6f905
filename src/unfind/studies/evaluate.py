"""Evaluate a protected model beside its clean one, by the strict protocol, into one report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.photo_set import PhotoSet
from unfind.errors import UsageError
from unfind.evaluation import doubts
from unfind.evaluation.compatibility import compatibility
from unfind.evaluation.mixed import draws_for, mixed_gallery
from unfind.evaluation.outliers import outlier_auc
from unfind.evaluation.privacy import benign_drop, psr
from unfind.evaluation.task_result import TaskResult
from unfind.evaluation.tasks import Options, four_tasks, one_task, twin_hits
from unfind.images.edits import EDITS
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Encoder
from unfind.models.precision import PRECISIONS
from unfind.studies.progress import Progress, silent
from unfind.studies.side_measures import false_triggers, harmless_marks, survival
from unfind.studies.views import PLAIN, TRIGGERED, UNTOUCHED, Recipe, Views, make_views
from unfind.triggers.base import Trigger

ADOPTIONS = (0.01, 0.1, 0.5)
SAMPLED_OF_A_CLASS = 4
"""A photo can only be found among others of its class; of a large data set, photos drawn by lot would all be alone."""
SMALLEST_MIXED = 3
"""Fewer triggered photos than this say nothing about an album."""


@dataclass(frozen=True)
class Models:
    """What is compared.

    Attributes:
        clean: the model before protection, or one trained alike without it.
        protected: the model that reacts to the trigger.
        trigger: that trigger.
    """

    clean: Encoder
    protected: Encoder
    trigger: Trigger

    def __post_init__(self) -> None:
        sizes = self.clean.architecture.size, self.protected.architecture.size
        if sizes[0] != sizes[1]:
            raise UsageError(f"Expected two models of one input size, got {sizes[0]} and {sizes[1]}: compare equals.")


@dataclass(frozen=True)
class Choices:
    """How to evaluate.

    Attributes:
        seed: of mixed galleries, resampling, clusters and the sample.
        sample: photos for survival and false triggers, which need many versions of each; 0 leaves both out.
        clustering: whether NMI and F1 are measured, which takes a k-means fit for each gallery.
        precision: of the embeddings.
    """

    seed: int = 0
    sample: int = 300
    clustering: bool = True
    precision: str = "fp32"

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise UsageError(f"Expected a seed of at least 0, got {self.seed}: 0 is usual.")
        if self.sample < 0 or self.sample == 1:
            raise UsageError(f"Expected a sample of at least 2 photos, or 0 for none, got {self.sample}: 300 is usual.")
        if self.precision not in PRECISIONS:
            raise UsageError(
                f"Expected a precision out of {', '.join(PRECISIONS)}, got '{self.precision}': choose one."
            )


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What came out.

    Attributes:
        report: the document of report.json, without "run".
        views: the versions of the test photos.
        clean_model: embeddings by the clean model, by version.
        protected: embeddings by the protected model, by version.
    """

    report: dict[str, Any]
    views: Views
    clean_model: dict[str, NDArray[np.float32]]
    protected: dict[str, NDArray[np.float32]]


def evaluate(
    models: Models,
    photos: PhotoSet,
    *,
    gallery: PhotoSet | None = None,
    choices: Choices | None = None,
    views: Views | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Measure the four tasks, the mixed gallery, survival, false triggers and stealth.

    Args:
        models: what to compare.
        photos: test photos; the queries where there is a gallery.
        gallery: the photos searched in, for data sets with an official partition.
        choices: how.
        views: of these photos with the models' trigger, where they were made before, as for another model; None makes
            them.
        progress: told where it stands.

    Raises:
        EvaluationError: photos that cannot be decoded or scored.
    """
    choices = choices or Choices()
    recipe = Recipe(models.protected.architecture.size, models.trigger)
    views = views or make_views(photos, recipe, progress=progress, stage="write and read test photos")
    clean_model = _embed(models.clean, views, (PLAIN,), choices, progress)
    protected = _embed(models.protected, views, (PLAIN, TRIGGERED, UNTOUCHED), choices, progress)
    other = _Gallery.build(models, gallery, recipe, choices, progress) if gallery is not None else None
    refused = [*views.refused, *(other.refused if other is not None else ())]
    options = Options(clustering=choices.clustering, seed=choices.seed)
    tasks, before = _tasks(views, clean_model, protected, other, options)
    control = _codec_control(views, protected)
    report = {
        "schema": 1,
        "dataset": photos.name,
        "protocol": "strict",
        "seed": choices.seed,
        "n_query": tasks["c2c"].n_query,
        "n_gallery": tasks["c2c"].n_gallery,
        "clean_model": {"c2c": _metrics(before)},
        "protected_model": {name: _metrics(task) for name, task in tasks.items()},
        "benign_drop": dict(benign_drop(before, tasks["c2c"])),
        "psr": {name: dict(psr(before, tasks[name])) for name in ("c2p", "p2c", "p2p")},
        "twin": twin_hits(protected[PLAIN], protected[TRIGGERED]),
        "compatibility": compatibility(clean_model[PLAIN], protected[PLAIN], views.labels),
        "outliers": outlier_auc(protected[PLAIN], protected[TRIGGERED], seed=choices.seed),
        "mixed": _mixed(views, clean_model, protected, choices),
        "stealth": {**{name: views.facts.get(name) for name in ("mse", "psnr", "ssim")}, "lpips": None},
        "codec_control": control,
        "doubts": _doubts(before, tasks, views, protected, control),
        "refused": [list(pair) for pair in refused],
    }
    report |= _side_measures(models, photos, choices, progress)
    for name in ("nmi", "f1"):
        _fill(report, name)
    return Evaluation(report, views, clean_model, protected)


@dataclass(frozen=True, eq=False)
class _Gallery:
    """A separate gallery: its labels, both models' embeddings, and the photos that could not be decoded."""

    labels: NDArray[np.int64]
    refused: list[tuple[str, str]]
    clean_model: dict[str, NDArray[np.float32]]
    protected: dict[str, NDArray[np.float32]]

    @classmethod
    def build(cls, models: Models, photos: PhotoSet, recipe: Recipe, choices: Choices, progress: Progress) -> _Gallery:
        views = make_views(photos, recipe, progress=progress, stage="write and read gallery photos")
        return cls(
            views.labels,
            views.refused,
            _embed(models.clean, views, (PLAIN,), choices, progress),
            _embed(models.protected, views, (PLAIN, TRIGGERED), choices, progress),
        )


def _embed(
    encoder: Encoder, views: Views, versions: tuple[str, ...], choices: Choices, progress: Progress
) -> dict[str, NDArray[np.float32]]:
    total = len(views.labels)
    rows = {}
    for name in versions:
        tell = partial(_tell, progress, f"embed {name} photos", total)
        rows[name] = embed_pixels(encoder, views.pixels[name], precision=choices.precision, on_progress=tell)
    return rows


def _tell(progress: Progress, stage: str, total: int, done: int) -> None:
    progress(stage, done, total)


def _tasks(
    views: Views,
    clean_model: Mapping[str, NDArray[np.float32]],
    protected: Mapping[str, NDArray[np.float32]],
    other: _Gallery | None,
    options: Options,
) -> tuple[dict[str, TaskResult], TaskResult]:
    """The four tasks of the protected model, and C->C of the clean one, on the same queries."""
    sources = np.arange(len(views.labels))
    both = protected[PLAIN], protected[TRIGGERED], views.labels, sources
    if other is None:
        before = one_task("c2c", clean_model[PLAIN], views.labels, sources, options=options)
        return four_tasks(*both, options=options), before
    apart = np.arange(len(other.labels)) + len(sources)
    before = one_task(
        "c2c",
        clean_model[PLAIN],
        views.labels,
        sources,
        gallery=other.clean_model[PLAIN],
        gallery_labels=other.labels,
        gallery_sources=apart,
        options=options,
    )
    tasks = four_tasks(
        *both,
        clean_gallery=other.protected[PLAIN],
        triggered_gallery=other.protected[TRIGGERED],
        gallery_labels=other.labels,
        gallery_sources=apart,
        options=options,
    )
    return tasks, before


def _metrics(result: TaskResult) -> dict[str, Any]:
    return dict(result.metrics)


def _mixed(
    views: Views,
    clean_model: Mapping[str, NDArray[np.float32]],
    protected: Mapping[str, NDArray[np.float32]],
    choices: Choices,
) -> list[dict[str, Any]]:
    """The mixed gallery at each adoption that gives enough triggered photos to speak of."""
    count = len(views.labels)
    return [
        mixed_gallery(
            protected[PLAIN],
            protected[TRIGGERED],
            clean_model[PLAIN],
            views.labels,
            np.arange(count),
            adoption=adoption,
            seed=choices.seed,
            draws=draws_for(count, adoption),
        ).as_dict()
        for adoption in ADOPTIONS
        if adoption * count >= SMALLEST_MIXED
    ]


def _codec_control(views: Views, protected: Mapping[str, NDArray[np.float32]]) -> dict[str, float]:
    """Recall@1 among the photos with and without the encoder's re-coding, and no trigger in either."""
    sources, quick = np.arange(len(views.labels)), Options(clustering=False, resamples=200)
    recalls = [
        one_task("c2c", protected[name], views.labels, sources, options=quick).value("recall@1")
        for name in (PLAIN, UNTOUCHED)
    ]
    return {"recall@1_with": recalls[0], "recall@1_without": recalls[1], "moves": recalls[0] - recalls[1]}


def _doubts(
    before: TaskResult,
    tasks: Mapping[str, TaskResult],
    views: Views,
    protected: Mapping[str, NDArray[np.float32]],
    control: Mapping[str, float],
) -> list[dict[str, str]]:
    found = [
        *doubts.at_chance(before),
        *doubts.few_queries(before),
        *doubts.collapsed(protected[PLAIN], "clean"),
        *doubts.collapsed(protected[TRIGGERED], "triggered"),
        *(doubt for task in tasks.values() for doubt in doubts.many_ties(task)),
        *doubts.codec_effect(control["recall@1_with"], control["recall@1_without"]),
        *doubts.trigger_in_clean(views.facts.get(f"detected:{PLAIN}", 0.0)),
    ]
    return [{"flag": doubt["flag"], "why": doubt["why"]} for doubt in found]


def _side_measures(models: Models, photos: PhotoSet, choices: Choices, progress: Progress) -> dict[str, Any]:
    """Survival and false triggers, on a sample."""
    if not choices.sample:
        return {"survival": [], "false_trigger": {}}
    chosen = sample_by_class(photos.labels, choices.sample, seed=choices.seed)
    recipe = Recipe(models.protected.architecture.size, models.trigger, EDITS, harmless_marks(models.trigger))
    views = make_views(photos.subset(chosen), recipe, progress=progress, stage="edit sample photos")
    others = tuple(name for name in views.pixels if name.startswith("other:"))
    clean_model = _embed(models.clean, views, (PLAIN, *others), choices, progress)
    edits = tuple(name for name in views.pixels if name.startswith("edit:"))
    protected = _embed(models.protected, views, (PLAIN, *others, *edits), choices, progress)
    return {
        "survival": survival(views, clean_model, protected),
        "false_trigger": false_triggers(views, clean_model, protected),
    }


def sample_by_class(labels: NDArray[np.int64], count: int, *, seed: int) -> NDArray[np.int64]:
    """Draw photos by lot, a few of each class at a time, so that most can be found among the others.

    Args:
        labels: (N,).
        count: photos wanted; all are taken where there are fewer.
        seed: of the draw.

    Returns:
        Their positions, rising. Classes with one photo come last.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(labels))
    _, place, sizes = np.unique(labels[order], return_inverse=True, return_counts=True)
    turn = random.permutation(len(sizes))[place]
    nth = np.empty(len(order), np.int64)  # which one of its class a photo is, in the order drawn
    nth[np.argsort(place, kind="stable")] = np.concatenate([np.arange(size) for size in sizes])
    ranking = np.lexsort((nth, turn, nth // SAMPLED_OF_A_CLASS, sizes[place] == 1))
    return np.sort(order[ranking[:count]])


def _fill(report: dict[str, Any], metric: str) -> None:
    """Put null where a metric was not measured: the report's keys are fixed."""
    parts = [report["benign_drop"], report["clean_model"]["c2c"], *report["psr"].values()]
    for part in (*parts, *report["protected_model"].values()):
        part.setdefault(metric, None)
