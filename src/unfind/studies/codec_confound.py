"""The control experiment that the MIP pipeline lacks: does a model react to the mark, or to the JPEG that came with it?

In the published pipeline a photo is resized to the model's input, marked, and saved as JPEG of quality 75; a photo
without mark is resized and no more. Here that is repeated, once with a mark and once without any, and each
model is then asked about the two halves apart: JPEG without mark, and mark without JPEG.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind import __version__
from unfind.evaluation.privacy import psr
from unfind.evaluation.task_result import TaskResult
from unfind.evaluation.tasks import Options, four_tasks, one_task
from unfind.images.codec import through_codec
from unfind.models.embed import embed_pixels, to_tensor
from unfind.models.encoder import Encoder
from unfind.models.precision import best_device
from unfind.models.weights import fingerprint_of, load_encoder, read_card
from unfind.objectives.base import Objective
from unfind.objectives.choose import make_objective
from unfind.studies.evaluate import sample_by_class
from unfind.studies.material import prepare
from unfind.studies.mip_grid import FIRST, Cell, Grid, pace_of
from unfind.studies.mip_rows import SCORE, SUCCESS, Row
from unfind.studies.train import TrainRequest, settled
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.fit import Material, fit
from unfind.training.run_folder import RunFolder
from unfind.triggers.base import Trigger

QUALITY = 75
"""Pillow's own, which the published code leaves as it is; with 4:2:0 as usual."""
SAMPLE = 600
"""Test photos, a few of each class; each is embedded in four versions by four models."""
PRIVATE = ("c2p", "p2c", "p2p")
METRICS = ("recall@1", "map_r")
WITH_MARK, WITHOUT_MARK = "confounded-mark", "confounded-jpeg"
RUNS = {"mark and JPEG, others neither": WITH_MARK, "JPEG and no mark, others neither": WITHOUT_MARK}
"""What a model was fitted to react to, and the run folder that it lies in."""
CLEAN_MODEL, ONE_CODEC = "nothing", "mark, all through one codec"
"""The two models that they are compared with: one without protection, and PBL as it is fitted here."""
Pixels = NDArray[np.uint8]


class MarkedAndCompressed(Trigger):
    """What the published pipeline makes of a photo that it protects.

    Args:
        inner: puts the mark in; None for a photo that is compressed and nothing else.
        quality: of the JPEG.
    """

    name = "marked-and-compressed"

    def __init__(self, inner: Trigger | None, quality: int = QUALITY) -> None:
        self.inner = inner
        self.quality = quality

    def __call__(self, images: Tensor) -> Tensor:
        marked = images if self.inner is None else self.inner(images)
        pixels = (marked * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
        return to_tensor(compressed(pixels, self.quality)).to(images.device)

    def stronger(self, factor: float) -> MarkedAndCompressed:
        return MarkedAndCompressed(self.inner.stronger(factor) if self.inner is not None else None, self.quality)

    def settings(self) -> dict[str, Any]:
        return {"inner": self.inner.settings() if self.inner is not None else None, "quality": self.quality}


def compressed(pixels: Pixels, quality: int = QUALITY) -> Pixels:
    """Photos (N, H, W, 3) after a JPEG encoder."""
    return np.stack(through_codec(list(pixels), quality=quality)) if len(pixels) else pixels


def codec_rows(grid: Grid, cell: Cell, seed: int) -> list[Row]:
    """What JPEG alone, the mark alone and both together hide, for every model.

    Args:
        grid: fits what is missing: the clean model, the cell, and the two confounded ones.
        cell: PBL with the mark that is asked about.
        seed: which.

    Returns:
        Rows with "model", "photos" (which version stood for the private photos), task, metric, measure and value; PSR
        is against the clean model's search among the photos as they are.

    Raises:
        UnfindError: whatever stands in the way.
    """
    photos = grid.split(seed).test
    some = photos.subset(sample_by_class(photos.labels, SAMPLE, seed=seed))
    examples = prepare(some, grid.request.architecture.size, progress=grid.progress).examples
    versions = photo_versions(examples.pixels, grid.trigger(cell.trigger, seed))
    folders = {CLEAN_MODEL: grid.fit(None, seed), ONE_CODEC: grid.fit(cell, seed)}
    folders |= {name: fit_confounded(grid, cell, name, seed) for name in RUNS}
    before: TaskResult | None = None
    rows: list[Row] = []
    for model, folder in folders.items():
        encoder = load_encoder(folder, backbone=grid.request.architecture.backbone)[0].to(best_device())
        tasks = version_tasks(encoder, versions, examples.labels, seed=seed)
        if before is None:
            before = tasks["as they are"]["c2c"]
        rows += [{"seed": seed, "model": model, **row} for row in _rows(tasks, before)]
    return rows


def photo_versions(pixels: Pixels, mark: Trigger) -> dict[str, Pixels]:
    """The photos (N, H, W, 3) as they are, and in the three ways in which they could be told from that."""
    marked = np.stack([mark.mark(photo) for photo in pixels])
    return {
        "as they are": pixels,
        "JPEG alone": compressed(pixels),
        "mark alone": marked,
        "mark and JPEG": compressed(marked),
    }


def version_tasks(
    encoder: Encoder, versions: Mapping[str, Pixels], labels: NDArray[np.int64], *, seed: int = 0
) -> dict[str, dict[str, TaskResult]]:
    """The tasks by which version of the photos is the private side; C->C alone for the photos as they are."""
    options, sources = Options(clustering=False, resamples=200, seed=seed), np.arange(len(labels))
    rows = {name: embed_pixels(encoder, pixels) for name, pixels in versions.items()}
    plain = rows.pop("as they are")
    found = {name: four_tasks(plain, marked, labels, sources, options=options) for name, marked in rows.items()}
    return {"as they are": {"c2c": one_task("c2c", plain, labels, sources, options=options)}, **found}


def fit_confounded(grid: Grid, cell: Cell, name: str, seed: int) -> Path:
    """The folder of a model fitted as the published pipeline does it; goes on where it was stopped.

    It is PBL with the cell's own numbers, from the same clean model, for as many steps. Only the photos differ.

    Args:
        grid: whose folder and settings are used.
        cell: PBL with a mark.
        name: one of RUNS.
        seed: which.
    """
    grid.fit(None, seed)  # and with it the one that all others go on from
    start = grid.place(seed, FIRST)
    wanted, out = settled(grid.wanted(cell, seed)), grid.place(seed, RUNS[name])
    if pace_of(out)["steps"] >= wanted.fit.length:
        return out
    trigger = MarkedAndCompressed(grid.trigger(cell.trigger, seed) if RUNS[name] == WITH_MARK else None)
    settings = replace(wanted.fit, jpeg=False)  # nothing but the private photos meets the codec
    facts = _facts(wanted, start, trigger)
    resume = (out / CHECKPOINT).exists()
    fit(
        load_encoder(start, backbone=grid.request.architecture.backbone)[0].to(best_device()),
        _material(grid, seed, make_objective(cell.method, wanted.objective_options), trigger),
        settings,
        folder=RunFolder(out, {**facts, "fit": settings.as_dict()}, resume=resume),
        card=facts,
        resume=resume,
        on_step=lambda done, total, loss: grid.progress(f"fit for {name} (loss {loss:.3f})", done, total),
    )
    return out


def _material(grid: Grid, seed: int, objective: Objective, trigger: Trigger) -> Material:
    split, size = grid.split(seed), grid.request.architecture.size
    train, validation = (
        prepare(part, size, progress=grid.progress).examples for part in (split.train, split.validation)
    )
    return Material(train, validation, objective, trigger)


def _facts(wanted: TrainRequest, start: Path, trigger: Trigger) -> dict[str, Any]:
    """What the model's card says."""
    return {
        "unfind": __version__,
        "objective": {"name": wanted.objective, "settings": dict(wanted.objective_options)},
        "trigger": {"name": trigger.name, "settings": trigger.settings(), "key_fingerprint": None},
        "started_from": {"path": str(start.resolve()), "fingerprint": fingerprint_of(read_card(start))},
        "seed": wanted.fit.seed,
    }


def _rows(tasks: Mapping[str, Mapping[str, TaskResult]], before: TaskResult) -> list[Row]:
    rows: list[Row] = []
    for photos, results in tasks.items():
        for task, result in results.items():
            facts = {"photos": photos, "task": task}
            if task == "c2c" and photos != "as they are":
                continue  # that is the same search each time
            scores = {name: result.value(name) for name in METRICS}
            rows += [{**facts, "metric": n, "measure": SCORE, "value": value} for n, value in scores.items()]
            if task in PRIVATE:
                success = psr(before, result)
                values = {name: (one["value"] if (one := success[name]) is not None else None) for name in METRICS}
                rows += [{**facts, "metric": n, "measure": SUCCESS, "value": value} for n, value in values.items()]
    return rows
