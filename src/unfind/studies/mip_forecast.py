"""What an experiment will fit and about how long that takes, said before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from unfind.objectives.choose import make_objective
from unfind.studies.material import prepare
from unfind.studies.mip_grid import CLEAN, FIRST, REPORT, Cell, Grid, is_beside
from unfind.studies.step_cost import seconds_per_embedding, step_seconds
from unfind.triggers.choose import make_trigger
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned

VERSIONS = 5
"""How often each test photo is embedded for one cell: clean, protected twice, the codec control, and once to spare for
writing and reading JPEG."""
VALIDATIONS = 2
"""How often each validation photo is embedded for one validation."""


@dataclass(frozen=True)
class Paces:
    """Seconds on this machine, as it is loaded now.

    Attributes:
        clean: of a step without triggered photos.
        private: of one with them.
        beside: of one of a side network.
        embedding: of embedding one photo.
    """

    clean: float
    private: float
    beside: float
    embedding: float


@dataclass(frozen=True)
class Forecast:
    """What lies ahead.

    Attributes:
        fits: fits that are left.
        done: fits that are finished.
        steps: steps that are left.
        evaluations: models that are to be measured yet.
        seconds: about how long all of it takes on this machine, as it is loaded now.
    """

    fits: int
    done: int
    steps: int
    evaluations: int
    seconds: float

    def __str__(self) -> str:
        if not self.fits and not self.evaluations:
            return f"Nothing to fit: {self.done} fits are done and measured."
        return (
            f"Fits ahead: {self.fits} ({self.steps} steps in all), evaluations ahead: {self.evaluations}, fits done: "
            f"{self.done}; about {spoken(self.seconds)} on this machine."
        )


def forecast(grid: Grid, cells: Sequence[Cell], also: Sequence[str] = ()) -> Forecast:
    """Time a few steps and embeddings, and add up what is left.

    Args:
        grid: whose folder is looked into.
        cells: that are to be fitted and measured.
        also: names of runs beside the cells, each with as many steps as a cell.

    Raises:
        UnfindError: whatever stands in the way of the fits.
    """
    missing = [*grid.missing(cells), *grid.unfinished(also)]
    request = grid.request
    needed = (2 + len({cell.name for cell in cells}) + len(also)) * len(request.seeds) if cells else 0
    steps = dict.fromkeys(("clean", "private", "beside"), 0)
    for _, name in missing:
        steps[_pace_of(name)] += grid.steps_of(name)
    total = sum(steps.values())
    unmeasured = [
        (cell, seed) for cell in cells for seed in request.seeds if not (grid.place(seed, cell.name) / REPORT).exists()
    ]
    seconds = 0.0
    if missing or unmeasured:
        paces = _paces(grid, beside=steps["beside"] > 0)
        split = grid.split(request.seeds[0])
        test = len(split.test) + (len(split.gallery) if split.gallery is not None else 0)
        every = grid.request.preset.then.validate_every or max(1, len(split.train) // 80)
        embedded = total / every * VALIDATIONS * len(split.validation) + len(unmeasured) * VERSIONS * test
        seconds = sum(getattr(paces, kind) * count for kind, count in steps.items()) + embedded * paces.embedding
    return Forecast(len(missing), needed - len(missing), total, len(unmeasured), seconds)


def _pace_of(name: str) -> str:
    """Which of the paces the steps of a run have."""
    if name in (FIRST, CLEAN):
        return "clean"
    return "beside" if is_beside(name) else "private"


def _paces(grid: Grid, *, beside: bool) -> Paces:
    """What is timed on a few steps; those of side networks only where there are any."""
    request = grid.request
    examples = prepare(grid.split(request.seeds[0]).train, request.architecture.size, progress=grid.progress).examples
    grid.progress("time a few steps", 0, 1)
    pbl = make_objective("pbl", {**request.preset.objectives["pbl"], "distillation_weight": 0.0})
    clean, mark = make_objective("clean"), make_trigger("spread-spectrum", Key.from_seed(0))
    settings, architecture, learned = request.preset.then, request.architecture, Learned(Key.from_seed(0))
    grafted = replace(architecture, learning_side=True)
    side = step_seconds(examples, grafted, pbl, learned, settings=request.preset.beside).whole if beside else 0.0
    return Paces(
        clean=step_seconds(examples, architecture, clean, None, settings=settings).whole,
        private=step_seconds(examples, architecture, pbl, mark, settings=settings).whole,
        beside=side,
        embedding=seconds_per_embedding(architecture),
    )


def spoken(seconds: float) -> str:
    """A duration as people say it: "40 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
