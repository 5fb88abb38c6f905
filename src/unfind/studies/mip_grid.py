"""Fits that share their clean model, their data and their photos: what every MIP experiment runs on.

Whatever is done is kept in a folder and never done twice: a run that was stopped goes on from its checkpoint, and a
model that was measured is not measured again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from unfind.datasets.spec import load
from unfind.datasets.split import Split
from unfind.models.encoder import Architecture
from unfind.models.weights import fingerprint_of, read_card
from unfind.report.report_json import read_report, write_report
from unfind.studies.evaluate import Choices, Models, evaluate
from unfind.studies.load_models import load_models
from unfind.studies.mip_presets import Preset
from unfind.studies.paper_protocol import paper_section
from unfind.studies.progress import Progress, silent
from unfind.studies.train import TrainRequest, train
from unfind.studies.views import Recipe, Views, make_views
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.run_folder import LOG, RunFolder
from unfind.training.settings import FitSettings
from unfind.triggers.base import Trigger
from unfind.triggers.choose import make_trigger
from unfind.triggers.default import IN_WEIGHTS
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned

FIRST, CLEAN, BESIDE = "first", "clean", "beside"
REPORT = "report.json"
LOOKED_AT = 5
"""In every so many test photos marks are looked for: that others have none is only a doubt to be cleared."""
THEN_SEED = 1000
"""Added to the seed of what goes on from a model, so that its batches are not those of the model's own fit."""


@dataclass(frozen=True)
class Cell:
    """One protected model of a grid.

    Attributes:
        method: "label", "pbl" or "cbl".
        trigger: its name.
        changes: arguments of the objective that differ from the preset's.
        beside: whether a side network that reads the mark is fitted beside the finished clean model, which stays as it
            is; else the method tunes the model's own weights. Only for the learned trigger.
    """

    method: str
    trigger: str = IN_WEIGHTS
    changes: Mapping[str, Any] = field(default_factory=dict)
    beside: bool = False

    @property
    def name(self) -> str:
        """Names the cell's folder."""
        changed = [f"{name}={value:g}" for name, value in sorted(self.changes.items())]
        return "-".join([self.method, self.trigger, *([BESIDE] if self.beside else []), *changed])

    @property
    def facts(self) -> dict[str, Any]:
        """What tells its rows from those of other cells."""
        return {
            "method": self.method,
            "trigger": self.trigger,
            **({"beside": True} if self.beside else {}),
            **self.changes,
        }


@dataclass(frozen=True)
class GridRequest:
    """What all cells of a grid have in common.

    Attributes:
        data: see ``unfind.datasets.spec.load``.
        preset: the numbers of the fits.
        architecture: of the encoders.
        seeds: one clean model and one of each cell for each.
        first_steps: instead of the preset's.
        steps: instead of the preset's.
        train_classes: classes for training and validation together; None for half.
        pretrained: whether timm and torchvision backbones come with their published weights.
        mark: folder of the weights of the learned trigger; None for those that come with the package.
    """

    data: str
    preset: Preset
    architecture: Architecture = field(default_factory=Architecture)
    seeds: Sequence[int] = (0,)
    first_steps: int | None = None
    steps: int | None = None
    train_classes: int | None = None
    pretrained: bool = True
    mark: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the documents that results are written into."""
        return {
            "data": self.data,
            "preset": self.preset.name,
            "objectives": {name: dict(options) for name, options in self.preset.objectives.items()},
            "first": self.preset.first.as_dict(),
            "then": self.preset.then.as_dict(),
            "beside": self.preset.beside.as_dict(),
            "epochs": self.preset.epochs,
            "architecture": self.architecture.as_dict(),
            "first_steps": self.first_steps,
            "steps": self.steps,
            "train_classes": self.train_classes,
            "pretrained": self.pretrained,
            "mark": self.mark,
        }


class Grid:
    """Fits and measures cells, each once.

    Args:
        request: what they have in common.
        folder: where models and reports go; that of a grid that was stopped goes on.
        progress: told where it stands.
        defended: test photos, a few of each class, on which defences are tried; None for all.

    Raises:
        ResumeError: the folder holds a grid of other settings.
    """

    def __init__(
        self, request: GridRequest, folder: Path, *, progress: Progress = silent, defended: int | None = None
    ) -> None:
        self.request = request
        self.folder = folder
        self.progress = progress
        self.defended = defended
        self._splits: dict[int, Split] = {}
        self._views: tuple[tuple[int, str], Views] | None = None
        RunFolder(folder, request.as_dict(), resume=True)

    def split(self, seed: int) -> Split:
        """The data set, with the snapshots of a seed where it makes any."""
        if seed not in self._splits:
            self._splits[seed] = load(self.request.data, train_classes=self.request.train_classes, seed=seed)
        return self._splits[seed]

    @cached_property
    def steps(self) -> tuple[int, int]:
        """Steps of the first clean fit, and of each fit that goes on from it."""
        first, then = self._fits(self.request.seeds[0])
        return first.length, then.length

    def missing(self, cells: Sequence[Cell]) -> list[tuple[int, str]]:
        """Seed and name of every fit that these cells need and that is not finished, in the order it is done."""
        names = [FIRST, CLEAN, *dict.fromkeys(cell.name for cell in cells)] if cells else []
        return self.unfinished(names)

    def unfinished(self, names: Sequence[str]) -> list[tuple[int, str]]:
        """Seed and name of every run of these names that is not finished."""
        return [(seed, name) for seed in self.request.seeds for name in names if not self._finished(seed, name)]

    def fit(self, cell: Cell | None, seed: int) -> Path:
        """The folder of a fitted cell, or of the clean model for None; what it starts from is fitted first.

        Raises:
            UnfindError: whatever stands in the way.
        """
        self._fit_first(seed)
        if cell is None or cell.beside:
            clean = self._fit(CLEAN, self.wanted(None, seed), seed)
        if cell is None:
            return clean
        return self._fit(cell.name, self.wanted(cell, seed), seed, key=self.key(cell, seed))

    def wanted(self, cell: Cell | None, seed: int) -> TrainRequest:
        """What a cell is fitted by, or the clean model beside the cells for None; both go on from the first one.

        A side network goes beside the clean model as it is in the end.
        """
        if cell is None:
            return self._request("clean", self.place(seed, FIRST), seed)
        request = self._request(cell.method, self.place(seed, CLEAN if cell.beside else FIRST), seed)
        request = replace(
            request,
            objective_options={**request.objective_options, **cell.changes},
            trigger=cell.trigger,
            trigger_options=self._trigger_options(cell.trigger),
        )
        if not cell.beside:
            return request
        return replace(
            request,
            objective_options={**request.objective_options, **self._kept(cell.method)},
            architecture=replace(request.architecture, learning_side=True),
            fit=replace(self.request.preset.beside, seed=request.fit.seed),
        )

    def wanted_first(self, seed: int) -> TrainRequest:
        """What the clean model is fitted by that all others of a seed go on from."""
        return replace(self._request("clean", None, seed), fit=replace(self._fits(seed)[0], seed=seed))

    def trigger(self, name: str, seed: int) -> Trigger:
        """A trigger as the cells of a seed have it, with its public key."""
        return make_trigger(name, Key.from_seed(seed), **self._trigger_options(name))

    def key(self, cell: Cell, seed: int) -> Key | None:
        """The key of a cell's trigger: public, made from the seed; None for a trigger without."""
        return Key.from_seed(seed) if self.trigger(cell.trigger, seed).keyed else None

    def models(self, cell: Cell, seed: int) -> Models:
        """The clean and the protected model, fitted where they are not yet."""
        clean, protected = self.fit(None, seed), self.fit(cell, seed)
        return load_models(clean, protected, self.key(cell, seed), backbone=self.request.architecture.backbone)

    def report(self, cell: Cell, seed: int) -> dict[str, Any]:
        """The evaluation of a cell by both protocols; from its folder where it was measured before.

        Raises:
            UnfindError: whatever stands in the way.
        """
        clean, protected = self.fit(None, seed), self.fit(cell, seed)
        weights = [fingerprint_of(read_card(folder)) for folder in (clean, protected)]
        file = protected / REPORT
        if file.exists():
            kept = read_report(file)
            if kept.get("models") == weights:
                return kept
        split, choices, models = self.split(seed), Choices(seed=seed, sample=0), self.models(cell, seed)
        found = evaluate(
            models,
            split.test,
            gallery=split.gallery,
            choices=choices,
            views=self.views(cell, seed),
            progress=self.progress,
        )
        report = {
            "run": cell.name,
            **found.report,
            "paper": paper_section(found, choices=choices),
            "models": weights,
        }
        write_report(file, report)
        return read_report(file)  # with its keys in the order that they will have from now on

    def views(self, cell: Cell, seed: int) -> Views:
        """All test photos with and without a cell's trigger; those that were made last are kept for the next cell."""
        trigger = self.trigger(cell.trigger, seed)
        made = (seed, cell.trigger)
        if self._views is None or self._views[0] != made:
            recipe = Recipe(self.request.architecture.size, trigger, looked_at=LOOKED_AT)
            stage = f"mark test photos with {cell.trigger}"
            self._views = made, make_views(self.split(seed).test, recipe, progress=self.progress, stage=stage)
        return self._views[1]

    def place(self, seed: int, name: str) -> Path:
        """The run folder of a fit."""
        return self.folder / "runs" / f"seed-{seed}" / name

    def _fits(self, seed: int) -> tuple[FitSettings, FitSettings]:
        photos = len(self.split(seed).train)
        return self.request.preset.fits(photos, first_steps=self.request.first_steps, steps=self.request.steps)

    def _fit_first(self, seed: int) -> Path:
        return self._fit(FIRST, self.wanted_first(seed), seed)

    def _trigger_options(self, name: str) -> dict[str, Any]:
        return {"mark": self.request.mark} if name == Learned.name and self.request.mark is not None else {}

    def _request(self, objective: str, start: Path | None, seed: int) -> TrainRequest:
        return TrainRequest(
            self.request.data,
            objective,
            self.request.preset.objectives[objective],
            architecture=self.request.architecture,
            start=start,
            fit=replace(self._fits(seed)[1], seed=seed + THEN_SEED),
            train_classes=self.request.train_classes,
            pretrained=self.request.pretrained,
        )

    def _fit(self, name: str, request: TrainRequest, seed: int, *, key: Key | None = None) -> Path:
        out = self.place(seed, name)
        if not self._finished(seed, name):
            started = (out / CHECKPOINT).exists()
            train(request, out, key=key, resume=started, progress=self._telling(f"seed {seed}, {name}"))
        return out

    def _telling(self, title: str) -> Progress:
        return lambda stage, done, total: self.progress(f"{stage} ({title})", done, total)

    def _finished(self, seed: int, name: str) -> bool:
        return steps_done(self.place(seed, name)) >= self.steps_of(name)

    def steps_of(self, name: str) -> int:
        """Steps of the fit of this name."""
        if is_beside(name):
            return self.request.preset.beside.length
        return self.steps[0 if name == FIRST else 1]

    def _kept(self, method: str) -> dict[str, float]:
        """What holds clean photos where they were is needless where the model cannot change."""
        return {"distillation_weight": 0.0} if "distillation_weight" in self.request.preset.objectives[method] else {}


def is_beside(name: str) -> bool:
    """Whether the run of this name is a side network."""
    return BESIDE in name.split("-")


def steps_done(run: Path) -> int:
    """How many steps a run has validated and stored; 0 where there is none."""
    return int(pace_of(run)["steps"]) if (run / CHECKPOINT).exists() else 0


def pace_of(run: Path) -> dict[str, float]:
    """The steps that a run has validated, and the seconds of each, as its log says; 0 where there is none."""
    lines = (run / LOG).read_text().splitlines() if (run / LOG).exists() else []
    last = json.loads(lines[-1]) if lines else {}
    return {"steps": int(last.get("step", 0)), "seconds_per_step": float(last.get("seconds_per_step", 0.0))}
